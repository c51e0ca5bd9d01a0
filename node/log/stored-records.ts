import { decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import { orderKey, orderOf } from '#node/store'
import type { Store } from '#node/store'
import { decodeLogBlock, salvageLogBlock } from './log-block.ts'

/** A block of the log as it lies in a store. */
export interface StoredBlock {
  /** Order of its first record, by its key. */
  first: number
  /** False when something of it is damaged; then `records` holds what may be left. */
  isWhole: boolean
  records: Uint8Array[]
}

/** All blocks of the log of a store, in order; holds one at a time. Missing ones show as gaps in the orders. */
export async function* storedBlocks(store: Store): AsyncGenerator<StoredBlock> {
  for await (const key of store.keys('c/')) {
    const first = orderOf(key)
    if (first === null) continue
    const read = await store.read(orderKey('c', first))
    if (read.state === 'missing') continue
    const bytes = read.state === 'whole' ? read.value : read.bytes
    const block = read.state === 'whole' ? decodeLogBlock(read.value, first) : null
    const records = block?.records ?? (bytes === null ? [] : salvageLogBlock(bytes))
    yield { first, isWhole: block !== null, records }
  }
}

/** All records of a store's log that can be read, in order. */
export async function* storedRecords(
  store: Store,
  sha256: Sha256,
): AsyncGenerator<{ order: number; record: CommitRecord }> {
  for await (const { first, records } of storedBlocks(store)) {
    for (const [i, bytes] of records.entries()) {
      const decoded = decodeRecord(bytes, sha256)
      if (decoded.ok) yield { order: first + i, record: decoded.record }
    }
  }
}
