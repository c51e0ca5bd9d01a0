import type { Account, AccountTable } from './account-table.ts'
import type { ActName } from './act.ts'
import type { Branch, Branches, Place } from './branches.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import type { Range } from './trusted.ts'

/**
 * A covered transfer of a stored commit. Flat and without spare room: a large co-op keeps a million of them.
 */
export interface PlacedTransfer extends ActName, Place {
  readonly order: number
  readonly act: number
  readonly branch: Branch
  readonly seq: number
  /** Number of the receiving device. */
  readonly to: number
  /** The account that it leaves and comes to. */
  readonly account: Account
  readonly amount: bigint
  /** Orders of the receiver's commits that accepted it: one on each of its branches that did. */
  acceptedBy: readonly number[]
  /** True when debit or both sides stand in the books. */
  isCounted: boolean
}

/** Covered transfers, found by where they stand and by who receives them. */
export class Transfers {
  readonly #of: PlacedTransfer[][] = []
  readonly #to = new Map<number, Map<Branch, PlacedTransfer[]>>()
  /** By branch: how many of its first transfers were done at the last saving, among so many branches. */
  readonly #done: number[] = []
  #doneAmong = 0

  /** True while there is none. */
  get isEmpty(): boolean {
    return this.#to.size === 0
  }

  /** Adds a transfer behind all others of its branch. */
  add(transfer: PlacedTransfer): void {
    const { branch } = transfer
    ;(this.#of[branch.index] ??= []).push(transfer)
    let payers = this.#to.get(transfer.to)
    if (payers === undefined) this.#to.set(transfer.to, (payers = new Map()))
    const paid = payers.get(branch)
    if (paid === undefined) payers.set(branch, [transfer])
    else paid.push(transfer)
  }

  /**
   * Writes the transfers that are not done. What is done stays so, unless a device has another branch than at the last
   * saving: else those before the first that is not done are not looked at again.
   */
  save(out: SnapshotWriter, branchCount: number, isDone: (transfer: PlacedTransfer) => boolean): void {
    if (branchCount !== this.#doneAmong) this.#done.length = 0
    this.#doneAmong = branchCount
    const open = this.#of.flatMap((transfers, branch) => {
      let from = this.#done[branch] ?? 0
      for (let next = transfers[from]; next !== undefined && isDone(next); next = transfers[from]) from += 1
      this.#done[branch] = from
      return transfers.slice(from).filter((it) => !isDone(it))
    })
    out.list(open, (transfer) => {
      const { order, act, branch, seq, to, account, amount, acceptedBy, isCounted } = transfer
      for (const value of [order, act, branch.index, seq, to, account.index]) out.count(value)
      out.amount(amount)
      out.list(acceptedBy, (by) => out.count(by))
      out.count(isCounted ? 1 : 0)
    })
  }

  load(from: SnapshotReader, { accounts, branches }: { accounts: AccountTable; branches: Branches }): void {
    from.each(() => {
      const name = { order: branches.order(from), act: from.count() }
      const place = branches.readPlace(from)
      const [to, account, amount] = [from.count(), accounts.read(from), from.amount()]
      const acceptedBy = from.list(() => branches.order(from))
      const isCounted = from.below(2) === 1
      if (!from.isOff) this.add({ ...name, ...place, to, account, amount, acceptedBy, isCounted })
    })
  }

  /** Transfers in a stretch of a branch. */
  in({ branch, from, to }: Range): PlacedTransfer[] {
    return slice(this.#of[branch.index] ?? [], from, to)
  }

  /** Transfers to one device in a stretch of a branch. */
  inTo({ branch, from, to }: Range, receiver: number): PlacedTransfer[] {
    const paid = this.#to.get(receiver)?.get(branch)
    return paid === undefined ? NONE : slice(paid, from, to)
  }

  /** True when the branch holds a transfer to the device above a seq. */
  isPaidAbove(receiver: number, payer: Branch, seq: number): boolean {
    return (this.#to.get(receiver)?.get(payer)?.at(-1)?.seq ?? -1) > seq
  }

  /** Branches that hold transfers to a device. */
  payersOf(receiver: number): Branch[] {
    return [...(this.#to.get(receiver)?.keys() ?? [])]
  }
}

const NONE: PlacedTransfer[] = []

function slice(transfers: PlacedTransfer[], from: number, to: number): PlacedTransfer[] {
  const start = firstAtLeast(transfers, from)
  return transfers.slice(start, Math.max(start, firstAtLeast(transfers, to + 1)))
}

function firstAtLeast(transfers: PlacedTransfer[], seq: number): number {
  let low = 0
  let high = transfers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((transfers[middle]?.seq ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}
