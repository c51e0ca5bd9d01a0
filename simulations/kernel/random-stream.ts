/**
 * One stream of numbers, fixed by its key: xoshiro128** (Blackman and Vigna, *Scrambled linear pseudorandom number
 * generators*, 2018; period 2^128 - 1). Good for drawing schedules, never for keys.
 */
export class RandomStream {
  // Signed 32-bit integers: V8 keeps them in the object, so that a draw allocates nothing.
  #a: number
  #b: number
  #c: number
  #d: number

  /** The four words of the state; not all zero. `RandomStreams.stream` makes them from a key. */
  constructor(a: number, b: number, c: number, d: number) {
    this.#a = a | 0
    this.#b = b | 0
    this.#c = c | 0
    this.#d = d | 0
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1
  }

  /** An integer from -2^31 to 2^31 - 1. */
  int32(): number {
    const b = this.#b
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const c = this.#c ^ this.#a
    const d = this.#d ^ b
    this.#b = b ^ c
    this.#a ^= d
    this.#c = c ^ (b << 9)
    this.#d = (d << 11) | (d >>> 21)
    return result
  }

  /** A number from 0 up to but not with 1, a multiple of 2^-53. */
  unit(): number {
    const high = this.int32() >>> 5
    const low = this.int32() >>> 6
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  /** A number above 0 and below 1, never either: for inverse distribution functions. */
  open(): number {
    const high = this.int32() >>> 6
    const low = this.int32() >>> 6
    return (high * 67_108_864 + low + 0.5) / 4_503_599_627_370_496
  }

  /** An integer from 0 up to but not with `limit` (1 to 2^53), each equally likely. */
  below(limit: number): number {
    if (!(limit >= 1 && limit <= 9_007_199_254_740_992)) throw new RangeError(`no number is below ${limit}`)
    // Draws from the incomplete last stretch are thrown away, so that no remainder is favoured.
    if (limit <= 4_294_967_296) {
      const end = 4_294_967_296 - (4_294_967_296 % limit)
      for (;;) {
        const value = this.int32() >>> 0
        if (value < end) return value % limit
      }
    }
    const end = 9_007_199_254_740_992 - (9_007_199_254_740_992 % limit)
    for (;;) {
      const value = (this.int32() >>> 11) * 4_294_967_296 + (this.int32() >>> 0)
      if (value < end) return value % limit
    }
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  /** True with the given probability (0 to 1). Always one draw, so that a changed probability shifts nothing. */
  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** `length` bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    let word = 0
    for (let i = 0; i < length; i += 1) {
      word = (i & 3) === 0 ? this.int32() : word >>> 8
      bytes[i] = word
    }
    return bytes
  }

  /** One of the items, each equally likely. Throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** Puts the items into a random order, in place (Fisher and Yates; Durstenfeld 1964). */
  shuffle<T extends unknown[] | Uint32Array>(items: T): T {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1)
      const held = items[i]
      items[i] = items[j]
      items[j] = held
    }
    return items
  }
}
