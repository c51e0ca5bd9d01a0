export {
  AMOUNT_DIGITS_MAX,
  AMOUNT_LIMIT,
  SCALE_MAX,
  formatAmount,
  isAmount,
  isScale,
  parseAmount,
  showAmount,
} from './amount.ts'
export type { AmountRefusal, AmountResult } from './amount.ts'
export {
  BASIS_POINTS,
  SPLIT_KEY_LENGTH_MAX,
  SPLIT_PARTIES_MAX,
  SPLIT_RULE_BYTES_MAX,
  SPLIT_VERSION_MAX,
  checkSplitRule,
  decodeSplitRule,
  encodeSplitRule,
} from './split-rule.ts'
export type { SplitPart, SplitParty, SplitRule, SplitRuleRefusal, SplitRuleResult } from './split-rule.ts'
export { splitAmount } from './split.ts'
export type { SplitPortion, SplitRefusal, SplitResult } from './split.ts'
export { NETTING_DEBTS_MAX, NETTING_MEMBERS_MAX, netDebts } from './netting.ts'
export type { Debt, NettingRefusal, NettingResult, NettingTransfer } from './netting.ts'
export { UnitTable } from './ledger-row.ts'
export type { Holder, LedgerNames, LedgerRow, LedgerRowType, UnitInfo } from './ledger-row.ts'
export { postingsOf } from './posting.ts'
export type { Account, AccountKind, Posting } from './posting.ts'
export { ALL_TIME, Statement } from './statement.ts'
export type { Movement, Period, StatementLine, StatementScope, UnitBooks } from './statement.ts'
export { exportText, stateOf } from './export.ts'
export type { ExportContext, ExportWriter } from './export.ts'
export { AccountNames, commodityNames } from './export-names.ts'
export { CSV_COLUMNS_MAX, CSV_FIELD_LENGTH_MAX, readCsv } from './csv.ts'
export type { CsvLine, CsvRefusal, CsvStep } from './csv.ts'
export { BALANCE_COLUMNS, CsvWriter, balancesCsv, statementCsv } from './csv-export.ts'
export { JsonWriter, statementJson } from './json-export.ts'
export { beancountWriter } from './beancount-export.ts'
export { hledgerWriter } from './hledger-export.ts'
export { IMPORT_BYTES_MAX, IMPORT_ERRORS_MAX, IMPORT_ROWS_MAX } from './import-file.ts'
export type { FileError, ImportFileRefusal } from './import-file.ts'
export { IMPORT_KINDS, planImport } from './import-plan.ts'
export type {
  ImportContext,
  ImportHolder,
  ImportRefusal,
  ImportResult,
  ImportTotal,
  PlannedEntry,
  PlannedUnit,
} from './import-plan.ts'
