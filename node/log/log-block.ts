/** Records of the log that were written together: one value in the store. */
export interface LogBlock {
  /** Order of the first record. */
  first: number
  /** Commit records, in the order of the log. */
  records: Uint8Array[]
}

/**
 * Bytes of a block: version, first order and number of records (4 bytes each, big endian), the length of each record (4
 * bytes), the records. The store puts a hash behind it.
 */
export function encodeLogBlock({ first, records }: LogBlock): Uint8Array {
  const headBytes = HEAD_BYTES + 4 * records.length
  const bytes = new Uint8Array(records.reduce((sum, record) => sum + record.length, headBytes))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, VERSION)
  view.setUint32(4, first)
  view.setUint32(8, records.length)
  let at = headBytes
  let lengthAt = HEAD_BYTES
  for (const record of records) {
    view.setUint32(lengthAt, record.length)
    lengthAt += 4
    bytes.set(record, at)
    at += record.length
  }
  return bytes
}

/** The block, or null when the bytes are no block that begins at `first`. Records are views. Never throws. */
export function decodeLogBlock(bytes: Uint8Array, first: number): LogBlock | null {
  if (bytes.length < HEAD_BYTES) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const count = view.getUint32(8)
  if (view.getUint32(0) !== VERSION || view.getUint32(4) !== first) return null
  if (HEAD_BYTES + 4 * count > bytes.length) return null
  const records: Uint8Array[] = []
  let at = HEAD_BYTES + 4 * count
  for (let i = 0; i < count; i += 1) {
    const end = at + view.getUint32(HEAD_BYTES + 4 * i)
    if (end > bytes.length) return null
    records.push(bytes.subarray(at, end))
    at = end
  }
  return at === bytes.length ? { first, records } : null
}

/**
 * What can still be read of a damaged block: bytes that may be records, by their place, as far as the lengths make
 * sense. The caller knows the ids, or decodes them, and decides. Never throws.
 */
export function salvageLogBlock(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length < HEAD_BYTES) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const count = Math.min(view.getUint32(8), Math.floor((bytes.length - HEAD_BYTES) / 4))
  const records: Uint8Array[] = []
  let at = HEAD_BYTES + 4 * count
  for (let i = 0; i < count; i += 1) {
    const end = at + view.getUint32(HEAD_BYTES + 4 * i)
    if (end > bytes.length) break
    records.push(bytes.subarray(at, end))
    at = end
  }
  return records
}

const VERSION = 1
const HEAD_BYTES = 12
