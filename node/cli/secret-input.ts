import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CoopError } from '#node/errors'
import { PASSPHRASE_CHARS_MAX, isKeySealed, lockHolder } from '#node/folder'

/** A terminal that a secret is typed into: stdin and stderr of this process, or a test's. */
export interface Terminal {
  input: Pick<NodeJS.ReadStream, 'on' | 'off' | 'resume' | 'pause' | 'setEncoding' | 'setRawMode' | 'isTTY'>
  output: { write: (text: string) => unknown }
}

/** Where a passphrase may come from besides the terminal. Never from the command line, which other users can read. */
export interface PassphraseSource {
  data: string
  json: boolean
  passphraseFile?: string | undefined
  /** True when this process has the lock of the folder. */
  isLockedByUs?: boolean
}

/** The passphrase that opens the device key of a folder: from a file, COOP_PASSPHRASE, or a person, if it is sealed. */
export async function openingPassphrase(source: PassphraseSource): Promise<string | undefined> {
  const given = await givenPassphrase(source.passphraseFile, 'COOP_PASSPHRASE')
  if (given !== undefined) return given
  // Whatever is wrong with the folder is said by the opening that follows; a running node has the key open already.
  const isSealed = await isKeySealed(join(source.data, 'device.key')).catch(() => false)
  if (!isSealed || !canAsk(source)) return undefined
  if (source.isLockedByUs !== true && (await lockHolder(source.data)) !== null) return undefined
  return await askSecret('passphrase of the device key: ')
}

/** A passphrase from a file, else from an environment variable; undefined when neither names one. */
export async function givenPassphrase(
  file: string | undefined,
  variable: string,
): Promise<string | undefined> {
  const value = process.env[variable]
  if (file === undefined) return value === '' ? undefined : value
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CoopError('path-unreadable', `cannot read ${file}`, 'Check the path of the passphrase.', cause)
  })
  // Editors and `echo` end the line; nothing else is taken off.
  const passphrase = text.replace(/\r?\n$/, '')
  if (passphrase !== '' && passphrase.length <= PASSPHRASE_CHARS_MAX) return passphrase
  const next = `Put one line of at most ${PASSPHRASE_CHARS_MAX} characters into it.`
  throw new CoopError('usage', `${file} holds no passphrase`, next)
}

/** A new passphrase: given, or typed twice. */
export async function newPassphrase(source: PassphraseSource, given: string | undefined): Promise<string> {
  if (given !== undefined) return given
  if (!canAsk(source)) {
    const next = 'Name a file that holds it with --new-passphrase-file, or set COOP_NEW_PASSPHRASE.'
    throw new CoopError('usage', 'the new passphrase is missing', next)
  }
  const first = await askSecret('new passphrase: ')
  if ((await askSecret('the same again: ')) === first) return first
  throw new CoopError('usage', 'the two passphrases differ', 'Run the command again; nothing was changed.')
}

/** True when a person can be asked. */
export function canAsk({ json }: { json: boolean }): boolean {
  return !json && process.stdin.isTTY && process.stderr.isTTY
}

/** Asks for a line that is not shown while it is typed. Ctrl-C throws `interrupted`. */
export async function askSecret(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string> {
  output.write(question)
  input.setEncoding('utf8')
  input.setRawMode(true)
  let line = ''
  try {
    return await new Promise<string>((resolve, reject) => {
      const onData = (chunk: string): void => {
        for (const char of chunk) {
          if (char === '\r' || char === '\n' || char === END_OF_INPUT) return done(() => resolve(line))
          if (char === INTERRUPT) return done(() => reject(INTERRUPTED))
          if (char === BACKSPACE || char === DELETE) line = line.replace(/.$/su, '')
          else if (char === CLEAR_LINE) line = ''
          else if (line.length < PASSPHRASE_CHARS_MAX) line += char
        }
      }
      const onEnd = (): void => done(() => reject(INTERRUPTED))
      const done = (settle: () => void): void => {
        input.off('data', onData).off('end', onEnd)
        settle()
      }
      input.on('data', onData).on('end', onEnd)
      input.resume()
    })
  } finally {
    input.setRawMode(false)
    input.pause()
    output.write('\n')
  }
}

/** What the keys send while the terminal is raw (ASCII control characters). */
const INTERRUPT = '\u0003'
const END_OF_INPUT = '\u0004'
const BACKSPACE = '\u0008'
const CLEAR_LINE = '\u0015'
const DELETE = '\u007F'
const INTERRUPTED = new CoopError('interrupted', 'nothing was changed', 'Run the command again.')
