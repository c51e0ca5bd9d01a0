import { compareBytes, concatBytes } from '../encoding/index.ts'
import type { History } from '../history/index.ts'
import type { Sha256 } from '../identity/index.ts'

/** Buckets that rows are digested in, by the first byte of the device key. */
export const BUCKET_COUNT = 256

/** Buckets from which on the list of their digests is kept for the next root: 8 KB. A guess: less than they take themselves. */
const DIGESTS_KEPT_FROM = 64

/** Digest of a bucket without rows. */
export const EMPTY_DIGEST: Uint8Array = new Uint8Array(32)

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
  /** Buckets that hold anything: a small co-op fills few of them. */
  readonly #buckets = new Map<number, Bucket>()
  /** Digests of all buckets, one behind the other; null while few buckets hold anything. */
  #digests: Uint8Array | null = null
  /** Buckets whose digests in it are old. */
  readonly #touched = new Set<number>()
  #root: Uint8Array | null = null

  constructor(sha256: Sha256, source: HeadsSource) {
    this.#sha256 = sha256
    this.#source = source
  }

  /** Takes a device in that wrote its first commit. */
  add(device: number): void {
    const { history } = this.#source
    const key = history.keyOf(device)
    const number = key[0] ?? 0
    const bucket = this.#buckets.get(number) ?? { devices: [], digest: null }
    this.#buckets.set(number, bucket)
    const after = bucket.devices.findIndex((it) => compareBytes(key, history.keyOf(it)) < 0)
    bucket.devices.splice(after < 0 ? bucket.devices.length : after, 0, device)
    this.touch(device)
  }

  /** Notes that a device's rows changed. */
  touch(device: number): void {
    const number = this.#source.history.keyOf(device)[0] ?? 0
    const bucket = this.#buckets.get(number)
    if (bucket !== undefined) bucket.digest = null
    if (this.#digests !== null) this.#touched.add(number)
    this.#root = null
  }

  /** SHA-256 over all heads; equal on replicas that store the same commits. */
  root(): Uint8Array {
    this.#root ??= this.#sha256(this.#allDigests())
    return this.#root
  }

  #allDigests(): Uint8Array {
    const kept = this.#digests
    const digests = kept ?? new Uint8Array(BUCKET_COUNT * 32)
    const old = kept === null ? this.#buckets.keys() : this.#touched
    for (const bucket of old) digests.set(this.digest(bucket), bucket * 32)
    this.#touched.clear()
    if (this.#buckets.size >= DIGESTS_KEPT_FROM) this.#digests = digests
    return digests
  }

  /** SHA-256 over the rows of one bucket; `EMPTY_DIGEST` for an empty one. */
  digest(number: number): Uint8Array {
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) return EMPTY_DIGEST
    if (bucket.digest === null) {
      const rows = this.rows(number)
      bucket.digest = rows.length === 0 ? EMPTY_DIGEST : this.#sha256(concatBytes(...rows.map(rowBytes)))
    }
    return bucket.digest
  }

  /** Rows of one bucket, by device key, and by id within a forked device. */
  rows(bucket: number): HeadRow[] {
    return (this.#buckets.get(bucket)?.devices ?? []).flatMap((device) => this.rowsOf(device))
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

/** Devices whose keys begin with one byte. */
interface Bucket {
  devices: number[]
  /** Null: to be made anew. */
  digest: Uint8Array | null
}
