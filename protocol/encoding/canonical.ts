import { encode as encodeDagCbor } from '@ipld/dag-cbor'
import { compareBytes } from './bytes.ts'
import { readUtf8 } from './utf8.ts'

/** What our formats are made of: canonical dag-cbor without floats, tags, undefined or integers beyond 2^53. */
export type Value = null | boolean | number | string | Uint8Array | Value[] | { [key: string]: Value }

/** Why bytes are not one canonical value. */
export type EncodingRefusal =
  | 'truncated'
  | 'trailing-bytes'
  | 'not-canonical'
  | 'unsupported-type'
  | 'integer-too-large'
  | 'bad-utf8'
  | 'bad-map-keys'
  | 'too-deep'
  | 'too-many-items'

/** The decoded value, or the reason why there is none. */
export type DecodeResult = { ok: true; value: Value } | { ok: false; refusal: EncodingRefusal }

/** Nesting of our own formats is at most 6; the margin is a guess. */
export const DEPTH_MAX = 16
/** Items of one decoded value. A full sync frame of small commits has about 10,000; the margin is a guess. */
export const ITEMS_MAX = 100_000

/** Canonical dag-cbor of `value`: shortest integers, definite lengths, map keys by length, then bytewise. */
export function encodeCanonical(value: Value): Uint8Array {
  return plainView(encodeDagCbor(value))
}

/**
 * Decodes exactly one value and refuses every second way of writing it, so that bytes and meaning are one to one.
 * Linear in the input, bounded in depth and items, never throws. (The library decoder takes the float 1.0 for the
 * integer 1 and map keys in any order, which would give one meaning two hashes.) Byte strings are views of `bytes`.
 */
export function decodeCanonical(bytes: Uint8Array): DecodeResult {
  const reader = new Reader(plainView(bytes))
  const value = reader.value(0)
  if (reader.refusal !== null || value === undefined)
    return { ok: false, refusal: reader.refusal ?? 'truncated' }
  if (reader.at !== bytes.length) return { ok: false, refusal: 'trailing-bytes' }
  return { ok: true, value }
}

/** A cursor that stops at the first refusal; `undefined` stands for "no value", which no value encodes to. */
class Reader {
  at = 0
  refusal: EncodingRefusal | null = null
  readonly #bytes: Uint8Array
  #items = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  value(depth: number): Value | undefined {
    if (depth > DEPTH_MAX) return this.#refuse('too-deep')
    this.#items += 1
    if (this.#items > ITEMS_MAX) return this.#refuse('too-many-items')
    const first = this.#bytes[this.at]
    if (first === undefined) return this.#refuse('truncated')
    const major = first >> 5
    if (major === 7) return this.#simple(first)
    const argument = this.#argument()
    if (argument === undefined) return undefined
    switch (major) {
      case 0:
        return argument
      case 1:
        return argument === Number.MAX_SAFE_INTEGER ? this.#refuse('integer-too-large') : -1 - argument
      case 2:
        return this.#slice(argument)
      case 3:
        return this.#text(argument)
      case 4:
        return this.#array(argument, depth)
      case 5:
        return this.#map(argument, depth)
      default:
        return this.#refuse('unsupported-type')
    }
  }

  #refuse(refusal: EncodingRefusal): undefined {
    this.refusal ??= refusal
    return undefined
  }

  #simple(first: number): Value | undefined {
    this.at += 1
    if (first === 0xf4) return false
    if (first === 0xf5) return true
    if (first === 0xf6) return null
    return this.#refuse('unsupported-type')
  }

  /** The number in the head of an item (RFC 8949, section 3), shortest form only. */
  #argument(): number | undefined {
    const info = (this.#bytes[this.at] ?? 0) & 0x1f
    this.at += 1
    if (info < 24) return info
    if (info > 27) return this.#refuse('not-canonical')
    const size = 1 << (info - 24)
    if (this.at + size > this.#bytes.length) return this.#refuse('truncated')
    let high = 0
    let low = 0
    for (let i = 0; i < size; i += 1) {
      const byte = this.#bytes[this.at + i] ?? 0
      if (size === 8 && i < 4) high = high * 256 + byte
      else low = low * 256 + byte
    }
    this.at += size
    const tooSmall =
      size === 1 ? low < 24 : size === 2 ? low < 0x100 : size === 4 ? low < 0x10000 : high === 0
    if (tooSmall) return this.#refuse('not-canonical')
    if (high >= 0x200000) return this.#refuse('integer-too-large')
    return high * 0x100000000 + low
  }

  #slice(length: number): Uint8Array | undefined {
    const end = this.at + length
    if (end > this.#bytes.length) return this.#refuse('truncated')
    const slice = this.#bytes.subarray(this.at, end)
    this.at = end
    return slice
  }

  #text(length: number): string | undefined {
    const end = this.at + length
    if (end > this.#bytes.length) return this.#refuse('truncated')
    const text = readUtf8(this.#bytes, this.at, end)
    if (text === null) return this.#refuse('bad-utf8')
    this.at = end
    return text
  }

  #array(length: number, depth: number): Value[] | undefined {
    if (length > this.#bytes.length - this.at) return this.#refuse('truncated')
    const values: Value[] = []
    for (let i = 0; i < length; i += 1) {
      const value = this.value(depth + 1)
      if (value === undefined) return undefined
      values.push(value)
    }
    return values
  }

  #map(length: number, depth: number): { [key: string]: Value } | undefined {
    if (length * 2 > this.#bytes.length - this.at) return this.#refuse('truncated')
    const map: { [key: string]: Value } = {}
    let previous: Uint8Array | null = null
    for (let i = 0; i < length; i += 1) {
      const first = this.#bytes[this.at]
      if (first === undefined) return this.#refuse('truncated')
      if (first >> 5 !== 3) return this.#refuse('bad-map-keys')
      const size = this.#argument()
      if (size === undefined) return undefined
      const start = this.at
      const key = this.#text(size)
      if (key === undefined) return undefined
      // The one key that would set a prototype instead of a property.
      if (key === '__proto__') return this.#refuse('bad-map-keys')
      const raw = this.#bytes.subarray(start, this.at)
      if (previous !== null && compareKeys(previous, raw) >= 0) return this.#refuse('bad-map-keys')
      previous = raw
      const value = this.value(depth + 1)
      if (value === undefined) return undefined
      map[key] = value
    }
    return map
  }
}

/** The same bytes as a plain array: `slice` of a Node Buffer is a view, and all our code takes it for a copy. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return a.length - b.length || compareBytes(a, b)
}
