import { encodeCanonical, isBytes, isCount, isName } from '../encoding/index.ts'
import type { Value, ValueMap } from '../encoding/index.ts'
import { decodeAmount, encodeAmount } from './amount.ts'
import { MOVES } from './account.ts'
import type { MoveName } from './account.ts'
import { decodeSplitRule } from './money/index.ts'
import { MEMO_LENGTH_MAX, definitionFromMap, definitionToMap, isUnitId } from './unit.ts'
import type { UnitDefinition } from './unit.ts'

/** Names an entry: its commit and its place there. */
export interface EntryName {
  /** Commit id, 32 bytes. */
  commit: Uint8Array
  index: number
}

/** What an entry may say beside what it does. */
export interface EntryNotes {
  /** What the author's caller named it, 16 bytes: one request that is sent twice is one entry. */
  id?: Uint8Array
  /** For people. */
  memo?: string
  /** What it pays for: an invoice, an order, a CID. */
  ref?: string
  /** The entry that it takes back, in whole or in part. */
  reverses?: EntryName
}

/** Makes a unit. */
export interface DefineEntry {
  t: 'define'
  unit: UnitDefinition
}

/** Moves an amount between two accounts of its author; see `MOVES`. */
export interface MoveEntry extends EntryNotes {
  t: MoveName
  unit: string
  /** Minor units. */
  amount: bigint
}

/** Hands an amount over to another device. */
export interface TransferEntry extends EntryNotes {
  t: 'transfer'
  /** Key of the other device, 32 bytes. */
  to: Uint8Array
  unit: string
  /** Minor units. */
  amount: bigint
  /** Until then the receiver may use it, by its own clock, Unix ms; then it hands the rest back. */
  expiresMs?: number
}

/** Writes down how revenue is split: a rule, or a newer version of one. */
export interface RuleEntry {
  t: 'rule'
  /** As `encodeSplitRule` has it. */
  rule: Uint8Array
}

/** An entry of the ledger. */
export type LedgerEntry = DefineEntry | RuleEntry | MoveEntry | TransferEntry

/** True for an entry that moves an amount. */
export function isMoving(entry: LedgerEntry): entry is MoveEntry | TransferEntry {
  return entry.t !== 'define' && entry.t !== 'rule'
}

/** The typed entry in a decoded map, or null when it is not one of ours. */
export function readLedgerEntry(map: ValueMap): LedgerEntry | null {
  const { t } = map
  if (t === 'define') {
    if (!hasKeys(map, ['t', 'code', 'kind', 'scale', 'name', 'supply', 'relay', 'expires', 'nonce'], []))
      return null
    const unit = definitionFromMap(map)
    return unit === null ? null : { t, unit }
  }
  if (t === 'rule') {
    const { rule } = map
    const isRule = hasKeys(map, ['t', 'rule'], []) && rule instanceof Uint8Array && decodeSplitRule(rule).ok
    return isRule ? { t, rule } : null
  }
  const { unit } = map
  const amount = decodeAmount(map['amount'])
  if (!isUnitId(unit) || amount === null) return null
  const notes = readNotes(map)
  if (notes === null) return null
  if (t === 'transfer') {
    const { to, expires } = map
    if (!hasKeys(map, ['t', 'to', 'unit', 'amount'], [...NOTES, 'expires']) || !isBytes(to, 32)) return null
    if (expires === undefined) return { t, to, unit, amount, ...notes }
    return isCount(expires) ? { t, to, unit, amount, expiresMs: expires, ...notes } : null
  }
  if (typeof t !== 'string' || !Object.hasOwn(MOVES, t)) return null
  return hasKeys(map, ['t', 'unit', 'amount'], NOTES) ? { t: t as MoveName, unit, amount, ...notes } : null
}

/** Payload of a ledger section with these entries. */
export function encodeLedgerEntries(entries: readonly LedgerEntry[]): Uint8Array {
  return encodeCanonical(entries.map(entryToMap))
}

function entryToMap(entry: LedgerEntry): ValueMap {
  if (entry.t === 'define') return { t: entry.t, ...definitionToMap(entry.unit) }
  if (entry.t === 'rule') return { t: entry.t, rule: entry.rule }
  const { t, unit, amount, id, memo, ref, reverses } = entry
  const map: ValueMap = { t, unit, amount: encodeAmount(amount) }
  if (id !== undefined) map['id'] = id
  if (memo !== undefined) map['memo'] = memo
  if (ref !== undefined) map['ref'] = ref
  if (reverses !== undefined) map['reverses'] = [reverses.commit, reverses.index]
  if (entry.t === 'transfer') {
    map['to'] = entry.to
    if (entry.expiresMs !== undefined) map['expires'] = entry.expiresMs
  }
  return map
}

function readNotes(map: ValueMap): EntryNotes | null {
  const { id, memo, ref, reverses } = map
  const notes: EntryNotes = {}
  if (id !== undefined) {
    if (!isBytes(id, 16)) return null
    notes.id = id
  }
  if (memo !== undefined) {
    if (!isName(memo, MEMO_LENGTH_MAX)) return null
    notes.memo = memo
  }
  if (ref !== undefined) {
    if (!isName(ref, MEMO_LENGTH_MAX)) return null
    notes.ref = ref
  }
  if (reverses !== undefined) {
    const name = readName(reverses)
    if (name === null) return null
    notes.reverses = name
  }
  return notes
}

function readName(value: Value): EntryName | null {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [commit, index] = value
  return isBytes(commit, 32) && isCount(index) ? { commit, index } : null
}

/** True for a map with all of these keys, any of those, and no others. */
function hasKeys(map: ValueMap, all: readonly string[], any: readonly string[]): boolean {
  let found = 0
  for (const key of Object.keys(map)) {
    if (all.includes(key)) found += 1
    else if (!any.includes(key)) return false
  }
  return found === all.length
}

const NOTES: readonly string[] = ['id', 'memo', 'ref', 'reverses']
