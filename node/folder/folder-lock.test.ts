import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder, lockHolder } from './folder-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-lock-'))
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

test('a folder is locked once, also within one process, and free after its release', async () => {
  const lock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'data-locked' })
  expect(await lockHolder(folder)).toBe(process.pid)
  await lock.release()
  expect(await lockHolder(folder)).toBeNull()
  await (await lockFolder(folder)).release()
})

test('a killed process with the pid of this one, as in a container that starts anew, holds nothing', async () => {
  await writeFile(join(folder, 'lock'), `${process.pid} 1\n`)
  const lock = await lockFolder(folder)
  expect(await readFile(join(folder, 'lock'), 'utf8')).not.toBe(`${process.pid} 1\n`)
  await lock.release()
})
