import { timeText } from './calendar.ts'
import { CsvNumber, csvRecord } from './csv.ts'
import { amountText, namesOf, stateOf } from './export.ts'
import type { ExportContext, ExportWriter } from './export.ts'
import type { LedgerRow } from './ledger-row.ts'
import type { StatementLine } from './statement.ts'

const ENTRY_COLUMNS = [
  ...['time', 'type', 'state', 'amount', 'code', 'unit', 'member', 'member name', 'device', 'device name'],
  ...['to member', 'to member name', 'to device', 'to device name', 'memo', 'commit', 'index'],
]
const LINE_COLUMNS = [
  ...['unit', 'code', 'kind', 'scale', 'account', 'member', 'member name', 'device', 'device name'],
  ...['opening', 'up', 'down', 'closing'],
]
/** Columns of a file of balances, as `planImport` reads them. */
export const BALANCE_COLUMNS: readonly string[] = [
  ...['unit', 'code', 'kind', 'scale', 'device', 'member', 'amount', 'memo'],
]

/** Entries as CSV (RFC 4180, UTF-8, no byte order mark), one record each, safe to open in a spreadsheet. */
export class CsvWriter implements ExportWriter {
  readonly #context: ExportContext

  constructor(context: ExportContext) {
    this.#context = context
  }

  head(): string {
    return csvRecord(ENTRY_COLUMNS)
  }

  row(row: LedgerRow): string {
    const { units, names } = this.#context
    const own = namesOf(row, names)
    const to = row.to === undefined ? { member: '', device: '' } : namesOf(row.to, names)
    return csvRecord([
      ...[timeText(row.timeMs), row.type, stateOf(row)],
      ...[new CsvNumber(amountText(row.amount, row.unit, units)), units.of(row.unit).code, row.unit],
      ...[row.member, own.member, row.device, own.device],
      ...[row.to?.member ?? '', to.member, row.to?.device ?? '', to.device],
      ...[row.memo ?? '', row.commit, row.index],
    ])
  }

  tail(): string {
    return ''
  }
}

/** The lines of a statement as CSV. */
export function* statementCsv(
  lines: Iterable<StatementLine>,
  context: ExportContext,
): Generator<string, void, void> {
  yield csvRecord(LINE_COLUMNS)
  const { units, names } = context
  for (const { account, unit, ...sums } of lines) {
    const { code, kind, scale } = units.of(unit)
    const { member, device } = namesOf(account, names)
    const amounts = [sums.opening, sums.up, sums.down, sums.closing]
    yield csvRecord([
      ...[unit, code, kind, scale, account.kind, account.member, member, account.device, device],
      ...amounts.map((amount) => new CsvNumber(amountText(amount, unit, units))),
    ])
  }
}

/**
 * What each device holds at the end of a statement, in the form that `planImport` reads. Deficits are below zero, and refused there:
 * somebody has to decide about them.
 */
export function* balancesCsv(
  lines: Iterable<StatementLine>,
  context: ExportContext,
): Generator<string, void, void> {
  yield csvRecord(BALANCE_COLUMNS)
  for (const { account, unit, closing } of lines) {
    if (account.kind !== 'held' || closing === 0n) continue
    const { code, kind, scale } = context.units.of(unit)
    const amount = new CsvNumber(amountText(closing, unit, context.units))
    yield csvRecord([unit, code, kind, scale, account.device, account.member, amount, ''])
  }
}
