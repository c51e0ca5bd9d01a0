import { varint } from 'multiformats'
import { equals } from 'multiformats/bytes'

// The UnixFS part of a dag-pb block is written here and not by the package `ipfs-unixfs` 13.1.1: its protobuf writer
// (protons-runtime 7.1.2) leaves bytes of uninitialised memory in every number from 2^31 to 2^32 - 1, which gives a
// file of 2 to 4 GiB another CID each time.

/** Slots of a shard. UnixFS: 256, one byte of the hash a level. */
export const HAMT_FANOUT = 256

/**
 * Longest UnixFS part of a directory block, in bytes: a shard's bitfield, hash and fanout take 41, mode and mtime at
 * most 23. A longer one belongs to a file.
 */
export const DIRECTORY_DATA_BYTES_MAX = 64

/** What the UnixFS part of a directory block says: flat, or a shard with these occupied slots in ascending order. */
export type DirectoryData = { kind: 'flat' } | { kind: 'shard'; slots: number[] }

/** The UnixFS part of an inner node of a file, whose children have these sizes in bytes. */
export function encodeFileData(childBytes: readonly number[]): Uint8Array {
  const fileBytes = childBytes.reduce((sum, bytes) => sum + bytes, 0)
  const data = new Uint8Array(2 + NUMBER_FIELD_BYTES_MAX * (1 + childBytes.length))
  data.set([TYPE_TAG, TYPE_FILE])
  let end = writeNumber(data, 2, { tag: FILE_SIZE_TAG, value: fileBytes })
  for (const value of childBytes) end = writeNumber(data, end, { tag: BLOCK_SIZE_TAG, value })
  return data.subarray(0, end)
}

/** The UnixFS part of a directory block, without mode and mtime. Slots are integers from 0 to 255. */
export function encodeDirectoryData(directory: DirectoryData): Uint8Array {
  if (directory.kind === 'flat') return FLAT_DATA
  const bitfield = slotBitfield(directory.slots)
  return Uint8Array.of(TYPE_TAG, TYPE_SHARD, DATA_TAG, bitfield.length, ...bitfield, ...SHARD_END)
}

/**
 * Reads the UnixFS part of a directory block, or gives undefined when it is another type's or has fields in another
 * form than {@link encodeDirectoryData} writes. Mode and mtime may follow and are ignored.
 */
export function decodeDirectoryData(data: Uint8Array): DirectoryData | undefined {
  if (data.length > DIRECTORY_DATA_BYTES_MAX) return undefined
  const directory: DirectoryData = data[1] === TYPE_SHARD ? readShard(data) : { kind: 'flat' }
  const canonical = encodeDirectoryData(directory)
  if (!equals(canonical, data.subarray(0, canonical.length))) return undefined
  return isModeAndMtime(data.subarray(canonical.length)) ? directory : undefined
}

const TYPE_TAG = 0x08
const DATA_TAG = 0x12
const FILE_SIZE_TAG = 0x18
const BLOCK_SIZE_TAG = 0x20
const MODE_TAG = 0x38
const MTIME_TAG = 0x42
const TYPE_FILE = 2
const TYPE_SHARD = 5
const FLAT_DATA = Uint8Array.of(TYPE_TAG, 1)
/** Hash type murmur3-x64-64 (0x22), then the fanout 256. */
const SHARD_END = Uint8Array.of(0x28, 0x22, 0x30, 0x80, 0x02)
/** A tag and a varint of up to 53 bits. */
const NUMBER_FIELD_BYTES_MAX = 9

function writeNumber(data: Uint8Array, at: number, field: { tag: number; value: number }): number {
  data[at] = field.tag
  varint.encodeTo(field.value, data, at + 1)
  return at + 1 + varint.encodingLength(field.value)
}

/** Bit `slot` of a big-endian number, without leading zero bytes. */
function slotBitfield(slots: readonly number[]): Uint8Array {
  const field = new Uint8Array(HAMT_FANOUT / 8)
  for (const slot of slots) {
    const at = field.length - 1 - (slot >> 3)
    field[at] = (field[at] ?? 0) | (1 << (slot & 7))
  }
  const first = field.findIndex((byte) => byte !== 0)
  return first === -1 ? new Uint8Array(0) : field.subarray(first)
}

/** The occupied slots as far as the bytes state any; whether the rest is right shows when they are written again. */
function readShard(data: Uint8Array): DirectoryData {
  const bitfield = data.subarray(4, 4 + Math.min(data[3] ?? 0, HAMT_FANOUT / 8))
  const slots: number[] = []
  for (let slot = 0; slot < bitfield.length * 8; slot += 1) {
    const byte = bitfield[bitfield.length - 1 - (slot >> 3)] ?? 0
    if ((byte & (1 << (slot & 7))) !== 0) slots.push(slot)
  }
  return { kind: 'shard', slots }
}

/** Nothing, or a mode, or an mtime, or both in this order: the fields that may follow those of a directory. */
function isModeAndMtime(data: Uint8Array): boolean {
  let at = 0
  if (data[at] === MODE_TAG) {
    const last = data.findIndex((byte, index) => index > at && byte < 0x80)
    if (last === -1) return false
    at = last + 1
  }
  if (data[at] === MTIME_TAG) at += 2 + (data[at + 1] ?? DIRECTORY_DATA_BYTES_MAX)
  return at === data.length
}
