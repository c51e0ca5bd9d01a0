import { argon2Sync, createHash, randomBytes } from 'node:crypto'
import { chmod, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import nacl from 'tweetnacl'
import { CoopError, systemCode } from '#node/errors'
import { syncFolder, writeDurably } from './data-folder.ts'

/** Argon2id (RFC 9106, second recommended option): 64 MiB, 3 passes, 4 lanes; about 0.2 s on a NAS. */
const ARGON2 = { memory: 65_536, passes: 3, parallelism: 4, tagLength: 32 }

/** The seed of a device key and how it lies on the disk. */
export interface DeviceKey {
  /** 32 bytes. */
  seed: Uint8Array
  /** True when a passphrase seals it; false when only the file mode (0600) protects it. */
  isSealed: boolean
}

/** Reads the device key, or makes one. A given passphrase seals a new key and opens a sealed one. */
export async function loadDeviceKey(path: string, passphrase: string | undefined): Promise<DeviceKey> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return null
    throw cause
  })
  if (text === null) return createDeviceKey(path, passphrase)
  await chmod(path, 0o600)
  const [kind, ...fields] = text.trim().split(' ')
  if (kind === 'plain') return { seed: seedOf(path, fields), isSealed: false }
  if (kind !== 'argon2id') throw damaged(path)
  const [salt = '', nonce = '', box = ''] = fields
  if (passphrase === undefined || passphrase === '') {
    throw new CoopError(
      'key-locked',
      `the device key ${path} is sealed`,
      'Set COOP_PASSPHRASE to its passphrase.',
    )
  }
  const seed = nacl.secretbox.open(bytesOf(box), bytesOf(nonce), stretch(passphrase, bytesOf(salt)))
  if (seed === null) {
    throw new CoopError(
      'key-locked',
      `the passphrase does not open ${path}`,
      'Set COOP_PASSPHRASE to the right one.',
    )
  }
  return { seed, isSealed: true }
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

async function createDeviceKey(path: string, passphrase: string | undefined): Promise<DeviceKey> {
  const seed = new Uint8Array(randomBytes(32))
  if (passphrase === undefined || passphrase === '') {
    await writeDurably(path, `plain ${Buffer.from(seed).toString('base64')} ${checkOf(seed)}\n`)
    return { seed, isSealed: false }
  }
  const salt = new Uint8Array(randomBytes(16))
  const nonce = new Uint8Array(randomBytes(nacl.secretbox.nonceLength))
  const box = nacl.secretbox(seed, nonce, stretch(passphrase, salt))
  const fields = [salt, nonce, box].map((bytes) => Buffer.from(bytes).toString('base64'))
  await writeDurably(path, `argon2id ${fields.join(' ')}\n`)
  return { seed, isSealed: true }
}

function stretch(passphrase: string, salt: Uint8Array): Uint8Array {
  return new Uint8Array(
    argon2Sync('argon2id', { message: passphrase.normalize('NFKC'), nonce: salt, ...ARGON2 }),
  )
}

/** The seed of a plain key. Its check tells a flipped bit, which would be another device. */
function seedOf(path: string, [text = '', check]: readonly string[]): Uint8Array {
  const seed = bytesOf(text)
  if (seed.length !== 32 || (check !== undefined && check !== checkOf(seed))) throw damaged(path)
  return seed
}

function checkOf(seed: Uint8Array): string {
  return createHash('sha256').update('coopmesh device key').update(seed).digest('hex').slice(0, 8)
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function damaged(path: string): CoopError {
  return new CoopError(
    'data-damaged',
    `the device key ${path} cannot be read`,
    'Move this data folder aside and join the co-op again with a new invite: the key is gone, the co-op has the rest.',
  )
}
