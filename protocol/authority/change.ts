import { isBytes, isCount } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import type { Role } from '../document/index.ts'
import { decodeAmount, encodeAmount, isReplaceable, isUnitId } from '../ledger/index.ts'
import type { Genesis } from './genesis.ts'

/** Roles that an invite or a decision can give. Stewards are made by name. */
export const INVITABLE_ROLES: readonly Role[] = ['member', 'venue', 'archive', 'observer']
/** Event documents that a role is held to. A guess: more are the whole co-op. */
export const SCOPES_MAX = 32
/** Slots that one change gives. A guess: a city's worth; more are several decisions. */
export const SLOTS_GIVEN_MAX = 4_096

/** How many stewards decide, and who may recover a co-op without them. */
export type Rules = Pick<Genesis, 'quorum' | 'recovery'>

/** One thing that a decision changes. Members and devices by their keys, 32 bytes. */
export type Change =
  | { kind: 'remove' | 'demote'; member: Uint8Array }
  | { kind: 'close'; device: Uint8Array }
  /** The member is a steward, and this device signs for it. */
  | { kind: 'steward'; member: Uint8Array; device: Uint8Array }
  /** `scopes`: ids of event documents, ascending; null for all. */
  | { kind: 'role'; member: Uint8Array; role: Role; scopes: readonly string[] | null }
  | ({ kind: 'rules' } & Rules)
  | { kind: 'slots'; device: Uint8Array; count: number }
  /** Ends the suspension of that commit. */
  | { kind: 'lift'; commit: Uint8Array }
  /** The frontier of the device goes to this commit, whatever else is known of it. */
  | { kind: 'settle'; device: Uint8Array; seq: number; commit: Uint8Array }
  | { kind: 'floor'; height: number }
  /** The device may issue, or draw on credit, so much more of a unit; amounts in minor units. */
  | { kind: 'allow'; right: AllowedRight; device: Uint8Array; unit: string; amount: bigint }
  /** The device gets so much of a unit in the place of what `lost` holds and is silent about: its loss account bears it. */
  | { kind: 'replace'; device: Uint8Array; unit: string; amount: bigint; lost: Uint8Array }

/** What a seal can let a device do with a unit. */
export type AllowedRight = 'issue' | 'credit'

/** A change as it stands in records and proposals. */
export function encodeChange(change: Change): Value[] {
  switch (change.kind) {
    case 'remove':
    case 'demote':
      return [change.kind, change.member]
    case 'close':
      return ['close', change.device]
    case 'steward':
      return ['steward', change.member, change.device]
    case 'role':
      return ['role', change.member, change.role, change.scopes === null ? null : [...change.scopes]]
    case 'rules':
      return ['rules', change.quorum, change.recovery]
    case 'slots':
      return ['slots', change.device, change.count]
    case 'lift':
      return ['lift', change.commit]
    case 'settle':
      return ['settle', change.device, change.seq, change.commit]
    case 'floor':
      return ['floor', change.height]
    case 'allow':
      return ['allow', change.right, change.device, change.unit, encodeAmount(change.amount)]
    case 'replace':
      return ['replace', change.device, change.unit, encodeAmount(change.amount), change.lost]
  }
}

/** The changes in a list of 1 to `countMax`, or null when it is not one. */
export function readChanges(value: Value | undefined, countMax: number): Change[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > countMax) return null
  const changes = value.map((it) => (Array.isArray(it) ? readChange(it) : null))
  return changes.includes(null) ? null : (changes as Change[])
}

function readChange(fields: readonly Value[]): Change | null {
  const [first, a, b, c, d] = fields
  const kind = first as Change['kind']
  const has = (count: number): boolean => fields.length === count + 1
  switch (kind) {
    case 'remove':
    case 'demote':
      return has(1) && isBytes(a, 32) ? { kind, member: a } : null
    case 'close':
      return has(1) && isBytes(a, 32) ? { kind, device: a } : null
    case 'steward':
      return has(2) && isBytes(a, 32) && isBytes(b, 32) ? { kind, member: a, device: b } : null
    case 'role': {
      const role = INVITABLE_ROLES.find((name) => name === b)
      const scopes = readScopes(c)
      if (!has(3) || !isBytes(a, 32) || role === undefined || scopes === undefined) return null
      return { kind, member: a, role, scopes }
    }
    case 'rules':
      if (!has(2) || (a !== 'two-thirds' && a !== 'majority')) return null
      return b === 'member-quorum' || b === 'kits' ? { kind, quorum: a, recovery: b } : null
    case 'slots':
      if (!has(2) || !isBytes(a, 32) || !isCount(b) || b < 1 || b > SLOTS_GIVEN_MAX) return null
      return { kind, device: a, count: b }
    case 'lift':
      return has(1) && isBytes(a, 32) ? { kind, commit: a } : null
    case 'settle':
      return has(3) && isBytes(a, 32) && isCount(b) && isBytes(c, 32)
        ? { kind, device: a, seq: b, commit: c }
        : null
    case 'floor':
      return has(1) && isCount(a) ? { kind, height: a } : null
    case 'allow': {
      const amount = decodeAmount(d)
      if (!has(4) || (a !== 'issue' && a !== 'credit') || !isBytes(b, 32) || amount === null) return null
      return isIssuable(c) ? { kind, right: a, device: b, unit: c, amount } : null
    }
    case 'replace': {
      const amount = decodeAmount(c)
      if (!has(4) || !isBytes(a, 32) || amount === null || !isBytes(d, 32)) return null
      return isIssuable(b) ? { kind, device: a, unit: b, amount, lost: d } : null
    }
    default:
      return null
  }
}

/** True for a unit of which a seal may issue: of exclusive rights nothing is. */
function isIssuable(unit: Value | undefined): unit is string {
  return isUnitId(unit) && isReplaceable(unit)
}

/** Undefined when it is neither null nor a list of event documents. */
function readScopes(value: Value | undefined): string[] | null | undefined {
  if (value === null) return null
  if (!Array.isArray(value) || value.length > SCOPES_MAX) return undefined
  const scopes: string[] = []
  for (const scope of value) {
    if (typeof scope !== 'string' || !EVENT.test(scope)) return undefined
    if (scopes.length > 0 && (scopes.at(-1) ?? '') >= scope) return undefined
    scopes.push(scope)
  }
  return scopes
}

const EVENT: RegExp = /^event\/[a-z0-9][a-z0-9._-]{0,62}$/
