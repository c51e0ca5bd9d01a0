import { firstToTrust } from './acceptance.ts'
import { AccountTable } from './account-table.ts'
import type { Act, ActName, Allowance } from './act.ts'
import type { Balance, BalanceChange } from './balances.ts'
import type { UnitSums } from './books.ts'
import { Branches } from './branches.ts'
import type { Branch, Links, Place } from './branches.ts'
import { ChangeLog } from './change-log.ts'
import type { Changes } from './change-log.ts'
import { Cover } from './cover.ts'
import type { Judgement } from './cover.ts'
import { DeviceTable } from './device-table.ts'
import { Insights } from './insight.ts'
import type { Insight, JudgedCommit } from './insight.ts'
import { Reach } from './reach.ts'
import { FOUNDING, SealTree } from './seal-tree.ts'
import type { Seal, SealFacts, SealRefusal } from './seal-tree.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import type { EvaluationParts } from './snapshot.ts'
import { Standings } from './standings.ts'
import type { Shift, Standing } from './standings.ts'
import { Tally } from './tally.ts'
import type { PlacedTransfer } from './transfers.ts'
import { unitTotals } from './unit-totals.ts'
import type { UnitTotals } from './unit-totals.ts'
import { Units } from './units.ts'
import type { UnitDefinition } from './units.ts'
import { JudgedVerdict } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** What an evaluation stands on. */
export interface EvaluationInit {
  /** The commits. May run ahead of the evaluation; orders are appended one by one. */
  graph: Links
  /** Key of a device of the graph, as text; the same text names it in acts and seals. */
  keyOf(device: number): string
  /** What devices hold from the start: issued by the founding epoch. None by default. */
  founding?: readonly Allowance[]
  /** Whether a debit of a unit that nothing in a commit's past defines voids the commit. False by default. */
  demandsUnits?: boolean
}

/** A commit that a device is about to write at the end of its chain. */
export interface CommitDraft {
  /** Key of the author. */
  device: string
  /** Order of the author's last commit; -1 for its first. */
  prev: number
  /** Orders of the heads that it will list, of other devices than its own. */
  seen: readonly number[]
  /** Seal number of the epoch that it will cite. */
  epoch: number
  acts: readonly Act[]
}

/** A question that an evaluation is to answer for good: what a chain had on an account before a commit. */
export interface Mark {
  order: number
  account: string
}

/** What appending a commit did. */
export interface Appended {
  verdict: Verdict
  changes: Changes
  /** Heads (orders) that it lists and does not trust up to themselves, with the seq up to which it does; -1: nothing. */
  cut: ReadonlyMap<number, number>
}

/** What became of a seal: its number, which is also that of the epoch it starts, or why it cannot stand. */
export type SealResult = { ok: true; seal: number; changes: Changes } | { ok: false; refusal: SealRefusal }

/**
 * Valid, accepted, counted: what every commit may say, who accepted it, and how it stands under the chosen
 * line of seals (docs/protocol/evaluation.md). A pure function of the commits, the seals and the chosen line;
 * kept up to date commit by commit, at a cost in proportion to the change.
 */
export class Evaluation {
  readonly #graph: EvaluationInit['graph']
  readonly #accounts = new AccountTable()
  readonly #devices = new DeviceTable()
  readonly #branches: Branches
  readonly #seals: SealTree
  readonly #insights: Insights
  readonly #standings: Standings
  readonly #units: Units
  readonly #tally: Tally
  readonly #cover: Cover
  readonly #areUnitsDemanded: boolean
  readonly #reach: Reach
  /** What was saved of marks, by `nameOf`. */
  readonly #marked = new Map<string, bigint>()

  constructor({ graph, keyOf, founding = [], demandsUnits = false }: EvaluationInit) {
    this.#graph = graph
    this.#areUnitsDemanded = demandsUnits
    this.#branches = new Branches(graph, this.#devices, keyOf)
    this.#reach = new Reach(this.#branches)
    this.#seals = new SealTree(this.#branches, { devices: this.#devices, accounts: this.#accounts }, founding)
    this.#insights = new Insights(this.#branches, graph, this.#seals)
    const seal = this.#seals.at(FOUNDING)
    this.#standings = new Standings(this.#branches, this.#insights.outlook, seal)
    this.#units = new Units(graph, this.#accounts, demandsUnits)
    this.#tally = new Tally({
      accounts: this.#accounts,
      devices: this.#devices,
      seals: this.#seals,
      standings: this.#standings,
      units: this.#units,
    })
    this.#cover = new Cover({
      accounts: this.#accounts,
      seals: this.#seals,
      transfers: this.#tally.transfers,
      units: this.#units,
    })
  }

  /** Number of appended commits. */
  get length(): number {
    return this.#branches.length
  }

  /** Seal number of the last seal of the chosen line. */
  get tip(): number {
    return this.#standings.tip.index
  }

  /** Number of a seal by its id, or -1 when it was not added. */
  findSeal(id: string): number {
    return this.#seals.find(id)
  }

  /** Id of a seal by its number; that of the founding epoch is empty. */
  sealId(seal: number): string {
    return this.#seals.at(seal).id
  }

  /**
   * Adds a seal whose parent and frontier commits are here. It changes how commits stand only by the fork
   * proofs that it records, until the line is chosen to run over it. Adding it again changes nothing.
   */
  addSeal(facts: SealFacts): SealResult {
    const log = new ChangeLog(this.#graph, -1)
    const known = this.#seals.find(facts.id)
    if (known >= 0) return { ok: true, seal: known, changes: log.changes() }
    const refusal = this.#seals.refusalOf(facts)
    if (refusal !== null) return { ok: false, refusal }
    const seal = this.#seals.add(facts)
    for (const [device, seq] of seal.forkProofs) this.#move(this.#standings.learnFork(device, seq), log)
    return { ok: true, seal: seal.index, changes: log.changes() }
  }

  /** Makes the line that ends with this seal the one that counts. */
  chooseTip(seal: number): Changes {
    const log = new ChangeLog(this.#graph, -1)
    const before = this.#standings.tip
    const after = this.#seals.at(seal)
    for (const { allowances } of this.#seals.between(after, before)) this.#tally.moveIssuer(allowances, false)
    for (const { allowances } of this.#seals.between(before, after)) this.#tally.moveIssuer(allowances, true)
    this.#move(this.#standings.choose(after), log)
    return log.changes()
  }

  /** Judges a commit that is not written yet, so that an honest author never signs a void one. */
  judge(draft: CommitDraft): Verdict {
    this.#wake()
    const device = this.#devices.find(draft.device)
    const prev = draft.prev < 0 ? null : this.#branches.placeOf(draft.prev)
    if (prev !== null && prev.branch.end !== draft.prev)
      throw new RangeError('a draft stands at the end of a branch')
    if (
      !this.#reach.holdsNext(
        () => draft.prev,
        () => device,
      )
    )
      throw new RangeError('a draft is out of reach')
    const branch = prev?.branch ?? { index: -1, device, parent: null, base: 0, first: -1, end: -1, last: -1 }
    const { seen } = draft
    const pastOf = [draft.prev, ...seen]
    const epoch = this.#seals.at(draft.epoch)
    const commit = { branch, seq: (prev?.seq ?? -1) + 1, seen, pastOf, epoch }
    return new JudgedVerdict(this.#judge(commit, draft.acts, draft.device).judgement)
  }

  /**
   * Takes up the next commit: `order` is `length`, and everything that it builds on, lists and cites is here.
   *
   * @param isOutdated - its past proves a descendant of the epoch, whether or not any commit cites one
   */
  append(order: number, epoch: number, acts: readonly Act[], isOutdated: boolean = false): Appended {
    this.#wake()
    if (order !== this.length) throw new RangeError(`commit ${this.length} comes next, not ${order}`)
    if (this.needsHistory(order)) throw new RangeError(`commit ${order} is out of reach`)
    const cited = this.#seals.at(epoch)
    const plain = isOutdated ? null : this.#plainBranch(order, cited)
    if (plain !== null) return this.#appendTo(plain, order, cited, acts)
    const { branch, isNew } = this.#branches.extend(order)
    // Nothing is read of the heads where all know the same.
    const isAlike = acts.length === 0 && !isOutdated && this.#insights.areAlike(cited)
    const seen = isAlike ? NONE : this.#graph.seenOf(order)
    if (isNew) this.#insights.trusted.start(branch, this.#graph.prevOf(order))
    const commit = { branch, seq: branch.last, seen, pastOf: [order], epoch: cited, isOutdated }
    const { insight, judgement } = this.#judge(commit, acts, this.#devices.keyOf(branch.device))
    this.#insights.add(commit, insight)
    this.#cover.add(commit, judgement)
    const log = new ChangeLog(this.#graph, order)
    this.#standings.extended(branch, cited)
    if (isNew && this.#branches.of(branch.device).length > 1)
      this.#move(this.#standings.learnFork(branch.device, branch.base), log)
    this.#record(order, { branch, seq: branch.last }, { judgement, acts, log })
    return { verdict: new JudgedVerdict(judgement), changes: log.changes(), cut: insight.cut }
  }

  /**
   * As `append`, for a commit without acts that changes nothing beside its chain's length: it goes on the only branch of
   * its device, knows and cites what the commit before does, lists who knows the same, and nothing stored is forked, closed
   * or late, nor its chain void, and nothing is paid to it; or it is its device's first, and all know and cite the same.
   * False, and nothing is done, where that is not so. Most commits are such, and a log that opens has a million.
   */
  appendPlain(order: number, epoch: number): boolean {
    if (order !== this.length || this.needsHistory(order)) return false
    this.#wake()
    const cited = this.#seals.at(epoch)
    if (this.#graph.prevOf(order) < 0) return this.#beginPlain(order, cited)
    const branch = this.#plainBranch(order, cited)
    if (branch === null || this.#cover.isVoid({ branch, seq: branch.last })) return false
    const { transfers } = this.#tally
    const { trusted } = this.#insights
    const isPaid = (head: number): boolean => {
      const payer = this.#branches.branchOf(head)
      return transfers.isPaidAbove(branch.device, payer, trusted.upTo(branch, payer))
    }
    if (trusted.isAwake && !this.#graph.everySeen(order, (head) => !isPaid(head))) return false
    this.#branches.lengthen(branch, order)
    trusted.follow(order, { branch, seq: branch.last }, NEVER)
    return true
  }

  /** `appendPlain` of a first commit. */
  #beginPlain(order: number, cited: Seal): boolean {
    const device = this.#branches.deviceOf(order)
    const isPlain =
      this.#branches.of(device).length === 0 &&
      this.#insights.areAlike(cited) &&
      this.#standings.isUntouched &&
      this.#seals.allowancesTo(device, null, cited).length === 0 &&
      !this.#cover.hasVoid
    if (isPlain) this.#insights.begin(this.#branches.extend(order).branch, cited)
    return isPlain
  }

  /** How a commit stands under the chosen line. */
  standingOf(order: number): Standing {
    return this.#standings.of(this.#branches.placeOf(order))
  }

  /** Seq up to which the chain that ends with the commit is neither contested nor late; -1 for nothing of it. */
  goodUpTo(order: number): number {
    const { branch, seq } = this.#branches.placeOf(order)
    return Math.min(seq, this.#standings.goodUpTo(branch))
  }

  /**
   * Seq on the chain of a head that the commit lists, up to which it trusts that chain: its own unless the chain is
   * contested or late there by what the commit knows and cites; -1 for nothing.
   */
  trustedUpTo(order: number, head: number): number {
    return this.#insights.trusted.upToHead(order, head)
  }

  /**
   * True when `earlier` is neither contested nor late by what the commit `order` knows and cites. The same on every
   * replica.
   */
  isGoodFor(order: number, earlier: number): boolean {
    const place = this.#branches.placeOf(order)
    const epoch = this.#insights.epochAt(place) ?? this.#seals.at(FOUNDING)
    return this.#insights.isGood({ ...place, pastOf: [order], epoch }, this.#branches.placeOf(earlier))
  }

  /** As `isGoodFor`, for a commit that is not written yet. */
  isGoodForDraft({ prev, seen, epoch }: Omit<CommitDraft, 'device' | 'acts'>, earlier: number): boolean {
    const pastOf = [prev, ...seen]
    const heads = pastOf.filter((order) => order >= 0).map((order) => this.#branches.placeOf(order))
    return this.#insights.isGoodFrom(heads, pastOf, this.#seals.at(epoch), this.#branches.placeOf(earlier))
  }

  /** Seals that commits of the pasts of these cite, themselves included, without those that another of them goes on from. */
  knownTips(orders: readonly number[]): number[] {
    return this.#insights.tipsKnownAt(orders.map((order) => this.#branches.placeOf(order)))
  }

  /** True when the line of the second seal holds the first, or they are one. */
  isOnLine(seal: number, of: number): boolean {
    return this.#seals.isAtOrBefore(this.#seals.at(seal), this.#seals.at(of))
  }

  /**
   * Closes the chains that begin with a first commit, under a seal that is here: they stand on an admission by who did
   * not know that the seal removes the member. To be called before anything else is judged.
   */
  close(first: number, seal: number): Changes {
    const log = new ChangeLog(this.#graph, -1)
    this.#seals.closeFrom(first, this.#seals.at(seal))
    this.#move(this.#standings.reopened(this.#branches.deviceOf(first)), log)
    return log.changes()
  }

  /** True when the debits of a commit are void, by its causal past alone. */
  isVoid(order: number): boolean {
    return this.#cover.isVoid(this.#branches.placeOf(order))
  }

  /**
   * True when the act stands in the books: it is valid, and a fact, or accepted, or neither contested nor
   * late.
   */
  isCounted({ order, act }: ActName): boolean {
    const place = this.#branches.placeOf(order)
    if (this.#cover.isVoid(place)) return false
    return this.#transferOf(place, act)?.isCounted ?? true
  }

  /**
   * Orders of the receiver's commits that accepted the transfer: one on each of its branches that did; ascending.
   *
   * @param to - key of the receiver, needed below what was restored: of accepted transfers there the evaluation does not
   *   know it
   */
  acceptedBy({ order, act }: ActName, to?: string): number[] {
    const place = this.#branches.placeOf(order)
    const transfer = this.#transferOf(place, act)
    if (transfer !== undefined) return [...transfer.acceptedBy].sort((a, b) => a - b)
    if (this.#reach.holds(place) || this.isVoid(order)) return []
    if (to === undefined) throw new RangeError(`commit ${order} is out of reach`)
    const parts = { branches: this.#branches, links: this.#graph, trusted: this.#insights.trusted }
    return firstToTrust(order, this.#devices.find(to), parts)
  }

  /** True when anybody accepted the transfer. */
  isAccepted({ order, act }: ActName): boolean {
    const place = this.#branches.placeOf(order)
    const transfer = this.#transferOf(place, act)
    if (transfer !== undefined) return transfer.acceptedBy.length > 0
    return !this.#reach.holds(place) && !this.isVoid(order)
  }

  /** Heads (orders) that commits list and do not trust up to themselves, by commit: see `Appended.cut`. */
  get cuts(): ReadonlyMap<number, ReadonlyMap<number, number>> {
    return this.#insights.trusted.cuts
  }

  /** What the chain may still spend behind a commit, minor units: by that commit's causal past alone. */
  left(order: number, unit: string): bigint {
    const { branch, seq } = this.#reachedPlace(order)
    return this.#cover.left(branch, seq, unit)
  }

  /** What the chain could spend before a commit: known of commits that `save` was told to mark as well. */
  leftBefore({ order, account }: Mark): bigint {
    const prev = this.#graph.prevOf(order)
    const marked = this.#marked.get(markName(order, account))
    return marked ?? (prev < 0 ? 0n : this.left(prev, account))
  }

  /** What of it may not be passed on, because of the unit's relay limit: by that commit's causal past alone. */
  bound(order: number, account: string): bigint {
    const { branch, seq } = this.#reachedPlace(order)
    return this.#cover.bound(branch, seq, account)
  }

  /** Units that valid commits defined, however these stand, by name. */
  definitions(): UnitDefinition[] {
    return this.#units.all()
  }

  /** Definition of a unit; undefined while no valid commit here defines it. */
  unit(name: string): UnitDefinition | undefined {
    return this.#units.of(name)
  }

  /** What counts as the device's on an account, minor units; below zero is a deficit. */
  holding(device: string, account: string): bigint {
    return this.#tally.books.holding(this.#devices.find(device), account)
  }

  /** Counted transfers to the device that it has not accepted, minor units. */
  inFlightTo(device: string, account: string): bigint {
    return this.#tally.books.inFlightTo(this.#devices.find(device), account)
  }

  /** What seals that count issued against the device's loss account, less what it has written back; minor units. */
  lossOf(device: string, unit: string): bigint {
    return this.#tally.books.loss(this.#devices.find(device), unit)
  }

  /** What counts as the device's by account, in no order; accounts that are empty are left out. */
  accountsOf(device: string): Map<string, bigint> {
    const rows = this.#tally.books.balances.of(this.#devices.find(device)).filter((row) => row.holding !== 0n)
    return new Map(rows.map(({ account, holding }) => [account.name, holding]))
  }

  /** Keys of the devices that hold something on an account, with how much, in no order; below zero is a deficit. */
  devicesHolding(account: string): Map<string, bigint> {
    const rows = this.#tally.books.holders(account)
    return new Map(rows.map(({ device, holding }) => [this.#devices.keyOf(device), holding]))
  }

  /** Keys of the devices that have, or had, anything on an account of the unit, sorted. */
  devicesOf(unit: string): string[] {
    return [...this.#tally.books.devicesOf(unit)].map((it) => this.#devices.keyOf(it)).sort()
  }

  /** All balances that are not zero, by account and device: equal on replicas with equal commits, seals and line. */
  balances(): Balance[] {
    return this.#tally.books.balances.all()
  }

  /** How balances changed since the last call, by account and device; at the first, since all were zero. */
  takeBalanceChanges(): BalanceChange[] {
    return this.#tally.books.balances.takeChanges()
  }

  /** Sums of one account over all devices. */
  sums(account: string): UnitSums {
    return this.#tally.books.sums(account)
  }

  /** Sums of all accounts of a unit over all devices. */
  totals(unit: string): UnitTotals {
    return unitTotals(unit, (account) => this.sums(account))
  }

  /** Devices that are known to have forked, with the seq at which their chains part. */
  forks(): Map<string, number> {
    return new Map([...this.#standings.forks].map(([device, seq]) => [this.#devices.keyOf(device), seq]))
  }

  /**
   * Commits that a device must list to accept what is on its way to it: one for each branch that pays it. A
   * transfer is accepted only through a head that its receiver lists itself, whatever other heads know.
   */
  incomingTo(device: string): number[] {
    this.#wake()
    const receiver = this.#devices.find(device)
    const own = this.#branches.of(receiver)[0]
    const heads: number[] = []
    for (const branch of this.#tally.transfers.payersOf(receiver)) {
      const from = (own === undefined ? -1 : this.#insights.trusted.upTo(own, branch)) + 1
      const range = { branch, from, to: this.#standings.goodUpTo(branch) }
      const last = this.#tally.transfers.inTo(range, receiver).at(-1)
      if (last !== undefined) heads.push(last.order)
    }
    return heads.sort((a, b) => a - b)
  }

  /**
   * The branch that the next commit goes on, if that is the only one of its device, the commit knows and cites what the one
   * before does, lists who knows the same, and nothing stored is forked, closed or late; else null.
   */
  #plainBranch(order: number, cited: Seal): Branch | null {
    const branch = this.#branches.plainBranchOf(order)
    if (branch === null || !this.#standings.isPlain(cited.height) || !this.#seals.isPlain(cited)) return null
    return this.#insights.isPlain(order, branch, cited) ? branch : null
  }

  /** As `append`, where `#plainBranch` gave the branch: most commits are such, and cost a third. */
  #appendTo(branch: Branch, order: number, cited: Seal, acts: readonly Act[]): Appended {
    this.#branches.lengthen(branch, order)
    const place: Place = { branch, seq: branch.last }
    const { transfers } = this.#tally
    const insight = this.#insights.readPlain(order, place, cited, (payer, above) =>
      transfers.isPaidAbove(branch.device, payer, above),
    )
    const commit: JudgedCommit = { ...place, seen: NONE, pastOf: [order], epoch: cited }
    const judgement = this.#cover.judge(commit, insight, acts, this.#devices.keyOf(branch.device))
    this.#cover.add(commit, judgement)
    const log = new ChangeLog(this.#graph, order)
    this.#record(order, place, { judgement, acts, log })
    return { verdict: new JudgedVerdict(judgement), changes: log.changes(), cut: insight.cut }
  }

  /** Enters in the books what the newest commit, at the end of its branch, takes in and does. */
  #record(
    order: number,
    place: Place,
    { judgement, acts, log }: { judgement: Judgement; acts: readonly Act[]; log: ChangeLog },
  ): void {
    const { voidBecause, accepted, taken } = judgement
    for (const transfer of accepted) this.#tally.accept(transfer, order, log)
    for (const issued of taken) this.#tally.take(issued, place)
    if (voidBecause === null) this.#tally.record(order, place, acts)
  }

  /**
   * All that this evaluation says of the commits so far, without what they did: what is left at the ends of chains, transfers
   * that not every chain of the receiver has accepted, the seals and how all stands. Equal states of one replica give equal
   * bytes.
   *
   * @param marks - what `leftBefore` must be able to answer then
   */
  save(marks: readonly Mark[] = []): Uint8Array {
    const answers = marks.map((mark) => ({ ...mark, left: this.leftBefore(mark) }))
    return writeSnapshot(this.#parts, this.#areUnitsDemanded, answers)
  }

  /**
   * An evaluation that goes on where the one that was saved stood: seals, tip and closings are in it, and may be told again.
   * Of what is below it cannot answer everything, and not take up every commit: see `needsHistory`. Null for bytes of another
   * version or none of `save`; that the graph holds the same commits under the same orders is the host's to make sure of.
   */
  static restore(bytes: Uint8Array, init: Omit<EvaluationInit, 'founding'>): Evaluation | null {
    const evaluation = new Evaluation(init)
    const marks = readSnapshot(bytes, evaluation.#parts, init.demandsUnits ?? false)
    if (marks === null) return null
    for (const { order, account, left } of marks) evaluation.#marked.set(markName(order, account), left)
    evaluation.#reach.begin()
    return evaluation
  }

  get #parts(): EvaluationParts {
    return {
      devices: this.#devices,
      accounts: this.#accounts,
      branches: this.#branches,
      seals: this.#seals,
      insights: this.#insights,
      standings: this.#standings,
      units: this.#units,
      tally: this.#tally,
      cover: this.#cover,
    }
  }

  /**
   * True when the commit is out of reach for an evaluation that was restored: the next commit when it parts a chain below
   * what was restored, or starts one anew, so that it cannot be appended; of a commit that was taken up, when what it left
   * is not known. The host then makes an evaluation of the whole log.
   */
  needsHistory(order: number): boolean {
    if (order !== this.length) return !this.#reach.holds(this.#branches.placeOf(order))
    const prev = (): number => this.#graph.prevOf(order)
    return !this.#reach.holdsNext(prev, () => this.#branches.deviceOf(order))
  }

  /** True when a commit that is not here yet would need history: one of this device (key) behind `prev`, -1 for a first one. */
  wouldNeedHistory(device: string, prev: number): boolean {
    if (prev >= this.length) return false
    return !this.#reach.holdsNext(
      () => prev,
      () => this.#devices.find(device),
    )
  }

  #reachedPlace(order: number): Place {
    const place = this.#branches.placeOf(order)
    if (!this.#reach.holds(place)) throw new RangeError(`commit ${order} is out of reach`)
    return place
  }

  #judge(
    commit: JudgedCommit,
    acts: readonly Act[],
    author: string,
  ): { insight: Insight; judgement: Judgement } {
    const insight = this.#insights.read(commit)
    return { insight, judgement: this.#cover.judge(commit, insight, acts, author) }
  }

  /** What chains trust of each other matters from the first transfer on. */
  #wake(): void {
    if (!this.#tally.transfers.isEmpty) this.#insights.trusted.wake()
  }

  /** Carries new limits of branches over to the books. */
  #move(shifts: readonly Shift[], log: ChangeLog): void {
    for (const shift of shifts) {
      log.regrade(shift)
      this.#tally.regrade(shift, log)
    }
  }

  #transferOf({ branch, seq }: Place, act: number): PlacedTransfer | undefined {
    return this.#tally.transfers.in({ branch, from: seq, to: seq }).find((it) => it.act === act)
  }
}

function markName(order: number, account: string): string {
  return `${order} ${account}`
}

const NONE: readonly number[] = []
const NEVER = (): boolean => false
