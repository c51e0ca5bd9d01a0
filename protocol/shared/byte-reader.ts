/** Why bytes are not a well-formed, bounded V1 update of flat JSON and text. Stable names. */
export type UpdateRefusal =
  | 'bytes-too-many'
  | 'bytes-truncated'
  | 'bytes-trailing'
  | 'varint-padded'
  | 'varint-too-large'
  | 'string-not-utf8'
  | 'writers-too-many'
  | 'writer-empty'
  | 'writer-repeated'
  | 'structs-too-many'
  | 'struct-empty'
  | 'struct-gc'
  | 'struct-skip'
  | 'clock-too-large'
  | 'parent-item'
  | 'content-refused'
  | 'content-unknown'
  | 'values-too-many'
  | 'value-too-deep'
  | 'value-refused'
  | 'value-not-finite'
  | 'property-refused'
  | 'property-repeated'
  | 'deletes-too-many'
  | 'delete-empty'
  | 'delete-disordered'

/** Carries a refusal from the depth of the parser to `readUpdate`, which is the only one to catch it. */
export class UpdateRefused extends Error {
  readonly refusal: UpdateRefusal

  constructor(refusal: UpdateRefusal) {
    super(refusal)
    this.refusal = refusal
  }
}

/** String.fromCharCode takes its units as arguments; engines limit how many. */
const UNITS_PER_CALL_MAX = 4_096

/**
 * Reads the primitives of lib0's encoding, strictly: one form per number, valid UTF-8, never past the end.
 * Throws UpdateRefused, and nothing else, whatever the bytes.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Whether every byte was read. */
  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#position
  }

  /** One byte. */
  byte(): number {
    const byte = this.#bytes[this.#position]
    if (byte === undefined) throw new UpdateRefused('bytes-truncated')
    this.#position += 1
    return byte
  }

  /** An unsigned integer below 2^53: seven bits a byte, lowest first, without padding. */
  varUint(): number {
    return this.#groups(this.byte(), 0, 1)
  }

  /** A signed integer of at most 31 bits: the first byte holds a sign bit and six bits. Larger ones are floats. */
  varInt(): number {
    const first = this.byte()
    const magnitude = (first & 0x80) === 0 ? first & 0x3f : this.#groups(this.byte(), first & 0x3f, 64)
    if (magnitude > 0x7fffffff) throw new UpdateRefused('varint-too-large')
    return (first & 0x40) === 0 ? magnitude : -magnitude
  }

  /** A big-endian IEEE 754 number of 4 or 8 bytes. */
  float(width: 4 | 8): number {
    const at = this.#skip(width)
    return width === 4 ? this.#view.getFloat32(at) : this.#view.getFloat64(at)
  }

  /** A length-prefixed string, decoded. */
  string(): string {
    const units: number[] = []
    this.#utf8((unit) => units.push(unit))
    let text = ''
    for (let at = 0; at < units.length; at += UNITS_PER_CALL_MAX) {
      text += String.fromCharCode(...units.slice(at, at + UNITS_PER_CALL_MAX))
    }
    return text
  }

  /** Passes over a length-prefixed string and returns its length in UTF-16 units, as Yjs counts it. */
  stringUnits(): number {
    return this.#utf8(null)
  }

  #groups(first: number, low: number, scale: number): number {
    let value = low
    let factor = scale
    let byte = first
    while (true) {
      value += (byte & 0x7f) * factor
      if (value > Number.MAX_SAFE_INTEGER) throw new UpdateRefused('varint-too-large')
      if (byte < 0x80) break
      factor *= 128
      // Eight groups hold 53 bits; a ninth can only be padding or overflow.
      if (factor > Number.MAX_SAFE_INTEGER) throw new UpdateRefused('varint-too-large')
      byte = this.byte()
    }
    if (byte === 0 && factor > 1) throw new UpdateRefused('varint-padded')
    return value
  }

  #skip(length: number): number {
    const at = this.#position
    if (length > this.#bytes.length - at) throw new UpdateRefused('bytes-truncated')
    this.#position = at + length
    return at
  }

  #utf8(emit: ((unit: number) => void) | null): number {
    const length = this.varUint()
    let at = this.#skip(length)
    const end = at + length
    let units = 0
    while (at < end) {
      const lead = this.#bytes[at] as number
      if (lead < 0x80) {
        emit?.(lead)
        units += 1
        at += 1
        continue
      }
      const width = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
      const point = this.#codePoint(at, width, end)
      if (width === 4) emit?.(0xd800 + ((point - 0x10000) >> 10))
      emit?.(width === 4 ? 0xdc00 + (point & 0x3ff) : point)
      units += width === 4 ? 2 : 1
      at += width
    }
    return units
  }

  /** One code point of `width` bytes, shortest form only and no surrogate (RFC 3629, section 3). */
  #codePoint(at: number, width: number, end: number): number {
    const lead = this.#bytes[at] as number
    if (lead < 0xc2 || lead > 0xf4 || at + width > end) throw new UpdateRefused('string-not-utf8')
    let point = lead & (0x7f >> width)
    for (let offset = 1; offset < width; offset += 1) {
      const next = this.#bytes[at + offset] as number
      if ((next & 0xc0) !== 0x80) throw new UpdateRefused('string-not-utf8')
      point = (point << 6) | (next & 0x3f)
    }
    const isOverlong = (width === 3 && point < 0x800) || (width === 4 && point < 0x10000)
    const isSurrogate = point >= 0xd800 && point <= 0xdfff
    if (isOverlong || isSurrogate || point > 0x10ffff) throw new UpdateRefused('string-not-utf8')
    return point
  }
}
