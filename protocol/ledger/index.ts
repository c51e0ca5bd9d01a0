export { ACCOUNTS, MOVES, accountKey, isReplaceable } from './account.ts'
export type { AccountName, MoveName } from './account.ts'
export { actsOf, readDefinition, readLedgerSection } from './acts.ts'
export { decodeAmount, encodeAmount } from './amount.ts'
export { encodeLedgerEntries, isMoving, readLedgerEntry } from './entries.ts'
export type {
  DefineEntry,
  EntryName,
  EntryNotes,
  LedgerEntry,
  MoveEntry,
  RuleEntry,
  TransferEntry,
} from './entries.ts'
export { LEDGER, ledgerKind } from './ledger-kind.ts'
export { LedgerState, VOID_WORDS } from './ledger-state.ts'
export type { ExpiringGrant, LedgerRefusal } from './ledger-state.ts'
export {
  OTHER_VERSION_ANSWER,
  RIGHTS_ASK_BYTES_MAX,
  RIGHTS_COMMITS_MAX,
  RIGHTS_COMMIT_BYTES_MAX,
  encodeAnswer,
  encodeAsk,
  readAnswer,
  readAsk,
} from './rights-frames.ts'
export type { RightsAnswer, RightsAsk } from './rights-frames.ts'
export {
  GRANTS_A_MINUTE_MAX,
  GRANT_EVERY_MS,
  NO_PING_PONG_MS,
  OpenRights,
  grantOf,
  sharesOf,
} from './shares.ts'
export type { Ask, AskReason, Flow, Grant, Granted, Marks, ShareRule, Sharer } from './shares.ts'
export {
  MEMO_LENGTH_MAX,
  SEALED_KINDS,
  UNIT_KINDS,
  base32,
  isUnitCode,
  isUnitId,
  kindOfUnit,
  unitIdOf,
  unitRefusal,
} from './unit.ts'
export type { UnitDefinition, UnitInfo, UnitKind, UnitRefusal } from './unit.ts'
