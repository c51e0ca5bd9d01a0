import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { askSecret, givenPassphrase, newPassphrase } from './secret-input.ts'
import type { Terminal } from './secret-input.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A terminal into which `keys` are typed; tells what was shown and in which mode it was left. */
function terminal(): { keys: PassThrough; shown: () => string; modes: boolean[]; terminal: Terminal } {
  const keys = new PassThrough()
  const modes: boolean[] = []
  let text = ''
  const setRawMode = (isRaw: boolean): unknown => modes.push(isRaw)
  const input = Object.assign(keys, { setRawMode, isTTY: true }) as unknown as Terminal['input']
  return { keys, shown: () => text, modes, terminal: { input, output: { write: (it) => (text += it) } } }
}

test.each([
  ['plain', 'hunter two\r', 'hunter two'],
  ['ended by Ctrl-D', 'hunter two\u0004', 'hunter two'],
  ['mended with the backspace key', 'hunter tww\u007Fo\n', 'hunter two'],
  ['begun anew with Ctrl-U', 'oops\u0015hunter two\n', 'hunter two'],
  ['with characters of two UTF-16 units', 'a🐎\u007F🐎b\n', 'a🐎b'],
  ['pasted with another line behind', 'hunter two\nls\n', 'hunter two'],
])('a secret that is typed %s is never shown', async (_, typed, expected) => {
  const { keys, shown, modes, terminal: parts } = terminal()
  const asked = askSecret('passphrase: ', parts)
  for (const byte of Buffer.from(typed)) keys.write(Buffer.of(byte))
  expect(await asked).toBe(expected)
  expect([shown(), modes]).toEqual(['passphrase: \n', [true, false]])
})

test('Ctrl-C, or a terminal that goes away, ends the question and leaves the terminal as it was', async () => {
  for (const end of ['ctrl-c', 'gone']) {
    const { keys, modes, terminal: parts } = terminal()
    const asked = askSecret('passphrase: ', parts)
    if (end === 'gone') keys.end()
    else keys.write('abc\u0003')
    await expect(asked).rejects.toMatchObject({ code: 'interrupted' })
    expect(modes).toEqual([true, false])
  }
})

test('a passphrase comes from a file before the environment, without the end of its line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coopmesh-passphrase-'))
  try {
    const file = join(folder, 'passphrase')
    vi.stubEnv('COOP_PASSPHRASE', 'of the environment')
    expect(await givenPassphrase(undefined, 'COOP_PASSPHRASE')).toBe('of the environment')
    for (const [content, expected] of [
      ['of the file\n', 'of the file'],
      ['of the file\r\n', 'of the file'],
      [' two  blanks ', ' two  blanks '],
    ] as const) {
      await writeFile(file, content)
      expect(await givenPassphrase(file, 'COOP_PASSPHRASE')).toBe(expected)
    }
    for (const content of ['', '\n', 'x'.repeat(1_025)]) {
      await writeFile(file, content)
      await expect(givenPassphrase(file, 'COOP_PASSPHRASE')).rejects.toMatchObject({ code: 'usage' })
    }
    await expect(givenPassphrase(join(folder, 'none'), 'X')).rejects.toMatchObject({
      code: 'path-unreadable',
    })
    vi.stubEnv('COOP_PASSPHRASE', '')
    expect(await givenPassphrase(undefined, 'COOP_PASSPHRASE')).toBeUndefined()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('where nobody can be asked, a missing new passphrase is a mistake of the command line', async () => {
  await expect(newPassphrase({ data: '/none', json: true }, undefined)).rejects.toMatchObject({
    code: 'usage',
  })
})
