import * as fc from 'fast-check'

/** Uniform choice from numbers that fast-check supplies, so that a failing run shrinks and replays. */
export class Choices {
  readonly #numbers: readonly number[]
  #next = 0

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    this.#next += 1
    const drawn = this.#numbers[this.#next % this.#numbers.length] ?? 0
    let mixed = Math.imul(drawn ^ Math.imul(this.#next, 0x9e3779b1), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) % limit
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  shuffled<T>(values: readonly T[]): T[] {
    const shuffled = [...values]
    for (let i = shuffled.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1)
      ;[shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T]
    }
    return shuffled
  }
}

/** Choices for one history. */
export const choices: fc.Arbitrary<Choices> = fc
  .array(fc.nat(), { minLength: 30, maxLength: 300 })
  .map((numbers) => new Choices(numbers))
