import { createHash } from 'node:crypto'

/** Bytes that a seal adds to a value. */
export const SEAL_BYTES = 32

/**
 * A value as it lies in the database: behind it the SHA-256 of its key, a zero byte and itself. LevelDB does not detect
 * bit rot; a value that turns up under another key is noticed as well.
 */
export function sealValue(key: string, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(value.length + SEAL_BYTES)
  bytes.set(value)
  bytes.set(sealOf(key, value), value.length)
  return bytes
}

/** The value of `sealValue`, a view; null when the bytes are not what was written under this key. */
export function openSealed(key: string, bytes: Uint8Array): Uint8Array | null {
  const length = bytes.length - SEAL_BYTES
  if (length < 0) return null
  const value = bytes.subarray(0, length)
  return Buffer.compare(sealOf(key, value), bytes.subarray(length)) === 0 ? value : null
}

function sealOf(key: string, value: Uint8Array): Uint8Array {
  return createHash('sha256').update(`${key}\0`).update(value).digest()
}
