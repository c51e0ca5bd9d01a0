import type { Branches, Place } from './branches.ts'

/**
 * How far back an evaluation that was restored knows what chains have left: to the last commit of each branch then. One
 * that was not restored knows all.
 */
export class Reach {
  readonly #branches: Branches
  #length = 0
  #ends: readonly number[] = []

  constructor(branches: Branches) {
    this.#branches = branches
  }

  /** Notes that all commits so far were restored. */
  begin(): void {
    this.#length = this.#branches.length
    this.#ends = this.#branches.all.map(({ last }) => last)
  }

  /** True when what the chain has left behind the place is known. */
  holds({ branch, seq }: Place): boolean {
    return this.#length === 0 || seq >= (this.#ends[branch.index] ?? 0)
  }

  /** True when a next commit of a device may go on from the commit `prev`; -1 for a first one. */
  holdsNext(prev: () => number, device: () => number): boolean {
    if (this.#length === 0) return true
    const order = prev()
    if (order >= 0) return this.holds(this.#branches.placeOf(order))
    return this.#branches.of(device()).every(({ first }) => first >= this.#length)
  }
}
