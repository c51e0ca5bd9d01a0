import { decodeCanonical, encodeCanonical } from '#protocol/encoding'
import type { Value, ValueMap } from '#protocol/encoding'
import { MOVES, SEALED_KINDS, UNIT_KINDS, encodeAmount } from '#protocol/ledger'
import type { EntryNotes, LedgerEntry, MoveName, UnitDefinition } from '#protocol/ledger'
import { encodeSplitRule } from '#protocol/ledger/money'
import type { SplitParty } from '#protocol/ledger/money'
import type { SeededRandom } from '#simulations/mesh'

/** What entries speak of. */
export interface EntryGround {
  readonly random: SeededRandom
  /** Ids of units, defined or not. */
  readonly units: readonly string[]
  /** Keys of devices. */
  readonly devices: readonly Uint8Array[]
  /** Ids of commits. */
  readonly commits: readonly Uint8Array[]
  /** What the author holds of a unit. */
  held(unit: string): bigint
}

const AMOUNT_MAX = 2n ** 63n - 1n
const MOVE_NAMES = Object.keys(MOVES) as MoveName[]

/** An entry of any type, as a host would encode it; whether it is covered is another matter. */
export function drawEntry(ground: EntryGround): LedgerEntry {
  const { random, devices } = ground
  const way = random.below(20)
  if (way < 2) return { t: 'define', unit: drawUnit(random) }
  if (way === 2) return { t: 'rule', rule: drawRule(random) }
  const unit = pick(ground.units, random)
  const amount = drawAmount(ground, unit)
  const notes = drawNotes(ground)
  if (way < 10) {
    const until = random.below(3) === 0 ? { expiresMs: pick(TIMES, random) } : {}
    return { t: 'transfer', to: pick(devices, random), unit, amount, ...notes, ...until }
  }
  return { t: way < 14 ? 'consume' : pick(MOVE_NAMES, random), unit, amount, ...notes }
}

/** A unit of any kind. */
export function drawUnit(random: SeededRandom): UnitDefinition {
  const kind = pick(UNIT_KINDS, random)
  const isDivisible = ['money', 'credit', 'quota', 'stock'].includes(kind)
  return {
    ...{ code: `U${random.below(1_000)}`, kind, scale: isDivisible ? random.below(19) : 0, name: 'Unit' },
    supply: SEALED_KINDS.has(kind) ? 0n : pick([1n, 50n, 1_000_000n, AMOUNT_MAX], random),
    relayMax: pick([null, 0n, 3n, AMOUNT_MAX], random),
    expiresMs: pick([null, ...TIMES], random),
    nonce: random.bytes(16),
  }
}

/** Bytes of a split rule of any form. */
export function drawRule(random: SeededRandom): Uint8Array {
  const parties: SplitParty[] = Array.from({ length: 1 + random.below(5) }, (_, i) => ({
    key: `party ${i}`,
    part: pick(
      [
        { way: 'fixed' as const, amount: pick([1n, 700n, AMOUNT_MAX], random) },
        { way: 'points' as const, points: 1 + random.below(1_900) },
        { way: 'share' as const, weight: pick([1, 3, Number.MAX_SAFE_INTEGER], random) },
      ],
      random,
    ),
  }))
  const rest: SplitParty = { key: 'rest', part: { way: 'share', weight: 1 } }
  return encodeSplitRule({
    id: `rule ${random.below(9)}`,
    version: 1 + random.below(9),
    parties: [...parties, rest],
  })
}

/** Another payload with as many entries or nearly so: a field of an entry is changed, left out, put twice or lent by another one. */
export function bend(payload: Uint8Array, random: SeededRandom): Uint8Array {
  const decoded = decodeCanonical(payload)
  const list = decoded.ok && Array.isArray(decoded.value) ? [...decoded.value] : []
  for (let left = 1 + random.below(3); left > 0 && list.length > 0; left -= 1) {
    const at = random.below(list.length)
    const entry = list[at]
    if (entry === undefined || !isMap(entry)) continue
    if (random.below(8) === 0) {
      list.splice(random.below(list.length), random.below(2), entry)
      continue
    }
    const keys = Object.keys(entry)
    const key = random.below(8) === 0 ? pick(KEYS, random) : pick(keys, random)
    const { [key]: own = null, ...others } = entry
    const lender = list[random.below(list.length)]
    const lent = lender !== undefined && isMap(lender) ? lender[key] : undefined
    const value = pick(random.below(2) === 0 ? [own, lent] : VALUES, random)
    list[at] = value === undefined ? others : { ...others, [key]: value }
  }
  return encodeCanonical(list)
}

/** One of several. */
export function pick<T>(values: readonly T[], random: SeededRandom): T {
  return values[random.below(values.length)] as T
}

function drawAmount({ held, random }: EntryGround, unit: string): bigint {
  const own = held(unit)
  const whole = own > 0n && own <= AMOUNT_MAX ? own : 1n
  const over = whole < AMOUNT_MAX ? whole + 1n : whole
  return pick([1n, 1n, 2n, 7n, whole, (whole + 1n) / 2n, over, 2n ** 32n, 2n ** 53n, AMOUNT_MAX], random)
}

function drawNotes({ random, commits }: EntryGround): EntryNotes {
  const notes: EntryNotes = {}
  if (random.below(6) === 0) notes.id = random.bytes(16)
  if (random.below(6) === 0) notes.memo = 'two posters'
  if (random.below(6) === 0) notes.ref = 'invoice 7'
  if (random.below(6) === 0) notes.reverses = { commit: pick(commits, random), index: random.below(5) }
  return notes
}

function isMap(value: Value): value is ValueMap {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

const TIMES: readonly number[] = [0, 1, 1_900_000_000_000, Number.MAX_SAFE_INTEGER]
const KEYS = [
  't',
  'unit',
  'amount',
  'to',
  'expires',
  'id',
  'memo',
  'ref',
  'reverses',
  'rule',
  'supply',
  'relay',
  'scale',
]
const VALUES: readonly (Value | undefined)[] = [
  ...[undefined, null, true, 0, 1, -1, Number.MAX_SAFE_INTEGER, '', '\u202e', 'money-', 'rule'],
  ...[encodeAmount(1n), encodeAmount(AMOUNT_MAX), new Uint8Array(0), new Uint8Array(8).fill(255)],
  ...[Uint8Array.of(0, 1), new Uint8Array(9).fill(1), new Uint8Array(16), new Uint8Array(32), [], {}],
  ...[[new Uint8Array(32), 0], [new Uint8Array(32), -1], 'consume', 'transfer', 'write-back', 'define'],
]
