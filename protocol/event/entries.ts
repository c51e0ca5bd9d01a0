import { encodeCanonical, isBytes, isCount, isName } from '../encoding/index.ts'
import type { Value, ValueMap } from '../encoding/index.ts'
import { decodeAmount, encodeAmount, isUnitCode, isUnitId, kindOfUnit } from '../ledger/index.ts'
import { BLIND_HOLDER_BYTES, SERIAL_MAX, readRule, ruleToValue } from '../tickets/index.ts'
import type { Rule, TicketValidity } from '../tickets/index.ts'
import {
  CURRENCY_LENGTH_MAX,
  EVENT_NAME_LENGTH_MAX,
  GATE_NAME_LENGTH_MAX,
  ISSUED_BYTES_MAX,
  ISSUED_BYTES_MIN,
  ISSUED_MAX,
  PRICES_MAX,
  REASON_LENGTH_MAX,
  REFUSALS_MAX,
  ZONES_MAX,
} from './event-limits.ts'

/** Says what an event is, or says it anew. The first one, by the device in the event's name, makes it. */
export interface EventEntry {
  t: 'event'
  /** 16 bytes; with the device that makes the event they are its name. */
  nonce: Uint8Array
  name: string
  /** Where it is; empty for nothing said. */
  place: string
  /** Unix ms. */
  startsMs: number
  endsMs: number
  /** What its clocks show beside UTC, minutes; -840 to 840. */
  offsetMin: number
  /** When a day of it begins by these clocks, minutes after midnight: a night that ends at six is one day. */
  dayStartMin: number
  /** Counts up: of two, the higher one stands. */
  version: number
}

/** What a class costs in a window of time. */
export interface Price {
  /** Code of a unit of money. */
  currency: string
  /** Minor units; 0 for free. */
  amount: bigint
  /** From then on, Unix ms; null for always. */
  fromMs: number | null
  /** Until then, not included. */
  untilMs: number | null
}

/** How a class is admitted: by whoever holds the ticket's bucket, or by any gate. */
export type Policy = 'exclusive' | 'open'

/** Says what a class of tickets is, or says it anew. */
export interface ClassEntry {
  t: 'class'
  /** Unit of kind `seat`: a ticket takes one. Names the class. */
  unit: string
  name: string
  policy: Policy
  /** Open admissions that a gate may make while not all other gates have heard of them. */
  exposure: number
  prices: readonly Price[]
  /** Admitted from then on, Unix ms; null for no limit. */
  fromMs: number | null
  untilMs: number | null
  /** Zones that it opens; none for all. */
  zones: readonly string[]
  /** Who left may come in again. */
  reentry: boolean
  /** Only tickets whose issue is known at the gate are admitted. */
  known: boolean
  /** What else must hold; null for nothing. */
  rule: Rule | null
  version: number
}

/** A part of the place that holds so many people. */
export interface ZoneEntry {
  t: 'zone'
  name: string
  /** Unit of kind `seat`: who enters takes one, who leaves gives it back. */
  unit: string
  version: number
}

/** Tickets that are admitted together at one gate group. */
export interface BucketEntry {
  t: 'bucket'
  /** Unit of kind `admission`, supply 1: who holds it holds the bucket. */
  unit: string
  /** Gate group, as it is printed on its tickets. */
  group: string
}

/** Says that the gate which holds a bucket is lost (or is not, after all): its tickets are admitted openly. */
export interface LostEntry {
  t: 'lost'
  bucket: string
  lost: boolean
  version: number
}

/** Tickets that were issued: their seats are taken with it. */
export interface IssueEntry {
  t: 'issue'
  class: string
  bucket: string
  /** Of each: commitment (16), search tag (8), sealed body and details. */
  tickets: readonly Uint8Array[]
  /** What each cost; null for nothing. */
  price: { currency: string; amount: bigint } | null
  /** When they are valid; null: as the class says. */
  validity: TicketValidity | null
  /** Of one ticket: key of the phone that shows it, 32 bytes; of a blind one with the seat hash, hidden (48); else null. */
  holder: Uint8Array | null
  /** Names the request, 16 bytes: sent twice, it is written once. The tickets' secrets are drawn from it. */
  id: Uint8Array
  /** Number of the first ticket in its bucket; the others follow. */
  first: number
}

/** By what an admission stands: the bucket that its device holds; an open class or a lost gate; somebody's word. */
export type Mode = 'held' | 'open' | 'override'

/** Somebody went in or out. */
export interface PassEntry {
  t: 'pass'
  way: 'in' | 'out'
  /** Nullifier of the ticket, 16 bytes. */
  seat: Uint8Array
  class: string
  bucket: string
  mode: Mode
  /** Gate group where it was. */
  gate: string
  zone: string | null
  /** Unit of the zone of which one is taken (in) or given back (out); null for none. */
  room: string | null
  /** Of an exit: the entry that it ends, as far as the gate knows; else null. */
  of: PassName | null
  /** By the gate's clock, Unix ms. */
  atMs: number
  /** Names the scan, 16 bytes. */
  id: Uint8Array
  /** Why, of an override; else empty. */
  reason: string
}

/** Names a pass. */
export interface PassName {
  /** Commit id, 32 bytes. */
  commit: Uint8Array
  index: number
}

/** A pass was a mistake of its device: it does not count. */
export interface UndoEntry extends PassName {
  t: 'undo'
  /** As the pass has it, to be moved back. */
  room: string | null
  /** Which way the pass went. */
  way: 'in' | 'out'
  atMs: number
  id: Uint8Array
  reason: string
}

/** The device of an exit says which entry it ended, once it knows. */
export interface MatchEntry extends PassName {
  t: 'match'
  of: PassName
}

/** Room that an exit elsewhere left is given back by the device that took it. Names the exit. */
export interface HomeEntry extends PassName {
  t: 'home'
  room: string
}

/** Why a ticket no longer opens. */
export type CancelReason = 'revoke' | 'refund' | 'reissue'

/** Ends a ticket, by whoever holds its bucket. */
export interface CancelEntry {
  t: 'cancel'
  why: CancelReason
  class: string
  bucket: string
  /** Commitment of the ticket, 16 bytes. */
  old: Uint8Array
  /** Of a reissue: the new ticket, as in an issue; else null. */
  ticket: Uint8Array | null
  /** Its seat goes back to its device, which can sell it again. */
  seat: boolean
  /** What was paid back; null for nothing. */
  price: { currency: string; amount: bigint } | null
  id: Uint8Array
  reason: string
}

/** Asks whoever holds the bucket for the same. */
export interface RequestEntry extends Omit<CancelEntry, 't' | 'seat'> {
  t: 'request'
  /** Of a refund: nullifier of the ticket, 16 bytes, so that the holder sees that nobody was let in with it; else null. */
  seat: Uint8Array | null
}

/** One ticket that was not let in. */
export interface Refusal {
  atMs: number
  verdict: string
  zone: string | null
}

/** Tickets that were not let in at a gate. */
export interface RefusedEntry {
  t: 'refused'
  gate: string
  rows: readonly Refusal[]
}

/** An entry of an event. */
export type EventDocumentEntry =
  | EventEntry
  | ClassEntry
  | ZoneEntry
  | BucketEntry
  | LostEntry
  | IssueEntry
  | PassEntry
  | UndoEntry
  | MatchEntry
  | HomeEntry
  | CancelEntry
  | RequestEntry
  | RefusedEntry

/** The typed entry in a decoded map, or null when it is none of ours. */
export function readEventEntry(map: ValueMap): EventDocumentEntry | null {
  const { t, ...rest } = map
  const read = typeof t === 'string' && Object.hasOwn(READERS, t) ? READERS[t as keyof typeof READERS] : null
  return read?.(rest) ?? null
}

/** Payload of an event section with these entries. */
export function encodeEventEntries(entries: readonly EventDocumentEntry[]): Uint8Array {
  return encodeCanonical(entries.map(entryToMap))
}

function entryToMap(entry: EventDocumentEntry): ValueMap {
  switch (entry.t) {
    case 'class': {
      const { prices, rule, zones, ...rest } = entry
      return {
        ...rest,
        zones: [...zones],
        prices: prices.map((it) => [it.currency, amountValue(it.amount), it.fromMs, it.untilMs]),
        rule: rule === null ? null : ruleToValue(rule),
      }
    }
    case 'pass':
      return { ...entry, of: entry.of === null ? null : nameValue(entry.of) }
    case 'match':
      return { ...entry, of: nameValue(entry.of) }
    case 'issue':
      return {
        ...entry,
        tickets: [...entry.tickets],
        price: priceValue(entry.price),
        validity: entry.validity === null ? null : [entry.validity.fromMinute, entry.validity.forMinutes],
      }
    case 'cancel':
    case 'request':
      return { ...entry, price: priceValue(entry.price) }
    case 'refused':
      return { ...entry, rows: entry.rows.map((it) => [it.atMs, it.verdict, it.zone]) }
    case 'event':
    case 'zone':
    case 'bucket':
    case 'lost':
    case 'undo':
    case 'home':
      return { ...entry }
  }
}

type Readers = {
  readonly [T in EventDocumentEntry['t']]: (map: ValueMap) => Extract<EventDocumentEntry, { t: T }> | null
}

const READERS: Readers = {
  event(map) {
    if (!hasKeys(map, EVENT_KEYS)) return null
    const { nonce, name, place, startsMs, endsMs, offsetMin, dayStartMin, version } = map
    if (!isBytes(nonce, 16) || !isName(name, EVENT_NAME_LENGTH_MAX) || !isCount(version)) return null
    if (place !== '' && !isName(place, EVENT_NAME_LENGTH_MAX)) return null
    if (!isCount(startsMs) || !isCount(endsMs) || endsMs < startsMs) return null
    if (typeof offsetMin !== 'number' || !Number.isSafeInteger(offsetMin) || Math.abs(offsetMin) > 840)
      return null
    if (!isCount(dayStartMin) || dayStartMin >= 1440) return null
    return { t: 'event', nonce, name, place, startsMs, endsMs, offsetMin, dayStartMin, version }
  },
  class(map) {
    if (!hasKeys(map, CLASS_KEYS)) return null
    const { unit, name, policy, exposure, fromMs, untilMs, reentry, known, version } = map
    const prices = listOf(map['prices'], PRICES_MAX, readWindow)
    const zones = listOf(map['zones'], ZONES_MAX, gateName)
    const read = map['rule'] === null ? null : readRule(map['rule'])
    if (read !== null && !read.ok) return null
    const rule = read === null ? null : read.rule
    if (!isUnit(unit, 'seat') || !isName(name, EVENT_NAME_LENGTH_MAX) || !isCount(version)) return null
    if ((policy !== 'exclusive' && policy !== 'open') || !isCount(exposure)) return null
    if (prices === null || zones === null) return null
    if (!isTime(fromMs) || !isTime(untilMs)) return null
    if (typeof reentry !== 'boolean' || typeof known !== 'boolean') return null
    const rest = { exposure, prices, fromMs, untilMs, zones, reentry, known, rule, version }
    return { t: 'class', unit, name, policy, ...rest }
  },
  zone(map) {
    const { name, unit, version } = map
    if (!hasKeys(map, ['name', 'unit', 'version']) || !isGateName(name)) return null
    return isUnit(unit, 'seat') && isCount(version) ? { t: 'zone', name, unit, version } : null
  },
  bucket(map) {
    const { unit, group } = map
    if (!hasKeys(map, ['unit', 'group']) || !isUnit(unit, 'admission')) return null
    return isGateName(group) ? { t: 'bucket', unit, group } : null
  },
  lost(map) {
    const { bucket, lost, version } = map
    if (!hasKeys(map, ['bucket', 'lost', 'version']) || !isUnit(bucket, 'admission')) return null
    return typeof lost === 'boolean' && isCount(version) ? { t: 'lost', bucket, lost, version } : null
  },
  issue(map) {
    const { bucket, id, first } = map
    if (!hasKeys(map, ISSUE_KEYS)) return null
    const tickets = listOf(map['tickets'], ISSUED_MAX, readIssued)
    const price = readPrice(map['price'])
    if (!isUnit(map['class'], 'seat') || !isUnit(bucket, 'admission')) return null
    if (tickets === null || tickets.length === 0 || price === undefined) return null
    const validity = map['validity'] === null ? null : readValidity(map['validity'])
    const { holder } = map
    if (validity === undefined || !isBytes(id, 16) || !isCount(first)) return null
    if (first + tickets.length > SERIAL_MAX + 1) return null
    if (holder !== null && (!isHolder(holder) || tickets.length !== 1)) return null
    return { t: 'issue', class: map['class'], bucket, tickets, price, validity, holder, id, first }
  },
  pass(map) {
    if (!hasKeys(map, PASS_KEYS)) return null
    const { way, seat, bucket, mode, gate, zone, room, atMs, id, reason } = map
    if (!isWay(way) || !isBytes(seat, 16) || !isUnit(map['class'], 'seat')) return null
    if (!isUnit(bucket, 'admission') || (mode !== 'held' && mode !== 'open' && mode !== 'override'))
      return null
    if (!isGateName(gate) || (zone !== null && !isGateName(zone))) return null
    if (!isRoom(room) || !isCount(atMs) || !isBytes(id, 16)) return null
    // A word for an override, and for nothing else.
    if (mode === 'override' ? !isName(reason, REASON_LENGTH_MAX) : reason !== '') return null
    const of = map['of'] === null ? null : readName(map['of'])
    if (of === undefined || (of !== null && way === 'in')) return null
    const where = { gate, zone, room, of, atMs, id, reason: reason as string }
    return { t: 'pass', way, seat, class: map['class'], bucket, mode, ...where }
  },
  undo(map) {
    const { commit, index, room, way, atMs, id, reason } = map
    if (!hasKeys(map, ['commit', 'index', 'room', 'way', 'atMs', 'id', 'reason'])) return null
    if (!isBytes(commit, 32) || !isCount(index) || !isRoom(room) || !isWay(way) || !isCount(atMs)) return null
    if (!isBytes(id, 16) || !isName(reason, REASON_LENGTH_MAX)) return null
    return { t: 'undo', commit, index, room, way, atMs, id, reason }
  },
  match(map) {
    const { commit, index } = map
    const of = readName(map['of'])
    if (!hasKeys(map, ['commit', 'index', 'of']) || !isBytes(commit, 32) || !isCount(index)) return null
    return of === undefined ? null : { t: 'match', commit, index, of }
  },
  home(map) {
    const { commit, index, room } = map
    if (!hasKeys(map, ['commit', 'index', 'room']) || !isBytes(commit, 32)) return null
    return isCount(index) && isUnit(room, 'seat') ? { t: 'home', commit, index, room } : null
  },
  cancel(map) {
    const { seat, ...rest } = map
    const cancel = readCancel(rest)
    return cancel === null || typeof seat !== 'boolean' ? null : { ...cancel, t: 'cancel', seat }
  },
  request(map) {
    const { seat, ...rest } = map
    const request = readCancel(rest)
    if (request === null || (request.why === 'refund' ? !isBytes(seat, 16) : seat !== null)) return null
    return { ...request, t: 'request', seat: isBytes(seat, 16) ? seat : null }
  },
  refused(map) {
    const rows = listOf(map['rows'], REFUSALS_MAX, readRefusal)
    const { gate } = map
    if (!hasKeys(map, ['gate', 'rows']) || !isGateName(gate)) return null
    return rows === null || rows.length === 0 ? null : { t: 'refused', gate, rows }
  },
}

function readCancel(map: ValueMap): Omit<CancelEntry, 't' | 'seat'> | null {
  const { why, bucket, old, id, reason } = map
  if (!hasKeys(map, ['why', 'class', 'bucket', 'old', 'ticket', 'price', 'id', 'reason'])) return null
  const price = readPrice(map['price'])
  const ticket = map['ticket'] === null ? null : readIssued(map['ticket'])
  if (why !== 'revoke' && why !== 'refund' && why !== 'reissue') return null
  if (!isUnit(map['class'], 'seat') || !isUnit(bucket, 'admission') || !isBytes(old, 16)) return null
  if (price === undefined || (why === 'reissue') !== (ticket !== null)) return null
  if (map['ticket'] !== null && ticket === null) return null
  if (!isBytes(id, 16) || (reason !== '' && !isName(reason, REASON_LENGTH_MAX))) return null
  return { why, class: map['class'], bucket, old, ticket, price, id, reason }
}

function readWindow(value: Value): Price | null {
  if (!Array.isArray(value) || value.length !== 4) return null
  const [currency, amount, fromMs, untilMs] = value
  const price = readPrice([currency ?? null, amount ?? null])
  if (price === null || price === undefined || !isTime(fromMs) || !isTime(untilMs)) return null
  return { ...price, fromMs, untilMs }
}

function readPrice(value: Value | undefined): { currency: string; amount: bigint } | null | undefined {
  if (value === null) return null
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [currency, raw] = value
  const amount = raw === 0 ? 0n : decodeAmount(raw)
  if (typeof currency !== 'string' || currency.length > CURRENCY_LENGTH_MAX || !isUnitCode(currency))
    return undefined
  return amount === null ? undefined : { currency, amount }
}

function priceValue(price: { currency: string; amount: bigint } | null): Value {
  return price === null ? null : [price.currency, amountValue(price.amount)]
}

function amountValue(amount: bigint): Value {
  return amount === 0n ? 0 : encodeAmount(amount)
}

function readValidity(value: Value | undefined): TicketValidity | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [fromMinute, forMinutes] = value
  const isGood = isCount(fromMinute) && isCount(forMinutes) && fromMinute > 0 && forMinutes > 0
  return isGood && fromMinute < 2 ** 32 && forMinutes < 2 ** 24 ? { fromMinute, forMinutes } : undefined
}

function readName(value: Value | undefined): PassName | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [commit, index] = value
  return isBytes(commit, 32) && isCount(index) ? { commit, index } : undefined
}

function nameValue({ commit, index }: PassName): Value {
  return [commit, index]
}

function readIssued(value: Value | undefined): Uint8Array | null {
  if (!(value instanceof Uint8Array)) return null
  return value.length >= ISSUED_BYTES_MIN && value.length <= ISSUED_BYTES_MAX ? value : null
}

function readRefusal(value: Value): Refusal | null {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [atMs, verdict, zone] = value
  if (!isCount(atMs) || typeof verdict !== 'string' || !/^[a-z][a-z-]{1,31}$/.test(verdict)) return null
  return zone === null || isGateName(zone) ? { atMs, verdict, zone } : null
}

function listOf<T>(
  value: Value | undefined,
  lengthMax: number,
  read: (value: Value) => T | null,
): T[] | null {
  if (!Array.isArray(value) || value.length > lengthMax) return null
  const list: T[] = []
  for (const it of value) {
    const item = read(it)
    if (item === null) return null
    list.push(item)
  }
  return list
}

/** True for a name of a gate group or zone. */
export function isGateName(value: Value | undefined): value is string {
  return isName(value, GATE_NAME_LENGTH_MAX)
}

function gateName(value: Value): string | null {
  return isGateName(value) ? value : null
}

function isUnit(value: Value | undefined, kind: 'seat' | 'admission'): value is string {
  return isUnitId(value) && kindOfUnit(value) === kind
}

function isRoom(value: Value | undefined): value is string | null {
  return value === null || isUnit(value, 'seat')
}

function isTime(value: Value | undefined): value is number | null {
  return value === null || isCount(value)
}

function isWay(value: Value | undefined): value is 'in' | 'out' {
  return value === 'in' || value === 'out'
}

function hasKeys(map: ValueMap, keys: readonly string[]): boolean {
  const present = Object.keys(map)
  return present.length === keys.length && keys.every((key) => Object.hasOwn(map, key))
}

const EVENT_KEYS = ['nonce', 'name', 'place', 'startsMs', 'endsMs', 'offsetMin', 'dayStartMin', 'version']
const CLASS_KEYS = [
  ...['unit', 'name', 'policy', 'exposure', 'prices', 'fromMs', 'untilMs', 'zones', 'reentry', 'known'],
  ...['rule', 'version'],
]
function isHolder(value: Value | undefined): value is Uint8Array {
  return isBytes(value, 32) || isBytes(value, BLIND_HOLDER_BYTES)
}

const ISSUE_KEYS = ['class', 'bucket', 'tickets', 'price', 'validity', 'holder', 'id', 'first']
const PASS_KEYS = [
  ...['way', 'seat', 'class', 'bucket', 'mode', 'gate', 'zone', 'room', 'of', 'atMs', 'id', 'reason'],
]
