import { CallFailure, newRequestId } from '#apps/page'
import type { EventView } from '#apps/page'
import type { GateCalls, LogRow, Scan } from './gate-calls.ts'
import { SeenCodes } from './seen-codes.ts'
import { ownVerdict } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Characters that are sent at most; the longest code has 323, and scanners add a line's end. What is longer is refused here. */
export const SCAN_LENGTH_MAX = 1_000
/** How often the node is asked for counts and guarantee. */
const POLL_MS = 1_000
/** Pause without a scan after which the node is asked for its list: longer than it gathers refusals for. */
const LOG_PAUSE_MS = 3_000
/** Scans shown in the list. */
const LOG_ROWS = 30
/** Verdicts after which the same scan may be sent again: it was recorded or not, and its id tells the node which. */
const UNANSWERED: ReadonlySet<string> = new Set(['no-answer', 'busy', 'call-refused'])
/** Scans whose answer was lost and whose ids are kept for when the same code comes again. */
const UNANSWERED_MAX = 50

/** What the phone does: chosen once. */
export interface GateSetup {
  event: string
  gate: string
  zone: string | null
}

/** A verdict on the screen. */
export interface ShownVerdict {
  /** Tells two equal ones apart. */
  key: number
  verdict: Verdict
  /** What was scanned; null where the page itself refused it. */
  text: string | null
  /** From the frame or key press to the answer, ms. */
  tookMs: number
}

/** All that the screen shows. */
export interface DeskState {
  view: EventView | null
  /** Unix ms of the last answer of the node; null before the first. */
  answeredMs: number | null
  isNodeAway: boolean
  isAccessRefused: boolean
  direction: 'in' | 'out'
  /** A scan is on its way to the node. */
  isChecking: boolean
  shown: ShownVerdict | null
  log: readonly LogRow[]
}

/** The work at one gate: sends scans, shows what the node says, and never says yes by itself. */
export class GateDesk {
  readonly #calls: GateCalls
  readonly #setup: GateSetup
  readonly #onState: (state: DeskState) => void
  readonly #onVerdict: (verdict: Verdict) => void
  readonly #seen = new SeenCodes()
  readonly #unanswered = new Map<string, string>()
  #state: DeskState
  #scans = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #isStopped = false

  /** @param onVerdict - called once for each verdict, for sound and vibration */
  constructor(
    calls: GateCalls,
    setup: GateSetup,
    on: { state: (state: DeskState) => void; verdict: (verdict: Verdict) => void },
  ) {
    this.#calls = calls
    this.#setup = setup
    this.#onState = on.state
    this.#onVerdict = on.verdict
    this.#state = {
      view: null,
      answeredMs: null,
      isNodeAway: false,
      isAccessRefused: false,
      direction: 'in',
      isChecking: false,
      shown: null,
      log: [],
    }
  }

  /** Asks for news until it is stopped. */
  start(): void {
    void this.#poll()
    void this.refreshLog()
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  setDirection(direction: 'in' | 'out'): void {
    this.#update({ direction, shown: null })
  }

  dismiss(): void {
    this.#update({ shown: null })
  }

  /** A code in front of the camera, in this frame or still. */
  async seen(text: string, frameMs: number): Promise<void> {
    // One after the other: while one is checked, the next code is still there a moment later.
    if (this.#state.isChecking) return this.#seen.stays(text, frameMs)
    if (!this.#seen.isNew(text, frameMs)) return
    await this.scan(text, frameMs)
  }

  /** Checks what was scanned or typed. @param fromMs - `performance.now()` of the frame or key press */
  async scan(
    text: string,
    fromMs: number,
    { override = null, fetch = false }: Partial<Pick<Scan, 'override' | 'fetch'>> = {},
  ): Promise<void> {
    if (text.length > SCAN_LENGTH_MAX) return this.refuseLength(text.length)
    const { direction } = this.#state
    const request = JSON.stringify([text, direction, override, fetch])
    const id = this.#unanswered.get(request) ?? newRequestId()
    const scan = (this.#scans += 1)
    this.#update({ isChecking: true, shown: null })
    const verdict = await this.#ask(text, { id, direction, override, fetch })
    const isUnanswered = UNANSWERED.has(verdict.verdict)
    if (isUnanswered) this.#keepUnanswered(request, id)
    else this.#unanswered.delete(request)
    const answer = isUnanswered ? 'unanswered' : verdict.ok ? 'let-in' : 'refused'
    this.#seen.answered(text, answer, performance.now())
    // A later scan is on the screen already, or the page is gone.
    if (scan !== this.#scans || this.#isStopped) return
    this.#show(verdict, text, performance.now() - fromMs)
    if (!isUnanswered) this.#noteInLog(verdict, scan)
  }

  /** What is longer than any ticket is not sent. */
  refuseLength(length: number): void {
    this.#show(ownVerdict('too-long', { length }), null, 0)
  }

  /** A photo in which no code was found. */
  refusePhoto(): void {
    this.#show(ownVerdict('no-code-in-photo'), null, 0)
  }

  async undo(admission: string, reason: string, id: string): Promise<void> {
    await this.#calls.undo(this.#setup.event, admission, reason, id)
    await this.refreshLog()
  }

  /** The list is for looking: where it cannot be had, the one before stays. */
  async refreshLog(): Promise<void> {
    try {
      this.#update({ log: await this.#calls.log(this.#setup.event, this.#setup.gate, LOG_ROWS) })
    } catch (cause) {
      if (!(cause instanceof CallFailure)) throw cause
    }
  }

  /** The scan is in the list at once; the node's own list follows when nobody scans, since it writes refusals in batches. */
  #noteInLog(verdict: Verdict, scan: number): void {
    const { gate, zone } = this.#setup
    const row: LogRow = {
      ...{ atMs: Date.now(), gate, zone, verdict: verdict.verdict, admission: verdict.admission },
      ...{ class: verdict.ticket?.class ?? null, undone: null, double: false },
    }
    this.#update({ log: [row, ...this.#state.log].slice(0, LOG_ROWS) })
    setTimeout(() => {
      if (scan === this.#scans && !this.#isStopped) void this.refreshLog()
    }, LOG_PAUSE_MS)
  }

  async #ask(text: string, how: Pick<Scan, 'id' | 'direction' | 'override' | 'fetch'>): Promise<Verdict> {
    const { event, gate, zone } = this.#setup
    try {
      const verdict = await this.#calls.scan(event, { text, gate, zone, ...how })
      this.#update({ isNodeAway: false, answeredMs: Date.now() })
      return verdict
    } catch (cause) {
      if (!(cause instanceof CallFailure)) throw cause
      if (cause.code === 'unreachable-node') {
        this.#update({ isNodeAway: true })
        return ownVerdict('no-answer')
      }
      if (cause.status === 403 && how.override !== null) return ownVerdict('supervisor-needed')
      if (cause.status === 401 || cause.status === 403) return ownVerdict('access-refused')
      return ownVerdict('call-refused', { message: cause.message, next: cause.next })
    }
  }

  #keepUnanswered(request: string, id: string): void {
    this.#unanswered.set(request, id)
    const [oldest] = this.#unanswered.keys()
    if (this.#unanswered.size > UNANSWERED_MAX && oldest !== undefined) this.#unanswered.delete(oldest)
  }

  #show(verdict: Verdict, text: string | null, tookMs: number): void {
    const key = (this.#state.shown?.key ?? this.#scans) + 1
    this.#update({ isChecking: false, shown: { key, verdict, text, tookMs } })
    this.#onVerdict(verdict)
  }

  async #poll(): Promise<void> {
    const askedMs = performance.now()
    try {
      const view = await this.#calls.event(this.#setup.event, this.#setup.gate)
      this.#update({ view, isNodeAway: false, isAccessRefused: false, answeredMs: Date.now() })
    } catch (cause) {
      if (!(cause instanceof CallFailure)) throw cause
      this.#update({ isNodeAway: cause.status === 0, isAccessRefused: cause.status === 401 })
    }
    // A node that is slow to answer is asked less often.
    const pauseMs = Math.max(POLL_MS, 4 * (performance.now() - askedMs))
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#poll(), pauseMs)
  }

  #update(change: Partial<DeskState>): void {
    if (this.#isStopped) return
    this.#state = { ...this.#state, ...change }
    this.#onState(this.#state)
  }
}
