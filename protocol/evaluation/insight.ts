import { Acknowledged } from './acknowledged.ts'
import type { Range } from './acknowledged.ts'
import type { Branch, Branches, Links, Place } from './branches.ts'
import { KnowledgePool } from './knowledge.ts'
import type { Knowledge } from './knowledge.ts'
import { Outlook } from './outlook.ts'
import type { Seal, SealTree } from './seal-tree.ts'
import { PathSteps } from './steps.ts'

/** A commit that is judged: stored, or about to be written at the end of its branch. */
export interface JudgedCommit {
  readonly branch: Branch
  readonly seq: number
  /** Heads of other chains that it lists. */
  readonly seen: readonly Place[]
  readonly epoch: Seal
}

/** What a commit knows and trusts, by its causal past alone. */
export interface Insight {
  readonly knowledge: Knowledge
  /** What the commit before on the chain cites; null for a first commit. */
  readonly epochBefore: Seal | null
  /** True when the commit cites an epoch although it knows a later one of the same line. */
  readonly isOutdated: boolean
  /** What it newly acknowledges. */
  readonly news: readonly Range[]
  /** What it is the first of its chain to acknowledge as neither contested nor late. */
  readonly trusted: readonly Range[]
  /** From where on its chain acknowledges commits of a branch without trusting them. */
  readonly held: ReadonlyMap<Branch, number>
}

/** Judges what commits know and trust; nothing here depends on what else is stored. */
export class Insights {
  readonly acknowledged: Acknowledged
  readonly outlook: Outlook
  readonly #branches: Branches
  readonly #pool: KnowledgePool
  readonly #epochs = new PathSteps<Seal>()
  readonly #knowledge = new PathSteps<Knowledge>()
  readonly #held = new PathSteps<ReadonlyMap<Branch, number>>()

  constructor(branches: Branches, links: Links, seals: SealTree) {
    this.#branches = branches
    this.#pool = new KnowledgePool(seals)
    this.acknowledged = new Acknowledged(branches, links)
    this.outlook = new Outlook(seals, this.#epochs)
  }

  /** What a stored commit knows; nothing at seq -1. */
  knowledgeAt(branch: Branch, seq: number): Knowledge {
    return this.#knowledge.at(branch, seq) ?? this.#pool.nothing
  }

  /** Starts a branch that parts from its chain behind the commit `prev`; -1 for nothing. */
  start(branch: Branch, prev: number): void {
    this.acknowledged.start(branch, prev)
  }

  read(commit: JudgedCommit): Insight {
    const { branch, seq, seen, epoch } = commit
    const news = this.acknowledged.news(branch, seen)
    let inherited = this.knowledgeAt(branch, seq - 1)
    for (const head of seen) inherited = this.#pool.both(inherited, this.knowledgeAt(head.branch, head.seq))
    const isOutdated = this.#pool.isOutdated(inherited, epoch)
    const knowledge = this.#withOwnProofs(branch, news, this.#pool.withSeal(inherited, epoch))
    const epochBefore = this.#epochs.at(branch, seq - 1) ?? null
    const before = this.#held.at(branch, seq - 1) ?? NOTHING_HELD
    const open = this.#openRanges(branch, news, before, epochBefore !== epoch)
    const trusted: Range[] = []
    let held = before
    for (const { branch: other, from, to } of open) {
      const forkSeq = knowledge.forks.get(other.device) ?? Infinity
      const good = isOutdated ? -1 : this.outlook.goodUpTo(epoch, forkSeq, other)
      if (good >= from) trusted.push({ branch: other, from, to: Math.min(to, good) })
      held = withHeld(held, other, Math.max(from, good + 1), to)
    }
    return { knowledge, epochBefore, isOutdated, news, trusted, held }
  }

  /** Takes up a commit that is now the end of its branch. */
  add(commit: JudgedCommit, insight: Insight): void {
    const { branch, seq, epoch } = commit
    if (insight.epochBefore !== epoch || seq === branch.base) this.#epochs.set(branch, seq, epoch)
    if (this.#knowledge.at(branch, seq) !== insight.knowledge)
      this.#knowledge.set(branch, seq, insight.knowledge)
    if ((this.#held.at(branch, seq) ?? NOTHING_HELD) !== insight.held)
      this.#held.set(branch, seq, insight.held)
    this.acknowledged.add(branch, seq, insight.news)
  }

  /** What has to be looked at: what is new, and after a change of epoch whatever was not trusted so far. */
  #openRanges(
    branch: Branch,
    news: readonly Range[],
    held: ReadonlyMap<Branch, number>,
    isNewEpoch: boolean,
  ): Range[] {
    const open = new Map<Branch, Range>()
    if (isNewEpoch) {
      for (const [other, from] of held)
        open.set(other, { branch: other, from, to: this.acknowledged.upTo(branch, other) })
    }
    for (const range of news) {
      const reopened = open.get(range.branch)
      if (reopened !== undefined) reopened.to = range.to
      // Under the same epoch, what follows an untrusted commit is untrusted too, and is held with it.
      else if (!held.has(range.branch)) open.set(range.branch, { ...range })
    }
    return [...open.values()]
  }

  /** Adds the forks that the chain has seen itself: it acknowledged two commits of one device and seq. */
  #withOwnProofs(author: Branch, news: readonly Range[], knowledge: Knowledge): Knowledge {
    let known = knowledge
    const asked = new Set<number>()
    for (const { branch } of news) {
      if (asked.has(branch.device) || this.#branches.of(branch.device).length === 1) continue
      asked.add(branch.device)
      known = this.#pool.withFork(known, branch.device, this.#seenFork(author, branch.device, news))
    }
    return known
  }

  #seenFork(author: Branch, device: number, news: readonly Range[]): number {
    const branches = this.#branches.of(device)
    const reach = new Map<Branch, number>()
    for (const branch of branches) reach.set(branch, this.acknowledged.upTo(author, branch))
    for (const { branch, to } of news) if (reach.has(branch)) reach.set(branch, to)
    const starts = new Set<string>()
    let first = Infinity
    for (const side of branches) {
      if ((reach.get(side) ?? -1) < side.base) continue
      const start = `${side.parent?.index ?? -1}/${side.base}`
      const isBesideTrunk = side.parent !== null && (reach.get(side.parent) ?? -1) >= side.base
      if (isBesideTrunk || starts.has(start)) first = Math.min(first, side.base)
      starts.add(start)
    }
    return first
  }
}

const NOTHING_HELD: ReadonlyMap<Branch, number> = new Map()

function withHeld(
  held: ReadonlyMap<Branch, number>,
  branch: Branch,
  from: number,
  to: number,
): ReadonlyMap<Branch, number> {
  const now = from > to ? undefined : from
  if (held.get(branch) === now) return held
  const changed = new Map(held)
  if (now === undefined) changed.delete(branch)
  else changed.set(branch, now)
  return changed.size === 0 ? NOTHING_HELD : changed
}
