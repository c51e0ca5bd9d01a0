import type { Section } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import {
  decidePass,
  encodeEventEntries,
  eventIdOf,
  exposureOf,
  guaranteeOf,
  issueTickets,
} from '#protocol/event'
import type {
  ClassEntry,
  Decision,
  EventDocumentEntry,
  EventEntry,
  EventState,
  Gate,
  IssuedBytes,
} from '#protocol/event'
import { SignatureRule } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { unitIdOf } from '#protocol/ledger'
import type { UnitDefinition } from '#protocol/ledger'
import type { AuthorResult, Replica } from '#protocol/replica'
import { decodeTicket } from '#protocol/tickets'
import type { DecodedTicket } from '#protocol/tickets'
import { nodeCrypto } from '#node/crypto'
import { must } from './coop-actors.ts'
import { ledgerSection, move, unitOf } from './ledger-hand.ts'

const crypto = nodeCrypto()
const rule = new SignatureRule(crypto)

/** Six in the evening of the event of tests. */
export const DOORS_MS = 1_800_000_000_000

/** A section of an event with these entries. */
export function eventSection(document: string, ...entries: EventDocumentEntry[]): Section {
  return { document, entries: entries.length, payload: encodeEventEntries(entries) }
}

/** An event of tests, with what a test leaves out. */
export function eventOf(part: Partial<EventEntry> = {}): EventEntry {
  return {
    ...{ t: 'event', nonce: new Uint8Array(16).fill(7), name: 'Night of Prints', place: 'North Market' },
    ...{ startsMs: DOORS_MS, endsMs: DOORS_MS + 8 * 3_600_000, offsetMin: 60, dayStartMin: 360, version: 0 },
    ...part,
  }
}

/** A class of tests, with what a test leaves out. */
export function classOf(unit: string, part: Partial<ClassEntry> = {}): ClassEntry {
  return {
    ...{ t: 'class', unit, name: 'Standing', policy: 'exclusive', exposure: 5, fromMs: null, untilMs: null },
    ...{ prices: [{ currency: 'EUR', amount: 1_200n, fromMs: null, untilMs: null }], zones: [] },
    ...{ reentry: false, known: false, rule: null, version: 0 },
    ...part,
  }
}

/** An event that was made by one commit, with everything that tests need to name. */
export interface TestEvent {
  event: string
  class: string
  /** By gate group. */
  buckets: Map<string, string>
  /** By zone: unit of its room. */
  rooms: Map<string, string>
}

/** What a test wants of an event. */
export interface EventWish {
  seats?: number
  groups?: readonly string[]
  /** Name and room. */
  zones?: readonly (readonly [name: string, room: number])[]
  class?: Partial<ClassEntry>
}

/** What writes on a replica: a node in memory, or anything else that authors. */
export interface Desk {
  replica: Replica
  author(sections: readonly Section[]): AuthorResult
}

/** Makes an event with one class in one commit of a device. */
export function makeEvent(node: Desk, signer: Signer, wish: EventWish = {}): TestEvent {
  const { seats = 100, groups = ['North', 'South'], zones = [] } = wish
  const key = signer.publicKey
  const head = eventOf()
  const event = eventIdOf(key, head.nonce, crypto.sha256)
  let drawn = 0
  const unit = (kind: UnitDefinition['kind'], supply: number): { id: string; unit: UnitDefinition } => {
    const code = kind === 'admission' ? 'GATE' : 'SEAT'
    const info = unitOf({ kind, code, supply: BigInt(supply), nonce: new Uint8Array(16).fill((drawn += 1)) })
    return { id: unitIdOf(key, info, crypto.sha256), unit: info }
  }
  const seat = unit('seat', seats)
  const rooms = zones.map(([name, room]) => ({ name, room, ...unit('seat', room) }))
  const buckets = groups.map((group) => ({ group, ...unit('admission', 1) }))
  const units = [
    { ...seat, supply: seats },
    ...rooms.map((it) => ({ ...it, supply: it.room })),
    ...buckets.map((it) => ({ ...it, supply: 1 })),
  ]
  must(
    node.author([
      eventSection(
        event,
        head,
        classOf(seat.id, wish.class),
        ...rooms.map(({ name, id }) => ({ t: 'zone' as const, name, unit: id, version: 0 })),
        ...buckets.map(({ group, id }) => ({ t: 'bucket' as const, unit: id, group })),
      ),
      ledgerSection(
        ...units.map((it) => ({ t: 'define' as const, unit: it.unit })),
        ...units.map((it) => move('issue', it.id, it.supply)),
      ),
    ]),
  )
  return {
    ...{ event, class: seat.id },
    buckets: new Map(buckets.map((it) => [it.group, it.id])),
    rooms: new Map(rooms.map((it) => [it.name, it.id])),
  }
}

/** The event as a replica shows it. */
export function eventStateOf(replica: Replica, { event }: Pick<TestEvent, 'event'>): EventState {
  return replica.document(event) as EventState
}

/** Tickets that a test wants. */
export interface TicketWish {
  group: string
  count?: number
  /** Names the request. */
  id?: number
  details?: string | null
  holder?: Uint8Array
}

/** Issues tickets of a gate group on a device. */
export function sell(
  node: Desk,
  signer: Signer,
  made: TestEvent,
  wish: TicketWish,
): [IssuedBytes, ...IssuedBytes[]] {
  const { group, count = 1, id = 1, details = null, holder = null } = wish
  const { replica } = node
  const bucket = made.buckets.get(group) ?? ''
  const batch = must(
    issueTickets(
      {
        ids: { coop: replica.coop, event: made.event, class: made.class, bucket },
        ...{ id: scanId(id), first: eventStateOf(replica, made).nextSerial(bucket) },
        ...{ count, validity: null, holder, details: [details], price: { currency: 'EUR', amount: 1_200n } },
      },
      signer,
      crypto.sha256,
    ),
  )
  for (const entry of batch.entries) must(node.author([eventSection(made.event, entry)]))
  const [first, ...more] = batch.tickets
  if (first === undefined) throw new Error('no ticket')
  return [first, ...more]
}

/** The bytes of a ticket taken apart. */
export function shown({ bytes }: { bytes: Uint8Array }): DecodedTicket {
  return must(decodeTicket(bytes)).decoded
}

/** Where and when a ticket is shown. */
export interface ShownAt {
  gate?: string
  zone?: string | null
  way?: 'in' | 'out'
  nowMs?: number
  override?: string | null
  /** Names the scan. */
  id?: number
  isTrusted?: boolean
}

/** What a gate decides, without writing it. */
export function decideAt(
  node: Pick<Desk, 'replica'>,
  made: TestEvent,
  ticket: DecodedTicket,
  at: ShownAt = {},
): Decision {
  return decidePass(gateOf(node, made, at), ticket, at.isTrusted ?? false, scanId(at.id ?? 9))
}

/** Where a ticket is shown, and what the gate has. */
export function gateOf(
  { replica }: Pick<Desk, 'replica'>,
  made: Pick<TestEvent, 'event'>,
  at: ShownAt = {},
): Gate {
  const { gate = 'North', zone = null, way = 'in', nowMs = DOORS_MS, override = null } = at
  const state = eventStateOf(replica, made)
  const device = replica.device ?? ''
  const { gates } = guaranteeOf(state, { device, group: gate, reachable: new Set() })
  return {
    ...{ coop: replica.coop, sha256: crypto.sha256, rule, state, device, name: gate },
    ...{ zone, way, nowMs, override },
    holds: (unit) => replica.spendable(unit),
    issuers: (tag) =>
      [...replica.authority.devices.keys()]
        .filter((key) => key.startsWith(toHex(tag)))
        .map((key) => ({
          key: fromHex(key) ?? new Uint8Array(32),
          isActive: replica.authority.statusOf(key) === 'active',
        })),
    exposure: (classUnit) =>
      exposureOf(state.passes(), {
        ...{ history: replica.history, gates, device, classUnit, most: 100 },
        newestOf: (it) => {
          const number = replica.history.findDevice(fromHex(it) ?? new Uint8Array(32))
          return Math.max(-1, ...replica.history.branchesOf(number).map((branch) => branch.end))
        },
      }),
  }
}

/** Name of a scan by its number. */
export function scanId(id: number): Uint8Array {
  const bytes = new Uint8Array(16).fill(id)
  new DataView(bytes.buffer).setUint32(0, id)
  return bytes
}

/** Shows a ticket at a gate: decided, and written if somebody passes. */
export function scan(node: Desk, made: TestEvent, ticket: IssuedBytes, at: ShownAt = {}): Decision {
  const decision = decideAt(node, made, shown(ticket), at)
  if (decision.ok) must(node.author([eventSection(made.event, decision.entry)]))
  return decision
}
