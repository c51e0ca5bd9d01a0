import { concatBytes, encodeCanonical } from '../encoding/index.ts'
import type { Sha256, Signer } from '../identity/index.ts'
import { codeOf, commitmentOf, issueTicket, sealDetails, searchTagOf } from '../tickets/index.ts'
import type { IssueRefusal, TicketIds, TicketValidity } from '../tickets/index.ts'
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
  /** Of one ticket: key of the phone that shows it. */
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
    const draft = { serial, seatSecret: drawn.slice(0, 16), nonce: drawn.slice(16, 24), validity, holder }
    const issued = issueTicket(ids, draft, signer)
    if (!issued.ok) return issued
    const ticket = { ...named(ids.event, issued, sha256), serial }
    tickets.push(ticket)
    sealed.push(statedTicket(ids.event, issued.body, details[i] ?? null, sha256))
    if (sealed.length < ISSUED_MAX && i < count - 1) continue
    entries.push({
      ...{ t: 'issue', class: ids.class, bucket: ids.bucket, tickets: sealed, price, validity, holder, id },
      first: serial + 1 - sealed.length,
    })
    sealed = []
  }
  return { ok: true, tickets, entries }
}

/** A ticket that takes the place of another: the same seat under a new name. */
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
    { serial, seatSecret, nonce: drawn.slice(16, 24), validity, holder },
    signer,
  )
  if (!issued.ok) return issued
  const ticket = { ...named(ids.event, issued, sha256), serial }
  return { ok: true, ticket, stated: statedTicket(ids.event, issued.body, details, sha256) }
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

/** Nobody else can make this signature, and the device shows it to nobody. */
function requestSecret(
  { coop, event }: TicketIds,
  id: Uint8Array,
  signer: Signer,
  sha256: Sha256,
): Uint8Array {
  return sha256(signer.sign(encodeCanonical(['coopmesh ticket secrets', coop, event, id])))
}
