import { compareBytes, concatBytes, equalBytes, toHex } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { BUCKET_COUNT, EMPTY_DIGEST, rowBytes } from '../replica/index.ts'
import type { HeadRow, Heads } from '../replica/index.ts'
import { DIGEST_BYTES, TAG_BYTES } from './frame.ts'
import type { BucketBrief } from './frame.ts'
import { BRIEF_ROWS_MAX } from './limits.ts'

/** What differs in the buckets of a brief. */
export interface Difference {
  /** Tags of rows that only the peer has and did not give. */
  tags: Uint8Array
  /** Rows that only the peer has. */
  theirs: HeadRow[]
  /** Rows that only this side has. */
  own: HeadRow[]
}

/**
 * Finds the rows in which two replicas differ: digests of buckets, then short tags of the rows in unequal buckets, then
 * the rows themselves; where few rows are in unequal buckets, these at once. All digests are keyed with both sides' random keys and the round: nobody can prepare rows whose
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
    const joined = concatBytes(key, EMPTY_DIGEST)
    const keyed = (digest: Uint8Array): Uint8Array => {
      joined.set(digest, key.length)
      return this.#sha256(joined)
    }
    const ofEmpty = keyed(EMPTY_DIGEST)
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      const own = this.#heads.digest(bucket)
      const digest = own === EMPTY_DIGEST ? ofEmpty : keyed(own)
      digests.set(digest.subarray(0, DIGEST_BYTES), bucket * DIGEST_BYTES)
    }
    return digests
  }

  /** What the own buckets hold whose digests differ from the peer's: their rows if these are few, else tags of them. */
  brief(round: number, theirs: Uint8Array): BucketBrief[] {
    const own = this.digests(round)
    const buckets: number[] = []
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      const at = bucket * DIGEST_BYTES
      if (equalBytes(own.subarray(at, at + DIGEST_BYTES), theirs.subarray(at, at + DIGEST_BYTES))) continue
      buckets.push(bucket)
    }
    const listed = buckets.map((bucket) => ({ bucket, rows: this.#heads.rows(bucket) }))
    if (listed.reduce((count, { rows }) => count + rows.length, 0) <= BRIEF_ROWS_MAX) return listed
    return buckets.map((bucket) => {
      return { bucket, tags: concatBytes(...this.#tags(round, bucket).map((it) => it.tag)) }
    })
  }

  /** Compares the peer's brief with the own rows: tags or rows that only it has, and rows that only this side has. */
  compare(round: number, buckets: readonly BucketBrief[]): Difference {
    const unknown: Uint8Array[] = []
    const theirs: HeadRow[] = []
    const own: HeadRow[] = []
    for (const brief of buckets) {
      if ('rows' in brief) {
        const rows = new Map(brief.rows.map((row) => [toHex(rowBytes(row)), row]))
        own.push(...this.#heads.rows(brief.bucket).filter((row) => !rows.delete(toHex(rowBytes(row)))))
        theirs.push(...rows.values())
        continue
      }
      const tags = new Map<string, Uint8Array>()
      for (let at = 0; at < brief.tags.length; at += TAG_BYTES) {
        const tag = brief.tags.subarray(at, at + TAG_BYTES)
        tags.set(toHex(tag), tag)
      }
      for (const { row, tag } of this.#tags(round, brief.bucket)) if (!tags.delete(toHex(tag))) own.push(row)
      unknown.push(...tags.values())
    }
    return { tags: concatBytes(...unknown), theirs, own }
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
