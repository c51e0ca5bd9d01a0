import type { RowIndex, RowNumbers } from './row-index.ts'

/**
 * The rows of one history whose bytes lie in a pool that several share: 8 bytes a row, and to look for one touches a single
 * place of this history's own memory. Numbers are its own: they follow from what was added alone.
 */
export class SharedRows implements RowNumbers {
  length = 0
  readonly #pool: RowIndex
  /** By number in the pool: the own number plus one; 0 is none. */
  #own = new Uint32Array(0)
  /** By own number: that in the pool. */
  #pooled = new Uint32Array(0)

  constructor(pool: RowIndex) {
    this.#pool = pool
  }

  find(row: Uint8Array): number {
    const pooled = this.#pool.find(row)
    return pooled < 0 ? -1 : this.ownOf(pooled)
  }

  /** The own number of a row of the pool, or -1. */
  ownOf(pooled: number): number {
    return (this.#own[pooled] ?? 0) - 1
  }

  /** The number in the pool of a row that is here. */
  pooled(number: number): number {
    return this.#pooled[number] ?? -1
  }

  add(row: Uint8Array): number {
    const found = this.#pool.find(row)
    const pooled = found < 0 ? this.#pool.add(row) : found
    if (this.length >= this.#pooled.length) this.#pooled = longer(this.#pooled, this.length)
    if (pooled >= this.#own.length) this.#own = longer(this.#own, pooled)
    this.#pooled[this.length] = pooled
    this.length += 1
    this.#own[pooled] = this.length
    return this.length - 1
  }

  at(number: number): Uint8Array | undefined {
    return number < this.length ? this.#pool.at(this.pooled(number)) : undefined
  }

  name(number: number): string {
    return this.#pool.name(this.pooled(number))
  }

  byte(number: number, offset: number): number {
    return this.#pool.byte(this.pooled(number), offset)
  }

  equals(number: number, row: Uint8Array): boolean {
    return number < this.length && this.#pool.equals(this.pooled(number), row)
  }

  copy(number: number, into: Uint8Array, at: number): void {
    if (number < this.length) this.#pool.copy(this.pooled(number), into, at)
  }
}

/** The same numbers, with room for one at `index` and a quarter more. */
function longer(numbers: Uint32Array<ArrayBuffer>, index: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(index + 4 + (index >> 2))
  copy.set(numbers)
  return copy
}
