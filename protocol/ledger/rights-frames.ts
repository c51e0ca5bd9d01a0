import { decodeCanonical, encodeCanonical } from '../encoding/index.ts'
import { decodeAmount, encodeAmount } from './amount.ts'
import type { Ask, AskReason } from './shares.ts'
import { isUnitId } from './unit.ts'

/** Bytes of one frame of `/coopmesh/rights/1`: an ask has some 80. */
export const RIGHTS_FRAME_BYTES_MAX = 512

/** What was answered: minor units, and if none, why. */
export interface RightsAnswer {
  amount: bigint
  why: string | null
}

/** Frame that asks for a part of what another device holds. */
export function encodeAsk({ unit, amount, reason }: Omit<Ask, 'device'>): Uint8Array {
  return encodeCanonical([unit, encodeAmount(amount), reason])
}

/**
 * The ask in a frame; null for none.
 *
 * @param device - key of who sent it, hex
 */
export function readAsk(frame: Uint8Array, device: string): Ask | null {
  const decoded = decodeCanonical(frame)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [unit, rawAmount, rawReason] = decoded.value
  const amount = decodeAmount(rawAmount)
  const reason = REASONS.find((it) => it === rawReason)
  return isUnitId(unit) && amount !== null && reason !== undefined ? { unit, amount, reason, device } : null
}

/** Frame that answers an ask. */
export function encodeAnswer({ amount, why }: RightsAnswer): Uint8Array {
  return encodeCanonical([amount === 0n ? null : encodeAmount(amount), why])
}

/** The answer in a frame, which may be anything; nothing for none. Never more than was asked for. */
export function readAnswer(frame: Uint8Array, asked: bigint): RightsAnswer {
  const decoded = decodeCanonical(frame)
  const fields = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  const [rawAmount, why] = fields
  const amount = decodeAmount(rawAmount) ?? 0n
  const text = typeof why === 'string' && /^[a-z-]{1,40}$/.test(why) ? why : null
  return { amount: amount < asked ? amount : asked, why: text }
}

const REASONS: readonly AskReason[] = ['low', 'even', 'forecast', 'person']
