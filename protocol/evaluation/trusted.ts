import type { Branch, Branches, Links, Place } from './branches.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/**
 * Commits of a branch between two kept tables of what it trusts. A fork walks at most as many to find what its
 * trunk had trusted. A guess: a table of a co-op of 100 devices is then 0.4 bytes a commit.
 */
export const KEPT_EVERY_COMMITS = 1_024

/** A stretch of a branch, both ends included. */
export interface Range {
  readonly branch: Branch
  from: number
  to: number
}

/**
 * What each chain trusts of the others: the paths to the heads that its own commits list, as far as these were good by
 * the commit that lists them. What those heads trust in turn is not part of it. Only who accepts transfers is asked, so
 * the tables are made once there is the first: a number for each pair of chains is much in a co-op of thousands.
 */
export class Trusted {
  readonly #branches: Branches
  readonly #links: Links
  /** At the end of each branch, by its number. */
  readonly #ends: SeqTable[] = []
  readonly #kept: { seq: number; table: SeqTable }[][] = []
  /** By commit: heads that it does not trust up to themselves, with the seq up to which it does. */
  readonly #cut = new Map<number, ReadonlyMap<number, number>>()
  #isAwake = false

  constructor(branches: Branches, links: Links) {
    this.#branches = branches
    this.#links = links
  }

  /** True once the tables are kept. */
  get isAwake(): boolean {
    return this.#isAwake
  }

  /** Highest seq of the other branch's own commits that `author` trusts at its end; -1 for none. */
  upTo(author: Branch, other: Branch): number {
    return this.#ends[author.index]?.at(other.index) ?? -1
  }

  /** Seq on the path to a head that the commit lists, up to which the commit trusts it; -1 for nothing. */
  upToHead(order: number, head: number): number {
    return this.#cut.get(order)?.get(head) ?? this.#links.seqOf(head)
  }

  /** By commit: heads that it does not trust up to themselves, with the seq up to which it does; -1: nothing. */
  get cuts(): ReadonlyMap<number, ReadonlyMap<number, number>> {
    return this.#cut
  }

  /** Makes the tables of all commits so far, unless they are kept already. */
  wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    for (let order = 0; order < this.#branches.length; order += 1) {
      const { branch, seq } = this.#branches.placeOf(order)
      const places = this.#links.seenOf(order).map((head) => ({
        branch: this.#branches.branchOf(head),
        seq: this.upToHead(order, head),
      }))
      if (seq === branch.base) this.start(branch, this.#links.prevOf(order))
      this.#enter({ branch, seq }, this.news(branch, places))
    }
  }

  /** What a next commit that trusts the paths to these places would newly trust. */
  news(author: Branch, places: readonly Place[]): readonly Range[] {
    if (!this.#isAwake) return NO_NEWS
    const news: Range[] = []
    for (const { branch, seq } of places) {
      let to = seq
      for (let part: Branch | null = branch; part !== null; part = part.parent) {
        const range = news.find((it) => it.branch === part)
        const known = range?.to ?? this.upTo(author, part)
        // What comes before a trusted commit is trusted too.
        if (known >= to) break
        if (range !== undefined) range.to = to
        else if (to >= part.base) news.push({ branch: part, from: Math.max(known + 1, part.base), to })
        to = Math.min(to, part.base - 1)
      }
    }
    return news
  }

  /**
   * As `news` and `add` for the newest commit, where it trusts all heads that it lists up to themselves and no device has
   * forked: of the news those alone that pass.
   */
  follow(order: number, place: Place, passes: (other: Branch, above: number) => boolean): readonly Range[] {
    if (!this.#isAwake) return NO_NEWS
    const { branch: author } = place
    let news: Range[] | null = null
    const table = (this.#ends[author.index] ??= new SeqTable())
    this.#links.everySeen(order, (head) => {
      const branch = this.#branches.branchOf(head)
      const to = this.#links.seqOf(head)
      const known = table.at(branch.index)
      if (known >= to) return true
      if (passes(branch, known)) (news ??= []).push({ branch, from: known + 1, to })
      table.raise(branch.index, to)
      return true
    })
    this.#keepNowAndThen(place, table)
    return news ?? NO_NEWS
  }

  /** Starts a branch with what its trunk trusted at the commit `prev`; -1 for nothing. */
  start(branch: Branch, prev: number): void {
    if (!this.#isAwake) return
    const table = prev < 0 ? new SeqTable() : this.#at(prev)
    this.#ends[branch.index] = table
    if (this.#branches.of(branch.device)[0] !== branch) this.#keep(branch, branch.base - 1, table)
  }

  /** Takes up the newest commit: what it newly trusts, and which of its heads it does not trust up to themselves. */
  add(place: Place, news: readonly Range[], cut: ReadonlyMap<number, number>): void {
    if (cut.size > 0) this.#cut.set(place.branch.end, cut)
    if (this.#isAwake) this.#enter(place, news)
  }

  /** Writes the tables at the ends of branches, and what was cut. */
  save(out: SnapshotWriter): void {
    out.list([...this.#cut], ([order, heads]) => {
      out.count(order)
      out.list([...heads], ([head, seq]) => {
        out.count(head)
        out.place(seq)
      })
    })
    out.count(this.#isAwake ? 1 : 0)
    if (!this.#isAwake) return
    for (const { index } of this.#branches.all)
      for (const { index: other } of this.#branches.all) out.place(this.#ends[index]?.at(other) ?? -1)
  }

  load(from: SnapshotReader): void {
    from.each(() => {
      const order = this.#branches.order(from)
      this.#cut.set(order, new Map(from.list(() => [this.#branches.order(from), from.place()])))
    })
    this.#isAwake = from.below(2) === 1
    if (!this.#isAwake) return
    for (const branch of this.#branches.all) {
      const table = new SeqTable()
      for (const { index } of this.#branches.all) {
        const seq = from.place()
        if (seq >= 0) table.raise(index, seq)
      }
      this.#ends[branch.index] = table
      // So that nobody walks back beyond it.
      this.#keep(branch, branch.last, table)
    }
  }

  #enter({ branch, seq }: Place, news: readonly Range[]): void {
    const table = (this.#ends[branch.index] ??= new SeqTable())
    for (const { branch: other, to } of news) table.raise(other.index, to)
    this.#keepNowAndThen({ branch, seq }, table)
  }

  #keepNowAndThen({ branch, seq }: Place, table: SeqTable): void {
    if ((seq + 1) % KEPT_EVERY_COMMITS === 0) this.#keep(branch, seq, table)
  }

  #keep(branch: Branch, seq: number, table: SeqTable): void {
    ;(this.#kept[branch.index] ??= []).push({ seq, table: table.copy() })
  }

  #at(order: number): SeqTable {
    const { branch, seq } = this.#branches.placeOf(order)
    const kept = this.#kept[branch.index]?.findLast((it) => it.seq <= seq)
    const table = kept?.table.copy() ?? new SeqTable()
    const start = kept?.seq ?? -1
    let at = order
    for (let left = seq - start; left > 0; left -= 1) {
      for (const head of this.#links.seenOf(at))
        this.#take(table, { branch: this.#branches.branchOf(head), seq: this.upToHead(at, head) })
      at = this.#links.prevOf(at)
    }
    return table
  }

  #take(table: SeqTable, { branch, seq }: Place): void {
    let to = seq
    for (let part: Branch | null = branch; part !== null; part = part.parent) {
      if (table.at(part.index) >= to) return
      if (to >= part.base) table.raise(part.index, to)
      to = Math.min(to, part.base - 1)
    }
  }
}

const NO_NEWS: readonly Range[] = []

/** One seq per branch number, 4 bytes each. */
class SeqTable {
  /** Seq plus one, so that 0 is "none". */
  #lengths = new Uint32Array(0)

  at(index: number): number {
    return (this.#lengths[index] ?? 0) - 1
  }

  raise(index: number, seq: number): void {
    if (index >= this.#lengths.length) {
      const larger = new Uint32Array(index + 1 + (index >> 2))
      larger.set(this.#lengths)
      this.#lengths = larger
    }
    this.#lengths[index] = Math.max(this.#lengths[index] ?? 0, seq + 1)
  }

  copy(): SeqTable {
    const copy = new SeqTable()
    copy.#lengths = this.#lengths.slice()
    return copy
  }
}
