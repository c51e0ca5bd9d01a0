import { maskedCrc32c } from './crc32c.ts'

/** A place in a file that does not read as it was written. */
export interface FileDamage {
  /** Offset in bytes. */
  at: number
  /**
   * `torn`: the file ends in the middle of a record, as a crash leaves it; nobody was told that it was written.
   * `changed`: bytes that were written once are others now.
   */
  kind: 'torn' | 'changed'
}

/** A record of a log file. */
export interface LogRecord {
  /** A view where it is in one piece. */
  bytes: Uint8Array
  /** A checksum of it does not hold: some of its bytes are others than were written. */
  isSuspect: boolean
}

/** What a log file holds. */
export interface LogFileContent {
  /** In the order of the file. */
  records: LogRecord[]
  damage: FileDamage[]
}

/**
 * Reads a file in LevelDB's log format (doc/log_format.md): its write-ahead log and its MANIFEST. Goes on behind a
 * damaged record, in the same block if the lengths still make sense: LevelDB itself drops the rest of the block.
 */
export function readLogFile(bytes: Uint8Array): LogFileContent {
  const records: LogRecord[] = []
  const damage: FileDamage[] = []
  let parts: Uint8Array[] = []
  let isSuspect = false
  for (let at = 0; at < bytes.length;) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES)
    // Zeros: the end of a block that is too short for another head, or room that was set aside and never filled.
    const piece = readPiece(bytes, at, Math.min(left, bytes.length - at))
    if (piece === null) {
      at += left
      continue
    }
    if (piece.kind !== 'whole') damage.push({ at, kind: piece.kind })
    const isFirst = piece.type === FULL || piece.type === FIRST
    const isLast = piece.type === FULL || piece.type === LAST
    // A record that begins before the last one ended, or goes on without a beginning.
    if (piece.kind === 'whole' && isFirst === parts.length > 0) damage.push({ at, kind: 'changed' })
    if (isFirst || piece.data === null) parts = []
    if (isFirst) isSuspect = false
    if (piece.data !== null && (isFirst || parts.length > 0)) parts.push(piece.data)
    if (piece.kind !== 'whole') isSuspect = true
    if (isLast && parts.length > 0) {
      records.push({ bytes: parts.length === 1 ? (parts[0] ?? NOTHING) : Buffer.concat(parts), isSuspect })
      parts = []
    }
    at = piece.next
  }
  if (parts.length > 0) damage.push({ at: bytes.length, kind: 'torn' })
  return { records, damage }
}

interface Piece {
  kind: 'whole' | FileDamage['kind']
  type: number
  /** Null when it cannot be told where it ends. */
  data: Uint8Array | null
  /** Where the next piece begins. */
  next: number
}

const BLOCK_BYTES = 32_768
const HEAD_BYTES = 7
const FULL = 1
const FIRST = 2
const LAST = 4

/** One piece of at most `room` bytes; null for zeros, which fill a block. */
function readPiece(bytes: Uint8Array, at: number, room: number): Piece | null {
  if (isZero(bytes, at, room)) return null
  const length = room < HEAD_BYTES ? 0 : (bytes[at + 4] ?? 0) + (bytes[at + 5] ?? 0) * 256
  const type = bytes[at + 6] ?? 0
  const end = at + room
  const next = at + HEAD_BYTES + length
  const data = next <= end && room >= HEAD_BYTES ? bytes.subarray(at + HEAD_BYTES, next) : null
  if (isPiece(bytes, at, room)) return { kind: 'whole', type, data, next }
  const resumed = findPiece(bytes, at + 1, end)
  // A record that the file does not hold to its end, with nothing behind it, is what a crash leaves.
  const isTorn = resumed === end && end === bytes.length && (room < HEAD_BYTES || next > end)
  return { kind: isTorn ? 'torn' : 'changed', type, data: resumed === next ? data : null, next: resumed }
}

/** Place of the next whole piece in a block that ends at `end`; `end` when there is none. */
function findPiece(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at + HEAD_BYTES <= end; at += 1) if (isPiece(bytes, at, end - at)) return at
  return end
}

function isPiece(bytes: Uint8Array, at: number, room: number): boolean {
  const type = bytes[at + 6] ?? 0
  if (room < HEAD_BYTES || type < FULL || type > LAST) return false
  const length = (bytes[at + 4] ?? 0) + (bytes[at + 5] ?? 0) * 256
  if (HEAD_BYTES + length > room) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEAD_BYTES)
  return view.getUint32(0, true) === maskedCrc32c(bytes.subarray(at + 6, at + HEAD_BYTES + length))
}

function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let i = at; i < at + length; i += 1) if (bytes[i] !== 0) return false
  return true
}

const NOTHING = new Uint8Array(0)
