import { decodeBase45, encodeBase45 } from './base45.ts'
import { decodeTicket } from './ticket.ts'
import type { DecodedTicketResult } from './ticket.ts'

/** Longest scan that is looked at, in characters: the longest text (323), and room for what a scanner adds. */
export const TICKET_SCAN_LENGTH_MAX = 512

/** Text of the bytes of a ticket or rotating code, as a QR code of it holds: `CT:` and base45. */
export function ticketText(bytes: Uint8Array): string {
  return PREFIX + encodeBase45(bytes)
}

/**
 * Reads a scanned text. Blanks, tabs and line ends around it are what scanners add; inside nothing is forgiven. (A
 * text of ours ends in a digit, since its bytes are odd in number: no blank at its end is part of it.) Never throws.
 */
export function readTicketText(text: string): DecodedTicketResult {
  if (text.length > TICKET_SCAN_LENGTH_MAX) return { ok: false, refusal: 'too-long' }
  const trimmed = text.replaceAll(AROUND, '')
  const bytes = trimmed.startsWith(PREFIX) ? decodeBase45(trimmed.slice(PREFIX.length)) : null
  return bytes === null ? { ok: false, refusal: 'not-a-ticket' } : decodeTicket(bytes)
}

const PREFIX = 'CT:'
const AROUND: RegExp = /^[ \t\r\n]+|[ \t\r\n]+$/g
