import { concatBytes, encodeCanonical } from '../encoding/index.ts'
import type { Sha256, Signer } from '../identity/index.ts'
import {
  SEAT_HASH_BYTES,
  codeOf,
  commitmentOf,
  issueTicket,
  sealDetails,
  searchTagOf,
} from '../tickets/index.ts'
import type { IssueRefusal, TicketDraft, TicketIds, TicketValidity } from '../tickets/index.ts'
import type { IssueEntry } from './entries.ts'
import { ISSUED_MAX } from './event-limits.ts'

/** Tickets that are to be issued. */
export interface TicketOrder {
  ids: TicketIds
  /** Names the request, 16 bytes. */
  id: Uint8Array
  /** Number of the first ticket in its bucket. */
  first: number
  count: number
  validity: TicketValidity | null
  /** Of one ticket: key of the phone that shows it, 32 bytes; for a blind one with its seat hash, 48. */
  holder: Uint8Array | null
  /** Of each ticket, what is sealed with it; none for the rest. */
  details: readonly (string | null)[]
  price: IssueEntry['price']
}

/** A ticket as it is handed out. */
export interface IssuedBytes {
  bytes: Uint8Array
  /** 16 bytes. */
  commitment: Uint8Array
  /** 10 bytes: what its holder can read out. */
  code: Uint8Array
  serial: number
}

/** Issued tickets with the entries that say so, or what is wrong. */
export type TicketBatch =
  | { ok: true; tickets: IssuedBytes[]; entries: IssueEntry[] }
  | { ok: false; refusal: IssueRefusal }

/**
 * Makes tickets. Their secrets follow from the issuer's key, the request and their numbers, so that the same request makes
 * the same tickets again, on this device alone.
 */
export function issueTickets(order: TicketOrder, signer: Signer, sha256: Sha256): TicketBatch {
  const { ids, id, first, count, validity, holder, details, price } = order
  const secret = requestSecret(ids, id, signer, sha256)
  const tickets: IssuedBytes[] = []
  const entries: IssueEntry[] = []
  let sealed: Uint8Array[] = []
  for (let i = 0; i < count; i += 1) {
    const serial = first + i
    const drawn = sha256(encodeCanonical(['coopmesh ticket', secret, serial]))
    const seat = boundTo(holder, drawn.slice(0, 16))
    const draft = { serial, nonce: drawn.slice(16, 24), validity, ...seat }
    const issued = issueTicket(ids, draft, signer)
    if (!issued.ok) return issued
    const ticket = { ...named(ids.event, issued, sha256), serial }
    tickets.push(ticket)
    sealed.push(statedTicket(ids.event, issued.body, details[i] ?? null, sha256))
    if (sealed.length < ISSUED_MAX && i < count - 1) continue
    entries.push({
      ...{ t: 'issue', class: ids.class, bucket: ids.bucket, tickets: sealed, price, validity },
      ...{ id, holder: hidden(holder, secret, sha256) },
      first: serial + 1 - sealed.length,
    })
    sealed = []
  }
  return { ok: true, tickets, entries }
}

/** What `holder` of an order was, of what its issue says: the issuer alone reads the seat hash of a blind ticket. */
export function holderOfIssue(
  { ids, id, holder }: Pick<TicketOrder, 'ids' | 'id' | 'holder'>,
  signer: Signer,
  sha256: Sha256,
): Uint8Array | null {
  return holder === null ? null : hidden(holder, requestSecret(ids, id, signer, sha256), sha256)
}

/** A ticket that takes the place of another: the same seat under a new name. A `holder` has 32 bytes: it is never blind. */
export function reissueTicket(
  order: Pick<TicketOrder, 'ids' | 'id' | 'validity' | 'holder'> & {
    serial: number
    /** Of the ticket that it replaces. */
    seatSecret: Uint8Array
    details: string | null
  },
  signer: Signer,
  sha256: Sha256,
): { ok: true; ticket: IssuedBytes; stated: Uint8Array } | { ok: false; refusal: IssueRefusal } {
  const { ids, id, serial, seatSecret, validity, holder, details } = order
  const drawn = sha256(encodeCanonical(['coopmesh ticket', requestSecret(ids, id, signer, sha256), serial]))
  const issued = issueTicket(
    ids,
    { serial, seatSecret, seatHash: null, nonce: drawn.slice(16, 24), validity, holder },
    signer,
  )
  if (!issued.ok) return issued
  const ticket = { ...named(ids.event, issued, sha256), serial }
  return { ok: true, ticket, stated: statedTicket(ids.event, issued.body, details, sha256) }
}

/** A holder of 48 bytes brings its seat. */
function boundTo(
  holder: Uint8Array | null,
  seatSecret: Uint8Array,
): Pick<TicketDraft, 'seatSecret' | 'seatHash' | 'holder'> {
  if (holder === null || holder.length <= KEY_BYTES) return { seatSecret, seatHash: null, holder }
  return { seatSecret: null, seatHash: holder.slice(KEY_BYTES), holder: holder.slice(0, KEY_BYTES) }
}

/**
 * The seat hash of a blind ticket, hidden and read alike: in the documents it would leave only a nonce of 8 bytes between a
 * member and the body. A request has one blind ticket, so what hides it serves once.
 */
function hidden(holder: Uint8Array | null, secret: Uint8Array, sha256: Sha256): Uint8Array | null {
  if (holder === null || holder.length <= KEY_BYTES) return holder
  const pad = sha256(encodeCanonical(['coopmesh ticket seat hash', secret])).slice(0, SEAT_HASH_BYTES)
  return concatBytes(
    holder.slice(0, KEY_BYTES),
    pad.map((it, i) => it ^ (holder[KEY_BYTES + i] ?? 0)),
  )
}

/** What an issue says of a ticket: commitment, search tag, and body and details sealed with its code. */
function statedTicket(event: string, body: Uint8Array, details: string | null, sha256: Sha256): Uint8Array {
  const tag = searchTagOf(event, codeOf(event, body, sha256), sha256)
  return concatBytes(commitmentOf(event, body, sha256), tag, sealDetails(event, body, details, sha256))
}

function named(
  event: string,
  { bytes, body }: { bytes: Uint8Array; body: Uint8Array },
  sha256: Sha256,
): Omit<IssuedBytes, 'serial'> {
  return { bytes, commitment: commitmentOf(event, body, sha256), code: codeOf(event, body, sha256) }
}

const KEY_BYTES = 32

/** Nobody else can make this signature, and the device shows it to nobody. */
function requestSecret(
  { coop, event }: TicketIds,
  id: Uint8Array,
  signer: Signer,
  sha256: Sha256,
): Uint8Array {
  return sha256(signer.sign(encodeCanonical(['coopmesh ticket secrets', coop, event, id])))
}
