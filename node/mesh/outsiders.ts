import { FRAME_BYTES_MAX } from '#protocol/sync'

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
/** How often a device that is outside itself calls the others, to hear whether it is in again. A guess. */
export const CALL_OUTSIDE_EVERY_MS = 30_000

/** What a device outside may have: the authority document, and a way to hand in commits, as often as that is bearable. */
export class Outsiders {
  /** By device (hex): when it was last served, and what it sent since its day began. */
  readonly #served = new Map<string, { atMs: number; dayMs: number; bytes: number }>()

  /** True when the device may have a session at `nowMs`, of a clock that nobody sets. */
  mayServe(device: string, nowMs: number): boolean {
    const known = this.#served.get(device)
    const isNewDay = known === undefined || nowMs - known.dayMs >= DAY_MS
    const { atMs, dayMs, bytes } = isNewDay ? { atMs: known?.atMs, dayMs: nowMs, bytes: 0 } : known
    if (nowMs - (atMs ?? -Infinity) < SERVED_EVERY_MS || bytes >= OUTSIDE_BYTES_PER_DAY_MAX) return false
    this.#served.set(device, { atMs: nowMs, dayMs, bytes })
    return true
  }

  /** Notes what a device sent in a session. */
  note(device: string, bytes: number): void {
    const known = this.#served.get(device)
    if (known !== undefined) known.bytes += bytes
  }
}

const DAY_MS = 86_400_000
