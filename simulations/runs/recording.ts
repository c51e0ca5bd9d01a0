/** Messages that a recording keeps: the last ones. A diagram shows a few hundred. */
export const RECORDED_MESSAGES_MAX = 20_000

/** A message of a run. `dropped`: why it did not arrive; null: it did. */
export interface RecordedMessage {
  readonly from: number
  readonly to: number
  readonly sentUs: number
  readonly atUs: number
  readonly sizeBytes: number
  readonly dropped: string | null
}

/** The last messages of a run, for its diagram. */
export class Recording {
  readonly #ring: RecordedMessage[] = []
  #next = 0
  /** All messages, those that are no longer kept among them. */
  count = 0

  add(message: RecordedMessage): void {
    this.#ring[this.#next] = message
    this.#next = (this.#next + 1) % RECORDED_MESSAGES_MAX
    this.count += 1
  }

  /** What is kept, in the order of arrival. */
  messages(): readonly RecordedMessage[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
  }
}
