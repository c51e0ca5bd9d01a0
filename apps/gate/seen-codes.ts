/** How long a code must be away from the camera before it counts as shown again. Issue: not twice within 3 s. */
export const AWAY_MS = 3_000

/**
 * Characters that tell two tickets apart: the first 78 bytes of a ticket, with its number and its secret. A rotating
 * code of the same ticket begins alike.
 */
const TICKET_CHARACTERS = 120

/** Keeps the camera from sending the code that stays in front of it again and again. */
export class SeenCodes {
  #text = ''
  #seenMs = Number.NEGATIVE_INFINITY
  #answer: 'let-in' | 'refused' | 'unanswered' | null = null
  #answeredMs = 0

  /** True when this text is to be sent. To be called for every frame with a code while none is being checked. */
  isNew(text: string, nowMs: number): boolean {
    const isSame = this.#isSame(text)
    const isHere = isSame && nowMs - this.#seenMs < AWAY_MS
    if (isHere) this.#seenMs = nowMs
    const isOverdue = this.#answer === 'unanswered' && nowMs - this.#answeredMs >= AWAY_MS
    if (isHere && !isOverdue) return false
    this.#text = text
    this.#seenMs = nowMs
    this.#answer = null
    return true
  }

  /** It is still there while it is checked. */
  stays(text: string, nowMs: number): void {
    if (this.#isSame(text)) this.#seenMs = nowMs
  }

  /**
   * What came of it. Of a ticket that was let in, the next rotating code is no news either; what nobody answered is sent
   * again after 3 s, though it stays.
   */
  answered(text: string, answer: 'let-in' | 'refused' | 'unanswered', nowMs: number): void {
    if (text !== this.#text) return
    this.#answer = answer
    this.#answeredMs = nowMs
    this.#seenMs = Math.max(this.#seenMs, nowMs)
  }

  #isSame(text: string): boolean {
    return this.#answer === 'let-in' ? ticketOf(text) === ticketOf(this.#text) : text === this.#text
  }
}

function ticketOf(text: string): string {
  return text.slice(0, TICKET_CHARACTERS)
}
