import { decodeCanonical, encodeCanonical, isCount } from '../encoding/index.ts'
import { decodeAmount, encodeAmount } from './amount.ts'
import type { Ask, AskReason } from './shares.ts'
import { isUnitId } from './unit.ts'

/** Bytes of one ask of `/coopmesh/rights/2`: some 80, and 512 rows of 68. */
export const RIGHTS_ASK_BYTES_MAX = 40_000
/**
 * Commits, and bytes of them, that an answer brings at most. A guess: a gate's busiest day several times over, in memory at
 * once; more comes by sync.
 */
export const RIGHTS_COMMITS_MAX = 20_000
export const RIGHTS_COMMIT_BYTES_MAX: number = 8 * 1024 * 1024

/** An ask as it comes, with what its device has: rows as bytes, which another layer reads. */
export interface RightsAsk extends Ask {
  has: Uint8Array
}

/** What was answered: minor units, and if none, why. */
export interface RightsAnswer {
  amount: bigint
  why: string | null
  /** Commits that follow: the transfer and what the asking device lacks of its past. Null: all that comes by sync. */
  commits: number | null
}

/** Frame that asks for a part of what another device holds. */
export function encodeAsk({ unit, amount, reason, has }: Omit<RightsAsk, 'device'>): Uint8Array {
  return encodeCanonical([unit, encodeAmount(amount), reason, has])
}

/**
 * The ask in a frame; null for none.
 *
 * @param device - key of who sent it, hex
 */
export function readAsk(frame: Uint8Array, device: string): RightsAsk | null {
  const decoded = decodeCanonical(frame)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 4) return null
  const [unit, rawAmount, rawReason, has] = decoded.value
  const amount = decodeAmount(rawAmount)
  const reason = REASONS.find((it) => it === rawReason)
  return isUnitId(unit) && amount !== null && reason !== undefined && has instanceof Uint8Array
    ? { unit, amount, reason, device, has }
    : null
}

/** Frame that answers an ask. */
export function encodeAnswer({ amount, why, commits }: RightsAnswer): Uint8Array {
  return encodeCanonical([amount === 0n ? null : encodeAmount(amount), why, commits])
}

/** The answer in a frame, which may be anything; nothing for none. Never more than was asked for. */
export function readAnswer(frame: Uint8Array, asked: bigint): RightsAnswer {
  const decoded = decodeCanonical(frame)
  const fields = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
  const [rawAmount, why, rawCommits] = fields
  const amount = decodeAmount(rawAmount) ?? 0n
  const text = typeof why === 'string' && /^[a-z-]{1,40}$/.test(why) ? why : null
  const commits =
    isCount(rawCommits) && rawCommits > 0 && rawCommits <= RIGHTS_COMMITS_MAX ? rawCommits : null
  return { amount: amount < asked ? amount : asked, why: text, commits: amount > 0n ? commits : null }
}

/**
 * What a device of `/coopmesh/rights/1` is answered, whatever it asks: in that version an answer brings no commits, so a bucket
 * would be on its way for as long as sync takes.
 */
export const OTHER_VERSION_ANSWER: Uint8Array = encodeCanonical([null, 'other-version'])

const REASONS: readonly AskReason[] = ['low', 'even', 'forecast', 'person']
