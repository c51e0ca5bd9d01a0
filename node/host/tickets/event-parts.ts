import { randomBytes } from 'node:crypto'
import { EVENT, EventState, encodeEventEntries } from '#protocol/event'
import type { EventDocumentEntry } from '#protocol/event'
import type { Section } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import { LEDGER, encodeLedgerEntries, isUnitCode } from '#protocol/ledger'
import type { LedgerEntry, LedgerState } from '#protocol/ledger'
import { isEventId } from '#protocol/tickets'
import { shownText } from '#apps/shown-text'
import { CoopError } from '#node/errors'
import type { CoopNode } from '../coop-node.ts'

/** Letters of an event's id that are enough to name it, if no other begins so. */
const EVENT_PREFIX_MIN = 4

/** Finds and opens events, and what in them is named by people. */
export class EventParts {
  readonly node: CoopNode

  constructor(node: CoopNode) {
    this.node = node
  }

  /** Ids of all events that are known here, sorted. */
  ids(): string[] {
    return this.node.membership.engine.replica
      .documentIds()
      .filter((it) => it.startsWith(`${EVENT}/`) && isEventId(it))
  }

  /** The event that its id, the letters of it, their beginning or its name mean. */
  async find(text: string): Promise<EventState> {
    const given = text.startsWith(`${EVENT}/`) ? text : `${EVENT}/${text}`
    const ids = this.ids()
    if (ids.includes(given)) return this.open(given)
    const isPrefix = text.length >= EVENT_PREFIX_MIN
    const byPrefix = isPrefix ? ids.filter((it) => it.startsWith(given)) : []
    const states = await Promise.all(ids.map(async (it) => this.open(it)))
    const byName = states.filter((it) => it.event?.name.toLowerCase() === text.toLowerCase())
    const found = new Map(
      [...byName, ...states.filter((it) => byPrefix.includes(it.id))].map((it) => [it.id, it]),
    )
    const [state, ...others] = found.values()
    if (state === undefined)
      throw new CoopError(
        'event-unknown',
        `no event is called '${shownText(text.slice(0, 80))}'`,
        ids.length === 0
          ? 'Make one: `coop event create NAME --starts 2027-01-31T19:00Z`.'
          : `Events here: ${states
              .map((it) => it.event?.name ?? it.id)
              .slice(0, 6)
              .join(', ')}. Run \`coop event list\`.`,
      )
    if (others.length === 0) return state
    throw new CoopError(
      'name-ambiguous',
      `${others.length + 1} events are called so: ${[...found.keys()].map((it) => it.slice(EVENT.length + 1, 14)).join(', ')}`,
      'Give the first letters of its id instead: `coop event list`.',
    )
  }

  /** An event by its id, with every stored section folded in. */
  async open(id: string): Promise<EventState> {
    const state = await this.node.membership.engine.open(id)
    if (state instanceof EventState) return state
    throw new CoopError('event-unknown', `'${id}' is no event`, 'Run `coop event list`.')
  }

  get ledger(): LedgerState {
    return this.node.membership.engine.replica.document(LEDGER) as LedgerState
  }

  /** This device, hex. */
  get own(): string {
    return this.node.membership.engine.replica.device ?? ''
  }

  /** Devices (hex) that this one is connected to. */
  get reachable(): ReadonlySet<string> {
    return new Set(this.node.mesh?.connectedDevices() ?? [])
  }

  /** What this device can spend of a unit. */
  holds(unit: string): bigint {
    return this.node.ledger.spendable(unit)
  }

  /** Writes entries of an event, and of the ledger with them, in one commit; its id in hex. */
  async write(
    event: string,
    entries: readonly EventDocumentEntry[],
    ledger: readonly LedgerEntry[] = [],
  ): Promise<string> {
    await this.node.ledger.needClock()
    const sections = [eventSection(event, entries)]
    if (ledger.length > 0) sections.push(ledgerSection(ledger))
    return toHex((await this.node.membership.engine.append(sections)).id)
  }

  /**
   * Writes entries of an event that are made when nothing can come between any more: what `make` finds is what they are
   * judged by. The id of the commit in hex; null where it made none, and nothing was written.
   */
  async writeMade(
    event: string,
    make: (state: EventState) => readonly EventDocumentEntry[] | null,
  ): Promise<string | null> {
    const { engine } = this.node.membership
    await this.node.ledger.needClock()
    const record = await engine.appendMade([event], () => {
      const state = engine.replica.document(event)
      if (!(state instanceof EventState)) throw new Error(`'${event}' is not open`)
      const entries = make(state)
      return entries === null ? null : [eventSection(event, entries)]
    })
    return record === null ? null : toHex(record.id)
  }
}

/** A section of an event. */
export function eventSection(event: string, entries: readonly EventDocumentEntry[]): Section {
  return { document: event, entries: entries.length, payload: encodeEventEntries(entries) }
}

/** A section of the ledger. */
export function ledgerSection(entries: readonly LedgerEntry[]): Section {
  return { document: LEDGER, entries: entries.length, payload: encodeLedgerEntries(entries) }
}

/** The 16 bytes that name a request: 32 hexadecimal digits, drawn anew for each; drawn here if there are none. */
export function requestKey(id: string | undefined): Uint8Array {
  if (id === undefined) return new Uint8Array(randomBytes(16))
  const key = /^[0-9a-f]{32}$/i.test(id) ? fromHex(id.toLowerCase()) : null
  if (key !== null) return key
  throw new CoopError(
    'usage',
    `'${shownText(id.slice(0, 64))}' cannot name a request`,
    'Give 32 hexadecimal digits, drawn anew for each request.',
  )
}

/** The code of a currency that a person wrote. */
export function currencyCode(text: string): string {
  const code = text.toUpperCase()
  if (isUnitCode(code)) return code
  throw new CoopError(
    'usage',
    `'${shownText(text.slice(0, 40))}' is no currency`,
    'Write its code, such as EUR.',
  )
}

/** A request has the name of another one that was carried out, and asks for something else. */
export function otherRequest(): CoopError {
  return new CoopError(
    'usage',
    'a request of this name was carried out already, and asked for something else',
    'Draw a new name for each request; nothing was written.',
  )
}
