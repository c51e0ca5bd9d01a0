import type { Audit } from './audit.ts'
import { EventQueue } from './event-queue.ts'
import { RandomStreams } from './random-streams.ts'

/** Kinds of events that one simulator can have. A guess: a dozen parts with a dozen kinds each. */
export const KINDS_MAX = 1_024

/** Carries out one event. `target`: mostly a node; `data`: what was handed to `at`. */
export type Handler = (target: number, data: number) => void

/** What a simulator is made of. */
export interface SimulatorInit {
  /** Fixes every draw of the run: an integer from 0 to 2^53 - 1. */
  readonly seed: number
  /** Records the run; left out, nothing is recorded and events run faster. */
  readonly audit?: Audit
  /** Events after which `run` gives up, over the whole life of the simulator; default: no limit. */
  readonly eventsMax?: number
  /** Events that may wait at once; more are a RangeError. Default and most: `PENDING_MAX`. */
  readonly pendingMax?: number
}

/** Why `run` came back: time is over, nothing is left to do, `stop` was called, or `eventsMax` was reached. */
export type RunEnd = 'until' | 'empty' | 'stopped' | 'limit'

/** A handler threw: a bug of the model or of the protocol under test. `cause` is what it threw. */
export class HandlerError extends Error {
  readonly code = 'handler-failed'
  /** Name of the kind of the event. */
  readonly kind: string
  readonly timeUs: number
  readonly target: number
  /** Number of the event in the run, as the audit counts. */
  readonly number: number

  constructor(event: { kind: string; timeUs: number; target: number; number: number }, cause: unknown) {
    const { kind, timeUs, target, number } = event
    const what = cause instanceof Error ? cause.message : String(cause)
    super(`event ${number} (${kind}, target ${target}, at ${timeUs} us) failed: ${what}`, { cause })
    this.name = 'HandlerError'
    this.kind = kind
    this.timeUs = timeUs
    this.target = target
    this.number = number
  }
}

/** Virtual time and the events in it. Same seed and same calls: same events, in the same order. */
export class Simulator {
  /** Virtual time in whole microseconds, from 0 to 2^53 - 1 (285 years). */
  nowUs: number = Number.NaN
  /** Events run so far. */
  events = 0
  /** Every random draw of the run comes from here. */
  readonly random: RandomStreams
  readonly #queue: EventQueue
  readonly #handlers: Handler[] = []
  readonly #kinds: string[] = []
  readonly #audit: Audit | null
  readonly #eventsMax: number
  #isStopped = false

  constructor(init: SimulatorInit) {
    this.nowUs = 0
    this.#queue = new EventQueue(init.pendingMax)
    this.random = new RandomStreams(init.seed)
    this.#audit = init.audit ?? null
    this.#eventsMax = init.eventsMax ?? Number.POSITIVE_INFINITY
    if (this.#audit !== null && this.#audit.events > 0) throw new Error('an audit records one run only')
    const setup = this.register('setup', () => {})
    this.#audit?.begin(0, setup, 0, init.seed)
  }

  /** Events that wait. A timer that is not wanted any more stays; its handler must see that and do nothing. */
  get pending(): number {
    return this.#queue.size
  }

  /** Names a kind of event and says who carries it out. The number is for `at` and `after`. */
  register(name: string, handler: Handler): number {
    if (this.#kinds.includes(name)) throw new Error(`there is already a kind of event named '${name}'`)
    if (this.#kinds.length === KINDS_MAX) throw new RangeError(`more than ${KINDS_MAX} kinds of events`)
    this.#audit?.kinds.push(name)
    this.#handlers.push(handler)
    return this.#kinds.push(name) - 1
  }

  /**
   * Schedules an event. `timeUs`: a whole number, not before now; events of equal times run in the order in which they
   * were scheduled. `kind`: from `register`; `target`: 0 to 2^32 - 1; `data`: any number, mostly an index into a table
   * of the handler. Throws a RangeError on other values.
   */
  at(timeUs: number, kind: number, target: number, data = 0): void {
    // The comparison with itself rounded refuses NaN and fractions alike.
    if (!(timeUs >= this.nowUs && timeUs <= Number.MAX_SAFE_INTEGER && Math.floor(timeUs) === timeUs)) {
      throw new RangeError(
        `'${this.#kinds[kind]}' cannot be scheduled for ${timeUs} us; it is ${this.nowUs} us`,
      )
    }
    if (!(kind < this.#handlers.length) || target >>> 0 !== target) {
      throw new RangeError(`no event of kind ${kind} for target ${target}`)
    }
    this.#queue.push(timeUs, kind, target, data)
  }

  /** Schedules an event `delayUs` from now: `at(nowUs + delayUs, …)`. */
  after(delayUs: number, kind: number, target: number, data = 0): void {
    this.at(this.nowUs + delayUs, kind, target, data)
  }

  /** Records a decision (a drop, a delay, a choice) with the event that runs. Costs nothing without an audit. */
  note(value: number): void {
    this.#audit?.note(value)
  }

  /**
   * Runs events up to and including those at `untilUs`, which may be infinity. Afterwards it is `untilUs`, unless the
   * run was stopped, reached its limit, or has no end. `events`: how many were run.
   */
  run(untilUs: number): { reason: RunEnd; events: number } {
    const startEvents = this.events
    this.#isStopped = false
    try {
      const reason = this.#loop(untilUs)
      const isOver = reason === 'until' || reason === 'empty'
      if (isOver && untilUs > this.nowUs && untilUs <= Number.MAX_SAFE_INTEGER) this.nowUs = untilUs
      return { reason, events: this.events - startEvents }
    } catch (error) {
      if (error instanceof HandlerError) throw error
      const kind = this.#kinds[this.#queue.kind] ?? ''
      const { timeUs, target } = this.#queue
      throw new HandlerError({ kind, timeUs, target, number: this.events }, error)
    }
  }

  /** Ends `run` after the event that runs. What waits stays, and `run` can be called again. */
  stop(): void {
    this.#isStopped = true
  }

  #loop(untilUs: number): RunEnd {
    const queue = this.#queue
    const handlers = this.#handlers
    const audit = this.#audit
    const eventsMax = this.#eventsMax
    while (queue.nextUs <= untilUs && queue.size > 0) {
      if (this.events >= eventsMax) return 'limit'
      queue.pop()
      this.nowUs = queue.timeUs
      this.events += 1
      const kind = queue.kind
      const target = queue.target
      const data = queue.data
      if (audit !== null) audit.begin(queue.timeUs, kind, target, data)
      ;(handlers[kind] as Handler)(target, data)
      if (this.#isStopped) return 'stopped'
    }
    return queue.size === 0 ? 'empty' : 'until'
  }
}
