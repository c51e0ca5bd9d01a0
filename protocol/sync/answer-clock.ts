import { ANSWER_BYTES_PER_SECOND_MIN, ANSWER_TIMEOUT_MS } from './limits.ts'

/**
 * How long a peer may still leave an answer unfinished: it is given `ANSWER_TIMEOUT_MS`, and earns more, up to as much
 * again, with what it brings. So neither silence nor a trickle keeps an answer open for ever.
 */
export class AnswerClock {
  #leftMs = 0
  /** Since when the peer is waited for; null while it owes nothing or waits for this side. */
  #sinceMs: number | null = null
  #lastMs = 0

  /** When the peer has used up its time, ms; null while it is not waited for. */
  get dueMs(): number | null {
    return this.#sinceMs === null ? null : this.#sinceMs + this.#leftMs
  }

  /** A question was sent. */
  start(nowMs: number): void {
    this.#leftMs = ANSWER_TIMEOUT_MS
    this.#sinceMs = nowMs
    this.#lastMs = nowMs
  }

  /** A part of the answer came. */
  earn(bytes: number, nowMs: number): void {
    const usedMs = this.#sinceMs === null ? 0 : nowMs - this.#sinceMs
    const earnedMs = (bytes * 1_000) / ANSWER_BYTES_PER_SECOND_MIN
    this.#leftMs = Math.min(ANSWER_TIMEOUT_MS, Math.max(0, this.#leftMs - usedMs) + earnedMs)
    if (this.#sinceMs !== null) this.#sinceMs = nowMs
    this.#lastMs = nowMs
  }

  /** The peer waits for this side, and its time does not run. */
  pause(nowMs: number): void {
    this.earn(0, nowMs)
    this.#sinceMs = null
  }

  /** This side waits again. */
  resume(nowMs: number): void {
    if (this.#sinceMs !== null) return
    this.#sinceMs = nowMs
    this.#lastMs = nowMs
  }

  /** The answer is over. */
  stop(): void {
    this.#sinceMs = null
  }

  /** True when nothing at all has come for long: the peer is gone rather than slow on purpose. */
  isSilent(nowMs: number): boolean {
    return nowMs - this.#lastMs >= ANSWER_TIMEOUT_MS / 2
  }
}
