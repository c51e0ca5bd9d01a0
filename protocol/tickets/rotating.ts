import { concatBytes, encodeCanonical, equalBytes, isCount } from '../encoding/index.ts'
import type { Sha256, SignatureRule, Signer } from '../identity/index.ts'
import { isSeatOf, phoneSecretOf } from './blind.ts'
import { decodeTicket } from './ticket.ts'
import type { DecodedTicket } from './ticket.ts'

/** How long a rotating code stands on the holder's screen. */
export const SLOT_MS = 30_000
/** Slots before and after now that pass: the clocks of phone and gate, and the time it takes to hold one up. A guess. */
export const SLOTS_APART_MAX = 1
/** Up to so many slots late (10 minutes) a code counts as a photograph; more is a wrong clock. A guess. */
export const SLOTS_OLD_MAX = 20

/**
 * What a gate makes of a rotating code. `old`: a photograph of a code that the screen stopped showing `ageMs` ago.
 * `clock`: phone or gate has the wrong time; `aheadMs` is the phone's start of the slot less the gate's now, below 0
 * for a phone that is behind. `missing`: the ticket has a holder and came without a code. `forged`: not the holder's
 * signature, or of a blind ticket not the secret of its seat hash. `none`: the ticket has no holder.
 */
export type RotatingState =
  | { state: 'fine' | 'missing' | 'forged' | 'none' }
  | { state: 'old'; ageMs: number }
  | { state: 'clock'; aheadMs: number }

/** Number of the slot in which `atMs` lies, Unix ms. */
export function slotAt(atMs: number): number {
  return Math.floor(atMs / SLOT_MS)
}

/** What the holder signs for a slot. `shown`: body and signature, and of a blind ticket the phone's secret. */
export function slotMessage(shown: Uint8Array, slot: number, sha256: Sha256): Uint8Array {
  return encodeCanonical(['coopmesh ticket slot', sha256(shown), slot])
}

/**
 * The rotating code of a ticket for the slot of `nowMs`.
 *
 * @returns null when the bytes are no ticket with this signer as holder, are blind with another's seat hash, or
 *   `nowMs` lies before 1970
 */
export function makeRotatingCode(
  ticket: Uint8Array,
  nowMs: number,
  holder: Signer,
  sha256: Sha256,
): Uint8Array | null {
  const result = decodeTicket(ticket)
  const slot = slotAt(nowMs)
  if (!result.ok || result.decoded.rotating !== null || !isCount(slot)) return null
  const { holder: key, seatHash } = result.decoded.ticket
  if (key === null || !equalBytes(key, holder.publicKey)) return null
  const secret = seatHash === null ? null : phoneSecretOf(holder, sha256)
  if (secret !== null && !isSeatOf(result.decoded.ticket, secret, sha256)) return null
  const shown = concatBytes(ticket, secret ?? new Uint8Array())
  const signature = holder.sign(slotMessage(shown, slot, sha256))
  return concatBytes(shown, Uint8Array.of((slot >> 8) & 0xff, slot & 0xff), signature)
}

/** Checks the rotating part of a ticket at a gate whose clock says `nowMs`. The ticket itself is not verified. */
export function checkRotating(
  decoded: DecodedTicket,
  nowMs: number,
  rule: SignatureRule,
  sha256: Sha256,
): RotatingState {
  const { ticket, rotating, bytes } = decoded
  if (ticket.holder === null) return { state: 'none' }
  if (rotating === null) return { state: 'missing' }
  if (rotating.secret !== null && !isSeatOf(ticket, rotating.secret, sha256)) return { state: 'forged' }
  const shown = concatBytes(bytes, rotating.secret ?? new Uint8Array())
  const now = slotAt(nowMs)
  const slot = nearestSlot(rotating.slot, now)
  const isHolders =
    slot >= 0 && rule.verify(ticket.holder, slotMessage(shown, slot, sha256), rotating.signature)
  if (!isHolders) return { state: 'forged' }
  const late = now - slot
  if (Math.abs(late) <= SLOTS_APART_MAX) return { state: 'fine' }
  if (late > 0 && late <= SLOTS_OLD_MAX) return { state: 'old', ageMs: nowMs - (slot + 1) * SLOT_MS }
  return { state: 'clock', aheadMs: slot * SLOT_MS - nowMs }
}

/** The slot nearest to `now` of all with these lowest 16 bits; of two at the same distance the earlier one. */
function nearestSlot(low: number, now: number): number {
  const ahead = (((low - now) % SLOTS_NAMED) + SLOTS_NAMED) % SLOTS_NAMED
  return ahead < SLOTS_NAMED / 2 ? now + ahead : now + ahead - SLOTS_NAMED
}

const SLOTS_NAMED = 65_536
