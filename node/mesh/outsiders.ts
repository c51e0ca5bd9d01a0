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
/**
 * Bytes that a device outside is sent on one connection: 25,000 headers with their acts. It asks for little, and could else
 * keep an uplink busy with that. A guess.
 */
export const OUTSIDE_SENT_BYTES_MAX = 8_388_608
/** The same in a day. A guess: who was away for long hears of it in a few days, and from several devices sooner. */
export const OUTSIDE_SENT_BYTES_PER_DAY_MAX = 67_108_864
/** How often a device that is outside itself calls the others, to hear whether it is in again. A guess. */
export const CALL_OUTSIDE_EVERY_MS = 30_000

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
