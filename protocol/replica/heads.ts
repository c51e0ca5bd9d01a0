import { compareBytes, concatBytes } from '../encoding/index.ts'
import type { History } from '../history/index.ts'
import type { Sha256 } from '../identity/index.ts'

/** Buckets that rows are digested in, by the first byte of the device key. */
export const BUCKET_COUNT = 256

/** The end of one branch of one device: what peers compare. A device that never forked has one row. */
export interface HeadRow {
  /** Device key. */
  device: Uint8Array
  /** Commits up to and with the branch's end, at least 1. */
  length: number
  /** Id of the last one. */
  id: Uint8Array
}

/** What the heads are read from. */
export interface HeadsSource {
  readonly history: History
  /** Orders of the ends of a device's branches that peers are told of. */
  endsOf(device: number): readonly number[]
}

/** Digests of all heads, kept up to date bucket by bucket: a new commit costs one bucket, not the whole co-op. */
export class Heads {
  readonly #sha256: Sha256
  readonly #source: HeadsSource
  readonly #buckets: number[][] = Array.from({ length: BUCKET_COUNT }, () => [])
  readonly #digests: (Uint8Array | null)[] = Array.from({ length: BUCKET_COUNT }, () => EMPTY)
  #root: Uint8Array | null = null

  constructor(sha256: Sha256, source: HeadsSource) {
    this.#sha256 = sha256
    this.#source = source
  }

  /** Takes a device in that wrote its first commit. */
  add(device: number): void {
    const { history } = this.#source
    const bucket = this.#buckets[history.keyOf(device)[0] ?? 0] ?? []
    bucket.push(device)
    bucket.sort((a, b) => compareBytes(history.keyOf(a), history.keyOf(b)))
    this.touch(device)
  }

  /** Notes that a device's rows changed. */
  touch(device: number): void {
    this.#digests[this.#source.history.keyOf(device)[0] ?? 0] = null
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

  /** SHA-256 over the rows of one bucket; 32 zero bytes for an empty one. */
  digest(bucket: number): Uint8Array {
    const known = this.#digests[bucket]
    if (known !== null && known !== undefined) return known
    const rows = this.rows(bucket)
    const digest = rows.length === 0 ? EMPTY : this.#sha256(concatBytes(...rows.map(rowBytes)))
    this.#digests[bucket] = digest
    return digest
  }

  /** Rows of one bucket, by device key, and by id within a forked device. */
  rows(bucket: number): HeadRow[] {
    return (this.#buckets[bucket] ?? []).flatMap((device) => this.rowsOf(device))
  }

  /** Rows of one device, by id. */
  rowsOf(device: number): HeadRow[] {
    const { history } = this.#source
    const rows = this.#source.endsOf(device).map((order) => ({
      device: history.keyOf(device).slice(),
      length: history.seqOf(order) + 1,
      id: history.idOf(order).slice(),
    }))
    return rows.length < 2 ? rows : rows.sort((a, b) => compareBytes(a.id, b.id))
  }
}

/** A row as it is digested: device key, length (4 bytes, big endian), head id. */
export function rowBytes(row: HeadRow): Uint8Array {
  const bytes = new Uint8Array(68)
  bytes.set(row.device)
  new DataView(bytes.buffer).setUint32(32, row.length)
  bytes.set(row.id, 36)
  return bytes
}

const EMPTY: Uint8Array = new Uint8Array(32)
