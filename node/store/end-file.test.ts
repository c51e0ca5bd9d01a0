import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { END_MARK_BYTES_MAX, EndFile } from './end-file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-end-'))
  path = join(folder, 'store.end')
})
afterEach(async () => rm(folder, { recursive: true, force: true }))

async function reopened(): Promise<EndFile['found']> {
  const file = await EndFile.open(path)
  await file.close()
  return file.found
}

async function write(...marks: string[]): Promise<void> {
  const file = await EndFile.open(path)
  for (const mark of marks) file.write(Buffer.from(mark))
  await file.close()
}

const textOf = (found: EndFile['found']): string | null =>
  found.mark === null ? null : Buffer.from(found.mark).toString()

test('the last mark is found again, and a new file has none', async () => {
  expect(await reopened()).toEqual({ mark: null, damaged: 0, isNew: true })
  await write('one')
  expect(textOf(await reopened())).toBe('one')
  await write('two', 'three')
  await write('four')
  const found = await reopened()
  expect([textOf(found), found.damaged, found.isNew]).toEqual(['four', 0, false])
})

test('a flipped bit anywhere leaves the mark, the one before it, or none when there was one; never another', async () => {
  await write('one', 'two')
  const bytes = await readFile(path)
  let noticed = 0
  for (let at = 0; at < bytes.length; at += 5) {
    // Nothing stands between the two marks.
    if (bytes[at] === 0 && at > 400 && at < 4_000) continue
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] ?? 0) ^ 16
    await writeFile(path, flipped)
    const found = await reopened()
    expect(['one', 'two'], String(at)).toContain(textOf(found))
    noticed += found.damaged
  }
  expect(noticed).toBeGreaterThan(100)
})

test('a file that was cut short gives what is left of it', async () => {
  await write('one', 'two', 'three')
  const bytes = await readFile(path)
  await writeFile(path, bytes.subarray(0, 4_096))
  const cut = await reopened()
  expect([textOf(cut), cut.damaged]).toEqual(['two', 1])
  await writeFile(path, '')
  expect(await reopened()).toMatchObject({ mark: null, damaged: 2, isNew: false })
  await write('after')
  expect(textOf(await reopened())).toBe('after')
})

test('a mark that is longer than its place is a fault of ours', async () => {
  const file = await EndFile.open(path)
  file.write(new Uint8Array(END_MARK_BYTES_MAX))
  expect(() => file.write(new Uint8Array(END_MARK_BYTES_MAX + 1))).toThrow(RangeError)
  await file.close()
})
