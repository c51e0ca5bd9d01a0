import type { Account, AccountTable, NamedUnit } from './account-table.ts'
import { ACCOUNTS, isHeld, unitOf } from './account.ts'
import { isAmount } from './act.ts'
import type { Act, Define, Fact, Transfer } from './act.ts'
import { isAtOrBefore } from './branches.ts'
import type { Branch, Branches, Place } from './branches.ts'
import type { Insight, JudgedCommit } from './insight.ts'
import { Purse } from './purse.ts'
import type { LeftBehind } from './purse.ts'
import { RelayLimits } from './relay-limits.ts'
import type { BoundParts, Bounds } from './relay-limits.ts'
import type { IssuedAllowance, SealTree } from './seal-tree.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import type { PlacedTransfer, Transfers } from './transfers.ts'
import type { Range } from './trusted.ts'
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
  /** What its chain has left on each account that it credits or debits. */
  readonly left: LeftBehind
  /** What its chain may not pass on of each unit with a relay limit that it accepts or debits; null for none. */
  readonly bounds: ReadonlyMap<NamedUnit, Bounds> | null
}

/** Acts of an ordinary commit: of so few each is looked at by itself. */
const FEW_ACTS = 8
const NO_TRANSFERS: readonly PlacedTransfer[] = []
const NO_ALLOWANCES: readonly IssuedAllowance[] = []
const NOTHING: Judgement = {
  voidBecause: null,
  accepted: NO_TRANSFERS,
  taken: NO_ALLOWANCES,
  left: { accounts: [], amounts: [] },
  bounds: null,
}

/** What a cover is decided by. */
export interface CoverParts {
  readonly accounts: AccountTable
  readonly seals: SealTree
  readonly transfers: Transfers
  readonly units: Units
}

/**
 * What each chain may spend: what it accepted and took from the seals it cites, less its own debits. Decided
 * commit by commit from the causal past; what counts in the books never enters.
 */
export class Cover {
  readonly #accounts: AccountTable
  readonly #seals: SealTree
  readonly #transfers: Transfers
  readonly #units: Units
  readonly #relay: RelayLimits
  readonly #purse = new Purse()
  /** First void commit of each branch that has one, by the branch's number. */
  readonly #voidFrom = new Map<number, number>()

  constructor({ accounts, seals, transfers, units }: CoverParts) {
    this.#accounts = accounts
    this.#seals = seals
    this.#transfers = transfers
    this.#units = units
    this.#relay = new RelayLimits(seals, units)
  }

  /** What the chain has left on an account behind its commit. */
  left(branch: Branch, seq: number, name: string): bigint {
    const account = this.#accounts.find(name)
    return account === undefined ? 0n : this.#purse.left(branch, seq, account)
  }

  /** What of it the chain may not pass on. */
  bound(branch: Branch, seq: number, name: string): bigint {
    const account = this.#accounts.find(name)
    return account === undefined ? 0n : this.#relay.bound(branch, seq, account)
  }

  /** True once the debits of any chain are void. */
  get hasVoid(): boolean {
    return this.#voidFrom.size > 0
  }

  /** True when the debits of the commit are void. */
  isVoid({ branch, seq }: Place): boolean {
    if (this.#voidFrom.size === 0) return false
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
    const accepted = this.#accepted(insight.news, branch.device)
    const taken =
      insight.epochBefore === commit.epoch ? NO_ALLOWANCES : this.#allowances(commit, insight, before)
    const takesNothing = acts.length === 0 && accepted.length === 0 && taken.length === 0
    if (takesNothing && !insight.isOutdated && this.#voidFrom.size === 0) return NOTHING
    let bounds = this.#credit(commit, accepted, taken)
    let voidBecause: VoidReason | null = null
    if (this.isVoid(before)) voidBecause = 'void-before'
    else if (insight.isOutdated) voidBecause = 'epoch-outdated'
    else if (acts.length > 0) {
      voidBecause = this.#debit(acts, commit, author, bounds)
      // A commit stands as a whole: what the acts before did is undone.
      if (voidBecause !== null) bounds = this.#credit(commit, accepted, taken)
    }
    return { voidBecause, accepted, taken, left: this.#purse.result(), bounds }
  }

  /** Takes up a commit that is now the end of its branch. */
  add({ branch, seq }: JudgedCommit, { voidBecause, left, bounds }: Judgement): void {
    if (voidBecause !== null && !this.isVoid({ branch, seq })) this.#voidFrom.set(branch.index, seq)
    this.#purse.keep(branch, seq, left)
    if (bounds !== null) for (const [unit, parts] of bounds) this.#relay.add({ branch, seq }, unit, parts)
  }

  save(out: SnapshotWriter, branches: Branches): void {
    this.#purse.save(out, branches)
    this.#relay.save(out, branches)
    out.list([...this.#voidFrom], ([branch, seq]) => {
      out.count(branch)
      out.count(seq)
    })
  }

  load(from: SnapshotReader, branches: Branches): void {
    this.#purse.load(from, branches)
    this.#relay.load(from, branches)
    from.each(() => this.#voidFrom.set(from.count(), from.count()))
  }

  /** No chain trusts a commit twice, so none accepts a transfer twice. */
  #accepted(news: readonly Range[], device: number): readonly PlacedTransfer[] {
    let accepted: PlacedTransfer[] | null = null
    for (const range of news) {
      const found = this.#transfers.inTo(range, device)
      if (found.length > 0) accepted = accepted === null ? found : accepted.concat(found)
    }
    return accepted ?? NO_TRANSFERS
  }

  /** Starts with what the chain has left, and adds what the commit takes in. */
  #credit(
    commit: JudgedCommit,
    accepted: readonly PlacedTransfer[],
    taken: readonly IssuedAllowance[],
  ): Map<NamedUnit, BoundParts> | null {
    const bounds = this.#units.hasLimits ? new Map<NamedUnit, BoundParts>() : null
    this.#purse.begin(commit.branch, commit.seq - 1)
    for (const { account, amount } of accepted) {
      this.#purse.add(account, amount)
      if (bounds !== null) this.#boundsOf(account.unit, commit, bounds)?.accept(amount)
    }
    for (const { account, amount } of taken) this.#purse.add(account, amount)
    return bounds
  }

  /** Takes the acts off what is left, until one of them is not valid. */
  #debit(
    acts: readonly Act[],
    commit: JudgedCommit,
    author: string,
    bounds: Map<NamedUnit, BoundParts> | null,
  ): VoidReason | null {
    const purse = this.#purse
    let defined: Set<string> | null = null
    // Of a unit that a cheat defined on many branches finding out takes long: in a long list once for each.
    const known = acts.length > FEW_ACTS ? new Set<NamedUnit>() : null
    for (const act of acts) {
      if (act.kind === 'define') {
        if (!isDefinition(act)) return 'malformed'
        if (defined?.has(act.unit) === true || this.#isDefinedBefore(act, commit)) return 'defined-twice'
        defined = (defined ?? new Set()).add(act.unit)
        if (act.supply > 0n) purse.add(this.#accounts.add(act.unit + ACCOUNTS.right), act.supply)
        continue
      }
      const { amount } = act
      const from = this.#accounts.find(act.unit)
      if (!this.#isWellFormed(act, from, author)) return 'malformed'
      if (from === undefined || known?.has(from.unit) !== true) {
        if (!this.#isKnown(act.unit, from, commit, defined)) return 'unknown-unit'
        if (from !== undefined) known?.add(from.unit)
      }
      if (from === undefined) return 'uncovered'
      const covered = purse.now(from)
      if (covered < amount) return 'uncovered'
      purse.add(from, -amount)
      const parts = bounds === null ? null : this.#boundsOf(from.unit, commit, bounds)
      if (act.kind === 'transfer') {
        if (parts !== null && covered - amount < parts.held) return 'relay-limit'
        continue
      }
      const into = act.into === undefined ? null : this.#accounts.add(act.into)
      if (into !== null) purse.add(into, amount)
      parts?.move(from, into, amount)
    }
    return null
  }

  #isWellFormed(act: Transfer | Fact, from: Account | undefined, author: string): boolean {
    if (!isAmount(act.amount)) return false
    if (act.kind === 'transfer')
      return act.to !== author && (from === undefined ? isHeld(act.unit) : from.place === 0)
    if (act.into === undefined) return true
    const into = from === undefined ? undefined : this.#accounts.find(act.into)
    if (from !== undefined && into !== undefined) return from !== into && from.unit === into.unit
    return act.into !== act.unit && unitOf(act.into) === unitOf(act.unit)
  }

  #isKnown(
    name: string,
    account: Account | undefined,
    commit: JudgedCommit,
    defined: ReadonlySet<string> | null,
  ): boolean {
    const unit = account === undefined ? this.#accounts.findUnit(unitOf(name)) : account.unit
    return defined?.has(unitOf(name)) === true || this.#units.isKnown(unit, commit)
  }

  /** The bounds of a unit that the commit works on; null where the unit has no limit. */
  #boundsOf(unit: NamedUnit, commit: JudgedCommit, bounds: Map<NamedUnit, BoundParts>): BoundParts | null {
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
