import { compareBytes } from '../encoding/index.ts'
import type { Branch, History } from '../history/index.ts'
import { forkProof } from './acknowledge.ts'

/**
 * Branches of one forked device that peers are told of although nobody acknowledged them. Others are kept but not
 * passed on. A guess: a restored backup makes two; a cheat may make as many as it likes, and is proven by two.
 */
export const FORK_ENDS_MAX = 8

/**
 * Which ends of forked devices replicas tell each other of, so that roots meet whatever else each has been sent. In
 * the tree of a device's commits, children in order of their ids, the first `FORK_ENDS_MAX` leaves, and the first leaf
 * behind each commit of the fork proof, so that all know the place where the chain parts first; and whatever is
 * acknowledged by commits that are told of themselves. All are functions of the set of commits, and the first leaves
 * of two sets together are among the first leaves of each.
 */
export class ForkEnds {
  readonly #history: History
  /** Commits of forked devices that others acknowledge: their orders, and by whom. */
  readonly #listed = new Map<number, number[]>()
  readonly #forked = new Set<number>()
  #ends: Map<number, number[]> | null = null

  constructor(history: History) {
    this.#history = history
  }

  /** Devices with more than one branch. */
  get forked(): ReadonlySet<number> {
    return this.#forked
  }

  /** Takes the newest commit of the history into account; true when the ends of forked devices may now be others. */
  note(order: number): boolean {
    const history = this.#history
    const device = history.deviceOf(order)
    const isNewFork = !this.#forked.has(device) && history.branchesOf(device).length > 1
    if (this.#forked.has(device)) this.#ends = null
    if (this.#forked.size > 0) for (const seen of history.seenOf(order)) this.#list(seen, order)
    if (isNewFork) this.#fork(device)
    return this.#forked.size > 0 && this.#ends === null
  }

  /** Ends of a device's branches that peers are told of, by order. */
  of(device: number): readonly number[] {
    if (!this.#forked.has(device)) return this.#history.endsOf(device)
    this.#ends ??= this.#compute()
    return this.#ends.get(device) ?? []
  }

  /** True when the commit is told to peers: at or before one of its device's ends. */
  isTold(order: number): boolean {
    const device = this.#history.deviceOf(order)
    if (!this.#forked.has(device)) return true
    return this.of(device).some((end) => this.#history.isAtOrAfter(end, order))
  }

  #list(seen: number, by: number): void {
    if (!this.#forked.has(this.#history.deviceOf(seen))) return
    const listedBy = this.#listed.get(seen)
    if (listedBy === undefined) this.#listed.set(seen, [by])
    else listedBy.push(by)
    this.#ends = null
  }

  #fork(device: number): void {
    this.#forked.add(device)
    this.#ends = null
    // Who acknowledged this device so far: once per fork through the whole history, which forks are rare enough for.
    for (let order = 0; order < this.#history.length; order += 1)
      for (const seen of this.#history.seenOf(order))
        if (this.#history.deviceOf(seen) === device) this.#list(seen, order)
  }

  /** The smallest set that holds the first leaves and, with a commit, what it acknowledges of forked devices. */
  #compute(): Map<number, number[]> {
    const history = this.#history
    const ends = new Map<number, number[]>()
    for (const device of this.#forked) ends.set(device, firstLeaves(history, device))
    const isTold = (order: number): boolean => {
      const told = ends.get(history.deviceOf(order))
      return told === undefined || told.some((end) => history.isAtOrAfter(end, order))
    }
    const open = new Set(this.#listed.keys())
    for (let hasGrown = true; hasGrown;) {
      hasGrown = false
      for (const order of open) {
        if (!isTold(order) && !(this.#listed.get(order) ?? []).some(isTold)) continue
        open.delete(order)
        if (isTold(order)) continue
        const told = ends.get(history.deviceOf(order)) ?? []
        ends.set(history.deviceOf(order), [...told.filter((end) => !history.isAtOrAfter(order, end)), order])
        hasGrown = true
      }
    }
    for (const told of ends.values()) told.sort((a, b) => a - b)
    return ends
  }
}

/** The first leaves of a device's tree of commits, depth first, children in order of their ids; and its fork proof's. */
function firstLeaves(history: History, device: number): number[] {
  const tree = new CommitTree(history, device)
  const leaves = tree.leavesFrom(tree.roots, FORK_ENDS_MAX)
  // The first one of these is behind the one commit of the proof; many may be, and none behind the other.
  const [, other] = forkProof(history, history.branchesOf(device))
  if (other === undefined || leaves.some((leaf) => history.isAtOrAfter(leaf, other))) return leaves
  return [...leaves, ...tree.leavesFrom([other], 1)]
}

/** The commits of one device as a tree. */
class CommitTree {
  readonly #history: History
  /** First commits of the branches that part after a commit, by that commit; -1 for those without a parent. */
  readonly #parting = new Map<number, number[]>()
  /** By branch: the seqs after which others part from it, ascending. */
  readonly #seqs = new Map<Branch, number[]>()

  constructor(history: History, device: number) {
    this.#history = history
    for (const branch of history.branchesOf(device)) {
      const at = branch.parent?.at(branch.base - 1) ?? -1
      const first = branch.orders.at(0) ?? -1
      const known = this.#parting.get(at)
      if (known !== undefined) {
        known.push(first)
        continue
      }
      this.#parting.set(at, [first])
      if (at < 0) continue
      const from = history.branchOf(at)
      const others = this.#seqs.get(from)
      if (others === undefined) this.#seqs.set(from, [branch.base - 1])
      else others.push(branch.base - 1)
    }
    for (const list of this.#seqs.values()) list.sort((a, b) => a - b)
  }

  get roots(): readonly number[] {
    return this.#parting.get(-1) ?? []
  }

  /** At most `max` leaves behind these commits, depth first, children in order of their ids. */
  leavesFrom(ways: readonly number[], max: number): number[] {
    const history = this.#history
    const leaves: number[] = []
    // A stack rather than recursion: a cheat may fork at every commit.
    const todo = this.#firstWays(ways, max)
    for (let first = todo.pop(); first !== undefined && leaves.length < max; first = todo.pop()) {
      const branch = history.branchOf(first)
      const next = firstFrom(this.#seqs.get(branch) ?? [], history.seqOf(first))
      if (next === undefined) leaves.push(branch.end)
      else {
        const goesOn = branch.orders.at(next + 1 - branch.base)
        const parted = this.#parting.get(branch.at(next)) ?? []
        todo.push(...this.#firstWays(goesOn === undefined ? parted : [...parted, goesOn], max))
      }
    }
    return leaves
  }

  /** The first of these by id, the very first last; others lead to no leaf that is asked for. */
  #firstWays(ways: readonly number[], max: number): number[] {
    const history = this.#history
    return ways.toSorted((a, b) => compareBytes(history.idOf(b), history.idOf(a))).slice(-max)
  }
}

/** The first of these ascending numbers that is `least` or more. */
function firstFrom(ascending: readonly number[], least: number): number | undefined {
  let low = 0
  for (let high = ascending.length; low < high;) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? least) < least) low = middle + 1
    else high = middle
  }
  return ascending[low]
}
