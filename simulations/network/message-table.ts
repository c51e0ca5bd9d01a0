/** Messages under way at once: 2^22 of them take 150 MB and their payloads. A guess. */
export const MESSAGES_MAX = 4_194_304

const ROOM_AT_START = 256
/** Numbers of a row. */
const COLUMNS = 4
/** No message: the end of a list. */
export const NONE = -1

/** What is kept of a message: see the questions about it. */
export interface MessageRow {
  link: number
  generation: number
  sizeBytes: number
  sentUs: number
}

/** Messages under way. A message is the number of its row; rows of finished messages are used again. */
export class MessageTable {
  /** Messages in the table. */
  size = 0
  /** By message, one behind the other in one line of the processor's cache: link, generation, size, time. */
  #rows: Float64Array = new Float64Array(ROOM_AT_START * COLUMNS)
  /** By message: what follows it in the list it is in, or `NONE`. */
  next: Int32Array = new Int32Array(ROOM_AT_START).fill(NONE)
  readonly #payloads: unknown[] = []
  #free: number = NONE
  #used = 0
  #room = ROOM_AT_START

  /** Adds a message. Throws a RangeError beyond `MESSAGES_MAX`. */
  add({ link, generation, sizeBytes, sentUs }: MessageRow, payload: unknown): number {
    let message = this.#free
    if (message === NONE) {
      if (this.#used === this.#room) this.#grow()
      message = this.#used
      this.#used += 1
    } else this.#free = this.next[message] as number
    const row = message * COLUMNS
    this.#rows[row] = link
    this.#rows[row + 1] = generation
    this.#rows[row + 2] = sizeBytes
    this.#rows[row + 3] = sentUs
    this.next[message] = NONE
    this.#payloads[message] = payload
    this.size += 1
    return message
  }

  /** The link that it travels on. */
  linkOf(message: number): number {
    return this.#rows[message * COLUMNS] as number
  }

  /** How often its link had gone down when it was sent. */
  generationOf(message: number): number {
    return this.#rows[message * COLUMNS + 1] as number
  }

  /** Its size in bytes. */
  sizeOf(message: number): number {
    return this.#rows[message * COLUMNS + 2] as number
  }

  /** When it was handed to the network, in microseconds. */
  sentUsOf(message: number): number {
    return this.#rows[message * COLUMNS + 3] as number
  }

  /** Of a copy: when the message itself was handed in. */
  setSentUs(message: number, sentUs: number): void {
    this.#rows[message * COLUMNS + 3] = sentUs
  }

  payload(message: number): unknown {
    return this.#payloads[message]
  }

  /** Takes a message out. Its number may be given to the next one. */
  remove(message: number): void {
    this.#payloads[message] = undefined
    this.next[message] = this.#free
    this.#free = message
    this.size -= 1
  }

  #grow(): void {
    const room = this.#room * 2
    if (room > MESSAGES_MAX) throw new RangeError(`more than ${MESSAGES_MAX} messages are under way`)
    const rows = new Float64Array(room * COLUMNS)
    rows.set(this.#rows)
    this.#rows = rows
    const next = new Int32Array(room).fill(NONE)
    next.set(this.next)
    this.next = next
    this.#room = room
  }
}
