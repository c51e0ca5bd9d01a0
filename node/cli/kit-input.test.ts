import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { readKit } from './kit-input.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

test('a kit is read from a file before COOP_KIT, and from COOP_KIT before anybody is asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coopmesh-kit-'))
  try {
    await writeFile(join(folder, 'kit'), 'from the file\n')
    vi.stubEnv('COOP_KIT', 'from the environment')
    expect(await readKit({ json: true }, join(folder, 'kit'))).toBe('from the file\n')
    expect(await readKit({ json: true }, undefined)).toBe('from the environment')
    await expect(readKit({ json: true }, join(folder, 'none'))).rejects.toMatchObject({
      code: 'path-unreadable',
    })
    vi.stubEnv('COOP_KIT', '')
    await expect(readKit({ json: true }, undefined)).rejects.toMatchObject({ code: 'usage' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a kit is read from what is piped in, when - is named', async () => {
  const piped = Readable.from([Buffer.from('piped '), Buffer.from('in\n')])
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(piped as unknown as typeof process.stdin)
  expect(await readKit({ json: true }, '-')).toBe('piped in\n')
})
