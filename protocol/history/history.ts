import { Branch } from './branch.ts'
import type { CausalGraph } from './causal-graph.ts'
import { CountList } from './growable.ts'
import { Past } from './past.ts'
import type { PastVector } from './past.ts'
import { RowIndex } from './row-index.ts'
import { Trust, forkSeqIn } from './trust.ts'

/** What a history keeps of one commit. */
export interface CommitLinks {
  /** Device key, 32 bytes. */
  device: Uint8Array
  /** Position in the chain, from 0. */
  seq: number
  /** Commit id, 32 bytes. */
  id: Uint8Array
  /** Order of the commit before on the chain; -1 for a first commit. */
  prev: number
  /** Orders of the acknowledged heads. */
  seen: readonly number[]
}

/**
 * All commits that a replica has folded, in the order of its log: who wrote what after knowing what. Holds no payloads
 * and no strings, about 60 bytes a commit, so that a million of them fit a small box.
 */
export class History implements CausalGraph {
  readonly branches: Branch[] = []
  /** Answers about the causal past; made for questions in the order of the log. */
  readonly past: Past = new Past(this)
  readonly #ids: RowIndex
  readonly #keys: RowIndex
  readonly #branchOf = new CountList()
  readonly #seqOf = new CountList()
  /** Where the acknowledged heads of each commit begin in `#seen`. */
  readonly #seenStart = new CountList()
  readonly #seen = new CountList()
  readonly #branchesOf: Branch[][] = []
  /** By device that forked: the lowest seq of which two commits are here. */
  readonly #forkSeqs = new Map<number, number>()
  readonly #trust = new Trust(this)
  readonly #isTrustGiven: boolean

  /**
   * @param seed - any 32-bit number that others do not know; it keeps them from slowing look-ups down
   * @param trust - 'judged' (default): what commits rely on follows from forks alone; 'given': by `cut`, by who knows of
   *   epochs too, before anything is asked of what the commit relies on
   */
  constructor(seed: number, trust: 'judged' | 'given' = 'judged') {
    this.#isTrustGiven = trust === 'given'
    this.#ids = new RowIndex(seed)
    this.#keys = new RowIndex(seed)
  }

  get length(): number {
    return this.#ids.length
  }

  get deviceCount(): number {
    return this.#keys.length
  }

  /** Adds the next commit and returns its order. What it links to must be there, and it must not be there yet. */
  add(commit: CommitLinks): number {
    return this.#link(commit, this.#ids.add(commit.id))
  }

  /** As `add`, for many commits of the host's own index: their ids are indexed when one is next looked for. */
  restore(commit: CommitLinks): number {
    return this.#link(commit, this.#ids.append(commit.id))
  }

  #link(commit: CommitLinks, order: number): number {
    const { device, seq, prev, seen } = commit
    const number = this.#deviceNumber(device)
    const branch = this.#branchFor(number, seq, prev)
    branch.orders.push(order)
    this.#branchOf.push(branch.index)
    this.#seqOf.push(seq)
    this.#seenStart.push(this.#seen.length)
    for (const head of seen) this.#seen.push(head)
    if (!this.#isTrustGiven) this.#trust.note(order, seen)
    return order
  }

  /** Devices of which two commits of one seq are here, with the lowest such seq: from there on they are contested. */
  get forks(): ReadonlyMap<number, number> {
    return this.#forkSeqs
  }

  /** The lowest seq of which two commits of the device are in a past; Infinity when its chain does not part there. */
  forkSeqIn(past: PastVector, device: number): number {
    return forkSeqIn(past, this.branchesOf(device))
  }

  forkSeqKnownTo([first = -1, ...others]: readonly number[], device: number): number {
    // One commit's past is kept and moved along; of several it is put together in a copy.
    if (first >= 0 && others.length === 0) return this.forkSeqIn(this.past.vector(first), device)
    const known = this.past.copy(first)
    for (const order of others) if (order >= 0) known.add(order)
    return this.forkSeqIn(known, device)
  }

  /**
   * Notes which heads a commit does not rely on up to themselves: by head, the seq on its chain up to which it does; -1
   * for nothing.
   */
  cut(order: number, upTo: ReadonlyMap<number, number>): void {
    if (upTo.size === 0) return
    const heads = [...upTo].map(([head, seq]): [number, number] => [head, this.branchOf(head).at(seq)])
    this.#trust.cut(order, new Map(heads))
  }

  /**
   * What a commit relies on when it lists `head`: the last commit on the head's chain before the place where the
   * commit's own past shows that the chain parts; the head itself while it shows no such place. -1 for nothing.
   */
  trustedHead(order: number, head: number): number {
    return this.#trust.headOf(order, head)
  }

  /**
   * True when a commit relies on an earlier one, or is it: a way leads there along its own chain and heads that are
   * listed by commits which do not know that the head's chain has parted before. It is what shared state may be built
   * on: whoever shows the commit shows that one too.
   */
  relies(order: number, earlier: number): boolean {
    return this.#trust.past.knows(order, earlier)
  }

  /** What commits rely on: `past` without what they list as a proof of a fork only. */
  get reliance(): Past {
    return this.#trust.past
  }

  /** Order of a commit id, or -1. */
  find(id: Uint8Array): number {
    return this.#ids.find(id)
  }

  /** Number of a device key, or -1. */
  findDevice(key: Uint8Array): number {
    return this.#keys.find(key)
  }

  /** Key of a device, 32 bytes. A view: copy it to keep it. */
  keyOf(device: number): Uint8Array {
    return this.#keys.rows.at(device) ?? missing(`device ${device}`)
  }

  /** True when the device with this key wrote the commit. */
  isBy(order: number, key: Uint8Array): boolean {
    return this.#keys.rows.equals(this.deviceOf(order), key)
  }

  /** A view of the commit id: copy it to keep it. */
  idOf(order: number): Uint8Array {
    return this.#ids.rows.at(order) ?? missing(`commit ${order}`)
  }

  branchOf(order: number): Branch {
    return this.branches[this.#branchOf.at(order) ?? -1] ?? missing(`commit ${order}`)
  }

  /** Branches of a device, in the order in which they turned up; none for an unknown device. */
  branchesOf(device: number): readonly Branch[] {
    return this.#branchesOf[device] ?? []
  }

  /** Index of the commit's branch. */
  branchIndexOf(order: number): number {
    return this.#branchOf.at(order) ?? missing(`commit ${order}`)
  }

  deviceOf(order: number): number {
    // While no chain has parted, a device has one branch, and both have one number.
    return this.#forkSeqs.size === 0 ? this.branchIndexOf(order) : this.branchOf(order).device
  }

  seqOf(order: number): number {
    return this.#seqOf.at(order) ?? missing(`commit ${order}`)
  }

  prevOf(order: number): number {
    return this.branchOf(order).at(this.seqOf(order) - 1)
  }

  onChain(order: number, seq: number): number {
    return seq > this.seqOf(order) ? -1 : this.branchOf(order).at(seq)
  }

  seenOf(order: number): readonly number[] {
    const end = this.#seenStart.at(order + 1) ?? this.#seen.length
    const start = this.#seenStart.at(order) ?? end
    if (start === end) return NOTHING
    const seen: number[] = []
    for (let at = start; at < end; at += 1) seen.push(this.#seen.at(at) ?? -1)
    return seen
  }

  everySeen(order: number, passes: (head: number) => boolean): boolean {
    const end = this.#seenStart.at(order + 1) ?? this.#seen.length
    for (let at = this.#seenStart.at(order) ?? end; at < end; at += 1)
      if (!passes(this.#seen.at(at) ?? -1)) return false
    return true
  }

  endsOf(device: number): readonly number[] {
    const branches = this.branchesOf(device)
    return branches.length === 1
      ? [branches[0]?.end ?? -1]
      : branches.map((it) => it.end).sort((a, b) => a - b)
  }

  knows(order: number, earlier: number): boolean {
    return this.past.knows(order, earlier)
  }

  isAtOrAfter(order: number, earlier: number): boolean {
    return (
      this.branchOf(order).at(this.seqOf(earlier)) === earlier && this.seqOf(order) >= this.seqOf(earlier)
    )
  }

  #deviceNumber(key: Uint8Array): number {
    const known = this.#keys.find(key)
    if (known >= 0) return known
    this.#branchesOf.push([])
    return this.#keys.add(key)
  }

  #branchFor(device: number, seq: number, prev: number): Branch {
    const before = prev < 0 ? null : this.branchOf(prev)
    if (before !== null && before.end === prev) return before
    const branch = new Branch({ index: this.branches.length, device, parent: before, base: seq })
    this.branches.push(branch)
    const own = this.#branchesOf[device]
    own?.push(branch)
    if (own !== undefined && own.length > 1)
      this.#forkSeqs.set(device, Math.min(seq, this.#forkSeqs.get(device) ?? seq))
    return branch
  }
}

const NOTHING: readonly number[] = []

function missing(what: string): never {
  throw new RangeError(`the history has no ${what}`)
}
