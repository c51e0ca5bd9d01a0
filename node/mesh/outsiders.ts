import { leaveOut } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import { decodeFrame } from '#protocol/sync'
import type { ServedCommit } from '#protocol/sync'
import type { Engine } from '#node/engine'

/** Why a session with a device outside ended, as this side says it. */
export const OUTSIDE = 'outside: closed, suspended or left; it gets the authority document alone'
/**
 * How long a device that was a member until now stays connected to hear of it. From the requirement that it is cut within
 * 5 s; a round trip of a slow uplink, and an answer, are less.
 */
export const FAREWELL_MS = 3_000
/** How often one device outside is served. A guess: it comes for news of itself, and others wait as well. */
const SERVED_EVERY_MS = 2_000
/** How often a device that is outside itself calls the others, to hear whether it is in again. A guess. */
export const CALL_OUTSIDE_EVERY_MS = 30_000

/**
 * True for a device (hex) that this one keeps away from: under the tip it is closed, has left, or is suspended. Nodes of
 * stewards keep in touch with a suspended steward: else two that suspend each other could never be helped by a seal.
 */
export function isOutside(engine: Engine, device: string): boolean {
  const { authority, device: own } = engine.replica
  const status = authority.statusOf(device)
  if (status === null || status === 'active') return false
  if (status !== 'suspended') return true
  const { signers } = authority.epochs.tip
  return !(signers.has(device) && signers.has(own ?? ''))
}

/** What a device outside may have: the authority document, and a way to hand in commits, as often as that is bearable. */
export class Outsiders {
  /** When each device (hex) was last served. */
  readonly #servedAtMs = new Map<string, number>()

  /** True when the device may have a session now. */
  mayServe(device: string): boolean {
    const nowMs = performance.now()
    if (nowMs - (this.#servedAtMs.get(device) ?? -Infinity) < SERVED_EVERY_MS) return false
    this.#servedAtMs.set(device, nowMs)
    return true
  }
}

/** True for a frame of a device outside that asks for more than acts of authority and proofs of forks. */
export function asksTooMuch(frame: Uint8Array): boolean {
  const decoded = decodeFrame(frame)
  if (!decoded.ok) return false // the session names what is wrong with it
  const { kind } = decoded.frame
  return kind === 'fetch' || (kind === 'want' && !decoded.frame.isUrgentOnly)
}

/** Commits as a device outside gets them: without what is written in boards. */
export function outsideForms(
  { replica }: Engine,
  sha256: Sha256,
  commits: readonly ServedCommit[],
): ServedCommit[] {
  const isLeftOut = (document: string): boolean => !replica.isAlwaysSent(document)
  return commits.map(({ order, bytes }) => ({ order, bytes: leaveOut(bytes, sha256, isLeftOut) }))
}
