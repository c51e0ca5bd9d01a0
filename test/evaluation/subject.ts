import { isDeepStrictEqual } from 'node:util'
import { Evaluation } from '#protocol/evaluation'
import type {
  Allowance,
  Balance,
  Changes,
  Standing,
  UnitTotals,
  Verdict,
  VoidReason,
} from '#protocol/evaluation'
import { History } from '#protocol/history'
import { Visibility } from '#protocol/replica'
import { Intake, itemsOf } from './intake.ts'
import type { Item } from './intake.ts'
import { winner } from './winner.ts'
import type { Witness } from './witness.ts'
import { bytesOf, keyOf } from './world.ts'
import type { Store, World, WorldAllowance, WorldSeal } from './world.ts'

/** What a commit without acts does that changes nothing. */
const PLAIN: { verdict: Verdict; changes: Changes } = {
  verdict: { voidBecause: null, accepted: [], left: new Map() },
  changes: { regraded: [], counted: [], uncounted: [] },
}
const NOBODY: ReadonlySet<number> = new Set()

/**
 * One replica: takes commits and seals in any order, several times over, feeds history, evaluation and visibility what
 * is ready, and keeps what a document would keep: a view that it changes only where they say that something changed.
 */
export class Subject implements Witness {
  readonly world: World
  readonly evaluation: Evaluation
  readonly store: Store = { commits: new Set(), seals: new Set([0]) }
  readonly verdicts: Map<number, Verdict> = new Map()
  /** Visible commits and counted acts, kept up by `Changes` alone. */
  readonly visible: Set<number> = new Set()
  readonly counted: Set<string> = new Set()
  readonly #balances = new Map<string, Balance>()
  /** Commits that were taken up as such that change nothing. */
  plain = 0
  readonly #history = new History(1)
  readonly #visibility: Visibility
  readonly #orders = new Map<number, number>()
  readonly #ids: number[] = []
  readonly #seals = new Map<number, number>([[0, 0]])
  readonly #good = new Map<number, boolean>()
  readonly #intake: Intake

  constructor(world: World) {
    this.world = world
    const history = this.#history
    const evaluation = new Evaluation({
      graph: history,
      keyOf: (device) => keyOf(this.#deviceOf(device)),
      founding: world.founding.map(allowanceOf),
      demandsUnits: world.demandsUnits,
    })
    this.evaluation = evaluation
    this.#intake = new Intake(world, this.store)
    this.#visibility = new Visibility(history, {
      goodUpTo: (order) => evaluation.goodUpTo(order),
      trustedHead: (order, head) => history.branchOf(head).at(evaluation.trustedUpTo(order, head)),
    })
  }

  /** World id of the last seal of the line. */
  get tip(): number {
    return [...this.#seals].find(([, seal]) => seal === this.evaluation.tip)?.[0] ?? 0
  }

  get isStuck(): boolean {
    return this.#intake.isStuck
  }

  /** Balances, kept up by their changes alone, by account and device. */
  balances(): Balance[] {
    for (const { before, after } of this.evaluation.takeBalanceChanges()) {
      const { account, device } = (after ?? before) as Balance
      const name = `${account} ${device}`
      if (!isDeepStrictEqual(this.#balances.get(name) ?? null, before))
        throw new Error(`the balance of ${name} is said to have been another`)
      if (after === null) this.#balances.delete(name)
      else this.#balances.set(name, after)
    }
    return [...this.#balances].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, balance]) => balance)
  }

  receive(item: Item, step?: () => void): void {
    this.#intake.receive(item, ({ kind, id }) => {
      if (kind === 'commit') this.#append(id)
      else this.#seal(this.world.sealAt(id))
      step?.()
    })
  }

  receiveAll(store: Store): void {
    for (const item of itemsOf(store)) this.receive(item)
  }

  orderOf(id: number): number {
    return this.#orders.get(id) as number
  }

  /** World id of a commit of this replica's log. */
  idOf(order: number): number {
    return this.#ids[order] as number
  }

  sealOf(id: number): number {
    return this.#seals.get(id) as number
  }

  standing(id: number): Standing {
    return this.evaluation.standingOf(this.orderOf(id))
  }

  voidReason(id: number): VoidReason | null {
    return this.verdicts.get(id)?.voidBecause ?? null
  }

  left(id: number, account: string): bigint {
    return this.evaluation.left(this.orderOf(id), account)
  }

  isShown(id: number): boolean {
    return this.visible.has(id)
  }

  holding(device: number, account: string): bigint {
    return this.evaluation.holding(keyOf(device), account)
  }

  inFlightTo(device: number, account: string): bigint {
    return this.evaluation.inFlightTo(keyOf(device), account)
  }

  lossOf(device: number, unit: string): bigint {
    return this.evaluation.lossOf(keyOf(device), unit)
  }

  totals(unit: string): UnitTotals {
    return this.evaluation.totals(unit)
  }

  isCounted(id: number, act: number): boolean {
    return this.evaluation.isCounted({ order: this.orderOf(id), act })
  }

  /** Accepted transfers of a commit, as `commit.act` in ids of the world, sorted. */
  accepts(id: number): string[] {
    return (this.verdicts.get(id)?.accepted ?? []).map((it) => `${this.idOf(it.order)}.${it.act}`).sort()
  }

  /** Commits that accepted the act, in ids of the world. */
  acceptedBy(id: number, act: number): number[] {
    return this.evaluation.acceptedBy({ order: this.orderOf(id), act }).map((it) => this.idOf(it))
  }

  #append(id: number): void {
    const { device, seq, prev, seen, epoch, acts } = this.world.at(id)
    const links = { prev: prev < 0 ? -1 : this.orderOf(prev), seen: seen.map((it) => this.orderOf(it)) }
    const draft = { device: keyOf(device), ...links, epoch: this.sealOf(epoch), acts }
    const isAtEnd = prev < 0 ? !this.#hasWritten(device) : this.#isEnd(prev)
    const foretold = isAtEnd ? this.evaluation.judge(draft) : null
    const order = this.#history.add({ device: bytesOf(device), seq, id: bytesOf(id), ...links })
    this.#orders.set(id, order)
    this.#ids[order] = id
    this.store.commits.add(id)
    const isPlain =
      acts.length === 0 && !this.#visibility.hasDoubts && this.evaluation.appendPlain(order, draft.epoch)
    if (isPlain) this.plain += 1
    const { verdict, changes } = isPlain ? PLAIN : this.evaluation.append(order, draft.epoch, acts)
    this.verdicts.set(id, verdict)
    if (foretold !== null && !isSame(foretold, verdict))
      throw new Error(`commit ${id} was foretold another verdict`)
    if (isPlain) this.#visibility.pass(order + 1)
    const changed = isPlain ? NOBODY : this.#visibility.note(order, changes.regraded)
    if (this.#visibility.isVisible(order)) this.visible.add(id)
    this.#recount(id)
    this.#follow(changes, changed)
  }

  #seal(seal: WorldSeal): void {
    const result = this.evaluation.addSeal({
      id: `seal-${seal.id}`,
      parent: this.sealOf(seal.parent),
      frontier: [...seal.frontier.values()].map((id) => this.orderOf(id)),
      closed: seal.closed.map(keyOf),
      floor: seal.floor,
      forkProofs: [...seal.proofs].map(([device, seq]) => ({ device: keyOf(device), seq })),
      allowances: seal.allowances.map(allowanceOf),
    })
    if (!result.ok) throw new Error(`seal ${seal.id}: ${result.refusal}`)
    this.#seals.set(seal.id, result.seal)
    this.store.seals.add(seal.id)
    this.#follow(result.changes, this.#visibility.regrade(result.changes.regraded))
    const chosen = this.evaluation.chooseTip(this.sealOf(winner(this.world, this.store.seals)))
    this.#follow(chosen, this.#visibility.regrade(chosen.regraded))
  }

  #follow({ regraded, counted, uncounted }: Changes, devices: ReadonlySet<number>): void {
    if (!isDeepStrictEqual(regraded, this.#regrade()))
      throw new Error(`devices ${regraded.join()} are said to be regraded`)
    for (const id of devices.size > 0 ? this.store.commits : []) {
      const order = this.orderOf(id)
      if (!devices.has(this.#history.deviceOf(order))) continue
      if (this.#visibility.isVisible(order)) this.visible.add(id)
      else this.visible.delete(id)
    }
    for (const order of [...counted, ...uncounted]) this.#recount(this.idOf(order))
  }

  #recount(id: number): void {
    for (const act of this.world.at(id).acts.keys()) {
      if (this.isCounted(id, act)) this.counted.add(`${id}.${act}`)
      else this.counted.delete(`${id}.${act}`)
    }
  }

  /** Devices of the history of which commits became good or are good no longer since the last call. */
  #regrade(): number[] {
    const devices = new Set<number>()
    for (const [order, id] of this.#ids.entries()) {
      const { isContested, isLate } = this.standing(id)
      const isGood = !isContested && !isLate
      const was = this.#good.get(id)
      if (was !== undefined && was !== isGood) devices.add(this.#history.deviceOf(order))
      this.#good.set(id, isGood)
    }
    return [...devices].sort((a, b) => a - b)
  }

  /** Number in the world of a device of the history. */
  #deviceOf(device: number): number {
    return new DataView(this.#history.keyOf(device).slice().buffer).getUint32(0)
  }

  #hasWritten(device: number): boolean {
    return [...this.store.commits].some((id) => this.world.at(id).device === device)
  }

  #isEnd(id: number): boolean {
    return ![...this.store.commits].some((other) => this.world.at(other).prev === id)
  }
}

function allowanceOf({ device, unit, amount, insteadOf }: WorldAllowance): Allowance {
  const allowance = { device: keyOf(device), unit, amount }
  return insteadOf < 0 ? allowance : { ...allowance, against: keyOf(insteadOf) }
}

function isSame(one: Verdict, other: Verdict): boolean {
  const rows = (verdict: Verdict): string =>
    JSON.stringify([
      verdict.voidBecause,
      verdict.accepted,
      [...verdict.left].map(([unit, left]) => [unit, String(left)]),
    ])
  return rows(one) === rows(other)
}
