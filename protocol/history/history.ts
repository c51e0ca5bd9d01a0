import { Branch } from './branch.ts'
import type { CausalGraph } from './causal-graph.ts'
import { OwnCommits, SharedCommits } from './commit-table.ts'
import type { CommitRow, CommitTable, HeadName, HistoryPool } from './commit-table.ts'
import { CountList } from './growable.ts'
import { Past } from './past.ts'
import type { PastVector } from './past.ts'
import { RowIndex } from './row-index.ts'
import type { RowNumbers } from './row-index.ts'
import { SharedRows } from './shared-rows.ts'
import { Trust, forkSeqIn } from './trust.ts'

/** What a history keeps of one commit. */
export interface CommitLinks extends CommitRow {
  /** Order of the commit before on the chain; -1 for a first commit. */
  prev: number
}

/**
 * All commits that a replica has folded, in the order of its log: who wrote what after knowing what. Holds no payloads
 * and no strings, about 60 bytes a commit, so that a million of them fit a small box.
 */
export class History implements CausalGraph {
  readonly branches: Branch[] = []
  /** Answers about the causal past; made for questions in the order of the log. */
  readonly past: Past = new Past(this)
  readonly #commits: CommitTable
  /** The same where it is shared. */
  readonly #shared: SharedCommits | null
  readonly #keys: RowNumbers
  readonly #branchOf = new CountList()
  /** By branch: its last commit. In one piece, for whoever looks at all of them. */
  #ends = new Uint32Array(8)
  readonly #branchesOf: (readonly Branch[])[] = []
  /** By device that forked: the lowest seq of which two commits are here. */
  readonly #forkSeqs = new Map<number, number>()
  readonly #trust = new Trust(this)
  readonly #isTrustGiven: boolean

  /**
   * @param seed - any 32-bit number that others do not know; it keeps them from slowing look-ups down
   * @param trust - 'judged' (default): what commits rely on follows from forks alone; 'given': by `cut`, by who knows of
   *   epochs too, before anything is asked of what the commit relies on
   * @param pool - keeps for several histories what follows from the bytes of commits; default: each keeps its own
   */
  constructor(seed: number, trust: 'judged' | 'given' = 'judged', pool: HistoryPool | null = null) {
    this.#isTrustGiven = trust === 'given'
    this.#shared = pool === null ? null : new SharedCommits(pool)
    this.#commits = this.#shared ?? new OwnCommits(seed)
    this.#keys = pool === null ? new RowIndex(seed) : new SharedRows(pool.keys)
  }

  get length(): number {
    return this.#commits.length
  }

  get deviceCount(): number {
    return this.#keys.length
  }

  /** Adds the next commit and returns its order. What it links to must be there, and it must not be there yet. */
  add(commit: CommitLinks): number {
    const device = this.#deviceNumber(commit.device)
    return this.#link(commit, device, this.#commits.add(commit))
  }

  /** As `add`, for many commits of the host's own index: their ids are indexed when one is next looked for. */
  restore(commit: CommitLinks): number {
    const device = this.#deviceNumber(commit.device)
    return this.#link(commit, device, this.#commits.append(commit))
  }

  #link({ seq, prev, seen }: CommitLinks, device: number, order: number): number {
    const branch = this.#branchFor(device, seq, prev)
    branch.orders.push(order)
    this.#branchOf.push(branch.index)
    if (branch.index >= this.#ends.length) {
      const larger = new Uint32Array(branch.index + (branch.index >> 1))
      larger.set(this.#ends)
      this.#ends = larger
    }
    this.#ends[branch.index] = order
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
    return this.#commits.find(id)
  }

  /** Orders of the heads that a commit lists, -1 for those that are not here; null when it says something false of one. */
  ordersOf(heads: readonly HeadName[]): number[] | null {
    const shared = this.#shared?.ordersOf(heads) ?? null
    if (shared !== null) return shared
    const orders = heads.map((head) => this.find(head.id))
    const isTrue = (order: number, { seq, device }: HeadName): boolean =>
      order < 0 || (this.seqOf(order) === seq && this.isBy(order, device))
    return heads.every((head, i) => isTrue(orders[i] ?? -1, head)) ? orders : null
  }

  /** Number of a commit in the pool that several histories share; -1 when this one shares none. */
  pooledNumberOf(order: number): number {
    return this.#shared?.pooled(order) ?? -1
  }

  /** Number of a device key, or -1. */
  findDevice(key: Uint8Array): number {
    return this.#keys.find(key)
  }

  /** Key of a device, 32 bytes. A view: copy it to keep it. */
  keyOf(device: number): Uint8Array {
    return this.#keys.at(device) ?? missing(`device ${device}`)
  }

  /** Key of a device in hex, made once. */
  nameOf(device: number): string {
    return device < this.#keys.length ? this.#keys.name(device) : missing(`device ${device}`)
  }

  /** First byte of a device's key. */
  keyByteOf(device: number): number {
    return this.#keys.byte(device, 0)
  }

  /** Copies the key of a device to a place of other bytes. */
  copyKey(device: number, into: Uint8Array, at: number): void {
    this.#keys.copy(device, into, at)
  }

  /** Copies the id of a commit to a place of other bytes. */
  copyId(order: number, into: Uint8Array, at: number): void {
    this.#commits.copyId(order, into, at)
  }

  /** True when the device with this key wrote the commit. */
  isBy(order: number, key: Uint8Array): boolean {
    return this.#shared?.isBy(order, key) ?? this.#keys.equals(this.deviceOf(order), key)
  }

  /** A view of the commit id: copy it to keep it. */
  idOf(order: number): Uint8Array {
    return this.#commits.idOf(order) ?? missing(`commit ${order}`)
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
    return this.#commits.seqOf(order) ?? missing(`commit ${order}`)
  }

  prevOf(order: number): number {
    return this.branchOf(order).at(this.seqOf(order) - 1)
  }

  onChain(order: number, seq: number): number {
    return seq > this.seqOf(order) ? -1 : this.branchOf(order).at(seq)
  }

  seenOf(order: number): readonly number[] {
    return this.#commits.seenOf(order)
  }

  everySeen(order: number, passes: (head: number) => boolean): boolean {
    return this.#commits.everySeen(order, passes)
  }

  endsOf(device: number): readonly number[] {
    const branches = this.branchesOf(device)
    return branches.length === 1
      ? [branches[0]?.end ?? -1]
      : branches.map((it) => it.end).sort((a, b) => a - b)
  }

  /** The end of a device's only branch; -1 where it has several, or none. */
  onlyEndOf(device: number): number {
    // While no chain has parted, a device has one branch, and both have one number.
    if (this.#forkSeqs.size === 0) return device < this.branches.length ? (this.#ends[device] ?? -1) : -1
    const own = this.branchesOf(device)
    return own.length === 1 ? (own[0]?.end ?? -1) : -1
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
    this.#branchesOf.push(NO_BRANCHES)
    return this.#keys.add(key)
  }

  #branchFor(device: number, seq: number, prev: number): Branch {
    const before = prev < 0 ? null : this.branchOf(prev)
    if (before !== null && before.end === prev) return before
    const branch = new Branch({ index: this.branches.length, device, parent: before, base: seq })
    this.branches.push(branch)
    const own = this.#branchesOf[device] ?? NO_BRANCHES
    // One branch takes room for one; who forks makes more, and these grow in place.
    if (own.length === 0) this.#branchesOf[device] = [branch]
    else (own as Branch[]).push(branch)
    if (own.length > 1) this.#forkSeqs.set(device, Math.min(seq, this.#forkSeqs.get(device) ?? seq))
    return branch
  }
}

const NO_BRANCHES: readonly Branch[] = []

function missing(what: string): never {
  throw new RangeError(`the history has no ${what}`)
}
