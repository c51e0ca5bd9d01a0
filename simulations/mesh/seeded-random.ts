/** A stream of numbers that one seed fixes. */
export interface SeededRandom {
  /** An integer from 0 up to but not with `limit`. */
  below(limit: number): number
  /** `length` bytes. */
  bytes(length: number): Uint8Array
}

/** Mulberry32 (T. Ettinger, public domain): small, fast, good enough to draw schedules; never for keys. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (limit: number): number => next() % limit
  return { below, bytes: (length) => Uint8Array.from({ length }, () => below(256)) }
}
