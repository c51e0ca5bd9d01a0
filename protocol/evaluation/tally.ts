import type { Act } from './act.ts'
import { Books } from './books.ts'
import type { Place } from './branches.ts'
import type { ChangeLog } from './change-log.ts'
import type { DeviceTable } from './device-table.ts'
import type { IssuedAllowance, SealTree } from './seal-tree.ts'
import type { Shift, Standings } from './standings.ts'
import { Transfers } from './transfers.ts'
import type { PlacedTransfer } from './transfers.ts'

/** Decides which valid acts count, and keeps the books by it. */
export class Tally {
  readonly books: Books = new Books()
  readonly transfers: Transfers = new Transfers()
  readonly #devices: DeviceTable
  readonly #seals: SealTree
  readonly #standings: Standings

  constructor(devices: DeviceTable, seals: SealTree, standings: Standings) {
    this.#devices = devices
    this.#seals = seals
    this.#standings = standings
    for (const issued of standings.tip.allowances) this.books.issue(issued, true)
  }

  /** Enters the acts of a commit whose debits are valid. */
  record(order: number, place: Place, acts: readonly Act[]): void {
    const isGood = place.seq <= this.#standings.goodUpTo(place.branch)
    for (const [index, act] of acts.entries()) {
      const { unit, amount } = act
      if (act.kind === 'fact') {
        this.books.consume(place.branch.device, unit, amount)
        continue
      }
      const transfer: PlacedTransfer = {
        order,
        act: index,
        branch: place.branch,
        seq: place.seq,
        to: this.#devices.add(act.to),
        unit,
        amount,
        acceptedBy: NOBODY,
        isCounted: false,
      }
      this.transfers.add(transfer)
      if (isGood) this.books.count(transfer, true)
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
}

const NOBODY: readonly number[] = []
