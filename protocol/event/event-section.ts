import { encodeCanonical } from '../encoding/index.ts'
import { readEntries } from '../document/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { base32 } from '../ledger/index.ts'
import { readEventEntry } from './entries.ts'
import type { EventDocumentEntry } from './entries.ts'

/** First part of the ids of events. */
export const EVENT = 'event'

/**
 * Id of the document of an event that a device makes.
 *
 * @param device - key of the device, 32 bytes
 * @param nonce - 16 random bytes
 */
export function eventIdOf(device: Uint8Array, nonce: Uint8Array, sha256: Sha256): string {
  return `${EVENT}/${base32(sha256(encodeCanonical(['coopmesh event', device, nonce])).subarray(0, 16))}`
}

/** The entries of an event section; null when it is none. */
export function readEventSection(payload: Uint8Array, entries: number): EventDocumentEntry[] | null {
  const maps = readEntries(payload, entries)
  if (maps === null) return null
  const read: EventDocumentEntry[] = []
  for (const map of maps) {
    const entry = readEventEntry(map)
    if (entry === null) return null
    read.push(entry)
  }
  return read
}
