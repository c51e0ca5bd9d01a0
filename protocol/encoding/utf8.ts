/**
 * Strict UTF-8 (RFC 3629) of `bytes[start, end)`, or null when it is malformed: over-long forms, surrogates,
 * values above U+10FFFF and cut sequences are all refused, so that one text has one encoding.
 */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | null {
  let text = ''
  const units: number[] = []
  let at = start
  while (at < end) {
    const first = bytes[at] ?? 0
    const size = sequenceSize(first)
    if (size === 0 || at + size > end) return null
    let point = size === 1 ? first : first & (0xff >> (size + 1))
    for (let i = 1; i < size; i += 1) {
      const next = bytes[at + i] ?? 0
      if ((next & 0xc0) !== 0x80) return null
      point = (point << 6) | (next & 0x3f)
    }
    if (point < (SMALLEST[size] ?? 0) || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return null
    if (point > 0xffff) units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff))
    else units.push(point)
    if (units.length >= CHUNK_UNITS) {
      text += String.fromCharCode(...units)
      units.length = 0
    }
    at += size
  }
  return text + String.fromCharCode(...units)
}

/** Below the argument limit of every engine. */
const CHUNK_UNITS = 4_096
/** The smallest code point that needs a sequence of that many bytes. */
const SMALLEST = [0, 0, 0x80, 0x800, 0x10000]

function sequenceSize(first: number): number {
  if (first < 0x80) return 1
  if (first >= 0xc2 && first < 0xe0) return 2
  if (first >= 0xe0 && first < 0xf0) return 3
  if (first >= 0xf0 && first < 0xf5) return 4
  return 0
}
