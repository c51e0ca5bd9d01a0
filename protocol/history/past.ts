import type { Branch } from './branch.ts'

/** What a `Past` asks of the history whose commits it walks. */
export interface PastSource {
  readonly branches: readonly Branch[]
  branchOf(order: number): Branch
  seqOf(order: number): number
  seenOf(order: number): readonly number[]
  everySeen(order: number, passes: (head: number) => boolean): boolean
}

/** Numbers that all kept vectors may hold together: 16 MB. A guess: 2,000 branches that know 2,000. */
export const PAST_NUMBERS_MAX = 4_194_304
/**
 * Commits that are looked at for a way from one to another before a vector is made. Measured: 1,000 devices that write at
 * once are two dozen acknowledgements deep; a vector of the same past takes thousands of steps.
 */
export const SEARCH_STEPS_MAX = 256
/** Found ways that are remembered: 200 KB. A guess: the heads that are listed next are among the newest few thousand. */
export const WAYS_KEPT_MAX = 4_096

/**
 * Answers whether a commit is in the causal past of another. What the tip of a branch knows is kept as one number per
 * other branch and moved along as the branch is asked about further on; each commit is walked once per vector. What a
 * vector holds can always be found again from the commits, so vectors are dropped when they take too much room.
 */
export class Past {
  readonly #source: PastSource
  readonly #vectors = new Map<number, PastVector>()
  #numbers = 0
  /** By branch, then by commit: a length of the branch that the commit was found to know, which may know more. */
  readonly #ways = new Map<number, Map<number, number>>()
  #wayCount = 0

  constructor(source: PastSource) {
    this.#source = source
  }

  /** True when `earlier` is in the causal past of `order`, or is it. */
  knows(order: number, earlier: number): boolean {
    if (earlier >= order) return earlier === order
    const of = this.#source.branchOf(earlier)
    const branch = this.#source.branchOf(order)
    if (of === branch) return true
    // What the header lists is in the past without a walk; it answers most questions.
    for (const seen of this.#source.seenOf(order)) if (seen === earlier) return true
    const seq = this.#source.seqOf(earlier)
    const kept = this.#vectors.get(branch.index)
    const isAhead = kept === undefined || kept.seq > this.#source.seqOf(order)
    if (isAhead ? this.#hasWay(order, earlier) : kept.knows(of, seq)) return true
    return this.vector(order).knows(of, seq)
  }

  /**
   * True when a few acknowledgements lead from one commit to an earlier one: nothing is kept and most of the past is not
   * looked at. False says nothing. Who asks once for each of many chains gets answers without a vector for each.
   */
  #hasWay(order: number, earlier: number): boolean {
    const of = this.#source.branchOf(earlier)
    const seq = this.#source.seqOf(earlier)
    const ways = this.#ways.get(of.index)
    let length = ways?.get(order) ?? 0
    if (length > seq) return true
    // Whoever lists heads that were asked about just now knows what they know.
    if (ways !== undefined)
      for (const seen of this.#source.seenOf(order)) {
        length = ways.get(seen) ?? 0
        if (length > seq) break
      }
    if (length <= seq) length = this.#wayTo(order, earlier)
    if (length > seq) this.#noteWay(of.index, order, length)
    return length > seq
  }

  #noteWay(branch: number, order: number, length: number): void {
    if (this.#wayCount >= WAYS_KEPT_MAX) {
      this.#ways.clear()
      this.#wayCount = 0
    }
    this.#wayCount += 1
    const ways = this.#ways.get(branch)
    if (ways === undefined) this.#ways.set(branch, new Map([[order, length]]))
    else ways.set(order, length)
  }

  /** How much of the earlier commit's branch is known where the search came upon it; 0 when it did not. */
  #wayTo(order: number, earlier: number): number {
    const { branches } = this.#source
    const target = this.#source.branchOf(earlier).index
    /** By branch: how much of it is looked through. */
    const lengths = new Map<number, number>()
    const todo = [order]
    let steps = 0
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      const { index, base, parent } = this.#source.branchOf(at)
      const branch = branches[index]
      const known = lengths.get(index) ?? 0
      let seq = this.#source.seqOf(at)
      if (known > seq || branch === undefined) continue
      lengths.set(index, seq + 1)
      // Whatever has a smaller order than the commit that is looked for cannot know it.
      for (let next = at; next >= earlier && seq >= Math.max(known, base); next = branch.at(seq)) {
        let oldest = Infinity
        for (const seen of this.#source.seenOf(next)) {
          if (seen < earlier) continue
          if (this.#source.branchOf(seen).index === target) return this.#source.seqOf(seen) + 1
          if (seen < oldest) {
            if (oldest < Infinity) todo.push(oldest)
            oldest = seen
          } else todo.push(seen)
        }
        // Looked at next: it leads furthest back.
        if (oldest < Infinity) todo.push(oldest)
        steps += 1
        if (steps > SEARCH_STEPS_MAX) return 0
        seq -= 1
      }
      const before = parent === null || seq >= base ? -1 : parent.at(base - 1)
      if (before >= earlier && this.#source.branchOf(before).index === target)
        return this.#source.seqOf(before) + 1
      if (before >= earlier) todo.push(before)
    }
    return 0
  }

  /** What `order` knows. The vector belongs to this object and moves on with the next question. */
  vector(order: number): PastVector {
    const branch = this.#source.branchOf(order)
    const seq = this.#source.seqOf(order)
    let vector = this.#vectors.get(branch.index)
    this.#vectors.delete(branch.index)
    if (vector === undefined || vector.seq > seq) {
      if (vector !== undefined) this.#numbers -= vector.size
      vector = new PastVector(this.#source)
    } else this.#numbers -= vector.size
    vector.add(order)
    vector.seq = seq
    this.#vectors.set(branch.index, vector)
    this.#numbers += vector.size
    this.#evict(branch.index)
    return vector
  }

  /** A vector of its own that holds what `order` knows; nothing when `order` is -1. */
  copy(order: number): PastVector {
    return order < 0 ? new PastVector(this.#source) : this.vector(order).copy()
  }

  #evict(keep: number): void {
    for (const [index, vector] of this.#vectors) {
      if (this.#numbers <= PAST_NUMBERS_MAX) return
      if (index === keep) continue
      this.#vectors.delete(index)
      this.#numbers -= vector.size
    }
  }
}

/** A set of commits closed under "acknowledges": the highest known seq of each branch. */
export class PastVector {
  /** Seq of the commit of its own branch that the vector stands for. */
  seq = -1
  readonly #source: PastSource
  /** Known length of each branch, by its index. */
  #lengths = new Uint32Array(0)

  constructor(source: PastSource) {
    this.#source = source
  }

  /** Numbers held. */
  get size(): number {
    return this.#lengths.length
  }

  /** True when the commit `seq` of `branch` is in the set. */
  knows(branch: Branch, seq: number): boolean {
    return (this.#lengths[branch.index] ?? 0) > seq
  }

  /** Known length of a branch: 0 when nothing of its own commits is known. */
  lengthOf(branch: Branch): number {
    return this.#lengths[branch.index] ?? 0
  }

  /** Adds a commit and everything in its past. */
  add(order: number): void {
    const { branches } = this.#source
    if (this.#lengths.length < branches.length) {
      const larger = new Uint32Array(branches.length + (branches.length >> 2))
      larger.set(this.#lengths)
      this.#lengths = larger
    }
    /** By branch that is to be known further: how far. One number each, however long the past is. */
    const wanted = new Map<number, number>()
    const want = (at: number): true => {
      const { index } = this.#source.branchOf(at)
      const length = this.#source.seqOf(at) + 1
      if (length > (wanted.get(index) ?? this.#lengths[index] ?? 0)) wanted.set(index, length)
      return true
    }
    want(order)
    // What is wanted meanwhile comes behind.
    for (const [index, length] of wanted) {
      wanted.delete(index)
      const branch = branches[index]
      const known = this.#lengths[index] ?? 0
      this.#lengths[index] = length
      if (branch === undefined) continue
      for (let next = Math.max(known, branch.base); next < length; next += 1)
        this.#source.everySeen(branch.orders.at(next - branch.base) ?? -1, want)
      if (known <= branch.base && branch.parent !== null) want(branch.parent.at(branch.base - 1))
    }
  }

  copy(): PastVector {
    const copy = new PastVector(this.#source)
    copy.#lengths = this.#lengths.slice()
    copy.seq = this.seq
    return copy
  }
}
