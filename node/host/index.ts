export { AssetDesk, cidText } from './asset-desk.ts'
export type { Added, AssetRow } from './asset-desk.ts'
export type { CommitCheck, CommitChecks } from './commit-checks.ts'
export type { AuthorityDesk } from './authority-desk.ts'
export type { ChangeRequest } from './change-request.ts'
export { CommitDesk } from './commit-desk.ts'
export { COMMIT_PREFIX_DIGITS_MIN } from './commit-lookup.ts'
export type { CommitView, DeviceView } from './commit-view.ts'
export { CoopNode } from './coop-node.ts'
export type { Change, Entered, Membership, Names, NodeConfig } from './coop-node.ts'
export type { Renewed } from './key-desk.ts'
export { declineDocument, documentState, documentViews, wantDocument } from './document-desk.ts'
export type { DocumentView, DocumentViews } from './document-desk.ts'
export type { GuestView } from './guest-desk.ts'
export type { EvidenceFile } from './evidence-stream.ts'
export { kitsView } from './kits-view.ts'
export type { KitsView, RoomView } from './kits-view.ts'
export type { DefinedUnit, LedgerDesk, UnitRequest, WrittenEntries } from './ledger-desk.ts'
export type { EntryRequest } from './ledger-entries.ts'
export { ENTRY_TYPES, HISTORY_ROWS_MAX } from './ledger-history.ts'
export type { EntryView, HistoryPage, HistoryQuery } from './ledger-history.ts'
export type { RightsView } from './ledger-rights.ts'
export type { Taken } from './rights-desk.ts'
export { EXPORT_FORMATS } from './money-desk.ts'
export type { ExportFormat, ImportView, NetView, SplitView, StatementView } from './money-desk.ts'
export type { BalanceView, UnitView } from './ledger-views.ts'
export { previewView, proposalView, proposalsView } from './proposal-view.ts'
export type { EffectView, GovernmentView, PreviewView, ProposalView } from './proposal-view.ts'
export type { RecoveryRequest } from './recovery-desk.ts'
export { recoveriesView } from './recovery-view.ts'
export type { RecoveriesView, RecoveryView } from './recovery-view.ts'
export { sealHistory } from './seal-history.ts'
export type { SealView } from './seal-history.ts'
export { shownTime } from './shown-time.ts'
export type { StandingView } from './standing-view.ts'
export type { SuspensionView } from './suspension-view.ts'
export { membersView, peersView, statusView } from './views.ts'
export type {
  CancelView,
  ClassRequest,
  DoubleView,
  EventRequest,
  EventView,
  HandedView,
  IssueRequest,
  IssuedView,
  LogPage,
  PriceRequest,
  SaleLine,
  SaleView,
  ScanRequest,
  ScanView,
  TicketView,
} from './tickets/index.ts'
