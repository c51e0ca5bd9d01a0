import type { CloseCode } from '#protocol/sync'

/** Faults that a device may commit before it is kept away for a while. A guess: two versions may disagree now and then. */
export const FAULTS_FREE = 16
/** How long a device is kept away after its next fault; twice as long after each further one. */
export const AWAY_MS = 30_000
/** The longest time that a device is kept away. */
export const AWAY_MS_MAX = 3_600_000
/** Devices whose faults are remembered; the one that offended longest ago is forgotten first. Above any co-op's misfits. */
export const OFFENDERS_MAX = 1_000

/** What a device did wrong. */
export interface Faults {
  count: number
  /** Why the last session with it was cut. */
  reason: string
  /** Until when no session with it is opened or accepted, ms; in the past when it is welcome. */
  awayUntilMs: number
}

/** Closings that are no fault of the peer: it was slow, away, or of another time. */
const NO_FAULT: ReadonlySet<CloseCode> = new Set(['silent', 'other-version', 'other-coop'])

/** Remembers, while the node runs, which members sent what no honest device sends, and keeps them away for a while. */
export class FaultBook {
  readonly #faults = new Map<string, Faults>()

  /** Takes a note of why a session with this device was cut. */
  note(device: string, code: CloseCode, detail: string, nowMs: number): void {
    if (NO_FAULT.has(code)) return
    const count = (this.#faults.get(device)?.count ?? 0) + 1
    const beyond = count - FAULTS_FREE
    const awayMs = beyond <= 0 ? 0 : Math.min(AWAY_MS_MAX, AWAY_MS * 2 ** (beyond - 1))
    this.#faults.delete(device)
    this.#faults.set(device, { count, reason: `${code}: ${detail}`, awayUntilMs: nowMs + awayMs })
    const [oldest] = this.#faults.keys()
    if (this.#faults.size > OFFENDERS_MAX && oldest !== undefined) this.#faults.delete(oldest)
  }

  /** What is remembered of a device, or null. */
  of(device: string): Faults | null {
    return this.#faults.get(device) ?? null
  }

  /** True while no session with the device is opened or accepted. */
  isAway(device: string, nowMs: number): boolean {
    return (this.#faults.get(device)?.awayUntilMs ?? 0) > nowMs
  }
}
