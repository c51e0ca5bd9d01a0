import { concatBytes, encodeCanonical } from '../encoding/index.ts'
import type { Signer } from '../identity/index.ts'
import { deviceTag, idTag, isEventId } from './id-tag.ts'

/** Bytes of a body without holder key. */
export const TICKET_BODY_BYTES = 51
/** Bytes of a body with holder key. */
export const HOLDER_BODY_BYTES = 83
/** Bytes of a ticket without holder key. */
export const TICKET_BYTES = 115
/** Bytes of a ticket with holder key. */
export const HOLDER_TICKET_BYTES = 147
/** Bytes of a rotating code: a ticket with holder key, slot and signature. */
export const ROTATING_BYTES = 213
/** Bytes of the rotating code of a blind ticket: the phone's secret stands before the slot. */
export const BLIND_ROTATING_BYTES = 229
/** Bytes of a seat secret: nobody guesses one. */
export const SEAT_SECRET_BYTES = 16
/** Bytes of a seat hash: two secrets with one hash cost 2⁶⁴ hashes, and give one entry more. */
export const SEAT_HASH_BYTES = 16
/** Bytes of the secret that a phone shows with a blind ticket. */
export const PHONE_SECRET_BYTES = 16
/** Bytes of a ticket's own nonce. */
export const TICKET_NONCE_BYTES = 8
/** Highest serial: three bytes. */
export const SERIAL_MAX = 0xffffff

/** When a ticket is valid, if it says so itself: both at least 1. */
export interface TicketValidity {
  /** Minutes since 1970, from 1; four bytes. */
  fromMinute: number
  /** Minutes, from 1; three bytes. */
  forMinutes: number
}

/** What a ticket says. The whole ids are in what is signed; here are their tags, by which they are looked up. */
export interface Ticket {
  /** Tags of four bytes. */
  event: Uint8Array
  class: Uint8Array
  bucket: Uint8Array
  issuer: Uint8Array
  /** Number in its bucket, up to `SERIAL_MAX`. */
  serial: number
  /** 16 bytes; a ticket that replaces another has the same. Null for a blind ticket: its phone alone knows it. */
  seatSecret: Uint8Array | null
  /** Of a blind ticket, 16 bytes, in the place of the seat secret; null for any other. */
  seatHash: Uint8Array | null
  /** 8 bytes, drawn anew for each ticket. */
  nonce: Uint8Array
  /** Null: as the class says. */
  validity: TicketValidity | null
  /** Ed25519 key of the holder's phone, 32 bytes; null for a ticket that whoever shows it may use. */
  holder: Uint8Array | null
}

/** The part of a rotating code behind the ticket. */
export interface RotatingPart {
  /** Of a blind ticket what its phone alone knew, 16 bytes; null for any other. */
  secret: Uint8Array | null
  /** Slot number mod 65,536. */
  slot: number
  /** The holder's, 64 bytes. */
  signature: Uint8Array
}

/** The bytes of a ticket taken apart. Nothing is verified yet. */
export interface DecodedTicket {
  ticket: Ticket
  /** What was issued: all that tags and commitments are made of. */
  body: Uint8Array
  /** The issuing device's, 64 bytes. */
  signature: Uint8Array
  /** Body and signature. */
  bytes: Uint8Array
  /** Null for a ticket that is shown without. */
  rotating: RotatingPart | null
}

/** Why bytes are no ticket. */
export type TicketRefusal = 'not-a-ticket' | 'truncated' | 'too-long' | 'unknown-version'

/** A ticket taken apart, or why it is none. */
export type DecodedTicketResult = { ok: true; decoded: DecodedTicket } | { ok: false; refusal: TicketRefusal }

/** The whole ids that a ticket is signed for. */
export interface TicketIds {
  /** Co-op, 32 bytes. */
  coop: Uint8Array
  /** Id of the event document. */
  event: string
  /** Seat unit of the class. */
  class: string
  /** Admission unit of the bucket. */
  bucket: string
}

/** What the issuer decides of a ticket. */
export type TicketDraft = Pick<Ticket, 'serial' | 'seatSecret' | 'seatHash' | 'nonce' | 'validity' | 'holder'>

/** What is wrong with a ticket that is to be issued. */
export type IssueRefusal =
  | 'coop'
  | 'event'
  | 'class'
  | 'bucket'
  | 'serial'
  | 'seat-secret'
  | 'seat-hash'
  | 'nonce'
  | 'validity'
  | 'holder'

/** An issued ticket, or what is wrong with it. */
export type IssueResult =
  | { ok: true; bytes: Uint8Array; body: Uint8Array }
  | { ok: false; refusal: IssueRefusal }

/** Makes and signs a ticket. What does not fit its field is refused, never cut. */
export function issueTicket(ids: TicketIds, draft: TicketDraft, signer: Signer): IssueResult {
  const refusal = idsRefusal(ids) ?? draftRefusal(draft)
  if (refusal !== null) return { ok: false, refusal }
  const tags = { event: idTag(ids.event), class: idTag(ids.class), bucket: idTag(ids.bucket) }
  const body = encodeTicketBody({ ...draft, ...tags, issuer: deviceTag(signer.publicKey) })
  return { ok: true, body, bytes: concatBytes(body, signer.sign(ticketMessage(ids, body))) }
}

/** What the issuing device signs. */
export function ticketMessage(ids: TicketIds, body: Uint8Array): Uint8Array {
  return encodeCanonical(['coopmesh ticket', ids.coop, ids.event, ids.class, ids.bucket, body])
}

/**
 * The body of a ticket.
 *
 * @throws RangeError for a field out of range
 */
export function encodeTicketBody(ticket: Ticket): Uint8Array {
  const refusal = draftRefusal(ticket)
  if (refusal !== null) throw new RangeError(`no ticket has this ${refusal}`)
  const tags = [ticket.event, ticket.class, ticket.bucket, ticket.issuer]
  if (tags.some((tag) => tag.length !== TAG_BYTES)) throw new RangeError('a tag has 4 bytes')
  return concatBytes(
    Uint8Array.of((VERSION << 4) | flagsOf(ticket)),
    ...tags,
    bigEndian(ticket.serial, 3),
    ticket.seatSecret ?? ticket.seatHash ?? new Uint8Array(),
    ticket.nonce,
    bigEndian(ticket.validity?.fromMinute ?? 0, 4),
    bigEndian(ticket.validity?.forMinutes ?? 0, 3),
    ticket.holder ?? new Uint8Array(),
  )
}

/** Takes the bytes of a ticket or of a rotating code apart. Never throws; verifies no signature. */
export function decodeTicket(bytes: Uint8Array): DecodedTicketResult {
  const first = bytes[0]
  if (first === undefined) return { ok: false, refusal: 'not-a-ticket' }
  if (first >> 4 !== VERSION) return { ok: false, refusal: 'unknown-version' }
  const flags = first & 0x0f
  if (!FLAGS.includes(flags)) return { ok: false, refusal: 'not-a-ticket' }
  const bodyBytes = flags === 0 ? TICKET_BODY_BYTES : HOLDER_BODY_BYTES
  const ticketBytes = bodyBytes + SIGNATURE_BYTES
  const isRotating = bodyBytes === HOLDER_BODY_BYTES && bytes.length > ticketBytes
  const secretBytes = (flags & IS_BLIND) === 0 ? 0 : PHONE_SECRET_BYTES
  const expected = isRotating ? ROTATING_BYTES + secretBytes : ticketBytes
  if (bytes.length !== expected)
    return { ok: false, refusal: bytes.length < expected ? 'truncated' : 'too-long' }
  const copy = Uint8Array.from(bytes)
  const body = copy.subarray(0, bodyBytes)
  const ticket = decodeTicketBody(body)
  if (ticket === null) return { ok: false, refusal: 'not-a-ticket' }
  const signature = copy.subarray(bodyBytes, ticketBytes)
  const slotAt = ticketBytes + secretBytes
  const rotating = isRotating
    ? {
        secret: secretBytes === 0 ? null : copy.subarray(ticketBytes, slotAt),
        slot: numberAt(copy, slotAt, 2),
        signature: copy.subarray(slotAt + 2),
      }
    : null
  return { ok: true, decoded: { ticket, body, signature, bytes: copy.subarray(0, ticketBytes), rotating } }
}

/** What a body says; null when it is none. */
export function decodeTicketBody(body: Uint8Array): Ticket | null {
  const [first = 0] = body
  const flags = first & 0x0f
  if (first >> 4 !== VERSION || !FLAGS.includes(flags)) return null
  const hasHolder = flags !== 0
  const isBlind = (flags & IS_BLIND) !== 0
  if (body.length !== (hasHolder ? HOLDER_BODY_BYTES : TICKET_BODY_BYTES)) return null
  const fromMinute = numberAt(body, 44, 4)
  const forMinutes = numberAt(body, 48, 3)
  // One without the other says nothing that a gate could go by.
  if ((fromMinute === 0) !== (forMinutes === 0)) return null
  return {
    event: body.slice(1, 5),
    class: body.slice(5, 9),
    bucket: body.slice(9, 13),
    issuer: body.slice(13, 17),
    serial: numberAt(body, 17, 3),
    seatSecret: isBlind ? null : body.slice(20, 36),
    seatHash: isBlind ? body.slice(20, 36) : null,
    nonce: body.slice(36, 44),
    validity: fromMinute === 0 ? null : { fromMinute, forMinutes },
    holder: hasHolder ? body.slice(TICKET_BODY_BYTES) : null,
  }
}

/** When a ticket is valid, Unix ms, the end excluded; null where the class says it. */
export function validityMs(ticket: Ticket): { fromMs: number; untilMs: number } | null {
  if (ticket.validity === null) return null
  const { fromMinute, forMinutes } = ticket.validity
  return { fromMs: fromMinute * MINUTE_MS, untilMs: (fromMinute + forMinutes) * MINUTE_MS }
}

const VERSION = 1
const HAS_HOLDER = 1
const IS_BLIND = 2
/** Those that there are: no ticket is blind without a holder. */
const FLAGS: readonly number[] = [0, HAS_HOLDER, HAS_HOLDER | IS_BLIND]
const TAG_BYTES = 4
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const MINUTE_MS = 60_000
const FROM_MINUTE_MAX = 0xffffffff
const FOR_MINUTES_MAX = 0xffffff

function idsRefusal(ids: TicketIds): IssueRefusal | null {
  if (ids.coop.length !== KEY_BYTES) return 'coop'
  if (!isEventId(ids.event)) return 'event'
  if (!SEAT_UNIT.test(ids.class)) return 'class'
  return ADMISSION_UNIT.test(ids.bucket) ? null : 'bucket'
}

function draftRefusal(draft: TicketDraft): IssueRefusal | null {
  if (!isWithin(draft.serial, 0, SERIAL_MAX)) return 'serial'
  if (draft.seatHash === null && draft.seatSecret?.length !== SEAT_SECRET_BYTES) return 'seat-secret'
  if (draft.seatHash !== null) {
    if (draft.seatSecret !== null || draft.seatHash.length !== SEAT_HASH_BYTES) return 'seat-hash'
    if (draft.holder === null) return 'holder'
  }
  if (draft.nonce.length !== TICKET_NONCE_BYTES) return 'nonce'
  if (draft.holder !== null && draft.holder.length !== KEY_BYTES) return 'holder'
  if (draft.validity === null) return null
  const { fromMinute, forMinutes } = draft.validity
  return isWithin(fromMinute, 1, FROM_MINUTE_MAX) && isWithin(forMinutes, 1, FOR_MINUTES_MAX)
    ? null
    : 'validity'
}

function flagsOf({ holder, seatHash }: TicketDraft): number {
  return (holder === null ? 0 : HAS_HOLDER) | (seatHash === null ? 0 : IS_BLIND)
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most
}

function bigEndian(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.floor(value / 256 ** (length - 1 - i)) % 256)
}

function numberAt(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = 0; i < length; i += 1) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

const SEAT_UNIT: RegExp = /^seat-[a-h][a-z2-7]{25}$/
const ADMISSION_UNIT: RegExp = /^admission-[a-h][a-z2-7]{25}$/
