import type { CausalGraph } from '../history/index.ts'
import type { DeviceTable } from './device-table.ts'
import { reachOn } from './line.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import type { NumberedLine } from './steps.ts'

/** A stretch of one device's chain; positions are seqs. A device that never forked has one, from seq 0. */
export interface Branch extends NumberedLine {
  readonly index: number
  /** Number in the device table. */
  readonly device: number
  readonly parent: Branch | null
  readonly base: number
  /** Order of the first commit that is on this branch only. */
  readonly first: number
  /** Order of the last commit; -1 while there is none. */
  end: number
  /** Seq of the last commit. */
  last: number
}

/** Where a commit stands: its branch and its seq there. */
export interface Place {
  readonly branch: Branch
  readonly seq: number
}

/** True when the first place is on the path that ends at the second. */
export function isAtOrBefore(earlier: Place, later: Place): boolean {
  return earlier.seq <= reachOn(earlier.branch, later.branch, later.seq)
}

/**
 * Parts of a causal graph that are asked for here. About a whole past only where a listed device has forked, and where a
 * chain debits a unit for the first time.
 */
export type Links = Pick<
  CausalGraph,
  'deviceOf' | 'seqOf' | 'prevOf' | 'onChain' | 'seenOf' | 'everySeen' | 'forkSeqKnownTo' | 'knows'
>

/**
 * The branches of all chains. Which of two branches was stored first decides their numbers, and nothing else.
 * Commits are kept by number only where a chain has forked: those that are not on the device's first branch.
 */
export class Branches {
  readonly all: Branch[] = []
  /** Number of commits taken up; their orders are below it. */
  length = 0
  readonly #links: Links
  readonly #devices: DeviceTable
  readonly #keyOf: (device: number) => string
  /** Device number here, by the graph's. */
  readonly #numbers: number[] = []
  /** How many it holds. */
  #numbered = 0
  readonly #ofDevice: Branch[][] = []
  readonly #aside = new Map<number, Branch>()

  constructor(links: Links, devices: DeviceTable, keyOf: (device: number) => string) {
    this.#links = links
    this.#devices = devices
    this.#keyOf = keyOf
  }

  /** True once a chain has parted. */
  get hasParted(): boolean {
    return this.#aside.size > 0
  }

  /** Branches of a device, in the order in which they turned up. */
  of(device: number): readonly Branch[] {
    return this.#ofDevice[device] ?? []
  }

  deviceOf(order: number): number {
    const device = this.#links.deviceOf(order)
    const known = this.#numbers[device]
    if (known !== undefined) return known
    // While nobody but authors was mentioned, a new author is a new key.
    const isNew = this.#numbered === this.#devices.length
    const key = this.#keyOf(device)
    const number = isNew ? this.#devices.append(key) : this.#devices.add(key)
    this.#numbered += 1
    this.#numbers[device] = number
    return number
  }

  placeOf(order: number): Place {
    return { branch: this.branchOf(order), seq: this.#links.seqOf(order) }
  }

  branchOf(order: number): Branch {
    // The graph may hold it already, and then would place it on a branch that does not reach it yet.
    const own = order < this.length ? this.of(this.deviceOf(order)) : NONE
    const first = own[0]
    if (first === undefined) throw new RangeError(`commit ${order} was not appended`)
    return own.length === 1 ? first : (this.#aside.get(order) ?? first)
  }

  /** The branch that the next commit goes on; null when it starts one, or its device has several. */
  plainBranchOf(order: number): Branch | null {
    const prev = this.#links.prevOf(order)
    if (prev < 0) return null
    const own = this.of(this.deviceOf(prev))
    const first = own[0]
    return own.length === 1 && first?.end === prev ? first : null
  }

  /** Takes up the next commit, which goes on a branch that is the only one of its device. */
  lengthen(branch: Branch, order: number): void {
    this.length = order + 1
    branch.end = order
    branch.last += 1
  }

  /** Adds the next commit to its branch, or starts one where its chain parts. */
  extend(order: number): { branch: Branch; isNew: boolean } {
    const prev = this.#links.prevOf(order)
    const before = prev < 0 ? null : this.branchOf(prev)
    const isNew = before === null || before.end !== prev
    const branch = isNew ? this.#start(order, before) : before
    this.length = order + 1
    branch.end = order
    branch.last = this.#links.seqOf(order)
    if (this.of(branch.device)[0] !== branch) this.#aside.set(order, branch)
    return { branch, isNew }
  }

  save(out: SnapshotWriter): void {
    out.count(this.length)
    out.list(this.all, ({ device, parent, base, first, end, last }) => {
      out.count(device)
      out.place(parent?.index ?? -1)
      for (const value of [base, first, end, last]) out.count(value)
    })
    out.list([...this.#aside], ([order, branch]) => {
      out.count(order)
      out.count(branch.index)
    })
  }

  load(from: SnapshotReader): void {
    this.length = from.count()
    from.each(() => {
      const index = this.all.length
      const device = from.below(this.#devices.length)
      const parent = this.all[from.below(index + 1) - 1] ?? null
      const [base, first, end, last] = [from.count(), this.order(from), this.order(from), from.count()]
      this.#place({ index, device, parent, base, first, end, last })
    })
    from.each(() => this.#aside.set(this.order(from), this.read(from)))
  }

  /** Reads a commit that is here. */
  order(from: SnapshotReader): number {
    return from.below(this.length)
  }

  /** Reads a branch by its number. */
  read(from: SnapshotReader): Branch {
    return this.all[from.below(this.all.length)] ?? NOWHERE
  }

  /** Reads a place that `savePlace` wrote. */
  readPlace(from: SnapshotReader): Place {
    return { branch: this.read(from), seq: from.count() }
  }

  #start(first: number, parent: Branch | null): Branch {
    const base = this.#links.seqOf(first)
    const device = this.deviceOf(first)
    return this.#place({ index: this.all.length, device, parent, base, first, end: -1, last: base - 1 })
  }

  #place(branch: Branch): Branch {
    this.all.push(branch)
    const own = this.#ofDevice[branch.device]
    if (own === undefined) this.#ofDevice[branch.device] = [branch]
    else own.push(branch)
    return branch
  }
}

export function savePlace(out: SnapshotWriter, { branch, seq }: Place): void {
  out.count(branch.index)
  out.count(seq)
}

/** What is read where a snapshot is off. */
const NOWHERE: Branch = { index: -1, device: -1, parent: null, base: 0, first: -1, end: -1, last: -1 }

const NONE: readonly Branch[] = []
