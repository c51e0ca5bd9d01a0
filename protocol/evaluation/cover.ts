import type { Act } from './act.ts'
import { isAtOrBefore } from './branches.ts'
import type { Branch, Place } from './branches.ts'
import type { Insight, JudgedCommit } from './insight.ts'
import type { IssuedAllowance, SealTree } from './seal-tree.ts'
import { PathSteps } from './steps.ts'
import type { PlacedTransfer, Transfers } from './transfers.ts'

/** Why no debit of a commit is valid. */
export type VoidReason =
  /** A commit before on its branch is void. */
  | 'void-before'
  /** It cites an epoch although it knows a later one of the same line. */
  | 'epoch-outdated'
  /** An amount below one minor unit, or a transfer to its own device. */
  | 'malformed'
  /** It debits more than its chain has accepted and not spent. */
  | 'uncovered'

/** What a commit takes in and whether its debits are valid. */
export interface Judgement {
  /** Null when its debits are valid. */
  readonly voidBecause: VoidReason | null
  readonly accepted: readonly PlacedTransfer[]
  readonly taken: readonly IssuedAllowance[]
  /** What its chain has left of each unit that it credits or debits. */
  readonly left: ReadonlyMap<string, bigint>
}

const NOTHING: Judgement = { voidBecause: null, accepted: [], taken: [], left: new Map() }

/**
 * What each chain may spend: what it accepted and took from the seals it cites, less its own debits. Decided
 * commit by commit from the causal past; what counts in the books never enters.
 */
export class Cover {
  readonly #seals: SealTree
  readonly #transfers: Transfers
  readonly #left = new Map<string, PathSteps<bigint>>()
  /** First void commit of each branch that has one, by the branch's number. */
  readonly #voidFrom = new Map<number, number>()

  constructor(seals: SealTree, transfers: Transfers) {
    this.#seals = seals
    this.#transfers = transfers
  }

  /** True while no commit is void. */
  get isPlain(): boolean {
    return this.#voidFrom.size === 0
  }

  /** What the chain has left of a unit behind its commit. */
  left(branch: Branch, seq: number, unit: string): bigint {
    return this.#left.get(unit)?.at(branch, seq) ?? 0n
  }

  /** True when the debits of the commit are void. */
  isVoid({ branch, seq }: Place): boolean {
    let limit = seq
    for (let part: Branch | null = branch; part !== null; part = part.parent) {
      if ((this.#voidFrom.get(part.index) ?? Infinity) <= limit) return true
      limit = part.base - 1
    }
    return false
  }

  judge(commit: JudgedCommit, insight: Insight, acts: readonly Act[], author: string): Judgement {
    const { branch, seq } = commit
    const isNothing = acts.length === 0 && insight.news.length === 0 && insight.epochBefore === commit.epoch
    if (isNothing && !insight.isOutdated && this.#voidFrom.size === 0) return NOTHING
    const before: Place = { branch, seq: seq - 1 }
    // No chain trusts a commit twice, so none accepts a transfer twice.
    const accepted = insight.news.flatMap((range) => this.#transfers.inTo(range, branch.device))
    const taken = insight.epochBefore === commit.epoch ? [] : this.#allowances(commit, insight, before)
    const left = new Map<string, bigint>()
    for (const { unit, amount } of [...accepted, ...taken])
      left.set(unit, (left.get(unit) ?? this.left(branch, seq - 1, unit)) + amount)
    let voidBecause: VoidReason | null = null
    if (this.isVoid(before)) voidBecause = 'void-before'
    else if (insight.isOutdated) voidBecause = 'epoch-outdated'
    else voidBecause = this.#debit(left, acts, before, author)
    return { voidBecause, accepted, taken, left }
  }

  /** Takes up a commit that is now the end of its branch. */
  add({ branch, seq }: JudgedCommit, judgement: Judgement): void {
    if (judgement.voidBecause !== null && !this.isVoid({ branch, seq })) this.#voidFrom.set(branch.index, seq)
    for (const [unit, left] of judgement.left) {
      let steps = this.#left.get(unit)
      if (steps === undefined) this.#left.set(unit, (steps = new PathSteps()))
      steps.set(branch, seq, left)
    }
  }

  /**
   * Takes the acts off what is left; changes nothing when one of them is not valid, since a commit stands as
   * a whole.
   */
  #debit(left: Map<string, bigint>, acts: readonly Act[], before: Place, author: string): VoidReason | null {
    const after = new Map<string, bigint>()
    for (const act of acts) {
      if (act.amount <= 0n || (act.kind === 'transfer' && act.to === author)) return 'malformed'
      const { unit } = act
      const had = after.get(unit) ?? left.get(unit) ?? this.left(before.branch, before.seq, unit)
      if (had < act.amount) return 'uncovered'
      after.set(unit, had - act.amount)
    }
    for (const [unit, amount] of after) left.set(unit, amount)
    return null
  }

  #allowances(commit: JudgedCommit, insight: Insight, before: Place): IssuedAllowance[] {
    return this.#seals
      .allowancesTo(commit.branch.device, insight.epochBefore, commit.epoch)
      .filter((it) => !it.takenAt.some((place) => isAtOrBefore(place, before)))
  }
}
