/** Messages under way at once: 2^22 of them take 150 MB and their payloads. A guess. */
export const MESSAGES_MAX = 4_194_304

const ROOM_AT_START = 256
/** No message: the end of a list. */
export const NONE = -1

/** Messages under way, in columns. A message is the number of its row; rows of finished messages are used again. */
export class MessageTable {
  /** Messages in the table. */
  size = 0
  /** By message: the link it travels on. */
  links: Uint32Array = new Uint32Array(ROOM_AT_START)
  /** By message: how often its link had gone down when it was sent. */
  generations: Uint32Array = new Uint32Array(ROOM_AT_START)
  /** By message: its size in bytes. */
  sizes: Float64Array = new Float64Array(ROOM_AT_START)
  /** By message: when it was handed to the network. */
  sentUs: Float64Array = new Float64Array(ROOM_AT_START)
  /** By message: what follows it in the list it is in, or `NONE`. */
  next: Int32Array = new Int32Array(ROOM_AT_START).fill(NONE)
  readonly #payloads: unknown[] = []
  #free: number = NONE
  #used = 0
  #room = ROOM_AT_START

  /** Adds a message. Throws a RangeError beyond `MESSAGES_MAX`. */
  add(link: number, sizeBytes: number, payload: unknown): number {
    let message = this.#free
    if (message === NONE) {
      if (this.#used === this.#room) this.#grow()
      message = this.#used
      this.#used += 1
    } else this.#free = this.next[message] as number
    this.links[message] = link
    this.sizes[message] = sizeBytes
    this.next[message] = NONE
    this.#payloads[message] = payload
    this.size += 1
    return message
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
    const links = new Uint32Array(room)
    const generations = new Uint32Array(room)
    const sizes = new Float64Array(room)
    const sentUs = new Float64Array(room)
    const next = new Int32Array(room).fill(NONE)
    links.set(this.links)
    generations.set(this.generations)
    sizes.set(this.sizes)
    sentUs.set(this.sentUs)
    next.set(this.next)
    Object.assign(this, { links, generations, sizes, sentUs, next })
    this.#room = room
  }
}
