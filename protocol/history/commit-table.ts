import { CountList } from './growable.ts'
import { RowIndex } from './row-index.ts'
import { SharedRows } from './shared-rows.ts'

/** A commit as another one lists it. */
export interface HeadName {
  /** Commit id, device key, and position in the device's chain. */
  id: Uint8Array
  device: Uint8Array
  seq: number
}

/** What a table keeps of a commit. */
export interface CommitRow {
  /** Commit id, 32 bytes. */
  id: Uint8Array
  /** Device key, 32 bytes. */
  device: Uint8Array
  /** Position in the chain, from 0. */
  seq: number
  /** Orders of the acknowledged heads. */
  seen: readonly number[]
}

/** The commits of one history by their orders: id, seq and what they acknowledge. */
export interface CommitTable {
  readonly length: number
  /** Order of a commit id, or -1. */
  find(id: Uint8Array): number
  /** Adds the next commit and returns its order. It must not be there yet, and what it acknowledges must. */
  add(commit: CommitRow): number
  /** As `add`, for many commits: their ids are indexed when one is next looked for. */
  append(commit: CommitRow): number
  /** A view of the commit's id; undefined outside the table. */
  idOf(order: number): Uint8Array | undefined
  /** Copies the commit's id to a place of other bytes. */
  copyId(order: number, into: Uint8Array, at: number): void
  /** Undefined outside the table. */
  seqOf(order: number): number | undefined
  seenOf(order: number): readonly number[]
  /** True when every one of these passes; makes no list of them. */
  everySeen(order: number, passes: (head: number) => boolean): boolean
}

/** A table that holds everything itself: about 50 bytes a commit. */
export class OwnCommits implements CommitTable {
  readonly #ids: RowIndex
  readonly #seqOf = new CountList()
  /** Where the acknowledged heads of each commit begin in `#seen`. */
  readonly #seenStart = new CountList()
  readonly #seen = new CountList()

  constructor(seed: number) {
    this.#ids = new RowIndex(seed)
  }

  get length(): number {
    return this.#ids.length
  }

  find(id: Uint8Array): number {
    return this.#ids.find(id)
  }

  add(commit: CommitRow): number {
    return this.#link(commit, this.#ids.add(commit.id))
  }

  append(commit: CommitRow): number {
    return this.#link(commit, this.#ids.append(commit.id))
  }

  #link({ seq, seen }: CommitRow, order: number): number {
    this.#seqOf.push(seq)
    this.#seenStart.push(this.#seen.length)
    for (const head of seen) this.#seen.push(head)
    return order
  }

  idOf(order: number): Uint8Array | undefined {
    return this.#ids.at(order)
  }

  copyId(order: number, into: Uint8Array, at: number): void {
    this.#ids.copy(order, into, at)
  }

  seqOf(order: number): number | undefined {
    return this.#seqOf.at(order)
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
}

/** Rows whose views are made once, looked for by objects that replicas hand each other. */
class ViewedRows extends RowIndex {
  readonly #views: Uint8Array[] = []
  /** The row that was found last, as an object that nobody changes, and its number. */
  #lastRow: Uint8Array | null = null
  #lastNumber = -1

  override find(row: Uint8Array): number {
    if (row === this.#lastRow) return this.#lastNumber
    const number = super.find(row)
    if (number < 0) return number
    this.#lastRow = row
    this.#lastNumber = number
    return number
  }

  override at(number: number): Uint8Array | undefined {
    const known = this.#views[number]
    if (known !== undefined) return known
    const row = super.at(number)?.slice()
    if (row !== undefined) this.#views[number] = row
    return row
  }
}

/**
 * Commits and keys of devices that several histories share: what follows from a commit's bytes is kept once for all of
 * them, by its number in the pool. A simulation of a thousand replicas shares one: each application of a commit then finds
 * most of what it needs in the processor's caches.
 */
export class HistoryPool {
  /** Lists of heads, as the objects that replicas hand each other, whose heads are all known and what they say: their numbers. */
  readonly #lists = new WeakMap<readonly HeadName[], readonly number[]>()
  readonly ids: RowIndex = new ViewedRows(0)
  readonly keys: RowIndex = new ViewedRows(0)
  /** By commit: the number of its device, its seq, and the numbers of what it acknowledges. */
  readonly devices: number[] = []
  readonly seqs: number[] = []
  readonly seen: (readonly number[])[] = []
  /** Ids, as the objects that replicas hand each other, of first commits whose past admits their device. */
  readonly admitted: WeakSet<Uint8Array> = new WeakSet()
  /** By number of a first commit: what its chain stands on, by its past alone. Whoever works it out first says what that is. */
  readonly standings: (object | undefined)[] = []

  /** Numbers of the heads of a list that nobody changes; null where one is not known, or not what the list says. */
  numbersOf(heads: readonly HeadName[]): readonly number[] | null {
    const known = this.#lists.get(heads)
    if (known !== undefined) return known
    const numbers = heads.map(({ id }) => this.ids.find(id))
    const areTrue = numbers.every((number, i) => {
      const head = heads[i]
      const device = this.devices[number] ?? -1
      return head !== undefined && this.seqs[number] === head.seq && this.keys.equals(device, head.device)
    })
    if (!areTrue) return null
    this.#lists.set(heads, numbers)
    return numbers
  }
}

/** A table that keeps 8 bytes a commit, and the rest in a pool. Orders are its own: they follow from what it was given alone. */
export class SharedCommits implements CommitTable {
  readonly #pool: HistoryPool
  readonly #rows: SharedRows

  constructor(pool: HistoryPool) {
    this.#pool = pool
    this.#rows = new SharedRows(pool.ids)
  }

  get length(): number {
    return this.#rows.length
  }

  find(id: Uint8Array): number {
    return this.#rows.find(id)
  }

  add({ id, seq, seen, device }: CommitRow): number {
    const { devices, seqs, seen: lists, keys } = this.#pool
    const order = this.#rows.add(id)
    const number = this.#rows.pooled(order)
    if (seqs[number] === undefined) {
      devices[number] = keys.find(device)
      seqs[number] = seq
      lists[number] = seen.length === 0 ? NOTHING : seen.map((head) => this.#rows.pooled(head))
    }
    return order
  }

  append(commit: CommitRow): number {
    return this.add(commit)
  }

  idOf(order: number): Uint8Array | undefined {
    return this.#rows.at(order)
  }

  copyId(order: number, into: Uint8Array, at: number): void {
    this.#rows.copy(order, into, at)
  }

  seqOf(order: number): number | undefined {
    return order < this.#rows.length ? this.#pool.seqs[this.#rows.pooled(order)] : undefined
  }

  seenOf(order: number): readonly number[] {
    const list = this.#listOf(order)
    return list.length === 0 ? NOTHING : list.map((number) => this.#rows.ownOf(number))
  }

  everySeen(order: number, passes: (head: number) => boolean): boolean {
    const list = this.#listOf(order)
    for (let i = 0; i < list.length; i += 1) if (!passes(this.#rows.ownOf(list[i] ?? -1))) return false
    return true
  }

  /** Orders of listed heads, -1 for those that are not here; null where that has to be looked up one by one. */
  ordersOf(heads: readonly HeadName[]): number[] | null {
    return this.#pool.numbersOf(heads)?.map((number) => this.#rows.ownOf(number)) ?? null
  }

  /** Number of a commit in the pool. */
  pooled(order: number): number {
    return this.#rows.pooled(order)
  }

  /** True when the device with this key wrote the commit. */
  isBy(order: number, key: Uint8Array): boolean {
    return this.#pool.keys.equals(this.#pool.devices[this.#rows.pooled(order)] ?? -1, key)
  }

  #listOf(order: number): readonly number[] {
    return this.#pool.seen[this.#rows.pooled(order)] ?? NOTHING
  }
}

const NOTHING: readonly number[] = []
