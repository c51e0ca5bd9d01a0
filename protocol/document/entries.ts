import { decodeCanonical } from '../encoding/index.ts'
import type { ValueMap } from '../encoding/index.ts'

/**
 * The entries of a record section: a canonical array of maps, each with its type under `t`. Null when the payload
 * is anything else or holds another number of entries than the header announced (`entries`; any number by default).
 */
export function readEntries(payload: Uint8Array, entries?: number): ValueMap[] | null {
  const decoded = decodeCanonical(payload)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  if (entries !== undefined && decoded.value.length !== entries) return null
  const maps: ValueMap[] = []
  for (const value of decoded.value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
      return null
    if (typeof value['t'] !== 'string') return null
    maps.push(value)
  }
  return maps
}
