import { dayOf, dayText } from './calendar.ts'
import { shownLine } from './csv.ts'
import { amountText, stateOf } from './export.ts'
import type { ExportContext, ExportWriter } from './export.ts'
import { AccountNames, commodityNames } from './export-names.ts'
import type { LedgerRow, UnitInfo } from './ledger-row.ts'
import { postingsOf } from './posting.ts'
import type { Account } from './posting.ts'

/** Balances the opening entry of books that do not begin with the first row, where they are of one member. */
const OPENING = 'Equity:Opening'

/** One line of a transaction, as names and text. */
export interface JournalLine {
  account: string
  /** In whole units, with a `-` below zero. */
  amount: string
  commodity: string
}

/** A transaction; `row` is null for the opening balances. */
export interface JournalEntry {
  day: string
  row: LedgerRow | null
  narration: string
  lines: JournalLine[]
}

/** How one tool writes what all of them say. */
export interface JournalForm {
  head(title: string): string
  commodity(name: string, unit: UnitInfo): string
  /** An account's first use; `account` is null for that of opening balances. */
  account(name: string, account: Account | null): string
  entry(entry: JournalEntry): string
  /** A line for people alone. */
  comment(text: string): string
  /** Balances that must hold on the morning of `day`, after everything else. */
  closing(day: string, lines: readonly JournalLine[]): string
}

/**
 * The books as a journal of double-entry transactions, one for each row, by UTC day. Ends with the balance of each account, so that the tool that
 * reads it checks its sums against ours. Rows that do not count are comments. Memory: one balance for each account and unit.
 */
export class JournalWriter implements ExportWriter {
  readonly #form: JournalForm
  readonly #context: ExportContext
  readonly #accounts: AccountNames
  readonly #commodities: Map<string, string>
  readonly #balances = new Map<string, { account: string; unit: string; amount: bigint }>()
  readonly #opened = new Set<string>()
  #lastDay = 0

  constructor(form: JournalForm, context: ExportContext) {
    this.#form = form
    this.#context = context
    this.#accounts = new AccountNames(context.names)
    this.#commodities = commodityNames(context.units.all)
  }

  head(): string {
    const { title, units, period } = this.#context
    const parts = [this.#form.head(shownLine(title))]
    for (const unit of units.all) parts.push(this.#form.commodity(this.#commodity(unit.id), unit))
    const day = dayOf(period?.fromMs ?? 0)
    const opened = this.#openingLines()
    if (opened.lines.length > 0) {
      parts.push(opened.text)
      parts.push(
        this.#form.entry({
          day: dayText(day),
          row: null,
          narration: 'opening balances',
          lines: opened.lines,
        }),
      )
    }
    this.#lastDay = day
    return parts.join('')
  }

  row(row: LedgerRow): string {
    const day = dayOf(row.timeMs)
    const narration = row.memo === undefined ? row.type : `${row.type}: ${shownLine(row.memo)}`
    if (!row.isCounted) {
      const amount = `${amountText(row.amount, row.unit, this.#context.units)} ${shownLine(row.unit)}`
      return this.#form.comment(
        `not counted: ${dayText(day)} ${amount} commit ${shownLine(row.commit)} ${row.index} ${narration}`,
      )
    }
    this.#lastDay = Math.max(this.#lastDay, day)
    let text = ''
    const lines: JournalLine[] = []
    for (const { account, amount } of postingsOf(row)) {
      const name = this.#accounts.of(account)
      text += this.#open(name, account)
      lines.push(this.#post(name, row.unit, amount))
    }
    return text + this.#form.entry({ day: dayText(day), row, narration, lines })
  }

  tail(): string {
    const lines = [...this.#balances.values()].map(({ account, unit, amount }) =>
      this.#line(account, unit, amount),
    )
    return this.#form.closing(dayText(this.#lastDay + 1), lines)
  }

  #openingLines(): { text: string; lines: JournalLine[] } {
    let text = ''
    const lines: JournalLine[] = []
    const sums = new Map<string, bigint>()
    for (const { account, unit, opening } of this.#context.opening) {
      if (opening === 0n) continue
      const name = this.#accounts.of(account)
      text += this.#open(name, account)
      lines.push(this.#post(name, unit, opening))
      sums.set(unit, (sums.get(unit) ?? 0n) + opening)
    }
    for (const [unit, sum] of sums) {
      if (sum === 0n) continue
      text += this.#open(OPENING, null)
      lines.push(this.#post(OPENING, unit, -sum))
    }
    return { text, lines }
  }

  #open(name: string, account: Account | null): string {
    if (this.#opened.has(name)) return ''
    this.#opened.add(name)
    return this.#form.account(name, account)
  }

  #post(account: string, unit: string, amount: bigint): JournalLine {
    const key = `${account}\n${unit}`
    const balance = this.#balances.get(key)
    if (balance === undefined) this.#balances.set(key, { account, unit, amount })
    else balance.amount += amount
    return this.#line(account, unit, amount)
  }

  #line(account: string, unit: string, amount: bigint): JournalLine {
    return {
      account,
      amount: amountText(amount, unit, this.#context.units),
      commodity: this.#commodity(unit),
    }
  }

  #commodity(unit: string): string {
    const name = this.#commodities.get(unit)
    if (name === undefined) throw new TypeError(`a counted row of a unit that is not in the table: ${unit}`)
    return name
  }
}

/** `!` for what is not accepted yet, `*` for the rest: the same mark in both tools. */
export function flagOf({ row }: JournalEntry): '!' | '*' {
  return row !== null && stateOf(row) === 'in flight' ? '!' : '*'
}
