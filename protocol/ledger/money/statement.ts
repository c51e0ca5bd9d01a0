import { compareKeys } from './key-order.ts'
import type { LedgerRow } from './ledger-row.ts'
import { postingsOf } from './posting.ts'
import type { Account, AccountKind, Posting } from './posting.ts'

/** From the first millisecond to the last but one. */
export interface Period {
  fromMs: number
  untilMs: number
}

/** Whose accounts and which time a statement is about. `member: null` is the whole co-op. */
export interface StatementScope {
  member: string | null
  period: Period
}

/** One account in one unit over a period, in minor units: opening + up - down = closing. */
export interface StatementLine {
  account: Account
  unit: string
  opening: bigint
  /** Sum of the postings above zero in the period. */
  up: bigint
  /** Sum of the postings below zero in the period, as a number above zero. */
  down: bigint
  closing: bigint
}

/** A row in the period with those of its postings that are in scope. */
export interface Movement {
  row: LedgerRow
  postings: Posting[]
}

/** The balances of one unit at the end of a period, each 0n or more in books that hold. */
export interface UnitBooks {
  unit: string
  issued: bigint
  credit: bigint
  loss: bigint
  used: bigint
  returned: bigint
  held: bigint
  deficits: bigint
  inFlight: bigint
  /** True where the law holds: issued + credit + loss = used + returned + held - deficits + in flight. Of one member it need not. */
  isBalanced: boolean
}

/**
 * A statement, made of rows one by one in any order. Rows before the period make the opening balance, rows in it are movements, rows
 * after it are left out. What a row is (counted, accepted) is as of now, not as of the end of the period. Memory: one line for each account and unit.
 */
export class Statement {
  readonly scope: StatementScope
  readonly #lines = new Map<string, StatementLine>()

  constructor(scope: StatementScope) {
    this.scope = scope
  }

  /** Adds a row. Returns it as a movement if it is in the period, counts, and moves an account in scope. */
  add(row: LedgerRow): Movement | null {
    const { member, period } = this.scope
    if (row.timeMs >= period.untilMs) return null
    const postings = postingsOf(row).filter(({ account }) => member === null || account.member === member)
    const isMovement = row.timeMs >= period.fromMs
    for (const { account, amount } of postings) {
      const line = this.#line(account, row.unit)
      line.closing += amount
      if (!isMovement) line.opening += amount
      else if (amount > 0n) line.up += amount
      else line.down -= amount
    }
    return isMovement && postings.length > 0 ? { row, postings } : null
  }

  /** The lines so far, by unit, kind of account, member and device. */
  lines(): StatementLine[] {
    return [...this.#lines.values()].sort(compareLines)
  }

  /** The books of each unit at the end of the period, by unit. */
  books(): UnitBooks[] {
    return booksOf(this.lines())
  }

  #line(account: Account, unit: string): StatementLine {
    const key = `${account.kind}\n${account.member}\n${account.device}\n${unit}`
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { account, unit, opening: 0n, up: 0n, down: 0n, closing: 0n }
      this.#lines.set(key, line)
    }
    return line
  }
}

/** Every instant. */
export const ALL_TIME: Period = { fromMs: 0, untilMs: Number.POSITIVE_INFINITY }

const KINDS: readonly AccountKind[] = ['held', 'in-flight', 'used', 'returned', 'issued', 'credit', 'loss']

function compareLines(a: StatementLine, b: StatementLine): number {
  return (
    compareKeys(a.unit, b.unit) ||
    KINDS.indexOf(a.account.kind) - KINDS.indexOf(b.account.kind) ||
    compareKeys(a.account.member, b.account.member) ||
    compareKeys(a.account.device, b.account.device)
  )
}

function booksOf(lines: readonly StatementLine[]): UnitBooks[] {
  const units = new Map<string, Record<AccountKind | 'deficits', bigint>>()
  for (const { account, unit, closing } of lines) {
    const sums = units.get(unit) ?? {
      ...{ held: 0n, deficits: 0n, 'in-flight': 0n },
      ...{ used: 0n, returned: 0n, issued: 0n, credit: 0n, loss: 0n },
    }
    units.set(unit, sums)
    if (account.kind === 'held' && closing < 0n) sums.deficits -= closing
    else sums[account.kind] += closing
  }
  return [...units].map(([unit, sums]) => {
    const { used, returned, held, deficits } = sums
    const [issued, credit, loss, inFlight] = [-sums.issued, -sums.credit, -sums.loss, sums['in-flight']]
    const isBalanced = issued + credit + loss === used + returned + held - deficits + inFlight
    return { unit, issued, credit, loss, used, returned, held, deficits, inFlight, isBalanced }
  })
}
