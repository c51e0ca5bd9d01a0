import { concatBytes } from '../encoding/index.ts'
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
  if (!trimmed.startsWith(PREFIX)) return { ok: false, refusal: 'not-a-ticket' }
  const letters = trimmed.slice(PREFIX.length)
  const bytes = decodeBase45(letters)
  if (bytes !== null) return decodeTicket(bytes)
  return { ok: false, refusal: isCutOff(letters) ? 'truncated' : 'not-a-ticket' }
}

/** True for the beginning of a ticket that ends within a group: what a scanner has lost letters of. */
function isCutOff(letters: string): boolean {
  const rest = letters.length % 3
  const whole = rest === 0 ? null : decodeBase45(letters.slice(0, letters.length - rest))
  if (whole === null) return false
  const result = decodeTicket(concatBytes(whole, new Uint8Array(rest - 1)))
  return !result.ok && result.refusal === 'truncated'
}

const PREFIX = 'CT:'
const AROUND: RegExp = /^[ \t\r\n]+|[ \t\r\n]+$/g
