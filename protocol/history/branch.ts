import { CountList } from './growable.ts'

/**
 * A line of commits of one device, from the one where it parted from its parent branch. A device that never forked
 * has one branch, from seq 0. Which of two branches is the parent depends on what arrived first and means nothing.
 */
export class Branch {
  /** Place in the history's list of branches. */
  readonly index: number
  /** Number of the device. */
  readonly device: number
  /** The branch that holds the commits before `base`; null when there are none. */
  readonly parent: Branch | null
  /** Seq of the first commit that is on this branch only. */
  readonly base: number
  /** Orders of this branch's own commits, from `base`. */
  readonly orders: CountList = new CountList()
  /** Branches above this one. */
  readonly #depth: number
  /** A branch further up, so that a way up takes steps by the logarithm of its length: a cheat forks at every commit. */
  readonly #jump: Branch | null

  constructor(place: { index: number; device: number; parent: Branch | null; base: number }) {
    this.index = place.index
    this.device = place.device
    this.parent = place.parent
    this.base = place.base
    this.#depth = place.parent === null ? 0 : place.parent.#depth + 1
    this.#jump = place.parent === null ? null : Branch.#jumpUnder(place.parent)
  }

  /** Number of commits from seq 0 to the branch's end. */
  get length(): number {
    return this.base + this.orders.length
  }

  /** Order of the last commit. */
  get end(): number {
    return this.orders.at(this.orders.length - 1) ?? -1
  }

  /** Order of the commit at `seq` on this branch, also below `base`; -1 when there is none. */
  at(seq: number): number {
    if (seq >= this.length || seq < 0) return -1
    if (seq >= this.base) return this.orders.at(seq - this.base) ?? -1
    let branch = this.#jumpOver(seq) ?? this.parent
    while (branch !== null && seq < branch.base) branch = branch.#jumpOver(seq) ?? branch.parent
    return branch === null ? -1 : (branch.orders.at(seq - branch.base) ?? -1)
  }

  /** The branch to jump to, unless that is above the one that holds `seq`. */
  #jumpOver(seq: number): Branch | null {
    return this.#jump !== null && seq < this.#jump.base ? this.#jump : null
  }

  /** Where a branch under `parent` jumps to: twice as far as the parent's own jump, once two of one length meet. */
  static #jumpUnder(parent: Branch): Branch {
    const jump = parent.#jump
    const further = jump === null ? null : jump.#jump
    if (jump === null || further === null) return parent
    return parent.#depth - jump.#depth === jump.#depth - further.#depth ? further : parent
  }
}
