import { encodeCanonical, isBytes, isCount, isName } from '../encoding/index.ts'
import type { Value, ValueMap } from '../encoding/index.ts'
import { isAmount } from '../evaluation/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { decodeAmount, encodeAmount } from './amount.ts'
import { SCALE_MAX } from './money/amount.ts'

/** What units count. */
export type UnitKind = 'money' | 'credit' | 'quota' | 'slot' | 'stock' | 'seat' | 'admission' | 'edition'

/** All kinds. */
export const UNIT_KINDS: readonly UnitKind[] = [
  'money',
  'credit',
  'quota',
  'slot',
  'stock',
  'seat',
  'admission',
  'edition',
]

/** Kinds for which the whole co-op answers: only seals give the right to issue them, never who defines them. */
export const SEALED_KINDS: ReadonlySet<UnitKind> = new Set<UnitKind>(['money', 'credit', 'quota', 'slot'])

/** Longest code of a unit: that of a commodity in plain-text accounting. */
export const CODE_LENGTH_MAX = 24
/** Longest name of a unit, UTF-16 units. A guess: a line on a till. */
export const UNIT_NAME_LENGTH_MAX = 100
/** Longest memo and reference of an entry, UTF-16 units. A guess: a line of a receipt. */
export const MEMO_LENGTH_MAX = 200

/** What a unit is. Fixed for good: its id is a hash of it. */
export interface UnitDefinition {
  /** Short and written in capitals, `EUR` or `POSTER-A2`. Two units may have the same. */
  code: string
  kind: UnitKind
  /** Digits behind the point: minor units are 10^-scale. */
  scale: number
  name: string
  /** What the device that defines it may issue, minor units; 0 for kinds that seals issue, 1 of an admission. */
  supply: bigint
  /** Of what a device accepted outside the frontier that it cites, what it may pass on, minor units; null for no limit. */
  relayMax: bigint | null
  /** From then on honest devices neither spend nor pass it on, by their own clocks, Unix ms; null for never. */
  expiresMs: number | null
  /** 16 bytes, so that two equal definitions are two units. */
  nonce: Uint8Array
}

/** A unit by its id, with who defined it. */
export interface UnitInfo extends UnitDefinition {
  /** `<kind>-<26 letters and digits>`. */
  id: string
  /** Device that defined it, hex. */
  device: string
}

/** Why a definition is none. */
export type UnitRefusal = 'code' | 'kind' | 'scale' | 'name' | 'supply' | 'relay' | 'expiry' | 'nonce'

/** What is wrong with a definition; null for nothing. */
export function unitRefusal(unit: UnitDefinition): UnitRefusal | null {
  const { code, kind, scale, name, supply, relayMax, expiresMs, nonce } = unit
  if (!isUnitCode(code)) return 'code'
  if (!UNIT_KINDS.includes(kind)) return 'kind'
  if (!isCount(scale) || scale > SCALE_MAX || (scale > 0 && !isDivisible(kind))) return 'scale'
  if (!isName(name, UNIT_NAME_LENGTH_MAX)) return 'name'
  if (SEALED_KINDS.has(kind) ? supply !== 0n : !isAmount(supply)) return 'supply'
  // Whoever holds one admits alone: a second one would be a second gate that does.
  if (kind === 'admission' && supply !== 1n) return 'supply'
  if (relayMax !== null && relayMax !== 0n && !isAmount(relayMax)) return 'relay'
  if (expiresMs !== null && !isCount(expiresMs)) return 'expiry'
  return isBytes(nonce, 16) ? null : 'nonce'
}

/** True for a code that a unit may have. */
export function isUnitCode(code: string): boolean {
  return CODE.test(code)
}

/** True for kinds that have parts smaller than one. */
export function isDivisible(kind: UnitKind): boolean {
  return DIVISIBLE.has(kind)
}

/** The definition as it stands in an entry. */
export function definitionToMap(unit: UnitDefinition): ValueMap {
  const { code, kind, scale, name, supply, relayMax, expiresMs, nonce } = unit
  return {
    code,
    kind,
    scale,
    name,
    supply: supply === 0n ? null : encodeAmount(supply),
    relay: relayMax === null ? null : relayMax === 0n ? 0 : encodeAmount(relayMax),
    expires: expiresMs,
    nonce,
  }
}

/** The definition in the map of an entry; null for none. */
export function definitionFromMap(map: ValueMap): UnitDefinition | null {
  const { code, kind, scale, name, nonce } = map
  const supply = map['supply'] === null ? 0n : decodeAmount(map['supply'])
  const relayMax = readRelay(map['relay'])
  const expiresMs = map['expires']
  if (typeof code !== 'string' || typeof name !== 'string' || typeof scale !== 'number') return null
  if (supply === null || relayMax === undefined || !(nonce instanceof Uint8Array)) return null
  if (expiresMs !== null && typeof expiresMs !== 'number') return null
  const unit = { code, kind: kind as UnitKind, scale, name, supply, relayMax, expiresMs, nonce }
  return unitRefusal(unit) === null ? unit : null
}

/**
 * Id of the unit that a device defines so: nobody else can define it, and it cannot be defined otherwise.
 *
 * @param device - key of the device, 32 bytes
 */
export function unitIdOf(device: Uint8Array, unit: UnitDefinition, sha256: Sha256): string {
  const hash = sha256(encodeCanonical(['coopmesh unit', device, definitionToMap(unit)]))
  return `${unit.kind}-${base32(hash.subarray(0, 16))}`
}

/** What the books call a rule with this hash (32 bytes): no unit is called so. */
export function ruleIdOf(hash: Uint8Array): string {
  return `rule-${base32(hash.subarray(0, 16))}`
}

/** True for text that may be the id of a unit. */
export function isUnitId(value: unknown): value is string {
  return typeof value === 'string' && UNIT_ID.test(value)
}

/** Kind of the unit with an id. */
export function kindOfUnit(id: string): UnitKind {
  return id.slice(0, id.indexOf('-')) as UnitKind
}

function readRelay(value: Value | undefined): bigint | null | undefined {
  if (value === null) return null
  if (value === 0) return 0n
  return decodeAmount(value) ?? undefined
}

/** The first 130 bits at most of some bytes, in 26 letters and digits of base32. */
export function base32(bytes: Uint8Array): string {
  let bits = 0n
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte)
  // 26 letters hold 130 bits.
  return Array.from({ length: 26 }, (_, i) => ALPHABET[Number((bits >> BigInt(5 * (25 - i))) & 31n)]).join('')
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const CODE: RegExp = /^[A-Z0-9](?:[A-Z0-9._-]{0,22}[A-Z0-9])?$/
const UNIT_ID: RegExp = new RegExp(`^(?:${UNIT_KINDS.join('|')})-[a-h][a-z2-7]{25}$`)
const DIVISIBLE: ReadonlySet<UnitKind> = new Set<UnitKind>(['money', 'credit', 'quota', 'stock'])
