import type { Logger } from 'pino'
import { EVENT, EventState } from '#protocol/event'
import type { CancelEntry, EventDocumentEntry, Request } from '#protocol/event'
import { fromHex } from '#protocol/encoding'
import type { DurableCommits, Engine } from '#node/engine'
import { eventSection } from './event-parts.ts'

/** From the news of an event until the hand looks at it, so that much news is one look. A guess. */
const LOOK_AFTER_MS = 300
/** Entries of one commit. */
const ENTRIES_AT_ONCE = 256

/** What a hand stands on. */
export interface TicketHandParts {
  engine: Engine
  /** What this device can spend of a unit. */
  holds: (unit: string) => bigint
  log: Logger
}

/**
 * Does by itself what a gate owes to others: carries out what was asked for tickets of its buckets, says which entries its
 * exits ended, gives back the room of people who left elsewhere. It rests while this device may not write.
 */
export class TicketHand {
  readonly #parts: TicketHandParts
  readonly #due = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #isAtWork = false
  #isClosed = false

  constructor(parts: TicketHandParts) {
    this.#parts = parts
    parts.engine.on('durable', this.#onDurable)
    parts.engine.on('reset', this.#onReset)
    this.#onReset()
  }

  /** Does nothing more. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#parts.engine.off('durable', this.#onDurable)
    this.#parts.engine.off('reset', this.#onReset)
  }

  readonly #onDurable = ({ batch }: DurableCommits): void => {
    for (const { documents, acts } of batch.rows) {
      for (const it of documents) if (it.startsWith(`${EVENT}/`)) this.#due.add(it)
      // A bucket may have come, with requests that wait for its holder.
      if (acts.some((it) => it.kind === 'transfer' && it.unit.startsWith('admission-'))) this.#all()
    }
    this.#look()
  }

  readonly #onReset = (): void => {
    this.#all()
    this.#look()
  }

  #all(): void {
    for (const id of this.#parts.engine.replica.documentIds())
      if (id.startsWith(`${EVENT}/`)) this.#due.add(id)
  }

  #look(): void {
    if (this.#isClosed || this.#isAtWork || this.#due.size === 0) return
    this.#timer ??= setTimeout(() => void this.#work(), LOOK_AFTER_MS)
  }

  async #work(): Promise<void> {
    this.#timer = null
    this.#isAtWork = true
    const due = [...this.#due]
    this.#due.clear()
    try {
      if (this.#parts.engine.writeRefusal === null) for (const id of due) await this.#tend(id)
    } catch (cause) {
      if (!this.#isClosed) this.#parts.log.warn({ err: cause }, 'an event could not be tended')
    } finally {
      this.#isAtWork = false
    }
    this.#look()
  }

  async #tend(id: string): Promise<void> {
    const { engine } = this.#parts
    if (engine.replica.standing === null) return
    const state = await engine.open(id)
    if (!(state instanceof EventState) || this.#owed(state).length === 0) return
    // Made anew when nothing can come between: a ticket may have been let in meanwhile.
    await engine.appendMade([id], () => {
      const current = engine.replica.document(id)
      const entries = current instanceof EventState ? this.#owed(current) : []
      return entries.length === 0 ? null : [eventSection(id, entries.slice(0, ENTRIES_AT_ONCE))]
    })
  }

  #owed(state: EventState): EventDocumentEntry[] {
    const own = this.#parts.engine.replica.device ?? ''
    const matched = state
      .exitsToMatch(own)
      .map(({ exit, of }): EventDocumentEntry => ({ t: 'match', ...nameOf(exit), of: nameOf(of) }))
    const homes = state
      .roomsToBringHome(own)
      .map(({ exit, room }): EventDocumentEntry => ({ t: 'home', ...nameOf(exit), room }))
    const asked = state.openRequests().flatMap((it) => this.#carriedOut(it, state))
    return [...matched, ...homes, ...asked]
  }

  /** What was asked for a ticket of a bucket that this device holds; nothing for one that somebody came in with. */
  #carriedOut(request: Request, state: EventState): CancelEntry[] {
    const { why, class: unit, bucket, ticket, price, reason, seat } = request
    const old = fromHex(request.old)
    const id = fromHex(request.id)
    if (this.#parts.holds(bucket) < 1n || old === null || id === null) return []
    if (state.issued(request.old)?.issue.bucket !== bucket) return []
    const isIn = seat !== null && state.passesOf(seat).some((it) => it.way === 'in' && it.undone === null)
    if (isIn) return []
    // Whoever took the seat can give it back; that is this device if it has taken any of the class.
    const hasUsed = this.#parts.engine.replica.spendable(`${unit}-`) >= 1n
    return [
      {
        t: 'cancel',
        why,
        class: unit,
        bucket,
        old,
        ticket,
        seat: why === 'refund' && hasUsed,
        price,
        id,
        reason,
      },
    ]
  }
}

function nameOf({ commit, index }: { commit: string; index: number }): { commit: Uint8Array; index: number } {
  return { commit: fromHex(commit) ?? new Uint8Array(32), index }
}
