import { leaveOut } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import { FRAME_BYTES_MAX, decodeFrame } from '#protocol/sync'
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
/** Bytes that a device outside may send on one connection: two frames, so that a whole batch of what it hands in fits. */
export const OUTSIDE_BYTES_MAX: number = 2 * FRAME_BYTES_MAX
/**
 * Bytes that one device outside may send in a day, so that a stolen one does not fill the disks of all. A guess: the sales
 * of a week of a busy till.
 */
export const OUTSIDE_BYTES_PER_DAY_MAX = 16_777_216
/**
 * Bytes that a device outside is sent on one connection: 25,000 headers with their acts. It asks for little, and could else
 * keep an uplink busy with that. A guess.
 */
export const OUTSIDE_SENT_BYTES_MAX = 8_388_608
/** The same in a day. A guess: who was away for long hears of it in a few days, and from several devices sooner. */
export const OUTSIDE_SENT_BYTES_PER_DAY_MAX = 67_108_864
/** How often a device that is outside itself calls the others, to hear whether it is in again. A guess. */
export const CALL_OUTSIDE_EVERY_MS = 30_000

/**
 * True for a device (hex) that this one keeps away from: under the tip it is closed, has left, or is suspended. Nodes of
 * stewards keep in touch with a steward who is suspended, or has left and is not closed yet: else two that suspend each other
 * could never be helped by a seal, nor one that leaves be let go.
 */
export function isOutside(engine: Engine, device: string): boolean {
  const { authority, device: own } = engine.replica
  const status = authority.statusOf(device)
  if (status === null || status === 'active') return false
  const { signers } = authority.epochs.tip
  return !(signers.has(device) && signers.has(own ?? ''))
}

/** What a device outside may have: the authority document, and a way to hand in commits, as often as that is bearable. */
export class Outsiders {
  /** By device (hex). */
  readonly #served = new Map<string, Served>()

  /** True when the device may have a session at `nowMs`, of a clock that nobody sets. */
  mayServe(device: string, nowMs: number): boolean {
    const known = this.#served.get(device) ?? { atMs: -Infinity, dayMs: nowMs, bytesIn: 0, bytesOut: 0 }
    const isNewDay = nowMs - known.dayMs >= DAY_MS
    const today = isNewDay ? { ...known, dayMs: nowMs, bytesIn: 0, bytesOut: 0 } : known
    const isUsedUp =
      today.bytesIn >= OUTSIDE_BYTES_PER_DAY_MAX || today.bytesOut >= OUTSIDE_SENT_BYTES_PER_DAY_MAX
    if (nowMs - known.atMs < SERVED_EVERY_MS || isUsedUp) return false
    this.#served.set(device, { ...today, atMs: nowMs })
    return true
  }

  /** Notes what a device sent, and was sent, in a session. */
  note(device: string, { bytesIn, bytesOut }: Pick<Served, 'bytesIn' | 'bytesOut'>): void {
    const known = this.#served.get(device)
    if (known === undefined) return
    known.bytesIn += bytesIn
    known.bytesOut += bytesOut
  }
}

/** When a device was last served, and how much it sent and was sent since its day began. */
interface Served {
  atMs: number
  dayMs: number
  bytesIn: number
  bytesOut: number
}

const DAY_MS = 86_400_000

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
