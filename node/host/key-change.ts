import { decodeCanonical, encodeCanonical, equalBytes, isBytes, isCount, toHex } from '#protocol/encoding'
import type { Store, StoreChange } from '#node/store'
import { SUPERSEDED } from './incarnation.ts'

/** What is left to do in the store once the next key took the place of the one before. */
export interface KeyChange {
  former: Uint8Array
  next: Uint8Array
  /** Device that admitted the new key. */
  helper: Uint8Array
  atMs: number
}

/** The change that must be on the disk before the key file is replaced: whoever finds the new key finishes the rest. */
export function beginKeyChange({ former, next, helper, atMs }: KeyChange): StoreChange {
  return { type: 'put', key: KEY_CHANGE, value: encodeCanonical([former, next, helper, atMs]) }
}

/** Finishes a change of key that was begun; does nothing unless `device` is the new key. */
export async function finishKeyChange(store: Store, device: Uint8Array): Promise<void> {
  const value = await store.get(KEY_CHANGE)
  const decoded = value === null ? null : decodeCanonical(value)
  if (decoded?.ok !== true || !Array.isArray(decoded.value)) return
  const [former, next, helper, atMs] = decoded.value
  if (!isBytes(former, 32) || !isBytes(next, 32) || !isBytes(helper, 32) || !isCount(atMs)) return
  if (!equalBytes(next, device)) return
  await store.write([
    // For the record: what this folder wrote before, and until when.
    { type: 'put', key: `m/former/${toHex(former)}`, value: encodeCanonical(atMs) },
    { type: 'put', key: 'm/sponsor', value: helper },
    { type: 'put', key: RESTATE, value: former },
    { type: 'del', key: SUPERSEDED },
    { type: 'del', key: KEY_CHANGE },
  ])
}

const KEY_CHANGE = 'm/key-change'
/** Holds the former key (32 bytes) until the new one has stated which assets the folder holds. */
export const RESTATE = 'm/restate'
