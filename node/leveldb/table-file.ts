import type { FileHandle } from 'node:fs/promises'
import { readPiece } from './file-bytes.ts'
import { findChecksum, maskedCrc32c } from './crc32c.ts'
import type { FileDamage } from './log-file.ts'
import { readSnappy, readVarint } from './snappy.ts'
import type { KeyChange } from './write-batch.ts'

/** How much of a table is read: what leads to its data, or all of it. */
export type TableDepth = 'index' | 'all'

/** Where a block lies in a table. */
interface BlockHandle {
  at: number
  length: number
}

/**
 * Checks a table of LevelDB (doc/table_format.md) by its checksums. LevelDB itself does not look at them unless it is
 * asked to, and our binding cannot ask; a flipped bit in an index then hides keys, or ends the process.
 */
export async function checkTable(file: FileHandle, depth: TableDepth): Promise<FileDamage[]> {
  const damage: FileDamage[] = []
  const index = await readIndex(file, damage)
  if (index === null || depth === 'index') return damage
  for (const handle of index)
    if ((await readBlock(file, handle)) === null) damage.push({ at: handle.at, kind: 'changed' })
  return damage
}

/**
 * All changes that can be read from a table, those of damaged blocks as suspect. Where its index is damaged the blocks
 * are found by their checksums, up to the first that is not whole; what lies behind the data is then read as changes
 * too, so the caller must be able to tell its values.
 */
export async function* tableChanges(file: FileHandle): AsyncGenerator<KeyChange[]> {
  const index = await readIndex(file, [])
  if (index === null) return yield* changesInSequence(file)
  for (const handle of index) {
    const read = await readAny(file, handle)
    const block = read === null ? null : unpack(read.packed)
    const changes = block === null ? null : readChanges(block, read?.isSuspect === true)
    if (changes !== null) yield changes
  }
}

async function* changesInSequence(file: FileHandle): AsyncGenerator<KeyChange[]> {
  const bytes = await readPiece(file, 0, (await file.stat()).size)
  if (bytes === null) return
  for (let at = 0; ;) {
    const end = findChecksum(bytes, at)
    const block = end === null ? null : unpack(bytes.subarray(at, end))
    const changes = block === null ? null : readChanges(block, false)
    if (end === null || changes === null) return
    yield changes
    at = end + 4
  }
}

const FOOTER_BYTES = 48
/** The last eight bytes of every table. */
const MAGIC = 0xdb4775248b80fb57n
/** Type of packing and checksum behind each block. */
const TRAILER_BYTES = 5
const NOT_PACKED = 0
const SNAPPY = 1

/** Handles of the data blocks; null when the way to them is damaged. Filters are checked as well. */
async function readIndex(file: FileHandle, damage: FileDamage[]): Promise<BlockHandle[] | null> {
  const { size } = await file.stat()
  const footerAt = size - FOOTER_BYTES
  const footer = footerAt < 0 ? null : await readPiece(file, footerAt, FOOTER_BYTES)
  const view = footer === null ? null : new DataView(footer.buffer, footer.byteOffset)
  const isFooter = view !== null && view.getBigUint64(40, true) === MAGIC
  const metaHandle = isFooter && footer !== null ? readHandle(footer, 0) : null
  const indexHandle = metaHandle === null || footer === null ? null : readHandle(footer, metaHandle.next)
  if (metaHandle === null || indexHandle === null || footer === null || !isPadded(footer, indexHandle.next)) {
    damage.push({ at: Math.max(0, footerAt), kind: 'changed' })
    return null
  }
  await checkFilters(file, metaHandle.handle, damage)
  const block = await readBlock(file, indexHandle.handle)
  const handles = block === null ? null : readHandles(block)
  if (handles === null) damage.push({ at: indexHandle.handle.at, kind: 'changed' })
  return handles
}

/** A damaged filter makes LevelDB miss keys that are there. */
async function checkFilters(file: FileHandle, meta: BlockHandle, damage: FileDamage[]): Promise<void> {
  const block = await readBlock(file, meta)
  const handles = block === null ? null : readHandles(block)
  if (handles === null) damage.push({ at: meta.at, kind: 'changed' })
  for (const handle of handles ?? [])
    if ((await readBlock(file, handle)) === null) damage.push({ at: handle.at, kind: 'changed' })
}

function isPadded(footer: Uint8Array, from: number): boolean {
  return footer.subarray(from, 40).every((byte) => byte === 0)
}

/** The content of a block whose checksum holds; else null. */
async function readBlock(file: FileHandle, handle: BlockHandle): Promise<Uint8Array | null> {
  const read = await readAny(file, handle)
  return read === null || read.isSuspect ? null : unpack(read.packed)
}

/** A block as it is packed, whole or not; null when the file ends before it. */
async function readAny(
  file: FileHandle,
  handle: BlockHandle,
): Promise<{ packed: Uint8Array; isSuspect: boolean } | null> {
  const { size } = await file.stat()
  if (handle.at + handle.length + TRAILER_BYTES > size) return null
  const bytes = await readPiece(file, handle.at, handle.length + TRAILER_BYTES)
  if (bytes === null) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const packed = bytes.subarray(0, handle.length + 1)
  return { packed, isSuspect: view.getUint32(handle.length + 1, true) !== maskedCrc32c(packed) }
}

/** The content of a block, behind which stands how it is packed. */
function unpack(bytes: Uint8Array): Uint8Array | null {
  const packing = bytes.at(-1)
  const content = bytes.subarray(0, bytes.length - 1)
  if (packing === NOT_PACKED) return content
  return packing === SNAPPY ? readSnappy(content) : null
}

function readHandle(bytes: Uint8Array, from: number): { handle: BlockHandle; next: number } | null {
  const at = readVarint(bytes, from)
  const length = at === null ? null : readVarint(bytes, at.next)
  return at === null || length === null
    ? null
    : { handle: { at: at.value, length: length.value }, next: length.next }
}

function readHandles(block: Uint8Array): BlockHandle[] | null {
  const handles: BlockHandle[] = []
  for (const { value } of entriesOf(block) ?? [{ value: BROKEN }]) {
    const read = readHandle(value, 0)
    if (read === null) return null
    handles.push(read.handle)
  }
  return handles
}

const BROKEN = new Uint8Array(0)

/** Entries of a data block: the key ends with eight bytes, the sequence number above a byte that says put or delete. */
function readChanges(block: Uint8Array, isSuspect: boolean): KeyChange[] | null {
  const entries = entriesOf(block)
  if (entries === null) return null
  const changes: KeyChange[] = []
  for (const { key, value } of entries) {
    const end = key.length - 8
    if (end < 0) return null
    const view = new DataView(key.buffer, key.byteOffset + end, 8)
    const sequence = (view.getUint32(0, true) >>> 8) + view.getUint32(4, true) * 2 ** 24
    const isPut = view.getUint8(0) === 1
    const name = Buffer.from(key.subarray(0, end)).toString('utf8')
    changes.push({ key: name, sequence, value: isPut ? value : null, isSuspect })
  }
  return changes
}

/** Keys and values of a block; each key is given by what it does not share with the one before. */
function entriesOf(block: Uint8Array): { key: Uint8Array; value: Uint8Array }[] | null {
  if (block.length < 4) return null
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  const end = block.length - 4 - 4 * view.getUint32(block.length - 4, true)
  const entries: { key: Uint8Array; value: Uint8Array }[] = []
  let before: Uint8Array = new Uint8Array(0)
  for (let at = 0; at < end;) {
    const shared = readVarint(block, at)
    const own = shared === null ? null : readVarint(block, shared.next)
    const length = own === null ? null : readVarint(block, own.next)
    if (shared === null || own === null || length === null || shared.value > before.length) return null
    const valueAt = length.next + own.value
    if (valueAt + length.value > end) return null
    const key = new Uint8Array(shared.value + own.value)
    key.set(before.subarray(0, shared.value))
    key.set(block.subarray(length.next, valueAt), shared.value)
    entries.push({ key, value: block.subarray(valueAt, valueAt + length.value) })
    before = key
    at = valueAt + length.value
  }
  return end < 0 ? null : entries
}
