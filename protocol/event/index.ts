export { decidePass } from './decide.ts'
export type {
  Decision,
  Gate,
  Issuer,
  Params,
  PassVerdict,
  RefusedVerdict,
  ShownTicket,
  Verdict,
} from './decide.ts'
export { encodeEventEntries, isGateName } from './entries.ts'
export type {
  BucketEntry,
  CancelEntry,
  CancelReason,
  ClassEntry,
  EventDocumentEntry,
  EventEntry,
  HomeEntry,
  IssueEntry,
  LostEntry,
  MatchEntry,
  Mode,
  PassEntry,
  PassName,
  Policy,
  Price,
  Refusal,
  RefusedEntry,
  RequestEntry,
  UndoEntry,
  ZoneEntry,
} from './entries.ts'
export { eventKind } from './event-kind.ts'
export {
  EVENT_NAME_LENGTH_MAX,
  GATE_NAME_LENGTH_MAX,
  ISSUED_MAX,
  REASON_LENGTH_MAX,
  REFUSALS_MAX,
} from './event-limits.ts'
export { EVENT, eventIdOf, readEventSection } from './event-section.ts'
export type { EventRefusal } from './event-judge.ts'
export { EventState } from './event-state.ts'
export type { Cancel, EventTally, Issue, IssuedTicket, RefusedScan, Request } from './event-state.ts'
export { holderOfIssue, issueTickets, reissueTicket } from './issuing.ts'
export type { IssuedBytes, TicketBatch, TicketOrder } from './issuing.ts'
export { bucketHolder, bucketPlaces, exposureOf, guaranteeOf } from './guarantee.ts'
export type { BucketPlace, Guarantee } from './guarantee.ts'
export { QUOTE_MS, isWithin, priceAt } from './price.ts'
export type { Pass, PassTally } from './seats.ts'
