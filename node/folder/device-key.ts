import { argon2Sync, randomBytes } from 'node:crypto'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import nacl from 'tweetnacl'
import { CoopError, systemCode } from '#node/errors'
import { syncFolder, writeDurably } from './durable-file.ts'
import { readKeyText, writeKeyText } from './key-text.ts'

/** Argon2id, second recommended option of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes. */
const ARGON2 = { memory: 65_536, passes: 3, parallelism: 4, tagLength: 32 }
/** Shortest passphrase that seals a key, in characters: the least that NIST SP 800-63B lets people choose. */
export const PASSPHRASE_CHARS_MIN = 8
/** Longest passphrase. A guess: whole sentences fit, and a file that was named by mistake does not. */
export const PASSPHRASE_CHARS_MAX = 1_024

/** The seed of a device key and how it lies on the disk. */
export interface DeviceKey {
  /** 32 bytes. */
  seed: Uint8Array
  /** True when a passphrase seals it; false when only the file mode (0600) protects it. */
  isSealed: boolean
}

/** Reads the device key, or makes one. A given passphrase seals a new key and opens a sealed one. */
export async function loadDeviceKey(path: string, passphrase: string | undefined): Promise<DeviceKey> {
  const text = await readKeyFile(path)
  if (text !== null) {
    await chmod(path, 0o600)
    return openKey(path, text, passphrase)
  }
  const seed = new Uint8Array(randomBytes(32))
  await writeDurably(path, keyText(seed, passphrase))
  return { seed, isSealed: isGiven(passphrase) }
}

/** True when a passphrase is needed to read the key at `path`; false also where there is none. */
export async function isKeySealed(path: string): Promise<boolean> {
  const text = await readKeyFile(path)
  return text !== null && readKeyText(text)?.kind === 'sealed'
}

/**
 * Writes the keys of a folder anew: sealed by `next`, or protected by their file mode alone when that is undefined. After
 * any crash each file holds the old form or the new one, and the same call goes on. Throws, and changes nothing, when
 * `present` does not open the device key.
 */
export async function resealKeys(
  { keyPath, nextKeyPath }: { keyPath: string; nextKeyPath: string },
  present: string | undefined,
  next: string | undefined,
): Promise<void> {
  const write = await preparedKey(keyPath, [present], next)
  if (write === null)
    throw new CoopError(
      'data-damaged',
      `the device key ${keyPath} is missing`,
      'Put it back if you moved it.',
    )
  // A key that waits for its admission. An earlier call that broke off may have written it already.
  const writeNext = await preparedKey(nextKeyPath, [present, next], next)
  await writeNext?.()
  await write()
}

/** Opens a key with one of the passphrases and returns the write of its new form; null when there is no such key. */
async function preparedKey(
  path: string,
  passphrases: readonly (string | undefined)[],
  next: string | undefined,
): Promise<(() => Promise<void>) | null> {
  const text = await readKeyFile(path)
  if (text === null) return null
  let failure: unknown = null
  for (const passphrase of passphrases) {
    try {
      const sealed = keyText(openKey(path, text, passphrase).seed, next)
      return async () => writeDurably(path, sealed)
    } catch (cause) {
      failure ??= cause
    }
  }
  throw failure
}

/** Puts the next key in the place of the present one, whose private half is gone then: one or the other, whatever fails. */
export async function adoptNextKey(path: string, nextPath: string): Promise<void> {
  await rename(nextPath, path)
  await syncFolder(dirname(path))
}

/** Throws a next key away that nobody admitted. */
export async function dropNextKey(nextPath: string): Promise<void> {
  await rm(nextPath, { force: true })
  await syncFolder(dirname(nextPath))
}

async function readKeyFile(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  })
}

function openKey(path: string, text: string, passphrase: string | undefined): DeviceKey {
  const key = readKeyText(text)
  if (key === null) throw damaged(path)
  if (key.kind === 'plain') return { seed: key.seed, isSealed: false }
  if (!isGiven(passphrase)) {
    throw new CoopError(
      'key-locked',
      `the device key ${path} is sealed by a passphrase`,
      'Give it at the terminal, in a file (--passphrase-file) or in COOP_PASSPHRASE.',
    )
  }
  const seed = nacl.secretbox.open(key.box, key.nonce, stretch(passphrase, key.salt))
  if (seed === null) {
    throw new CoopError(
      'passphrase-wrong',
      `the passphrase does not open the device key ${path}`,
      'Try again: nothing was changed, and nothing is locked. docs/runbooks/forgotten-passphrase.md says what is left without it.',
    )
  }
  return { seed, isSealed: true }
}

function keyText(seed: Uint8Array, passphrase: string | undefined): string {
  if (!isGiven(passphrase)) return writeKeyText({ kind: 'plain', seed })
  if (passphrase.length < PASSPHRASE_CHARS_MIN || passphrase.length > PASSPHRASE_CHARS_MAX) {
    throw new CoopError(
      'usage',
      `a passphrase has ${PASSPHRASE_CHARS_MIN} to ${PASSPHRASE_CHARS_MAX} characters`,
      'Take a few random words.',
    )
  }
  const salt = new Uint8Array(randomBytes(16))
  const nonce = new Uint8Array(randomBytes(nacl.secretbox.nonceLength))
  const box = nacl.secretbox(seed, nonce, stretch(passphrase, salt))
  const device = nacl.sign.keyPair.fromSeed(seed).publicKey
  return writeKeyText({ kind: 'sealed', salt, nonce, box, device })
}

function isGiven(passphrase: string | undefined): passphrase is string {
  return passphrase !== undefined && passphrase !== ''
}

function stretch(passphrase: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(
    argon2Sync('argon2id', { message: passphrase.normalize('NFKC'), nonce: salt, ...ARGON2 }),
  )
}

function damaged(path: string): CoopError {
  return new CoopError(
    'data-damaged',
    `the device key ${path} cannot be read`,
    'Move this data folder aside and join the co-op again with a new invite: the key is gone, the co-op has the rest.',
  )
}
