import {
  EVENT_NAME_LENGTH_MAX,
  GATE_NAME_LENGTH_MAX,
  bucketPlaces,
  encodeEventEntries,
  eventIdOf,
} from '#protocol/event'
import type { ClassEntry, EventEntry, EventState, LostEntry, Policy, Price, ZoneEntry } from '#protocol/event'
import { encodeCanonical, toHex } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import { unitIdOf, unitRefusal } from '#protocol/ledger'
import type { LedgerEntry, UnitDefinition, UnitKind } from '#protocol/ledger'
import { parseAmount } from '#protocol/ledger/money'
import { canonicalRule } from '#protocol/tickets'
import type { RuleRefusal } from '#protocol/tickets'
import { shownText } from '#apps/shown-text'
import { CoopError } from '#node/errors'
import type { CoopNode } from '../coop-node.ts'
import { handBuckets, takeBuckets } from './bucket-moves.ts'
import type { HandedView } from './bucket-moves.ts'
import { EventParts, currencyCode, otherRequest, requestKey } from './event-parts.ts'
import { eventView, scaleOf } from './event-views.ts'
import type { EventView } from './event-views.ts'
import { ReachBook } from './reach-book.ts'

/** An event as people ask for it. */
export interface EventRequest {
  name: string
  place?: string | undefined
  startsMs: number
  endsMs: number
  utcOffsetMin?: number | undefined
  dayStartMin?: number | undefined
  /** Names the request: sent twice, one event is made. */
  id?: string | undefined
}

/** A class as people ask for it. */
export interface ClassRequest {
  name: string
  /** Seats of a new class. */
  seats?: number | undefined
  policy?: Policy | undefined
  exposureMax?: number | undefined
  prices?: readonly PriceRequest[] | undefined
  validFromMs?: number | null | undefined
  validUntilMs?: number | null | undefined
  zones?: readonly string[] | undefined
  reentry?: boolean | undefined
  knownOnly?: boolean | undefined
  /** As JSON has it. */
  rule?: unknown
  id?: string | undefined
}

/** A price in a window of time. */
export interface PriceRequest {
  currency: string
  /** As text: `12.00`; `0` for free. */
  amount: string
  fromMs?: number | null | undefined
  untilMs?: number | null | undefined
}

/** What a write about an event did. */
export interface WrittenPart {
  commit: string | null
  /** True when the same request was written before. */
  isRepeat: boolean
}

/** Open admissions of a class that a gate may make while others have not heard: a guess, some minutes of a rush. */
const EXPOSURE_DEFAULT = 50
/** Buckets that one request makes at most. A guess: a stadium's gate. */
const BUCKETS_AT_ONCE_MAX = 64
/** Times that are taken: a person has made a mistake with a later one. */
const YEAR_MAX = 9_999
const TIME_MS_MAX = Date.UTC(YEAR_MAX, 11, 31, 23, 59, 59)

/** Makes events and says what they are. */
export class EventDesk {
  readonly #parts: EventParts
  readonly #reach = new ReachBook(Date.now())

  constructor(node: CoopNode) {
    this.#parts = new EventParts(node)
    node.on('changed', (what) => {
      if (what.includes('peers')) this.#reach.update(this.#parts.reachable, Date.now())
    })
  }

  /** All events, the latest first. */
  async list(): Promise<EventView[]> {
    const views = await Promise.all(this.#parts.ids().map(async (it) => this.view(it)))
    return views.sort((a, b) => b.startsMs - a.startsMs)
  }

  /** An event; the guarantee is told for a gate group. */
  async view(text: string, group?: string): Promise<EventView> {
    const state = await this.#parts.find(text)
    return eventView(state, this.viewParts(state, group))
  }

  /** What views of an event stand on. */
  viewParts(state: EventState, group?: string): Parameters<typeof eventView>[1] {
    const { node, ledger, own, reachable } = this.#parts
    const places = bucketPlaces(state)
    const others = places.filter((it) => it.holder !== null && it.holder !== own && !it.isLost)
    this.#reach.update(reachable, Date.now())
    return {
      ...{ ledger, own, reachable, names: node.ledger.names },
      holds: (unit) => this.#parts.holds(unit),
      group: group ?? places.find((it) => it.holder === own)?.group ?? '',
      cutOffSinceMs: others.length === 0 ? null : this.#reach.aloneSince(others.map((it) => it.holder ?? '')),
    }
  }

  /** Makes an event on this device's chain. */
  async create(request: EventRequest): Promise<{ event: string; commit: string | null; isRepeat: boolean }> {
    const { node } = this.#parts
    const { name, place = '', startsMs, endsMs, utcOffsetMin = 0, dayStartMin = 0 } = request
    if (endsMs < startsMs)
      throw new CoopError('usage', 'the event would end before it begins', 'Give a later end.')
    needTimes(startsMs, endsMs)
    needText('name', name)
    if (place !== '') needText('place', place)
    const nonce = requestKey(request.id)
    const id = eventIdOf(node.signer.publicKey, nonce, node.crypto.sha256)
    const event = id.slice(id.indexOf('/') + 1)
    const entry: EventEntry = {
      ...{ t: 'event', nonce, name, place, startsMs, endsMs, offsetMin: utcOffsetMin, dayStartMin },
      version: 0,
    }
    if (this.#parts.ids().includes(id)) {
      needSame((await this.#parts.open(id)).event, entry)
      return { event, commit: null, isRepeat: true }
    }
    return { event, commit: await this.#parts.write(id, [entry]), isRepeat: false }
  }

  /** Adds a class with its seats, or says anew what one is. `text`: name, code or unit of one that is there. */
  async setClass(
    event: string,
    request: ClassRequest,
    text?: string,
  ): Promise<WrittenPart & { class: string }> {
    const state = await this.#parts.find(event)
    if (text !== undefined) return this.#changeClass(state, request, findClass(state, text, this.#parts))
    const { seats } = request
    if (seats === undefined)
      throw new CoopError('usage', 'a new class needs seats', 'Say how many: --seats 200.')
    needText('name', request.name)
    const nonce = requestKey(request.id)
    const { unit, entries } = this.#unit({ kind: 'seat', label: request.name, supply: seats, nonce })
    const entry = this.#classEntry(state, request, { unit, version: 0 })
    const known = state.class(unit)
    if (known !== null) {
      needSame(known, entry)
      return { class: unit, commit: null, isRepeat: true }
    }
    this.#needNewName(state.classes(), nonce)
    this.#needOrganiser(state)
    const commit = await this.#parts.write(state.id, [entry], entries)
    return { class: unit, commit, isRepeat: false }
  }

  async #changeClass(
    state: EventState,
    request: ClassRequest,
    known: ClassEntry,
  ): Promise<WrittenPart & { class: string }> {
    const version = state.nextVersion('class', known.unit)
    const entry = this.#classEntry(state, request, { ...known, version })
    this.#needOrganiser(state)
    return { class: known.unit, commit: await this.#parts.write(state.id, [entry]), isRepeat: false }
  }

  #classEntry(
    state: EventState,
    request: ClassRequest,
    known: Partial<ClassEntry> & { unit: string; version: number },
  ): ClassEntry {
    const { name, policy, exposureMax, prices, validFromMs, validUntilMs, zones, reentry, knownOnly } =
      request
    needText('name', name)
    needTimes(validFromMs, validUntilMs)
    for (const zone of zones ?? [])
      if (state.zone(zone) === null)
        throw new CoopError(
          'event-unknown',
          `the event has no zone '${shownText(zone)}'`,
          state.zones().length === 0
            ? 'Add it first: `coop event zone EVENT NAME PEOPLE`.'
            : `Zones: ${state
                .zones()
                .map((it) => shownText(it.name))
                .join(', ')}.`,
        )
    const rule = request.rule === undefined ? (known.rule ?? null) : this.#ruleOf(request.rule)
    return {
      ...{ t: 'class', unit: known.unit, name, version: known.version, rule },
      policy: policy ?? known.policy ?? 'exclusive',
      exposure: exposureMax ?? known.exposure ?? EXPOSURE_DEFAULT,
      prices: prices === undefined ? (known.prices ?? []) : prices.map((it) => this.#priceOf(it)),
      fromMs: validFromMs === undefined ? (known.fromMs ?? null) : validFromMs,
      untilMs: validUntilMs === undefined ? (known.untilMs ?? null) : validUntilMs,
      zones: zones ?? known.zones ?? [],
      reentry: reentry ?? known.reentry ?? false,
      known: knownOnly ?? known.known ?? false,
    }
  }

  #ruleOf(value: unknown): ClassEntry['rule'] {
    if (value === null) return null
    const read = canonicalRule(value as Value)
    if (read.ok) return read.rule
    throw new CoopError(
      'usage',
      `this is no rule: ${RULE_WORDS[read.refusal]}`,
      'See docs/protocol/tickets.md for the rules that there are, such as ["entries-today", 1].',
    )
  }

  #priceOf({ currency, amount, fromMs = null, untilMs = null }: PriceRequest): Price {
    const code = currencyCode(currency)
    needTimes(fromMs, untilMs)
    const parsed = parseAmount(amount, scaleOf(code, this.#parts.ledger), 'allowed')
    if (!parsed.ok)
      throw new CoopError(
        'amount-malformed',
        `'${shownText(amount.slice(0, 40))}' is no price in ${code} (${parsed.refusal})`,
        parsed.message,
      )
    return { currency: code, amount: parsed.amount, fromMs, untilMs }
  }

  /** Adds a zone that holds so many people. */
  async addZone(
    event: string,
    { name, capacity, id }: { name: string; capacity: number; id?: string | undefined },
  ): Promise<WrittenPart & { unit: string }> {
    const state = await this.#parts.find(event)
    needText('zone', name)
    const nonce = requestKey(id)
    const { unit, entries } = this.#unit({ kind: 'seat', label: `ZONE-${name}`, supply: capacity, nonce })
    const known = state.zone(name)
    if (known !== null && known.unit === unit) return { unit, commit: null, isRepeat: true }
    if (known !== null)
      throw new CoopError(
        'refused',
        `the event has a zone '${shownText(name)}' already`,
        'Give another name.',
      )
    this.#needNewName(state.zones(), nonce)
    this.#needOrganiser(state)
    const entry: ZoneEntry = { t: 'zone', name, unit, version: 0 }
    return { unit, commit: await this.#parts.write(state.id, [entry], entries), isRepeat: false }
  }

  /** Makes buckets of a gate group; this device holds them until it hands them over. */
  async addBuckets(
    event: string,
    { group, count = 1, id }: { group: string; count?: number | undefined; id?: string | undefined },
  ): Promise<WrittenPart & { buckets: string[] }> {
    const state = await this.#parts.find(event)
    needText('group', group)
    if (!Number.isSafeInteger(count) || count < 1 || count > BUCKETS_AT_ONCE_MAX)
      throw new CoopError('usage', `one request makes 1 to ${BUCKETS_AT_ONCE_MAX} buckets`, 'Make fewer.')
    const key = requestKey(id)
    const nonceOf = (i: number): Uint8Array =>
      this.#parts.node.crypto.sha256(encodeCanonical([key, i])).slice(0, 16)
    const made = Array.from({ length: count }, (_, i) => {
      const nonce = nonceOf(i)
      return this.#unit({ kind: 'admission', label: group, supply: 1, nonce })
    })
    const buckets = made.map((it) => it.unit)
    const known = buckets.filter((it) => state.bucket(it) !== null)
    if (known.length === count) return { buckets, commit: null, isRepeat: true }
    this.#needNewName(state.buckets(), nonceOf(0))
    this.#needOrganiser(state)
    const commit = await this.#parts.write(
      state.id,
      buckets.map((unit) => ({ t: 'bucket', unit, group })),
      made.flatMap((it) => it.entries),
    )
    return { buckets, commit, isRepeat: false }
  }

  /** Says that the gate which holds a bucket is lost, or is not after all. */
  async setLost(event: string, bucket: string, isLost: boolean): Promise<WrittenPart> {
    const state = await this.#parts.find(event)
    const found = state.buckets().filter((it) => it.unit === bucket || it.group === bucket)
    if (found.length === 0)
      throw new CoopError(
        'event-unknown',
        `the event has no bucket or gate group '${shownText(bucket.slice(0, 80))}'`,
        'Run `coop event show EVENT`.',
      )
    const changed = found.filter((it) => state.isLost(it.unit) !== isLost)
    if (changed.length === 0) return { commit: null, isRepeat: true }
    this.#needOrganiser(state)
    const entries = changed.map(({ unit }): LostEntry => ({
      ...{ t: 'lost', bucket: unit, lost: isLost, version: state.nextVersion('lost', unit) },
    }))
    return { commit: await this.#parts.write(state.id, entries), isRepeat: false }
  }

  /** Hands buckets over to a device, of one gate group or all that are here: see `handBuckets`. */
  async hand(event: string, to: { group?: string | undefined; device: string }): Promise<HandedView> {
    return handBuckets(this.#parts, await this.#parts.find(event), to)
  }

  /** Fetches buckets of a gate group from devices in reach. */
  async take(event: string, group: string): Promise<{ taken: string[]; missing: string[] }> {
    return takeBuckets(this.#parts, await this.#parts.find(event), group)
  }

  /** Only the organisers say what an event is; the rest are told whom to ask. */
  #needOrganiser({ organiser }: EventState): void {
    const { node } = this.#parts
    const { standing } = node.membership.engine.replica
    if (organiser === null || standing === null) return
    if (standing.role === 'steward' || standing.member === organiser.member) return
    const { name, deviceName } = node.ledger.names.device(organiser.device)
    throw new CoopError(
      'refused',
      `${name} made this event: only devices of that member, and stewards, say what it is`,
      `Do it on ${deviceName}, or ask a steward (\`coop members\`).`,
    )
  }

  /** A request of the same name made another unit: nothing is made from it again. */
  #needNewName(parts: readonly { unit: string }[], nonce: Uint8Array): void {
    const { ledger, own } = this.#parts
    const isTaken = parts.some((it) => {
      const unit = ledger.unit(it.unit)
      return unit !== null && unit.device === own && toHex(unit.nonce) === toHex(nonce)
    })
    if (isTaken) throw otherRequest()
  }

  /** A unit of this device, with the entries that make and issue it. */
  #unit({
    kind,
    label,
    supply,
    nonce,
  }: {
    kind: UnitKind
    label: string
    supply: number
    nonce: Uint8Array
  }): {
    unit: string
    entries: LedgerEntry[]
  } {
    const { node } = this.#parts
    if (!Number.isSafeInteger(supply) || supply < 1)
      throw new CoopError('usage', 'there must be one at least', 'Give a whole number of 1 or more.')
    const definition: UnitDefinition = {
      ...{ code: codeOf(label), kind, scale: 0, name: label, supply: BigInt(supply) },
      ...{ relayMax: null, expiresMs: null, nonce },
    }
    const refusal = unitRefusal(definition)
    if (refusal !== null)
      throw new CoopError(
        'usage',
        `'${shownText(label)}' cannot be counted (${refusal})`,
        'Give another name.',
      )
    const unit = unitIdOf(node.signer.publicKey, definition, node.crypto.sha256)
    const issue: LedgerEntry = { t: 'issue', unit, amount: BigInt(supply) }
    return { unit, entries: [{ t: 'define', unit: definition }, issue] }
  }
}

/** The class that its unit, code or name means. */
export function findClass(state: EventState, text: string, { ledger }: EventParts): ClassEntry {
  const classes = state.classes()
  const isMeant = (it: ClassEntry): boolean =>
    it.unit === text ||
    it.name.toLowerCase() === text.toLowerCase() ||
    ledger.unit(it.unit)?.code === text.toUpperCase()
  const [found, ...others] = classes.filter(isMeant)
  if (found === undefined)
    throw new CoopError(
      'event-unknown',
      `the event has no class '${shownText(text.slice(0, 80))}'`,
      classes.length === 0
        ? 'Make one: `coop event class EVENT NAME --seats 200 --price EUR:12.00`.'
        : `Classes: ${classes
            .map((it) => shownText(it.name))
            .slice(0, 6)
            .join(', ')}.`,
    )
  if (others.length === 0) return found
  throw new CoopError(
    'name-ambiguous',
    `several classes are called '${shownText(text)}'`,
    'Give the unit instead.',
  )
}

/** A code for a label: what of it a code may have. */
function codeOf(label: string): string {
  const plain = label
    .normalize('NFKD')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '-')
  const code = plain
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 24)
    .replace(/-+$/, '')
  return code === '' ? 'X' : code
}

function needText(what: 'name' | 'place' | 'group' | 'zone', text: string): void {
  const { label, lengthMax } = TEXTS[what]
  const isGood =
    text.trim() === text && text.length > 0 && text.length <= lengthMax && shownText(text) === text
  if (isGood) return
  throw new CoopError(
    'usage',
    `${label} has 1 to ${lengthMax} characters, no blank at either end and none that are not seen or turn the direction`,
    'Write it in one line, and shorter.',
  )
}

const TEXTS = {
  name: { label: 'a name', lengthMax: EVENT_NAME_LENGTH_MAX },
  place: { label: 'a place', lengthMax: EVENT_NAME_LENGTH_MAX },
  group: { label: 'the name of a gate group', lengthMax: GATE_NAME_LENGTH_MAX },
  zone: { label: 'the name of a zone', lengthMax: GATE_NAME_LENGTH_MAX },
} as const

/** A window of time that is one: an end after its beginning, within years that people mean. */
function needTimes(fromMs: number | null | undefined, untilMs: number | null | undefined): void {
  if ((fromMs ?? 0) > TIME_MS_MAX || (untilMs ?? 0) > TIME_MS_MAX)
    throw new CoopError('usage', `a time lies after the year ${YEAR_MAX}`, 'Give Unix milliseconds.')
  if (fromMs !== null && fromMs !== undefined && typeof untilMs === 'number' && untilMs < fromMs)
    throw new CoopError('usage', 'a time ends before it begins', 'Give a later end.')
}

/** What was made by a request of the name is what is asked for, unless it was said anew since. */
function needSame<T extends EventEntry | ClassEntry>(known: T | null, entry: T): void {
  if (known === null || known.version > 0) return
  const [a, b] = [known, entry].map((it) => toHex(encodeEventEntries([it])))
  if (a !== b) throw otherRequest()
}

const RULE_WORDS: Readonly<Record<RuleRefusal, string>> = {
  shape: 'a rule is a list that begins with its name, and has the parts of that rule',
  'unknown-rule': 'it has a name that no rule has',
  number: 'a number or a time in it is out of range, or ends before it begins',
  list: 'a list in it must have 1 to 32 names, and of classes their units',
  'list-order': 'the names of a list must ascend',
  'too-deep': 'rules lie in rules more than 4 deep',
  'too-many': 'it has more than 32 parts',
}
