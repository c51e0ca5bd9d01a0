export { decodeBase45, encodeBase45 } from './base45.ts'
export {
  BLIND_HOLDER_BYTES,
  blindHolderOf,
  blindSeatSecret,
  phoneSecretOf,
  seatHashOf,
  seatSecretOf,
} from './blind.ts'
export { deviceTag, idTag, isEventId } from './id-tag.ts'
export {
  SLOTS_APART_MAX,
  SLOTS_OLD_MAX,
  SLOT_MS,
  checkRotating,
  makeRotatingCode,
  slotAt,
  slotMessage,
} from './rotating.ts'
export type { RotatingState } from './rotating.ts'
export {
  RULE_DEPTH_MAX,
  RULE_LIST_MAX,
  RULE_NODES_MAX,
  canonicalRule,
  evaluateRule,
  eventDay,
  readRule,
  ruleToValue,
} from './rules.ts'
export type { Rule, RuleFacts, RuleLeaf, RuleRefusal, RuleResult } from './rules.ts'
export {
  CODE_BYTES,
  COMMITMENT_BYTES,
  DETAILS_BYTES_MAX,
  NULLIFIER_BYTES,
  SEALED_BYTES_MAX,
  SEARCH_TAG_BYTES,
  codeOf,
  codeText,
  commitmentOf,
  isDetails,
  nullifierOf,
  openDetails,
  readCode,
  sealDetails,
  searchTagOf,
} from './tags.ts'
export { TICKET_SCAN_LENGTH_MAX, readTicketText, ticketText } from './ticket-text.ts'
export {
  BLIND_ROTATING_BYTES,
  HOLDER_BODY_BYTES,
  HOLDER_TICKET_BYTES,
  ROTATING_BYTES,
  PHONE_SECRET_BYTES,
  SEAT_HASH_BYTES,
  SEAT_SECRET_BYTES,
  SERIAL_MAX,
  TICKET_BODY_BYTES,
  TICKET_BYTES,
  TICKET_NONCE_BYTES,
  decodeTicket,
  decodeTicketBody,
  encodeTicketBody,
  issueTicket,
  ticketMessage,
  validityMs,
} from './ticket.ts'
export type {
  DecodedTicket,
  DecodedTicketResult,
  IssueRefusal,
  IssueResult,
  RotatingPart,
  Ticket,
  TicketDraft,
  TicketIds,
  TicketRefusal,
  TicketValidity,
} from './ticket.ts'
export { CANDIDATES_MAX, TRIES_MAX, verifyTicket } from './verify.ts'
export type { TicketCandidates, VerifiedTicket, VerifyRefusal } from './verify.ts'
