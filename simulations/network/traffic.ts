/** Why a message did not arrive: lost on the way, no open link, or the connection went down under it. */
export type DropReason = 'lost' | 'closed' | 'reset'

/**
 * Messages and bytes so far. At any instant `sent + duplicated = delivered + lost + closed + reset + inFlight`, for
 * messages and for bytes.
 */
export interface Traffic {
  readonly sent: number
  readonly duplicated: number
  readonly delivered: number
  readonly lost: number
  readonly closed: number
  readonly reset: number
  readonly inFlight: number
}

/** Counts what enters a network and what becomes of it. */
export class TrafficCounter {
  // Columns of doubles: objects with sums of bytes would allocate at each message.
  readonly #messages: Float64Array = new Float64Array(COLUMNS)
  readonly #bytes: Float64Array = new Float64Array(COLUMNS)

  /** Messages so far. */
  get messages(): Traffic {
    return asTraffic(this.#messages)
  }

  /** Bytes so far. */
  get bytes(): Traffic {
    return asTraffic(this.#bytes)
  }

  /** A message is on its way, or a copy of one. */
  enter(isCopy: boolean, sizeBytes: number): void {
    this.#add(isCopy ? DUPLICATED : SENT, 1, sizeBytes)
    this.#add(IN_FLIGHT, 1, sizeBytes)
  }

  /** A message arrived. */
  deliver(sizeBytes: number): void {
    this.#add(DELIVERED, 1, sizeBytes)
    this.#add(IN_FLIGHT, -1, -sizeBytes)
  }

  /** A message will not arrive. */
  drop(reason: DropReason, sizeBytes: number): void {
    this.#add(DROPPED[reason], 1, sizeBytes)
    this.#add(IN_FLIGHT, -1, -sizeBytes)
  }

  #add(column: number, count: number, sizeBytes: number): void {
    this.#messages[column] = (this.#messages[column] as number) + count
    this.#bytes[column] = (this.#bytes[column] as number) + sizeBytes
  }
}

const SENT = 0
const DUPLICATED = 1
const DELIVERED = 2
const IN_FLIGHT = 3
const DROPPED: Record<DropReason, number> = { lost: 4, closed: 5, reset: 6 }
const COLUMNS = 7

function asTraffic(columns: Float64Array): Traffic {
  const [sent = 0, duplicated = 0, delivered = 0, inFlight = 0, lost = 0, closed = 0, reset = 0] = columns
  return { sent, duplicated, delivered, lost, closed, reset, inFlight }
}
