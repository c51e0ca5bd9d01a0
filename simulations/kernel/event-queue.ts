/** Events that one queue can hold: 2^26 of them take 2.4 GB, more than a simulation should need. A guess. */
export const PENDING_MAX = 67_108_864

/** Room for events at the start; it doubles when it is full. */
const ROOM_AT_START = 1_024
/** Children of a node of the heap. Measured: with 10,000 pending events 2 and 4 beat 8, with 500,000 4 and 8 beat 2. */
const ARITY = 4

/**
 * Events in the order of their times, equal times in the order in which they were pushed. A heap with four children a
 * node in typed arrays: 36 bytes an event, nothing is allocated while it does not grow.
 *
 * @example
 * queue.push(timeUs, kind, target, data)
 * while (queue.pop()) handle(queue.timeUs, queue.kind, queue.target, queue.data)
 */
export class EventQueue {
  /** Events that wait. */
  size = 0
  /** Time of the event popped last, in microseconds. */
  timeUs: number = Number.NaN
  /** Kind of the event popped last. */
  kind = 0
  /** Target of the event popped last. */
  target = 0
  /** Data of the event popped last. */
  data: number = Number.NaN
  #room = ROOM_AT_START
  #pushed = 0
  /** The heap: time, number of the push, and where the rest of the event lies. */
  #times: Float64Array = new Float64Array(ROOM_AT_START)
  #numbers: Float64Array = new Float64Array(ROOM_AT_START)
  #slots: Uint32Array = new Uint32Array(ROOM_AT_START)
  /** By slot. Slots behind the end of the heap are free. */
  #kinds: Uint32Array = new Uint32Array(ROOM_AT_START)
  #targets: Uint32Array = new Uint32Array(ROOM_AT_START)
  #datas: Float64Array = new Float64Array(ROOM_AT_START)

  readonly #pendingMax: number

  /** `pendingMax`: events that may wait, up to `PENDING_MAX`. */
  constructor(pendingMax: number = PENDING_MAX) {
    this.#pendingMax = Math.min(pendingMax, PENDING_MAX)
    for (let i = 0; i < this.#room; i += 1) this.#slots[i] = i
  }

  /** Time of the next event; infinity when there is none. */
  get nextUs(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number)
  }

  /**
   * Adds an event. `timeUs`: any number but NaN; `kind` and `target`: 0 to 2^32 - 1; `data`: any number.
   * Throws a RangeError when too many wait.
   */
  push(timeUs: number, kind: number, target: number, data: number): void {
    if (this.size >= this.#room || this.size >= this.#pendingMax) this.#grow()
    const times = this.#times
    const numbers = this.#numbers
    const slots = this.#slots
    let at = this.size
    this.size += 1
    const slot = slots[at] as number
    this.#kinds[slot] = kind
    this.#targets[slot] = target
    this.#datas[slot] = data
    // A new event has the largest number, so it passes only parents with a later time.
    while (at > 0) {
      const parent = Math.floor((at - 1) / ARITY)
      const parentUs = times[parent] as number
      if (parentUs <= timeUs) break
      times[at] = parentUs
      numbers[at] = numbers[parent] as number
      slots[at] = slots[parent] as number
      at = parent
    }
    times[at] = timeUs
    numbers[at] = this.#pushed
    slots[at] = slot
    this.#pushed += 1
  }

  /** Takes the next event out and puts it into the fields; false when there is none. */
  pop(): boolean {
    if (this.size === 0) return false
    const times = this.#times
    const slots = this.#slots
    const slot = slots[0] as number
    this.timeUs = times[0] as number
    this.kind = this.#kinds[slot] as number
    this.target = this.#targets[slot] as number
    this.data = this.#datas[slot] as number
    const last = this.size - 1
    this.size = last
    const lastSlot = slots[last] as number
    slots[last] = slot
    if (last > 0) this.#sink(times[last] as number, this.#numbers[last] as number, lastSlot)
    return true
  }

  /** Finds the place of an event that starts at the root. */
  #sink(timeUs: number, number: number, slot: number): void {
    const times = this.#times
    const numbers = this.#numbers
    const slots = this.#slots
    const size = this.size
    let at = 0
    for (;;) {
      const first = at * ARITY + 1
      if (first >= size) break
      const end = first + ARITY < size ? first + ARITY : size
      let best = first
      let bestUs = times[first] as number
      for (let child = first + 1; child < end; child += 1) {
        const childUs = times[child] as number
        if (
          childUs < bestUs ||
          (childUs === bestUs && (numbers[child] as number) < (numbers[best] as number))
        ) {
          best = child
          bestUs = childUs
        }
      }
      if (timeUs < bestUs || (timeUs === bestUs && number < (numbers[best] as number))) break
      times[at] = bestUs
      numbers[at] = numbers[best] as number
      slots[at] = slots[best] as number
      at = best
    }
    times[at] = timeUs
    numbers[at] = number
    slots[at] = slot
  }

  #grow(): void {
    if (this.size >= this.#pendingMax) throw new RangeError(`more than ${this.#pendingMax} events wait`)
    const room = this.#room * 2
    this.#times = extended(this.#times, new Float64Array(room))
    this.#numbers = extended(this.#numbers, new Float64Array(room))
    this.#datas = extended(this.#datas, new Float64Array(room))
    this.#kinds = extended(this.#kinds, new Uint32Array(room))
    this.#targets = extended(this.#targets, new Uint32Array(room))
    const slots = extended(this.#slots, new Uint32Array(room))
    for (let i = this.#room; i < room; i += 1) slots[i] = i
    this.#slots = slots
    this.#room = room
  }
}

function extended<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
