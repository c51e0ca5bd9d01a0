import { bucketPlaces, guaranteeOf } from '#protocol/event'
import type { ClassEntry, EventState, Guarantee, Price } from '#protocol/event'
import { EVENT } from '#protocol/event'
import { toHex } from '#protocol/encoding'
import type { LedgerState } from '#protocol/ledger'
import { formatAmount } from '#protocol/ledger/money'
import { ruleToValue } from '#protocol/tickets'
import { shownText } from '#apps/shown-text'
import type { DeviceName, RosterNames } from '../roster-names.ts'

/** What a class costs in a window of time. */
export interface PriceView {
  /** Code of a unit of money. */
  currency: string
  /** As text: `12.00`. */
  amount: string
  fromMs: number | null
  untilMs: number | null
}

/** A class of tickets. */
export interface ClassView {
  /** Unit of its seats: names the class. */
  class: string
  /** Code of that unit. */
  code: string
  name: string
  policy: 'exclusive' | 'open'
  exposureMax: number
  prices: PriceView[]
  validFromMs: number | null
  validUntilMs: number | null
  /** Zones that it opens; none for all. */
  zones: string[]
  reentry: boolean
  knownOnly: boolean
  rule: unknown
  /** Seats that were ever there, those that can be sold here without the mesh, and by other devices. */
  seats: { capacity: number; here: number; elsewhere: number }
  sold: number
  admitted: number
}

/** Where a bucket is, as a gate sees it. */
export type BucketStateName = 'here' | 'reachable' | 'elsewhere' | 'lost' | 'nowhere'

/** A bucket of tickets. */
export interface BucketView {
  bucket: string
  holder: DeviceName | null
  state: BucketStateName
  /** Its gate is said to be lost: every gate lets its tickets in openly, also while it is here. */
  isLost: boolean
  sold: number
  admitted: number
}

/** A gate group, with its buckets. */
export interface GroupView {
  group: string
  buckets: BucketView[]
}

/** A zone. */
export interface ZoneView {
  zone: string
  unit: string
  capacity: number
  inside: number
  /** How many more this device lets in without asking others. */
  here: number
}

/** What a gate can promise now. */
export interface GuaranteeView {
  gates: number
  reachable: number
  /** Since when no other gate is in reach; null while one is, or where there is none. */
  cutOffSinceMs: number | null
  own: Guarantee['own']
  others: Guarantee['others']
  open: number
  lost: Guarantee['lost']
}

/** Figures of an event. */
export interface EventStats {
  sold: number
  cancelled: number
  admitted: number
  entries: number
  exits: number
  inside: number
  doubles: number
  overrides: number
  open: number
  unheld: number
  undone: number
  refused: number
  refusedBy: Record<string, number>
}

/** An event. */
export interface EventView {
  /** 26 letters and digits. */
  event: string
  name: string
  place: string
  startsMs: number
  endsMs: number
  utcOffsetMin: number
  dayStartMin: number
  organiser: DeviceName | null
  classes: ClassView[]
  groups: GroupView[]
  /** Devices in reach that hold buckets, have let people pass, or made the event: they can be handed buckets. */
  gatesInReach: DeviceName[]
  zones: ZoneView[]
  stats: EventStats
  guarantee: GuaranteeView
  stateHash: string
}

/** What views stand on. */
export interface EventViewParts {
  ledger: LedgerState
  names: RosterNames
  /** This device, hex. */
  own: string
  reachable: ReadonlySet<string>
  holds(unit: string): bigint
  /** Gate group that the guarantee is told for. */
  group: string
  cutOffSinceMs: number | null
}

/** An event with everything that belongs to it. */
export function eventView(state: EventState, parts: EventViewParts): EventView {
  const { ledger, names, holds } = parts
  const { event, organiser } = state
  const tally = state.tally()
  const buckets = bucketViews(state, parts)
  return {
    event: state.id.slice(EVENT.length + 1),
    name: shownText(event?.name ?? '?'),
    place: shownText(event?.place ?? ''),
    ...{ startsMs: event?.startsMs ?? 0, endsMs: event?.endsMs ?? 0 },
    ...{ utcOffsetMin: event?.offsetMin ?? 0, dayStartMin: event?.dayStartMin ?? 0 },
    organiser: organiser === null ? null : names.device(organiser.device),
    classes: state.classes().map((it) => ({
      ...classView(it, ledger),
      seats: seatsOf(it.unit, ledger, holds),
      sold: tally.soldOfClass.get(it.unit) ?? 0,
      admitted: tally.admittedOfClass.get(it.unit) ?? 0,
    })),
    groups: [...new Set(buckets.map((it) => it.group))].map((group) => ({
      group: shownText(group),
      buckets: buckets.filter((it) => it.group === group).map((it) => it.view),
    })),
    gatesInReach: gatesInReach(state, parts),
    zones: state.zones().map(({ name, unit }) => ({
      zone: shownText(name),
      unit,
      capacity: seatsOf(unit, ledger, holds).capacity,
      inside: tally.inside.get(name) ?? 0,
      here: Number(holds(unit)),
    })),
    stats: statsView(state),
    guarantee: guaranteeView(state, parts),
    stateHash: toHex(state.stateHash()),
  }
}

/** What a gate can promise now, and how much of what was sold it admits alone. */
export function guaranteeView(
  state: EventState,
  {
    own,
    group,
    reachable,
    cutOffSinceMs,
  }: Pick<EventViewParts, 'own' | 'group' | 'reachable' | 'cutOffSinceMs'>,
): GuaranteeView {
  const guarantee = guaranteeOf(state, { device: own, group, reachable })
  const isAlone = guarantee.gates.length > 1 && guarantee.reachable.length === 1
  return {
    gates: guarantee.gates.length,
    reachable: guarantee.reachable.length,
    cutOffSinceMs: isAlone ? cutOffSinceMs : null,
    ...{ own: guarantee.own, others: guarantee.others, open: guarantee.open, lost: guarantee.lost },
  }
}

/** Figures of an event. */
export function statsView(state: EventState): EventStats {
  const { sold, cancelled, admitted, entries, exits, doubles, overrides, open, unheld, undone, ...rest } =
    state.tally()
  const inside = [...rest.inside.values()].reduce((sum, it) => sum + it, 0)
  return {
    ...{ sold, cancelled, admitted, entries, exits, inside, doubles, overrides, open, unheld, undone },
    refused: rest.refused,
    refusedBy: Object.fromEntries([...rest.refusedBy].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** Digits behind the point of a currency: as its unit of money says, if there is one here; else 2. */
export function scaleOf(currency: string, ledger: LedgerState): number {
  return ledger.units().find((it) => it.code === currency && it.kind === 'money')?.scale ?? 2
}

/** A price as text. */
export function priceText(price: { currency: string; amount: bigint }, ledger: LedgerState): string {
  return formatAmount(price.amount, scaleOf(price.currency, ledger))
}

function classView(info: ClassEntry, ledger: LedgerState): Omit<ClassView, 'seats' | 'sold' | 'admitted'> {
  const { unit, name, policy, exposure, prices, fromMs, untilMs, zones, reentry, known, rule } = info
  const priceView = (it: Price): PriceView => {
    const { currency } = it
    return { currency, amount: priceText(it, ledger), fromMs: it.fromMs, untilMs: it.untilMs }
  }
  return {
    ...{
      class: unit,
      code: ledger.unit(unit)?.code ?? '?',
      name: shownText(name),
      policy,
      exposureMax: exposure,
    },
    prices: prices.map(priceView),
    ...{ validFromMs: fromMs, validUntilMs: untilMs, zones: zones.map(shownText), reentry, knownOnly: known },
    rule: rule === null ? null : ruleToValue(rule),
  }
}

function seatsOf(unit: string, ledger: LedgerState, holds: (unit: string) => bigint): ClassView['seats'] {
  const { held, inFlight, used, rights } = ledger.books.totals(unit)
  const free = held + inFlight + rights
  const here = holds(unit)
  return { capacity: Number(free + used), here: Number(here), elsewhere: Number(free - here) }
}

function bucketViews(state: EventState, parts: EventViewParts): { group: string; view: BucketView }[] {
  const { own, reachable, names, holds } = parts
  const tally = state.tally()
  return bucketPlaces(state).map(({ bucket, group, holder, isLost }) => {
    const isHere = holds(bucket) >= 1n
    const view: BucketView = {
      bucket,
      holder: isHere ? names.device(own) : holder === null ? null : names.device(holder),
      state: bucketStateOf({ holder, isLost, isHere }, { own, reachable }),
      isLost,
      sold: tally.soldOfBucket.get(bucket) ?? 0,
      admitted: tally.admittedOfBucket.get(bucket) ?? 0,
    }
    return { group, view }
  })
}

function gatesInReach(state: EventState, { own, reachable, names }: EventViewParts): DeviceName[] {
  const holders = new Set(bucketPlaces(state).map((it) => it.holder))
  const isGate = (it: string): boolean =>
    holders.has(it) || state.passesBy(it).length > 0 || state.organiser?.device === it
  return [...reachable]
    .filter((it) => it !== own && isGate(it))
    .map((it) => names.device(it))
    .sort((a, b) => (a.deviceName < b.deviceName ? -1 : a.deviceName > b.deviceName ? 1 : 0))
}

/** Where a bucket is, as this device sees it. */
export function bucketStateOf(
  { holder, isLost, isHere }: { holder: string | null; isLost: boolean; isHere: boolean },
  { own, reachable }: { own: string; reachable: ReadonlySet<string> },
): BucketStateName {
  if (isLost && !isHere) return 'lost'
  if (holder === null && !isHere) return 'nowhere'
  if (isHere || holder === own) return 'here'
  return holder !== null && reachable.has(holder) ? 'reachable' : 'elsewhere'
}
