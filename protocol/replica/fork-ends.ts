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
 * behind each commit of the fork proof, so that all know the place where the chain parts first; and the first leaf behind
 * whatever is acknowledged by commits that are told of themselves. All are functions of the set of commits, and the first
 * leaves of two sets together are among the first leaves of each. Only leaves: each bears a good signature of its own, and
 * what it acknowledges is told, so whoever is told of it can store it with all that it covers.
 */
export class ForkEnds {
  readonly #history: History
  readonly #forked = new Set<number>()
  /** Commits of forked devices that devices which did not fork acknowledge: the highest seq of each branch, by index. */
  readonly #listed = new Map<number, number>()
  /** By branch of a forked device: its commits that acknowledge forked devices. */
  readonly #listing = new Map<number, number[]>()
  #told: Told | null = null

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
    if (history.forks.size === 0) return false
    const device = history.deviceOf(order)
    if (!this.#forked.has(device) && history.branchesOf(device).length > 1) this.#fork(device)
    else if (this.#forked.size > 0) {
      if (this.#forked.has(device)) this.#told = null
      this.#list(order)
    }
    return this.#forked.size > 0 && this.#told === null
  }

  /** Ends of a device's branches that peers are told of, by order. */
  of(device: number): readonly number[] {
    if (!this.#forked.has(device)) return this.#history.endsOf(device)
    this.#told ??= this.#compute()
    return this.#told.ends.get(device) ?? []
  }

  /** True when the commit is told to peers: at or before one of its device's ends. */
  isTold(order: number): boolean {
    const branch = this.#history.branchOf(order)
    if (!this.#forked.has(branch.device)) return true
    this.#told ??= this.#compute()
    return (this.#told.lengths.get(branch.index) ?? 0) > this.#history.seqOf(order)
  }

  /** Notes which commits of forked devices a commit acknowledges. */
  #list(by: number): void {
    const history = this.#history
    const heads = this.#headsOf(by)
    if (heads.length === 0) return
    this.#told = null
    const branch = history.branchOf(by)
    if (this.#forked.has(branch.device)) {
      const listing = this.#listing.get(branch.index)
      if (listing === undefined) this.#listing.set(branch.index, [by])
      else listing.push(by)
      return
    }
    for (const head of heads) {
      const { index } = history.branchOf(head)
      this.#listed.set(index, Math.max(this.#listed.get(index) ?? -1, history.seqOf(head)))
    }
  }

  #headsOf(by: number): number[] {
    return this.#history.seenOf(by).filter((head) => this.#forked.has(this.#history.deviceOf(head)))
  }

  #fork(device: number): void {
    this.#forked.add(device)
    this.#told = null
    this.#listed.clear()
    this.#listing.clear()
    // Who acknowledged whom so far: once per fork through the whole history, which forks are rare enough for.
    for (let order = 0; order < this.#history.length; order += 1) this.#list(order)
  }

  /**
   * The smallest set that holds the first leaves and, with a commit, what it acknowledges of forked devices. Takes steps
   * by the number of branches and of commits that acknowledge forked devices.
   */
  #compute(): Told {
    const history = this.#history
    const lengths = new Map<number, number>()
    /** By branch: how many of its commits that acknowledge forked devices are told. */
    const followed = new Map<number, number>()
    const trees = new Map([...this.#forked].map((it) => [it, new CommitTree(history, it)]))
    const leafBehind = (order: number): number =>
      trees.get(history.deviceOf(order))?.leafBehind(order) ?? order
    const todo = [...this.#listed].map(([index, seq]) => leafBehind(history.branches[index]?.at(seq) ?? -1))
    for (const [device, tree] of trees) todo.push(...firstLeaves(history, tree, device))
    for (let order = todo.pop(); order !== undefined; order = todo.pop()) {
      let branch: Branch | null = history.branchOf(order)
      for (let seq = history.seqOf(order); branch !== null; branch = branch.parent) {
        const known = lengths.get(branch.index) ?? 0
        if (known > seq) break
        lengths.set(branch.index, seq + 1)
        const listing = this.#listing.get(branch.index) ?? NONE
        let at = followed.get(branch.index) ?? 0
        for (; at < listing.length && history.seqOf(listing[at] ?? -1) <= seq; at += 1)
          todo.push(...this.#headsOf(listing[at] ?? -1).map(leafBehind))
        followed.set(branch.index, at)
        if (known > 0) break
        seq = branch.base - 1
      }
    }
    return { lengths, ends: endsOf(history, lengths) }
  }
}

/** What peers are told of forked devices. */
interface Told {
  /** Length of each branch, by index, of which they are told. */
  lengths: ReadonlyMap<number, number>
  /** By device, where that ends, by order. */
  ends: ReadonlyMap<number, number[]>
}

const NONE: readonly number[] = []

/** Last commits of branches of these lengths that no other branch of them goes on from. */
function endsOf(history: History, lengths: ReadonlyMap<number, number>): Map<number, number[]> {
  const parted = new Set<number>()
  for (const index of lengths.keys()) {
    const { parent, base } = history.branches[index] ?? { parent: null, base: 0 }
    if (parent !== null) parted.add(parent.at(base - 1))
  }
  const ends = new Map<number, number[]>()
  for (const [index, length] of lengths) {
    const branch = history.branches[index]
    const end = branch?.at(length - 1) ?? -1
    if (branch === undefined || parted.has(end)) continue
    const own = ends.get(branch.device)
    if (own === undefined) ends.set(branch.device, [end])
    else own.push(end)
  }
  for (const own of ends.values()) own.sort((a, b) => a - b)
  return ends
}

/** The first leaves of a device's tree of commits, depth first, children in order of their ids; and its fork proof's. */
function firstLeaves(history: History, tree: CommitTree, device: number): number[] {
  const leaves = tree.leavesFrom(tree.roots, FORK_ENDS_MAX)
  // The first one of these is behind the one commit of the proof; many may be, and none behind the other.
  const [, other] = forkProof(history, history.branchesOf(device))
  if (other === undefined || leaves.some((leaf) => history.isAtOrAfter(leaf, other))) return leaves
  return [...leaves, tree.leafBehind(other)]
}

/** The commits of one device as a tree. */
class CommitTree {
  readonly #history: History
  /** First commits of the branches that part after a commit, by that commit; -1 for those without a parent. */
  readonly #parting = new Map<number, number[]>()
  /** By branch: the seqs after which others part from it, ascending. */
  readonly #seqs = new Map<Branch, number[]>()
  /** By commit after which others part: the first leaf behind it, as far as it was asked for. */
  readonly #leaves = new Map<number, number>()

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

  /** The first leaf behind a commit, children in order of their ids; itself when nothing follows it. */
  leafBehind(order: number): number {
    const history = this.#history
    const walked: number[] = []
    for (let first = order; ;) {
      const { branch, parting, ways } = this.#waysFrom(first)
      const leaf = parting < 0 ? branch.end : this.#leaves.get(parting)
      if (leaf !== undefined) {
        for (const it of walked) this.#leaves.set(it, leaf)
        return leaf
      }
      walked.push(parting)
      first = ways.reduce((a, b) => (compareBytes(history.idOf(a), history.idOf(b)) < 0 ? a : b))
    }
  }

  /** The first commit at or after this one on its branch after which others part, -1 for none; and what follows that. */
  #waysFrom(order: number): { branch: Branch; parting: number; ways: readonly number[] } {
    const branch = this.#history.branchOf(order)
    const next = firstFrom(this.#seqs.get(branch) ?? [], this.#history.seqOf(order))
    if (next === undefined) return { branch, parting: -1, ways: [] }
    const parting = branch.at(next)
    const goesOn = branch.orders.at(next + 1 - branch.base)
    const parted = this.#parting.get(parting) ?? []
    return { branch, parting, ways: goesOn === undefined ? parted : [...parted, goesOn] }
  }

  /** At most `max` leaves behind these commits, depth first, children in order of their ids. */
  leavesFrom(ways: readonly number[], max: number): number[] {
    const leaves: number[] = []
    // A stack rather than recursion: a cheat may fork at every commit.
    const todo = this.#firstWays(ways, max)
    for (let first = todo.pop(); first !== undefined && leaves.length < max; first = todo.pop()) {
      const { branch, parting, ways: next } = this.#waysFrom(first)
      if (parting < 0) leaves.push(branch.end)
      else todo.push(...this.#firstWays(next, max))
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
