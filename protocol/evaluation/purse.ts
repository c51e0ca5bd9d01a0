import type { Account } from './account-table.ts'
import { AmountSteps } from './amount-steps.ts'
import type { Branch, Branches } from './branches.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** Amounts of accounts that one commit credits or debits, behind it. */
export interface LeftBehind {
  readonly accounts: readonly Account[]
  readonly amounts: readonly bigint[]
}

class Slot {
  readonly steps = new AmountSteps()
  /** Commit for which `now` holds. */
  round = 0
  now = 0n
}

/** What chains have left on their accounts, and what one of them has while its next commit is judged. */
export class Purse {
  /** By the account's number. */
  readonly #slots: Slot[] = []
  #round = 0
  #branch: Branch | null = null
  #seq = -1
  #touched: Account[] = []

  /** What the chain has left behind its commit. */
  left(branch: Branch, seq: number, { index }: Account): bigint {
    return this.#slots[index]?.steps.at(branch, seq) ?? 0n
  }

  /** Starts with what the chain has left behind a commit. */
  begin(branch: Branch, seq: number): void {
    this.#round += 1
    this.#branch = branch
    this.#seq = seq
    this.#touched = []
  }

  /** What is left now of what it started with. */
  now(account: Account): bigint {
    return this.#slot(account).now
  }

  add(account: Account, amount: bigint): void {
    const slot = this.#slot(account)
    slot.now += amount
  }

  /** Accounts that were asked for since it began, with what is left of them. */
  result(): LeftBehind {
    const accounts = this.#touched
    return { accounts, amounts: accounts.map(({ index }) => this.#slots[index]?.now ?? 0n) }
  }

  /** Takes up a commit that is now the end of its branch. */
  keep(branch: Branch, seq: number, { accounts, amounts }: LeftBehind): void {
    for (const [at, { index }] of accounts.entries())
      this.#slots[index]?.steps.set(branch, seq, amounts[at] ?? 0n)
  }

  /** Writes what is left at the ends of branches. */
  save(out: SnapshotWriter, { all }: Branches): void {
    out.list(Array.from(this.#slots), (slot) => {
      const ends = all.filter((branch) => (slot?.steps.at(branch, branch.last) ?? 0n) > 0n)
      out.list(ends, (branch) => {
        out.count(branch.index)
        out.amount(slot?.steps.at(branch, branch.last) ?? 0n)
      })
    })
  }

  load(from: SnapshotReader, branches: Branches): void {
    from.each(() => {
      const slot = new Slot()
      this.#slots.push(slot)
      from.each(() => {
        const branch = branches.read(from)
        slot.steps.set(branch, branch.last, from.amount())
      })
    })
  }

  #slot(account: Account): Slot {
    const slot = (this.#slots[account.index] ??= new Slot())
    if (slot.round === this.#round) return slot
    slot.round = this.#round
    slot.now = this.#branch === null ? 0n : slot.steps.at(this.#branch, this.#seq)
    this.#touched.push(account)
    return slot
  }
}
