import type { Signer } from '#protocol/identity'
import { SignatureRule } from '#protocol/identity'
import { blindHolderOf, decodeTicket, issueTicket, ticketText } from '#protocol/tickets'
import type { DecodedTicket, Ticket, TicketCandidates, TicketDraft, TicketIds } from '#protocol/tickets'
import { nodeCrypto, nodeSigner } from '#node/crypto'

/** The cryptography that the tests of tickets use. */
export const deskCrypto: ReturnType<typeof nodeCrypto> = nodeCrypto()
/** Its rule for signatures. */
export const deskRule: SignatureRule = new SignatureRule(deskCrypto)
/** The till that issues. */
export const till: Signer = nodeSigner(new Uint8Array(32).fill(11))
/** A guest's phone. */
export const phone: Signer = nodeSigner(new Uint8Array(32).fill(12))

/** Ids of one event, one class, one bucket. */
export const deskIds: TicketIds = {
  coop: new Uint8Array(32).fill(0xc0),
  event: `event/b${'e'.repeat(25)}`,
  class: `seat-c${'s'.repeat(25)}`,
  bucket: `admission-d${'a'.repeat(25)}`,
}

/** Of a ticket without holder. */
export const plainDraft: TicketDraft = {
  serial: 1_207,
  seatSecret: new Uint8Array(16).fill(1),
  seatHash: null,
  nonce: new Uint8Array(8).fill(2),
  validity: null,
  holder: null,
}
/** Of a ticket bound to the phone. */
export const holderDraft: TicketDraft = { ...plainDraft, holder: phone.publicKey }
/** Of a blind ticket of the phone. */
export const blindDraft: TicketDraft = {
  ...holderDraft,
  seatSecret: null,
  seatHash: blindHolderOf(phone, deskCrypto.sha256).slice(32),
}

/** Bytes of a ticket of the till. */
export function issued(draft: TicketDraft = plainDraft, ids: TicketIds = deskIds): Uint8Array {
  const result = issueTicket(ids, draft, till)
  if (!result.ok) throw new Error(result.refusal)
  return result.bytes
}

/** The bytes of a ticket or rotating code taken apart. */
export function takenApart(bytes: Uint8Array): DecodedTicket {
  const result = decodeTicket(bytes)
  if (!result.ok) throw new Error(result.refusal)
  return result.decoded
}

/** The seat secret that a ticket says. */
export function secretOf({ seatSecret }: Ticket): Uint8Array {
  if (seatSecret === null) throw new Error('the ticket is blind')
  return seatSecret
}

/** What a gate finds for tickets of the desk. */
export function deskCandidates(): TicketCandidates {
  const { coop, event, class: seat, bucket } = deskIds
  return { coop, events: [event], classes: [seat], buckets: [bucket], issuers: [till.publicKey] }
}

/** Text of a ticket of the till. */
export function issuedText(draft: TicketDraft = plainDraft): string {
  return ticketText(issued(draft))
}
