/** CRC-32C (Castagnoli, RFC 3720 appendix B.4): what LevelDB writes behind each record and block. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let crc = -1
  let at = 0
  for (const end = bytes.length & ~7; at < end; at += 8) {
    const low = crc ^ view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    crc =
      entry(1792 + (low & 255)) ^
      entry(1536 + ((low >>> 8) & 255)) ^
      entry(1280 + ((low >>> 16) & 255)) ^
      entry(1024 + (low >>> 24)) ^
      entry(768 + (high & 255)) ^
      entry(512 + ((high >>> 8) & 255)) ^
      entry(256 + ((high >>> 16) & 255)) ^
      entry(high >>> 24)
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ entry((crc ^ view.getUint8(at)) & 255)
  return ~crc >>> 0
}

/** The checksum as LevelDB stores it: turned and shifted, so that data which holds checksums has a good one too. */
export function maskedCrc32c(bytes: Uint8Array): number {
  return masked(crc32c(bytes))
}

/**
 * Where a block that begins at `from` ends, by its checksum alone: the first place behind which the masked checksum of
 * everything since `from` stands. Null when there is none.
 */
export function findChecksum(bytes: Uint8Array, from: number): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let crc = -1
  for (let at = from; at + 5 <= bytes.length; at += 1) {
    const byte = view.getUint8(at)
    crc = (crc >>> 8) ^ entry((crc ^ byte) & 255)
    // Behind the content stands how it is packed, which is 0 or 1.
    if (byte <= 1 && view.getUint32(at + 1, true) === masked(~crc >>> 0)) return at + 1
  }
  return null
}

const MASK_DELTA = 0xa282ead8
/** The polynomial 0x1edc6f41, reflected. */
const POLYNOMIAL = 0x82f63b78

/** Eight tables of 256, so that eight bytes are one step ("slicing", Kounavis and Berry 2005). */
const TABLES: Int32Array = makeTables()

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}

function entry(at: number): number {
  return TABLES[at] as number
}

function makeTables(): Int32Array {
  const tables = new Int32Array(2_048)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    tables[byte] = crc
  }
  for (let at = 256; at < tables.length; at += 1) {
    const before = tables[at - 256] ?? 0
    tables[at] = (before >>> 8) ^ (tables[before & 255] ?? 0)
  }
  return tables
}
