/**
 * Decompresses a Snappy block (google/snappy, format_description.txt); null for bytes that are none. LevelDB packs its
 * blocks so.
 */
export function readSnappy(bytes: Uint8Array): Uint8Array | null {
  const head = readVarint(bytes, 0)
  // Nothing that LevelDB packs is longer: a block holds one value of ours more than its 4 KiB.
  if (head === null || head.value > LENGTH_MAX) return null
  const out = new Uint8Array(head.value)
  let at = head.next
  let filled = 0
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0
    at += 1
    if ((tag & 3) === 0) {
      const literal = readLiteralLength(bytes, at, tag)
      if (literal === null) return null
      const { length, next } = literal
      if (next + length > bytes.length || filled + length > out.length) return null
      out.set(bytes.subarray(next, next + length), filled)
      at = next + length
      filled += length
      continue
    }
    const copy = readCopy(bytes, at, tag)
    if (copy === null || copy.offset === 0 || copy.offset > filled || filled + copy.length > out.length)
      return null
    // Byte by byte: a copy may overlap what it writes.
    for (let i = 0; i < copy.length; i += 1) out[filled + i] = out[filled + i - copy.offset] ?? 0
    filled += copy.length
    at = copy.next
  }
  return filled === out.length ? out : null
}

/** A variable-length number of at most 32 bits, as LevelDB and Snappy write it; null when it does not end. */
export function readVarint(bytes: Uint8Array, from: number): { value: number; next: number } | null {
  let value = 0
  for (let at = from, shift = 0; at < bytes.length && shift < 35; at += 1, shift += 7) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return value < 2 ** 32 ? { value, next: at + 1 } : null
  }
  return null
}

/** 64 MiB: eight times what one write of ours holds. */
const LENGTH_MAX = 67_108_864

function readLiteralLength(
  bytes: Uint8Array,
  at: number,
  tag: number,
): { length: number; next: number } | null {
  const short = tag >>> 2
  if (short < 60) return { length: short + 1, next: at }
  const count = short - 59
  if (at + count > bytes.length) return null
  let length = 0
  for (let i = 0; i < count; i += 1) length += (bytes[at + i] ?? 0) * 2 ** (8 * i)
  return { length: length + 1, next: at + count }
}

function readCopy(
  bytes: Uint8Array,
  at: number,
  tag: number,
): { length: number; offset: number; next: number } | null {
  const count = (tag & 3) === 3 ? 4 : tag & 3
  if (at + count > bytes.length) return null
  let offset = 0
  for (let i = 0; i < count; i += 1) offset += (bytes[at + i] ?? 0) * 2 ** (8 * i)
  if ((tag & 3) === 1)
    return { length: ((tag >>> 2) & 7) + 4, offset: offset + (tag >>> 5) * 256, next: at + 1 }
  return { length: (tag >>> 2) + 1, offset, next: at + count }
}
