import { ACCOUNTS, isHeld, unitOf } from './account.ts'
import { isAmount } from './act.ts'
import type { Act, Define } from './act.ts'
import { isAtOrBefore } from './branches.ts'
import type { Branch, Place } from './branches.ts'
import type { Insight, JudgedCommit } from './insight.ts'
import { RelayLimits } from './relay-limits.ts'
import type { Bounds, BoundParts } from './relay-limits.ts'
import type { IssuedAllowance, SealTree } from './seal-tree.ts'
import { PathSteps } from './steps.ts'
import type { PlacedTransfer, Transfers } from './transfers.ts'
import { isDefinition } from './units.ts'
import type { Units } from './units.ts'

/** Why no debit of a commit is valid. */
export type VoidReason =
  /** A commit before on its branch is void. */
  | 'void-before'
  /** It cites an epoch although it knows a later one of the same line. */
  | 'epoch-outdated'
  /**
   * An amount out of its bounds, a transfer to its own device or of another account than what is held, a move to the
   * same account or to another unit, or a definition that names no unit.
   */
  | 'malformed'
  /** It debits a unit that nothing in its past defines. Only where definitions are demanded. */
  | 'unknown-unit'
  /** It defines a unit that its chain has defined. */
  | 'defined-twice'
  /** It debits more than its chain has accepted and not spent. */
  | 'uncovered'
  /** It passes on more of what its chain accepted since the frontier than the unit allows. */
  | 'relay-limit'

/** What a commit takes in and whether its debits are valid. */
export interface Judgement {
  /** Null when its debits are valid. */
  readonly voidBecause: VoidReason | null
  readonly accepted: readonly PlacedTransfer[]
  readonly taken: readonly IssuedAllowance[]
  /** What its chain has left of each unit that it credits or debits. */
  readonly left: ReadonlyMap<string, bigint>
  /** What its chain may not pass on of each unit with a relay limit that it accepts or debits. */
  readonly bounds: ReadonlyMap<string, Bounds>
}

const NOTHING: Judgement = { voidBecause: null, accepted: [], taken: [], left: new Map(), bounds: new Map() }

/**
 * What each chain may spend: what it accepted and took from the seals it cites, less its own debits. Decided
 * commit by commit from the causal past; what counts in the books never enters.
 */
export class Cover {
  readonly #seals: SealTree
  readonly #transfers: Transfers
  readonly #units: Units
  readonly #relay: RelayLimits
  readonly #left = new Map<string, PathSteps<bigint>>()
  /** First void commit of each branch that has one, by the branch's number. */
  readonly #voidFrom = new Map<number, number>()

  constructor(seals: SealTree, transfers: Transfers, units: Units) {
    this.#seals = seals
    this.#transfers = transfers
    this.#units = units
    this.#relay = new RelayLimits(seals, units)
  }

  /** True while no commit is void. */
  get isPlain(): boolean {
    return this.#voidFrom.size === 0
  }

  /** What the chain has left of a unit behind its commit. */
  left(branch: Branch, seq: number, unit: string): bigint {
    return this.#left.get(unit)?.at(branch, seq) ?? 0n
  }

  /** What of it the chain may not pass on. */
  bound(branch: Branch, seq: number, account: string): bigint {
    return this.#relay.bound(branch, seq, account)
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
    const bounds = new Map<string, BoundParts>()
    for (const { unit, amount } of accepted) this.#boundsOf(unit, commit, bounds)?.accept(amount)
    let voidBecause: VoidReason | null = null
    if (this.isVoid(before)) voidBecause = 'void-before'
    else if (insight.isOutdated) voidBecause = 'epoch-outdated'
    else voidBecause = this.#debit({ left, bounds }, acts, commit, author)
    return { voidBecause, accepted, taken, left, bounds }
  }

  /** Takes up a commit that is now the end of its branch. */
  add({ branch, seq }: JudgedCommit, judgement: Judgement): void {
    if (judgement.voidBecause !== null && !this.isVoid({ branch, seq })) this.#voidFrom.set(branch.index, seq)
    for (const [unit, left] of judgement.left) {
      let steps = this.#left.get(unit)
      if (steps === undefined) this.#left.set(unit, (steps = new PathSteps()))
      steps.set(branch, seq, left)
    }
    for (const [unit, bounds] of judgement.bounds) this.#relay.add({ branch, seq }, unit, bounds)
  }

  /**
   * Takes the acts off what is left; changes nothing when one of them is not valid, since a commit stands as
   * a whole.
   */
  #debit(
    { left, bounds }: { left: Map<string, bigint>; bounds: Map<string, BoundParts> },
    acts: readonly Act[],
    commit: JudgedCommit,
    author: string,
  ): VoidReason | null {
    const after = new Map<string, bigint>()
    const boundAfter = new Map<string, BoundParts>([...bounds].map(([unit, parts]) => [unit, parts.copy()]))
    const defined = new Set<string>()
    const had = (account: string): bigint =>
      after.get(account) ?? left.get(account) ?? this.left(commit.branch, commit.seq - 1, account)
    for (const act of acts) {
      if (!isWellFormed(act, author)) return 'malformed'
      if (act.kind === 'define') {
        if (defined.has(act.unit) || this.#isDefinedBefore(act, commit)) return 'defined-twice'
        defined.add(act.unit)
        const right = act.unit + ACCOUNTS.right
        if (act.supply > 0n) after.set(right, had(right) + act.supply)
        continue
      }
      const { unit, amount } = act
      if (!this.#units.isKnown(unit, commit) && !defined.has(unitOf(unit))) return 'unknown-unit'
      const covered = had(unit)
      if (covered < amount) return 'uncovered'
      after.set(unit, covered - amount)
      const parts = this.#boundsOf(unitOf(unit), commit, boundAfter)
      if (act.kind === 'transfer') {
        if (parts !== null && covered - amount < parts.held) return 'relay-limit'
        continue
      }
      parts?.move(unit, act.into, amount)
      if (act.into !== undefined) after.set(act.into, had(act.into) + amount)
    }
    for (const [account, amount] of after) left.set(account, amount)
    for (const [unit, parts] of boundAfter) bounds.set(unit, parts)
    return null
  }

  /** The bounds of a unit that the commit works on; null where the unit has no limit. */
  #boundsOf(unit: string, commit: JudgedCommit, bounds: Map<string, BoundParts>): BoundParts | null {
    let parts = bounds.get(unit) ?? null
    if (parts !== null) return parts
    parts = this.#relay.before(unit, commit)
    if (parts !== null) bounds.set(unit, parts)
    return parts
  }

  #isDefinedBefore({ unit }: Define, { branch, seq }: JudgedCommit): boolean {
    return this.#units.isDefinedOn(unit, { branch, seq: seq - 1 })
  }

  #allowances(commit: JudgedCommit, insight: Insight, before: Place): IssuedAllowance[] {
    return this.#seals
      .allowancesTo(commit.branch.device, insight.epochBefore, commit.epoch)
      .filter((it) => !it.takenAt.some((place) => isAtOrBefore(place, before)))
  }
}

function isWellFormed(act: Act, author: string): boolean {
  if (act.kind === 'define') return isDefinition(act)
  if (!isAmount(act.amount)) return false
  if (act.kind === 'transfer') return act.to !== author && isHeld(act.unit)
  return act.into === undefined || (act.into !== act.unit && unitOf(act.into) === unitOf(act.unit))
}
