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
  /** Bytes that are here of a frame that is not whole, and the time that they earned. */
  readonly #early: { bytes: number; ms: number } = { bytes: 0, ms: 0 }

  /** When the peer has used up its time, ms; null while it is not waited for. */
  get dueMs(): number | null {
    return this.#sinceMs === null ? null : this.#sinceMs + this.#leftMs
  }

  /** A question was sent. */
  start(nowMs: number): void {
    this.#leftMs = ANSWER_TIMEOUT_MS
    this.#sinceMs = nowMs
    this.#lastMs = nowMs
    this.#early.ms = 0
  }

  /**
   * So many bytes of a frame are here that is not whole yet: on a slow uplink that many peers share, a large frame takes longer
   * than silence may last. Returns how many of them are new.
   */
  arrive(bytes: number, nowMs: number): number {
    const fresh = bytes - this.#early.bytes
    this.#early.bytes = bytes
    this.#early.ms += this.#earn(fresh, nowMs)
    return fresh
  }

  /** A frame is whole. What its parts earned is taken back unless it is owed. Returns how many bytes had not arrived before. */
  complete(bytes: number, isOwed: boolean, nowMs: number): number {
    const fresh = Math.max(0, bytes - this.#early.bytes)
    if (isOwed) this.#earn(fresh, nowMs)
    else this.#leftMs -= this.#early.ms
    this.#early.bytes = 0
    this.#early.ms = 0
    return fresh
  }

  /** The peer waits for this side, and its time does not run. */
  pause(nowMs: number): void {
    this.#earn(0, nowMs)
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

  /** Returns how much time these bytes added. */
  #earn(bytes: number, nowMs: number): number {
    const usedMs = this.#sinceMs === null ? 0 : nowMs - this.#sinceMs
    const leftMs = Math.max(0, this.#leftMs - usedMs)
    this.#leftMs = Math.min(ANSWER_TIMEOUT_MS, leftMs + (bytes * 1_000) / ANSWER_BYTES_PER_SECOND_MIN)
    if (this.#sinceMs !== null) this.#sinceMs = nowMs
    this.#lastMs = nowMs
    return this.#leftMs - leftMs
  }
}
