import type { SignatureRule } from '../identity/index.ts'
import { ticketMessage } from './ticket.ts'
import type { DecodedTicket, TicketIds } from './ticket.ts'

/** Candidates of one tag that are tried. Two ids with one tag come by chance once in four billion pairs. */
export const CANDIDATES_MAX = 4
/** Signatures that are checked for one ticket: an answer within 10 ms at 9,000 checks a second. */
export const TRIES_MAX = 64

/** What the tags of a ticket may stand for. The most likely ones first: not all are tried. */
export interface TicketCandidates {
  /** Co-op, 32 bytes. */
  coop: Uint8Array
  /** Event documents. */
  events: readonly string[]
  /** Seat units. */
  classes: readonly string[]
  /** Admission units. */
  buckets: readonly string[]
  /** Device keys. */
  issuers: readonly Uint8Array[]
}

/** Why no candidate fits: nothing was looked up for a tag, or no signature holds. */
export type VerifyRefusal = 'wrong-event' | 'class-unknown' | 'bucket-unknown' | 'issuer-unknown' | 'forged'

/** The ids that a ticket was signed for and the device that signed it, or why there are none. */
export type VerifiedTicket =
  | { ok: true; ids: TicketIds; issuer: Uint8Array }
  | { ok: false; refusal: VerifyRefusal }

/** Finds the candidates for which the issuer's signature holds. Validity, rules and rotating code are not looked at. */
export function verifyTicket(
  decoded: DecodedTicket,
  candidates: TicketCandidates,
  rule: SignatureRule,
): VerifiedTicket {
  const { coop, events, classes, buckets, issuers } = candidates
  if (events.length === 0) return { ok: false, refusal: 'wrong-event' }
  if (classes.length === 0) return { ok: false, refusal: 'class-unknown' }
  if (buckets.length === 0) return { ok: false, refusal: 'bucket-unknown' }
  if (issuers.length === 0) return { ok: false, refusal: 'issuer-unknown' }
  let tries = 0
  for (const ids of idsOf({ coop, events, classes, buckets })) {
    const message = ticketMessage(ids, decoded.body)
    for (const issuer of issuers.slice(0, CANDIDATES_MAX)) {
      if (tries === TRIES_MAX) return { ok: false, refusal: 'forged' }
      tries += 1
      if (rule.verify(issuer, message, decoded.signature)) return { ok: true, ids, issuer }
    }
  }
  return { ok: false, refusal: 'forged' }
}

function* idsOf(candidates: Omit<TicketCandidates, 'issuers'>): Generator<TicketIds> {
  const { coop, events, classes, buckets } = candidates
  for (const event of events.slice(0, CANDIDATES_MAX))
    for (const seat of classes.slice(0, CANDIDATES_MAX))
      for (const bucket of buckets.slice(0, CANDIDATES_MAX)) yield { coop, event, class: seat, bucket }
}
