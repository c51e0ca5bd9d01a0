import { sha256 } from '@noble/hashes/sha2.js'
import { portableSigner } from '#protocol/identity'
import { SLOT_MS, decodeTicket, makeRotatingCode, slotAt, ticketText } from '#protocol/tickets'
import type { LinkedTicket } from './ticket-link.ts'

/** What the page shows at one moment. */
export interface ShownCode {
  /** Text of the QR code. */
  text: string
  /** The number of the ticket in its group, from 1. */
  number: number
  /** Unix ms at which another code is due; null for a code that stays. */
  untilMs: number | null
}

/**
 * The code to show at `nowMs` (Unix ms): of a ticket that is bound to a phone, one that the phone signs for 30 s.
 * Null when the link holds no ticket, or another ticket's key.
 */
export function shownCode({ ticket, seed }: LinkedTicket, nowMs: number): ShownCode | null {
  const result = decodeTicket(ticket)
  if (!result.ok || result.decoded.rotating !== null) return null
  const number = result.decoded.ticket.serial + 1
  if (result.decoded.ticket.holder === null) return { text: ticketText(ticket), number, untilMs: null }
  if (seed === null) return null
  const code = makeRotatingCode(ticket, nowMs, portableSigner(seed), sha256)
  return code === null ? null : { text: ticketText(code), number, untilMs: (slotAt(nowMs) + 1) * SLOT_MS }
}
