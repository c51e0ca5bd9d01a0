import { COMMITMENT_BYTES, SEALED_BYTES_MAX, SEARCH_TAG_BYTES, TICKET_BODY_BYTES } from '../tickets/index.ts'

/** Longest name of an event or a class, UTF-16 units. A guess: a line on a ticket. */
export const EVENT_NAME_LENGTH_MAX = 100
/** Longest name of a gate group or zone, UTF-16 units. A guess: what can be read on a sign. */
export const GATE_NAME_LENGTH_MAX = 40
/** Longest reason of an override or undo, UTF-16 units. A guess: a line. */
export const REASON_LENGTH_MAX = 200
/** Longest code of a currency: that of a unit. */
export const CURRENCY_LENGTH_MAX = 24
/** Price windows of a class. A guess: a season of weekly prices. */
export const PRICES_MAX = 64
/** Zones that a class names. A guess. */
export const ZONES_MAX = 32
/** Tickets of one issue: with details for each they fit into one payload of 262,144 bytes. */
export const ISSUED_MAX = 512
/** Bytes of an issued ticket: commitment 16, search tag 8, and a sealed body of 51 bytes at least. */
export const ISSUED_BYTES_MIN: number = COMMITMENT_BYTES + SEARCH_TAG_BYTES + 16 + TICKET_BODY_BYTES
export const ISSUED_BYTES_MAX: number = COMMITMENT_BYTES + SEARCH_TAG_BYTES + SEALED_BYTES_MAX
/** Refused tickets of one entry. A guess: a rush of some minutes. */
export const REFUSALS_MAX = 256
/** Classes, zones and buckets of one event that are looked at. A guess: a festival. */
export const PARTS_MAX = 4_096
/** Passes of one seat by one chain. A guess: a helper who goes in and out by one gate, fifty times a day for five days. */
export const SEAT_PASSES_MAX = 512
/** Doubles that are named with an entry. A guess: as many gates as an event has. */
export const DOUBLES_MAX = 16
