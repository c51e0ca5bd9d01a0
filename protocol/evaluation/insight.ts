import type { Branch, Branches, Links, Place } from './branches.ts'
import { KnowledgePool } from './knowledge.ts'
import type { Knowledge } from './knowledge.ts'
import { Outlook } from './outlook.ts'
import type { Seal, SealTree } from './seal-tree.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import { PathSteps } from './steps.ts'
import { Trusted } from './trusted.ts'
import type { Range } from './trusted.ts'

/** A commit that is judged: stored, or about to be written at the end of its branch. */
export interface JudgedCommit {
  readonly branch: Branch
  readonly seq: number
  /** Orders of the heads of other chains that it lists. */
  readonly seen: readonly number[]
  /** Orders of commits whose pasts together are its own, as far as other chains go. */
  readonly pastOf: readonly number[]
  readonly epoch: Seal
  /** Its past proves a descendant of the epoch, whether or not any commit cites one. */
  readonly isOutdated?: boolean
}

/** What a commit knows and trusts, by its causal past alone. */
export interface Insight {
  readonly knowledge: Knowledge
  /** What the commit before on the chain cites; null for a first commit. */
  readonly epochBefore: Seal | null
  /** True when the commit cites an epoch although it knows a later one of the same line. */
  readonly isOutdated: boolean
  /** What it is the first of its chain to trust. */
  readonly news: readonly Range[]
  /** Heads that it does not trust up to themselves, with the seq up to which it does; -1 for nothing. */
  readonly cut: ReadonlyMap<number, number>
}

const NO_CUT: ReadonlyMap<number, number> = new Map()
const NO_NEWS: readonly Range[] = []

/** Judges what commits know and trust; nothing here depends on what else is stored. */
export class Insights {
  readonly trusted: Trusted
  readonly outlook: Outlook
  readonly #branches: Branches
  readonly #links: Links
  readonly #pool: KnowledgePool
  readonly #seals: SealTree
  readonly #epochs = new PathSteps<Seal>(true)
  readonly #knowledge = new PathSteps<Knowledge>(true)

  #expected: Knowledge | null = null
  readonly #isExpected = (head: number): boolean =>
    this.#knowledgeAt(this.#branches.branchOf(head), this.#links.seqOf(head)) === this.#expected

  constructor(branches: Branches, links: Links, seals: SealTree) {
    this.#branches = branches
    this.#links = links
    this.#seals = seals
    this.#pool = new KnowledgePool(seals)
    this.trusted = new Trusted(branches, links)
    this.outlook = new Outlook(seals, this.#epochs)
  }

  read(commit: JudgedCommit): Insight {
    const { branch, seq, seen, epoch } = commit
    const shared = commit.isOutdated === true ? null : this.#sharedUnder(epoch)
    if (shared !== null) {
      const epochBefore = this.#epochs.at(branch, seq - 1) ?? null
      return { knowledge: shared, epochBefore, isOutdated: false, news: NO_NEWS, cut: NO_CUT }
    }
    let inherited = this.#knowledgeAt(branch, seq - 1)
    const heads = seen.map((order) => this.#branches.placeOf(order))
    for (const head of heads) inherited = this.#pool.both(inherited, this.#knowledgeAt(head.branch, head.seq))
    const isOutdated = commit.isOutdated === true || this.#pool.isOutdated(inherited, epoch)
    const knowledge = this.#pool.withSeal(inherited, epoch)
    let cut: Map<number, number> | null = null
    const places = heads.map((head, index) => {
      const forkSeq = this.#forkSeq(knowledge, commit.pastOf, head.branch.device)
      const good = isOutdated ? -1 : this.outlook.goodUpTo(epoch, forkSeq, head.branch)
      if (good < head.seq) (cut ??= new Map()).set(seen[index] ?? -1, good)
      return { branch: head.branch, seq: Math.min(head.seq, good) }
    })
    const epochBefore = this.#epochs.at(branch, seq - 1) ?? null
    return { knowledge, epochBefore, isOutdated, news: this.trusted.news(branch, places), cut: cut ?? NO_CUT }
  }

  /** True when `read` looks at no head of a commit that cites the epoch and is not outdated. */
  areAlike(epoch: Seal): boolean {
    return this.#sharedUnder(epoch) !== null
  }

  /**
   * What each commit that cites the epoch knows, whatever it lists, as long as all know the same and nobody's chain has
   * parted, is closed or late, or is asked for what it trusts; else null. Then no head need be looked at.
   */
  #sharedUnder(epoch: Seal): Knowledge | null {
    const { only } = this.#pool
    if (only === null || only.forks.size > 0 || only.tips.length !== 1 || only.tips[0] !== epoch) return null
    const isPlain = !this.trusted.isAwake && !this.#branches.hasParted && this.#seals.isPlain(epoch)
    return isPlain ? only : null
  }

  /**
   * True when the next commit, at the end of this branch, knows and cites nothing but what the commit before does, and no
   * head that it lists can be cut: then there is nothing to `add` but what it trusts.
   */
  isPlain(order: number, branch: Branch, epoch: Seal): boolean {
    const { last } = branch
    if (this.#epochs.at(branch, last) !== epoch) return false
    const knowledge = this.#knowledgeAt(branch, last)
    if (knowledge.forks.size > 0 || knowledge.tips.length !== 1 || knowledge.tips[0] !== epoch) return false
    if (knowledge === this.#pool.only) return true
    this.#expected = knowledge
    return this.#links.everySeen(order, this.#isExpected)
  }

  /** As `add`, for the first commit of a chain where all are alike: it knows what everybody does. */
  begin(branch: Branch, epoch: Seal): void {
    this.#epochs.set(branch, branch.base, epoch)
    this.#knowledge.set(
      branch,
      branch.base,
      this.#pool.only ?? this.#pool.withSeal(this.#pool.nothing, epoch),
    )
  }

  /** What the newest commit of a branch knows and trusts of which `isPlain` was true. `passes`: see `Trusted.follow`. */
  readPlain(
    order: number,
    place: Place,
    epoch: Seal,
    passes: (other: Branch, above: number) => boolean,
  ): Insight {
    const knowledge = this.#knowledgeAt(place.branch, place.seq)
    const news = this.trusted.follow(order, place, passes)
    return { knowledge, epochBefore: epoch, isOutdated: false, news, cut: NO_CUT }
  }

  /** Numbers of the last seals known at these places together. */
  tipsKnownAt(places: readonly Place[]): number[] {
    return this.#knownAt(places).tips.map((seal) => seal.index)
  }

  /** What the commit there cites; undefined when it was not taken up. */
  epochAt({ branch, seq }: Place): Seal | undefined {
    return this.#epochs.at(branch, seq)
  }

  /** True when a place is neither contested nor late by what a commit that was taken up knows and cites. */
  isGood(by: Place & Pick<JudgedCommit, 'pastOf' | 'epoch'>, place: Place): boolean {
    return this.isGoodFrom([by], by.pastOf, by.epoch, place)
  }

  /** As `isGood`, by what is known at `heads` together, under a cited epoch. */
  isGoodFrom(heads: readonly Place[], pastOf: readonly number[], epoch: Seal, place: Place): boolean {
    const knowledge = this.#pool.withSeal(this.#knownAt(heads), epoch)
    const forkSeq = this.#forkSeq(knowledge, pastOf, place.branch.device)
    return place.seq <= this.outlook.goodUpTo(epoch, forkSeq, place.branch)
  }

  /** Takes up a commit that is now the end of its branch. */
  add(commit: JudgedCommit, insight: Insight): void {
    const { branch, seq, epoch } = commit
    if (insight.epochBefore !== epoch || seq === branch.base) this.#epochs.set(branch, seq, epoch)
    if (this.#knowledge.at(branch, seq) !== insight.knowledge)
      this.#knowledge.set(branch, seq, insight.knowledge)
    this.trusted.add(commit, insight.news, insight.cut)
  }

  save(out: SnapshotWriter): void {
    this.#epochs.save(out, (seal) => out.count(seal.index))
    this.#knowledge.save(out, (knowledge) => this.#pool.save(out, knowledge))
    this.trusted.save(out)
  }

  load(from: SnapshotReader): void {
    const lines = this.#branches.all.length
    this.#epochs.load(from, () => this.#seals.read(from), lines)
    this.#knowledge.load(from, () => this.#pool.load(from), lines)
    this.trusted.load(from)
  }

  #knownAt(places: readonly Place[]): Knowledge {
    let knowledge = this.#pool.nothing
    for (const { branch, seq } of places)
      knowledge = this.#pool.both(knowledge, this.#knowledgeAt(branch, seq))
    return knowledge
  }

  #knowledgeAt(branch: Branch, seq: number): Knowledge {
    return this.#knowledge.at(branch, seq) ?? this.#pool.nothing
  }

  /** The graph is asked only of devices that are seen to have forked here: others have not in any past. */
  #forkSeq(knowledge: Knowledge, orders: readonly number[], device: number): number {
    const recorded = knowledge.forks.get(device) ?? Infinity
    const branches = this.#branches.of(device)
    const first = branches[0]
    if (first === undefined || branches.length === 1) return recorded
    return Math.min(recorded, this.#links.forkSeqKnownTo(orders, this.#links.deviceOf(first.end)))
  }
}
