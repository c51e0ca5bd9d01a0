import type { Logger } from 'pino'
import { EVENT, EventState, encodeEventEntries } from '#protocol/event'
import type { CancelEntry, EventDocumentEntry, Issue, Request } from '#protocol/event'
import { fromHex, toHex } from '#protocol/encoding'
import type { DurableCommits, Engine } from '#node/engine'
import { CoopError } from '#node/errors'
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
  /** What was asked for and refused, until buckets come or the store is made anew. */
  readonly #refused = new Set<string>()
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
    this.#refused.clear()
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
    try {
      await this.#write(id, (owed) => owed.slice(0, ENTRIES_AT_ONCE))
    } catch (cause) {
      if (!(cause instanceof CoopError) || engine.writeRefusal !== null) throw cause
      await this.#tendSingly(id, state)
    }
  }

  /** What others ask for may be refused by the rules of events: that keeps nothing else from being done. */
  async #tendSingly(id: string, state: EventState): Promise<void> {
    for (const one of this.#owed(state).slice(0, ENTRIES_AT_ONCE).map(nameOfEntry)) {
      try {
        await this.#write(id, (owed) => owed.filter((it) => nameOfEntry(it) === one))
      } catch (cause) {
        if (!(cause instanceof CoopError) || this.#parts.engine.writeRefusal !== null) throw cause
        this.#refused.add(one)
        this.#parts.log.warn({ err: cause }, 'something that an event asks for is refused')
      }
    }
  }

  /** Made when nothing can come between: a ticket may have been let in meanwhile. */
  async #write(
    id: string,
    choose: (owed: EventDocumentEntry[]) => readonly EventDocumentEntry[],
  ): Promise<void> {
    const { engine } = this.#parts
    await engine.appendMade([id], () => {
      const current = engine.replica.document(id)
      const entries = current instanceof EventState ? choose(this.#owed(current)) : []
      return entries.length === 0 ? null : [eventSection(id, entries)]
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
    // Several may have asked for one ticket: it ends once.
    const asked = new Map<string, CancelEntry>()
    for (const it of state.openRequests()) {
      const cancel = asked.has(it.old) ? null : this.#carriedOut(it, state)
      if (cancel !== null && !this.#refused.has(nameOfEntry(cancel))) asked.set(it.old, cancel)
    }
    return [...matched, ...homes, ...asked.values()]
  }

  /** What was asked for a ticket of a bucket that this device holds; null for one that somebody came in with. */
  #carriedOut(request: Request, state: EventState): CancelEntry | null {
    const { why, class: unit, bucket, ticket, reason, seat, device } = request
    const { replica } = this.#parts.engine
    if (replica.authority.statusOf(device) !== 'active') return null
    const old = fromHex(request.old)
    const id = fromHex(request.id)
    if (this.#parts.holds(bucket) < 1n || old === null || id === null) return null
    const issue = state.allIssued(request.old).find((it) => isOf(it.issue, request))?.issue
    if (issue === undefined) return null
    const isIn = seat !== null && state.passesOf(seat).some((it) => it.way === 'in' && it.undone === null)
    if (isIn) return null
    // Whoever took the seat can give it back; that is this device if it has taken any of the class.
    const hasUsed = replica.spendable(`${unit}-`) >= 1n
    return {
      ...{ t: 'cancel', why, class: unit, bucket, old, ticket, id, reason },
      // What it cost is what its issue says, whatever somebody asks for.
      ...{ price: why === 'refund' ? issue.price : null, seat: why === 'refund' && hasUsed },
    }
  }
}

function isOf(issue: Issue, { class: unit, bucket }: Request): boolean {
  return issue.class === unit && issue.bucket === bucket
}

/** Tells one thing that is owed from all others. */
function nameOfEntry(entry: EventDocumentEntry): string {
  return toHex(encodeEventEntries([entry]))
}

function nameOf({ commit, index }: { commit: string; index: number }): { commit: Uint8Array; index: number } {
  return { commit: fromHex(commit) ?? new Uint8Array(32), index }
}
