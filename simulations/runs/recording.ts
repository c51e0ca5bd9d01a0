/** Messages that a recording keeps: the last ones. A diagram shows a few hundred. */
export const RECORDED_MESSAGES_MAX = 20_000
/** Faults that a recording keeps: the first ones. A guess. */
export const RECORDED_FAULTS_MAX = 100_000

/** A message of a run. `dropped`: why it did not arrive; null: it did. */
export interface RecordedMessage {
  readonly from: number
  readonly to: number
  readonly sentUs: number
  readonly atUs: number
  readonly sizeBytes: number
  readonly dropped: string | null
}

/** A stretch in which something was wrong. `node` -1: everywhere. */
export interface RecordedFault {
  readonly node: number
  readonly fromUs: number
  /** Infinity while it lasts. */
  untilUs: number
  readonly label: string
}

/** What a run did to its network: the last messages, and when nodes were off and links cut. For its diagram. */
export class Recording {
  readonly faults: RecordedFault[] = []
  readonly #ring: RecordedMessage[] = []
  #next = 0

  add(message: RecordedMessage): void {
    this.#ring[this.#next] = message
    this.#next = (this.#next + 1) % RECORDED_MESSAGES_MAX
  }

  /** What is kept, in the order of arrival. */
  messages(): readonly RecordedMessage[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
  }

  /** A fault begins at these nodes; returns the way to end it. */
  begin(nodes: readonly number[], fromUs: number, label: string): (untilUs: number) => void {
    const begun = nodes.map((node): RecordedFault => ({ node, fromUs, untilUs: Infinity, label }))
    if (this.faults.length + begun.length <= RECORDED_FAULTS_MAX) this.faults.push(...begun)
    return (untilUs) => {
      for (const fault of begun) fault.untilUs = Math.min(fault.untilUs, untilUs)
    }
  }
}
