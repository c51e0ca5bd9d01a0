import { compareBytes, concatBytes } from '../encoding/index.ts'
import { BitList } from '../history/index.ts'
import type { History } from '../history/index.ts'
import type { Sha256 } from '../identity/index.ts'

/** Buckets that rows are digested in, by the first byte of the device key. */
export const BUCKET_COUNT = 256

/** Buckets from which on the list of their digests is kept for the next root: 8 KB. A guess: less than they take themselves. */
const DIGESTS_KEPT_FROM = 64

/** Devices that may wait to be put into buckets. A guess: a few cache lines. */
const UNSETTLED_MAX = 64

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

/** Bytes of a row as it is digested. */
export const ROW_BYTES = 68

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
  /** Digests of all buckets, one behind the other; null while few buckets hold anything, which then keep their own. */
  #digests: Uint8Array | null = null
  /** Buckets whose digests in it are old. */
  readonly #touched = new BitList()
  /** Devices that are in no bucket yet, and others whose rows changed. */
  readonly #added: number[] = []
  readonly #changed: number[] = []
  #root: Uint8Array | null = null

  constructor(sha256: Sha256, source: HeadsSource) {
    this.#sha256 = sha256
    this.#source = source
  }

  /** Takes a device in that wrote its first commit: its rows changed. */
  add(device: number): void {
    this.#root = null
    this.#added.push(device)
    if (this.#added.length >= UNSETTLED_MAX) this.#settle()
  }

  /** Notes that a device's rows changed. */
  touch(device: number): void {
    this.#root = null
    // Most commits of a chain come one after the other.
    if (this.#added.at(-1) === device || this.#changed.at(-1) === device) return
    this.#changed.push(device)
    if (this.#changed.length >= UNSETTLED_MAX) this.#settle()
  }

  /** SHA-256 over all heads; equal on replicas that store the same commits. */
  root(): Uint8Array {
    this.#root ??= this.#sha256(this.#allDigests())
    return this.#root
  }

  /** Puts into buckets what came since they were last looked at: many commits come between two looks. */
  #settle(): void {
    for (const device of this.#added) {
      const number = this.#source.history.keyByteOf(device)
      const bucket = this.#buckets.get(number)
      if (bucket === undefined) this.#buckets.set(number, { devices: [device], isSorted: true, digest: null })
      else {
        // Made anew: an array that grows takes room for 17 at once.
        bucket.devices = bucket.devices.concat(device)
        bucket.isSorted = false
      }
      this.#outdate(number)
    }
    for (const device of this.#changed) this.#outdate(this.#source.history.keyByteOf(device))
    this.#added.length = 0
    this.#changed.length = 0
  }

  #outdate(number: number): void {
    const bucket = this.#buckets.get(number)
    if (bucket !== undefined) bucket.digest = null
    if (this.#digests !== null) this.#touched.add(number)
  }

  #allDigests(): Uint8Array {
    this.#settle()
    const kept = this.#digests
    if (kept !== null) {
      for (const number of this.#touched.places()) this.digest(number)
      return kept
    }
    const digests = new Uint8Array(BUCKET_COUNT * 32)
    for (const number of this.#buckets.keys()) digests.set(this.digest(number), number * 32)
    if (this.#buckets.size >= DIGESTS_KEPT_FROM) {
      this.#digests = digests
      for (const bucket of this.#buckets.values()) bucket.digest = null
    }
    return digests
  }

  /** SHA-256 over the rows of one bucket, a view; `EMPTY_DIGEST` for an empty one. */
  digest(number: number): Uint8Array {
    this.#settle()
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) return EMPTY_DIGEST
    const kept = this.#digests
    if (kept === null) return (bucket.digest ??= this.#sha256(this.#bytesOf(bucket)))
    if (this.#touched.has(number)) {
      this.#touched.delete(number)
      kept.set(this.#sha256(this.#bytesOf(bucket)), number * 32)
    }
    return kept.subarray(number * 32, number * 32 + 32)
  }

  /** The rows of a bucket as they are digested, one behind the other. */
  #bytesOf(bucket: Bucket): Uint8Array {
    const { history } = this.#source
    const devices = this.#sorted(bucket)
    // Nearly always: made in one piece, without an object for each row.
    const bytes = new Uint8Array(devices.length * ROW_BYTES)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < devices.length; i += 1) {
      const device = devices[i] ?? -1
      const end = history.onlyEndOf(device)
      if (end < 0) return concatBytes(...devices.flatMap((it) => this.rowsOf(it)).map(rowBytes))
      history.copyKey(device, bytes, i * ROW_BYTES)
      view.setUint32(i * ROW_BYTES + 32, history.seqOf(end) + 1)
      history.copyId(end, bytes, i * ROW_BYTES + 36)
    }
    return bytes
  }

  /** Devices of a bucket by key. */
  #sorted(bucket: Bucket): readonly number[] {
    const { history } = this.#source
    if (!bucket.isSorted) bucket.devices.sort((a, b) => compareBytes(history.keyOf(a), history.keyOf(b)))
    bucket.isSorted = true
    return bucket.devices
  }

  /** Rows of one bucket, by device key, and by id within a forked device. */
  rows(bucket: number): HeadRow[] {
    this.#settle()
    const listed = this.#buckets.get(bucket)
    return listed === undefined ? [] : this.#sorted(listed).flatMap((device) => this.rowsOf(device))
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
  const bytes = new Uint8Array(ROW_BYTES)
  bytes.set(row.device)
  new DataView(bytes.buffer).setUint32(32, row.length)
  bytes.set(row.id, 36)
  return bytes
}

/** Devices whose keys begin with one byte. */
interface Bucket {
  devices: number[]
  /** By key. */
  isSorted: boolean
  /** Null: to be made anew. */
  digest: Uint8Array | null
}
