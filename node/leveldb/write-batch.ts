import type { LogRecord } from './log-file.ts'
import { readVarint } from './snappy.ts'

/** One change as LevelDB numbers it: of several to one key the highest `sequence` holds. */
export interface KeyChange {
  key: string
  sequence: number
  /** Null when the key was deleted. */
  value: Uint8Array | null
  /** A checksum around it does not hold: the change may not be what was written. */
  isSuspect: boolean
}

/** The changes of one record of the write-ahead log; null when it is none. Of a suspect one as far as it can be read. */
export function readWriteBatch({ bytes, isSuspect }: LogRecord): KeyChange[] | null {
  if (bytes.length < HEAD_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const first = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32
  const count = view.getUint32(8, true)
  const changes: KeyChange[] = []
  let at = HEAD_BYTES
  while (at < bytes.length) {
    const isPut = bytes[at] === 1
    const key = readText(bytes, at + 1)
    if (key === null || (bytes[at] ?? 0) > 1) return isSuspect ? changes : null
    const value = isPut ? readBytes(bytes, key.next) : null
    if (isPut && value === null) return isSuspect ? changes : null
    changes.push({ key: key.text, sequence: first + changes.length, value: value?.value ?? null, isSuspect })
    at = value?.next ?? key.next
  }
  return changes.length === count || isSuspect ? changes : null
}

const HEAD_BYTES = 12

function readBytes(bytes: Uint8Array, at: number): { value: Uint8Array; next: number } | null {
  const length = readVarint(bytes, at)
  if (length === null || length.next + length.value > bytes.length) return null
  const next = length.next + length.value
  return { value: bytes.subarray(length.next, next), next }
}

function readText(bytes: Uint8Array, at: number): { text: string; next: number } | null {
  const read = readBytes(bytes, at)
  return read === null ? null : { text: Buffer.from(read.value).toString('utf8'), next: read.next }
}
