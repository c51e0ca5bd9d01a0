import { compareBytes, concatBytes, equalBytes, toHex } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { BUCKET_COUNT, rowBytes } from '../replica/index.ts'
import type { HeadRow, Heads } from '../replica/index.ts'
import { DIGEST_BYTES, TAG_BYTES } from './frame.ts'
import type { BucketBrief } from './frame.ts'

/**
 * Finds the rows in which two replicas differ: digests of buckets, then short tags of the rows in unequal buckets, then
 * the rows themselves. All digests are keyed with both sides' random keys and the round: nobody can prepare rows whose
 * digests collide, and an accident does not come again.
 */
export class Reconciler {
  readonly #heads: Heads
  readonly #sha256: Sha256
  readonly #key: Uint8Array

  constructor(heads: Heads, sha256: Sha256, keys: readonly [Uint8Array, Uint8Array]) {
    this.#heads = heads
    this.#sha256 = sha256
    // Both keys, the same on both sides.
    this.#key = sha256(concatBytes(...[...keys].sort(compareBytes)))
  }

  /** Digests of all buckets. */
  digests(round: number): Uint8Array {
    const key = this.#roundKey(round)
    const digests = new Uint8Array(BUCKET_COUNT * DIGEST_BYTES)
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      const digest = this.#sha256(concatBytes(key, this.#heads.digest(bucket)))
      digests.set(digest.subarray(0, DIGEST_BYTES), bucket * DIGEST_BYTES)
    }
    return digests
  }

  /** Tags of the own rows in all buckets whose digests differ from the peer's. */
  brief(round: number, theirs: Uint8Array): BucketBrief[] {
    const own = this.digests(round)
    const buckets: BucketBrief[] = []
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      const at = bucket * DIGEST_BYTES
      if (equalBytes(own.subarray(at, at + DIGEST_BYTES), theirs.subarray(at, at + DIGEST_BYTES))) continue
      buckets.push({ bucket, tags: concatBytes(...this.#tags(round, bucket).map((it) => it.tag)) })
    }
    return buckets
  }

  /** Compares the peer's brief with the own rows: tags only it has, and rows only this side has. */
  compare(round: number, buckets: readonly BucketBrief[]): { tags: Uint8Array; rows: HeadRow[] } {
    const unknown: Uint8Array[] = []
    const rows: HeadRow[] = []
    for (const { bucket, tags } of buckets) {
      const theirs = new Map<string, Uint8Array>()
      for (let at = 0; at < tags.length; at += TAG_BYTES) {
        const tag = tags.subarray(at, at + TAG_BYTES)
        theirs.set(toHex(tag), tag)
      }
      for (const { row, tag } of this.#tags(round, bucket)) if (!theirs.delete(toHex(tag))) rows.push(row)
      unknown.push(...theirs.values())
    }
    return { tags: concatBytes(...unknown), rows }
  }

  /** The own rows with these tags. Only buckets that were in this round's brief are searched: those of `searched`. */
  rowsOf(round: number, tags: Uint8Array, searched: readonly number[]): HeadRow[] {
    const wanted = new Set<string>()
    for (let at = 0; at < tags.length; at += TAG_BYTES) wanted.add(toHex(tags.subarray(at, at + TAG_BYTES)))
    const found = searched.flatMap((bucket) => this.#tags(round, bucket))
    return found.filter(({ tag }) => wanted.has(toHex(tag))).map((it) => it.row)
  }

  #tags(round: number, bucket: number): { row: HeadRow; tag: Uint8Array }[] {
    const key = this.#roundKey(round)
    return this.#heads.rows(bucket).map((row) => ({
      row,
      tag: this.#sha256(concatBytes(key, rowBytes(row))).subarray(0, TAG_BYTES),
    }))
  }

  #roundKey(round: number): Uint8Array {
    const bytes = new Uint8Array(this.#key.length + 8)
    bytes.set(this.#key)
    new DataView(bytes.buffer).setFloat64(this.#key.length, round)
    return this.#sha256(bytes)
  }
}
