import type { AccountTable } from './account-table.ts'
import { ACCOUNTS } from './account.ts'
import type { Act, ActName, Define, Fact, Transfer } from './act.ts'
import { Books } from './books.ts'
import type { Place } from './branches.ts'
import type { ChangeLog } from './change-log.ts'
import type { DeviceTable } from './device-table.ts'
import type { IssuedAllowance, SealTree } from './seal-tree.ts'
import type { Shift, Standings } from './standings.ts'
import { Transfers } from './transfers.ts'
import type { PlacedTransfer } from './transfers.ts'
import type { Units } from './units.ts'

/** What a tally keeps its books by. */
export interface TallyParts {
  readonly accounts: AccountTable
  readonly devices: DeviceTable
  readonly seals: SealTree
  readonly standings: Standings
  readonly units: Units
}

/** Decides which valid acts count, and keeps the books by it. */
export class Tally {
  readonly books: Books
  readonly transfers: Transfers = new Transfers()
  readonly #accounts: AccountTable
  readonly #devices: DeviceTable
  readonly #seals: SealTree
  readonly #standings: Standings
  readonly #units: Units

  constructor({ accounts, devices, seals, standings, units }: TallyParts) {
    this.books = new Books(accounts, devices)
    this.#accounts = accounts
    this.#devices = devices
    this.#seals = seals
    this.#standings = standings
    this.#units = units
    for (const issued of standings.tip.allowances) this.books.issue(issued, true)
  }

  /** Enters the acts of a commit whose debits are valid. */
  record(order: number, place: Place, acts: readonly Act[]): void {
    const isGood = place.seq <= this.#standings.goodUpTo(place.branch)
    for (const [index, act] of acts.entries()) {
      if (act.kind === 'define') {
        this.#define(order, place, act)
        continue
      }
      this.#units.noteKnown(this.#accounts.add(act.unit).unit, place)
      if (act.kind === 'fact') this.#enterFact(place.branch.device, act)
      else this.#enterTransfer({ order, act: index }, place, act, isGood)
    }
  }

  /** Enters that a commit accepts a transfer: from now on both sides count for ever. */
  accept(transfer: PlacedTransfer, by: number, log: ChangeLog): void {
    if (!transfer.isCounted) log.recount(transfer.order, true)
    if (transfer.acceptedBy.length === 0) this.books.accept(transfer)
    // A pushed array would reserve room for 17.
    transfer.acceptedBy = [...transfer.acceptedBy, by]
  }

  /** Enters that a commit takes an allowance. Of a seal that lost, it counts from now on all the same. */
  take(issued: IssuedAllowance, place: Place): void {
    const isOnLine = this.#seals.isAtOrBefore(this.#seals.at(issued.seal), this.#standings.tip)
    if (issued.takenAt.length === 0 && !isOnLine) {
      this.books.issue(issued, true)
      this.books.setAside(issued, true)
    }
    issued.takenAt.push(place)
  }

  /** Enters that a seal comes onto the chosen line, or leaves it. */
  moveIssuer(allowances: readonly IssuedAllowance[], isOnLine: boolean): void {
    for (const issued of allowances) {
      if (issued.takenAt.length > 0) this.books.setAside(issued, !isOnLine)
      else this.books.issue(issued, isOnLine)
    }
  }

  /** Counts anew the transfers that nobody accepted between the old and the new limit of a branch. */
  regrade({ branch, goodBefore, goodAfter }: Shift, log: ChangeLog): void {
    if (goodBefore === goodAfter) return
    const range = { branch, from: Math.min(goodBefore, goodAfter) + 1, to: Math.max(goodBefore, goodAfter) }
    const isCounted = goodAfter > goodBefore
    for (const transfer of this.transfers.in(range)) {
      if (transfer.acceptedBy.length > 0) continue
      this.books.count(transfer, isCounted)
      log.recount(transfer.order, isCounted)
    }
  }

  /** The supply is the device's once: a branch that defines the unit too has it from the same definition. */
  #define(order: number, place: Place, define: Define): void {
    const { device } = place.branch
    const isFirst = !this.#units.isDefinedBy(define.unit, device)
    this.#units.define(order, place, define)
    if (isFirst && define.supply > 0n)
      this.books.supply(device, this.#accounts.add(define.unit + ACCOUNTS.right), define.supply)
  }

  #enterFact(device: number, { unit, amount, into }: Fact): void {
    const from = this.#accounts.add(unit)
    if (into === undefined) this.books.consume(device, from, amount)
    else this.books.move(device, from, this.#accounts.add(into), amount)
  }

  #enterTransfer(
    name: ActName,
    { branch, seq }: Place,
    { to, unit, amount }: Transfer,
    isGood: boolean,
  ): void {
    const transfer: PlacedTransfer = {
      order: name.order,
      act: name.act,
      branch,
      seq,
      to: this.#devices.add(to),
      account: this.#accounts.add(unit),
      amount,
      acceptedBy: NOBODY,
      isCounted: false,
    }
    this.transfers.add(transfer)
    if (isGood) this.books.count(transfer, true)
  }
}

const NOBODY: readonly number[] = []
