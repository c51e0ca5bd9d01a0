import { createHash } from 'node:crypto'
import nacl from 'tweetnacl'

/** A key file in its parts. */
export type KeyText =
  | { kind: 'plain'; seed: Uint8Array }
  | {
      kind: 'sealed'
      salt: Uint8Array
      nonce: Uint8Array
      box: Uint8Array
      /** Public key, in the clear: a copy of a folder is known by it whatever seals each. Null in files without one. */
      device: Uint8Array | null
    }

/**
 * One line: `plain SEED CHECK`, or `argon2id SALT NONCE BOX DEVICE CHECK`, bytes in base64. The check is of everything
 * before it, so that a flipped bit is told from a wrong passphrase, and from another device.
 */
export function writeKeyText(key: KeyText): string {
  if (key.kind === 'plain') return `plain ${base64(key.seed)} ${checkOf(key.seed)}\n`
  const device = key.device === null ? [] : [key.device]
  const fields = [key.salt, key.nonce, key.box, ...device]
  return `argon2id ${fields.map(base64).join(' ')} ${checkOf(...fields)}\n`
}

/** Reads a key file; null when it is damaged. Files of before have no check, sealed ones no device either. */
export function readKeyText(text: string): KeyText | null {
  const [kind, ...fields] = text.trim().split(' ')
  const check = fields.length === (kind === 'plain' ? 2 : 5) ? fields.pop() : undefined
  const parts = fields.map((field) => new Uint8Array(Buffer.from(field, 'base64')))
  if (check !== undefined && check !== checkOf(...parts)) return null
  const [first, nonce, box, device, ...rest] = parts
  if (first === undefined || rest.length > 0) return null
  if (kind === 'plain') return first.length === 32 && nonce === undefined ? { kind, seed: first } : null
  if (kind !== 'argon2id' || first.length !== 16) return null
  if (nonce?.length !== nacl.secretbox.nonceLength || box?.length !== BOX_BYTES) return null
  if (device !== undefined && (device.length !== 32 || check === undefined)) return null
  return { kind: 'sealed', salt: first, nonce, box, device: device ?? null }
}

/** Public key of a key file; null where it cannot be told without the passphrase. */
export function deviceOfKeyText(text: string): Uint8Array | null {
  const key = readKeyText(text)
  if (key?.kind === 'plain') return nacl.sign.keyPair.fromSeed(key.seed).publicKey
  return key?.device ?? null
}

/** A sealed seed of 32 bytes. */
const BOX_BYTES = 32 + nacl.secretbox.overheadLength

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function checkOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256').update('coopmesh device key')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 8)
}
