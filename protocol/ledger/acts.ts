import type { Act } from '../evaluation/index.ts'
import { decodeCanonical, encodeCanonical, isBytes, toHex } from '../encoding/index.ts'
import { readEntries } from '../document/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { MOVES, accountKey } from './account.ts'
import { readLedgerEntry } from './entries.ts'
import type { LedgerEntry } from './entries.ts'
import { decodeSplitRule } from './money/index.ts'
import type { SplitRule } from './money/index.ts'
import { definitionFromMap, definitionToMap, ruleIdOf, unitIdOf } from './unit.ts'
import type { UnitInfo } from './unit.ts'

/** The entries of a ledger section; null when it is none. */
export function readLedgerSection(payload: Uint8Array, entries: number): LedgerEntry[] | null {
  const maps = readEntries(payload, entries)
  if (maps === null) return null
  const read: LedgerEntry[] = []
  for (const map of maps) {
    const entry = readLedgerEntry(map)
    if (entry === null) return null
    read.push(entry)
  }
  return read
}

/**
 * What a commit does for the books, entry by entry.
 *
 * @param device - key of the author, 32 bytes
 */
export function actsOf(entries: readonly LedgerEntry[], device: Uint8Array, sha256: Sha256): Act[] {
  return entries.map((entry): Act => {
    if (entry.t === 'define') {
      const { unit } = entry
      return {
        kind: 'define',
        unit: unitIdOf(device, unit, sha256),
        supply: unit.supply,
        relayMax: unit.relayMax,
        definition: encodeCanonical([device, definitionToMap(unit)]),
      }
    }
    if (entry.t === 'rule') {
      // A rule is nothing that can be held; the books keep it as they keep what a unit is.
      const definition = encodeCanonical([device, entry.rule])
      const unit = ruleIdOf(sha256(definition))
      return { kind: 'define', unit, supply: 0n, relayMax: null, definition }
    }
    const { unit, amount } = entry
    if (entry.t === 'transfer') {
      const { expiresMs } = entry
      const until = expiresMs === undefined ? {} : { expiresMs }
      return { kind: 'transfer', to: toHex(entry.to), unit, amount, ...until }
    }
    const [from, into] = MOVES[entry.t]
    return { kind: 'fact', unit: accountKey(unit, from), amount, into: accountKey(unit, into) }
  })
}

/** A unit from the bytes that its definition left in the books; null for others. */
export function readDefinition(id: string, definition: Uint8Array): UnitInfo | null {
  const decoded = decodeCanonical(definition)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [device, map] = decoded.value
  if (!isBytes(device, 32) || typeof map !== 'object' || map === null || Array.isArray(map)) return null
  const unit = map instanceof Uint8Array ? null : definitionFromMap(map)
  return unit === null ? null : { ...unit, id, device: toHex(device) }
}

/** A split rule from the bytes that it left in the books, with who wrote it (hex); null for others. */
export function readRule(definition: Uint8Array): { rule: SplitRule; device: string } | null {
  const decoded = decodeCanonical(definition)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [device, bytes] = decoded.value
  const read = bytes instanceof Uint8Array ? decodeSplitRule(bytes) : null
  return isBytes(device, 32) && read?.ok === true ? { rule: read.rule, device: toHex(device) } : null
}
