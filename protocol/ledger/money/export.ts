import { formatAmount } from './amount.ts'
import type { Holder, LedgerNames, LedgerRow, UnitTable } from './ledger-row.ts'
import type { Period, StatementLine } from './statement.ts'

/** What an export says of itself, and the words for what rows name by key. */
export interface ExportContext {
  /** Name of the co-op or member whose books these are. */
  title: string
  units: UnitTable
  names: LedgerNames
  /** The period of the rows, null for all time. */
  period: Period | null
  /** Lines of a statement over the period, whose opening balances the books begin with; none for books from the start. */
  opening: readonly StatementLine[]
}

/** An export in pieces of text, so that a million rows need no memory. Each method is called in this order, `row` for each row. */
export interface ExportWriter {
  head(): string
  row(row: LedgerRow): string
  tail(): string
}

/** Characters of a piece of text that `exportText` yields, at least: one write to a file or socket. A guess. */
const PIECE_LENGTH_MIN = 65_536

/** The whole export, in pieces. A host whose rows come asynchronously calls the writer itself. */
export function* exportText(writer: ExportWriter, rows: Iterable<LedgerRow>): Generator<string, void, void> {
  let piece = writer.head()
  for (const row of rows) {
    piece += writer.row(row)
    if (piece.length < PIECE_LENGTH_MIN) continue
    yield piece
    piece = ''
  }
  piece += writer.tail()
  if (piece !== '') yield piece
}

/** Whether a row is in the books: `counted`, `in flight` (sent and not accepted yet), or `not counted`. */
export function stateOf(row: LedgerRow): 'counted' | 'in flight' | 'not counted' {
  if (!row.isCounted) return 'not counted'
  return row.type === 'transfer' && !row.isAccepted ? 'in flight' : 'counted'
}

/** An amount in whole units. */
export function amountText(amount: bigint, unit: string, units: UnitTable): string {
  return formatAmount(amount, units.of(unit).scale)
}

/** Names of a holder, empty where there are none. */
export function namesOf({ member, device }: Holder, names: LedgerNames): { member: string; device: string } {
  return { member: names.members.get(member) ?? '', device: names.devices.get(device) ?? '' }
}
