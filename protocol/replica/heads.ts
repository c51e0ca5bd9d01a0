import { compareBytes, concatBytes } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { Chain } from './chain.ts'

/** Buckets that rows are digested in, by the first byte of the device key. */
export const BUCKET_COUNT = 256

/** The head of one chain: what peers compare. */
export interface HeadRow {
  /** Device key. */
  device: Uint8Array
  /** Commits in the chain, at least 1. */
  length: number
  /** Id of the last one. */
  id: Uint8Array
}

/** Digests of all heads, kept up to date bucket by bucket: a new commit costs one bucket, not the whole co-op. */
export class Heads {
  readonly #sha256: Sha256
  readonly #buckets: Chain[][] = Array.from({ length: BUCKET_COUNT }, () => [])
  readonly #digests: (Uint8Array | null)[] = Array.from({ length: BUCKET_COUNT }, () => EMPTY)
  #root: Uint8Array | null = null

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  add(chain: Chain): void {
    const bucket = this.#bucket(chain)
    bucket.push(chain)
    bucket.sort((a, b) => compareBytes(a.device, b.device))
  }

  /** Notes that a chain got longer. */
  touch(chain: Chain): void {
    this.#digests[chain.device[0] ?? 0] = null
    this.#root = null
  }

  /** SHA-256 over all heads; equal on replicas that store the same commits. */
  root(): Uint8Array {
    if (this.#root === null) {
      const digests = Array.from({ length: BUCKET_COUNT }, (_, bucket) => this.digest(bucket))
      this.#root = this.#sha256(concatBytes(...digests))
    }
    return this.#root
  }

  /** Digest of one bucket: 32 zero bytes while it is empty. */
  digest(bucket: number): Uint8Array {
    const known = this.#digests[bucket]
    if (known !== null && known !== undefined) return known
    const digest = this.#sha256(concatBytes(...this.rows(bucket).flatMap(rowParts)))
    this.#digests[bucket] = digest
    return digest
  }

  /** Rows of one bucket, ascending by device key. */
  rows(bucket: number): HeadRow[] {
    return (this.#buckets[bucket] ?? []).filter((chain) => chain.length > 0).map(headRow)
  }

  #bucket(chain: Chain): Chain[] {
    return this.#buckets[chain.device[0] ?? 0] ?? []
  }
}

/** The row of a chain that has at least one commit. */
export function headRow(chain: Chain): HeadRow {
  const id = chain.ids.at(chain.length - 1) ?? EMPTY
  return { device: chain.device, length: chain.length, id }
}

const EMPTY: Uint8Array = new Uint8Array(32)

function rowParts(row: HeadRow): Uint8Array[] {
  const { length } = row
  return [row.device, Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length), row.id]
}
