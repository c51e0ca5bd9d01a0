import { decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import type { Sha256 } from '#protocol/identity'
import type { CommitRefusal, IntakeResult, Replica } from '#protocol/replica'
import { orderKey, orderOf } from '#node/store'
import type { Store, StoreChange } from '#node/store'
import { decodeLogBlock, encodeLogBlock, salvageLogBlock } from './log-block.ts'

/** Bytes of blocks that are moved in one write. */
const MOVE_BYTES_MAX = 4 * 1024 * 1024

/** What came of one block that was taken in. */
export interface LooseIntake {
  result: IntakeResult
  /** Goes into one write with what the result stores. */
  changes: StoreChange[]
}

/**
 * Commits of which the place in the log was lost: something before them is missing, and the index with it. They lie
 * under `x/` until they can be taken in again, as if a peer had sent them.
 */
export class LooseLog {
  readonly #store: Store
  readonly #sha256: Sha256

  constructor(parts: { store: Store; sha256: Sha256 }) {
    this.#store = parts.store
    this.#sha256 = parts.sha256
  }

  /** Takes everything from `first` on out of the log. Cut off in the middle, it is gone on with by another call. */
  async setAside(first: number): Promise<number> {
    const store = this.#store
    await this.#write(await this.#keysFrom('i', first))
    let next = await this.#nextPlace()
    let changes: StoreChange[] = []
    let bytes = 0
    let commits = 0
    for (const { key } of await this.#keysFrom('c', first)) {
      const records = await this.#recordsOf(key)
      if (records.length > 0) {
        const value = encodeLogBlock({ first: next, records })
        changes.push({ type: 'put', key: orderKey('x', next), value })
        next += 1
        bytes += value.length
        commits += records.length
      }
      changes.push({ type: 'del', key })
      if (bytes < MOVE_BYTES_MAX) continue
      await store.write(changes)
      changes = []
      bytes = 0
    }
    await this.#write(changes)
    return commits
  }

  /** True when there are such commits. */
  async isEmpty(): Promise<boolean> {
    for await (const key of this.#store.keys('x/')) if (orderOf(key) !== null) return false
    return true
  }

  /**
   * Offers all of them to the replica, block by block; the caller writes what each brings before it asks for the next.
   * What still lacks too much stays, and all that is left once saved books do not reach: it is offered to the next replica.
   */
  async *takeIn(replica: Replica): AsyncGenerator<LooseIntake> {
    const places: number[] = []
    for await (const key of this.#store.keys('x/')) {
      const place = orderOf(key)
      if (place !== null) places.push(place)
    }
    for (const place of places) {
      const key = orderKey('x', place)
      const records = (await this.#recordsOf(key)).flatMap((it): CommitRecord[] => {
        const decoded = decodeRecord(it, this.#sha256)
        return decoded.ok ? [decoded.record] : []
      })
      const result = replica.ingest(records)
      if (replica.booksLoss !== null) return void (yield { result, changes: [] })
      const left = result.refused
        .filter(({ refusal }) => isForLater(refusal))
        .map(({ record }) => record.bytes)
      const change: StoreChange =
        left.length === 0
          ? { type: 'del', key }
          : { type: 'put', key, value: encodeLogBlock({ first: place, records: left }) }
      if (left.length < records.length || left.length === 0) yield { result, changes: [change] }
    }
  }

  async #recordsOf(key: string): Promise<Uint8Array[]> {
    const read = await this.#store.read(key)
    if (read.state === 'missing') return []
    const bytes = read.state === 'whole' ? read.value : read.bytes
    if (bytes === null) return []
    const block = read.state === 'whole' ? decodeLogBlock(bytes, orderOf(key) ?? 0) : null
    const records = block?.records ?? salvageLogBlock(bytes)
    return block === null ? records.filter((it) => decodeRecord(it, this.#sha256).ok) : records
  }

  async #keysFrom(prefix: 'c' | 'i', first: number): Promise<{ type: 'del'; key: string }[]> {
    const keys = new Set<string>()
    for await (const key of this.#store.keys(`${prefix}/`, orderKey(prefix, first))) keys.add(key)
    for (const key of this.#store.damagedKeys)
      if (key.startsWith(`${prefix}/`) && (orderOf(key) ?? -1) >= first) keys.add(key)
    return [...keys].sort().map((key) => ({ type: 'del', key }))
  }

  async #nextPlace(): Promise<number> {
    let next = 0
    for await (const key of this.#store.keys('x/')) next = Math.max(next, (orderOf(key) ?? -1) + 1)
    return next
  }

  async #write(changes: readonly StoreChange[]): Promise<void> {
    if (changes.length > 0) await this.#store.write(changes)
  }
}

/** Refusals that what is still missing may cure. A signature that was damaged on the disk is covered by a later one. */
function isForLater(refusal: CommitRefusal): boolean {
  return (
    refusal === 'gap' ||
    refusal === 'unknown-device' ||
    refusal === 'waiting-quota' ||
    refusal === 'unsigned-stretch' ||
    refusal === 'signature'
  )
}
