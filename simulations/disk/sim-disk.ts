import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'

/** Bytes that the disk of one node holds in a simulation, unless it is full by decision. A guess that no run reaches. */
export const DISK_BYTES_MAX = 1_073_741_824

/** One place of the log on a disk. */
export interface DiskEntry {
  readonly record: CommitRecord
  /** Its own signature was checked when it was stored. */
  readonly isSigned: boolean
  /** What lies there fails its checksum. Its row of the index lies elsewhere and is still good. */
  readonly isRotten: boolean
}

/** What one fsync puts on a disk, as a node's store does. */
export interface DiskBatch {
  /** Next places of the log. */
  entries: DiskEntry[]
  /** Commits that wait, and ids of those that no longer do. */
  waiting: CommitRecord[]
  released: Uint8Array[]
  /** Places that are written anew: damaged ones, and those whose payloads came later. */
  mended: { order: number; entry: DiskEntry }[]
  /** How many payloads came later. */
  late: number
  /** Of the entries, in their order: what peers are to be told of by gossip once it is on the disk. */
  news: CommitRecord[]
  /** Commits of the device's own chain in this batch and before. */
  ownLength: number
}

/** A batch of nothing. */
export function emptyBatch(): DiskBatch {
  return { entries: [], waiting: [], released: [], mended: [], late: 0, news: [], ownLength: 0 }
}

/** True for a batch that changes nothing on the disk. */
export function isEmptyBatch({ entries, waiting, released, mended }: DiskBatch): boolean {
  return entries.length + waiting.length + released.length + mended.length === 0
}

/** Bytes of the records. */
export function sizeOfEntries(entries: readonly DiskEntry[]): number {
  return entries.reduce((sum, { record }) => sum + record.bytes.length, 0)
}

/** All that a disk held at some instant. */
export interface DiskImage {
  readonly entries: readonly DiskEntry[]
  readonly waiting: readonly CommitRecord[]
  readonly ownLength: number
  readonly isSuperseded: boolean
}

/** What a power cut does to a batch that was not synced yet. */
export type CutOutcome =
  | { kind: 'lost' }
  /** So many entries are whole, the next is torn: it fails its checksum and is cut off when the log is opened. */
  | { kind: 'torn'; whole: number }
  /** All of it is there although nobody was told. */
  | { kind: 'kept' }

/** The disk under the log of one simulated node: what is synced stays, whatever is not may be gone or torn. */
export class SimDisk {
  #entries: DiskEntry[] = []
  readonly #waiting: Map<string, CommitRecord> = new Map()
  /** Commits whose place in the log was lost: a damaged one stood before them. */
  loose: CommitRecord[] = []
  /** Commits of the own chain that this disk held once: the mark of the end that lies apart from the log. */
  ownLength = 0
  /** It was noted that the key of this device was used elsewhere. */
  isSuperseded = false
  /** Documents that this device declines. */
  declined: readonly string[] = []
  /** No write succeeds. */
  isFull = false
  /** Times that an fsync takes longer. */
  slowness = 1
  /** Bytes of the log. */
  bytes = 0
  /** Places whose bytes were found to be damaged. */
  readonly damaged: Set<number> = new Set()

  /** Number of places of the log. */
  get length(): number {
    return this.#entries.length
  }

  /** What lies at a place; null beyond the end. */
  at(order: number): DiskEntry | null {
    return this.#entries[order] ?? null
  }

  /** The record at a place, or null when it is damaged, which is then known. */
  read(order: number): CommitRecord | null {
    const entry = this.#entries[order]
    if (entry === undefined) return null
    if (!entry.isRotten) return entry.record
    this.damaged.add(order)
    return null
  }

  /** Commits that waited for others when they were written. */
  waiting(): CommitRecord[] {
    return [...this.#waiting.values()]
  }

  /** True when a batch fits. */
  hasRoomFor(batch: DiskBatch): boolean {
    return !this.isFull && this.bytes + bytesOf(batch) <= DISK_BYTES_MAX
  }

  /** A batch was synced. */
  apply(batch: DiskBatch): void {
    for (const entry of batch.entries) this.#append(entry)
    for (const record of batch.waiting) this.#waiting.set(toHex(record.id), record)
    for (const id of batch.released) this.#waiting.delete(toHex(id))
    for (const { order, entry } of batch.mended) {
      this.#entries[order] = entry
      this.damaged.delete(order)
    }
    this.ownLength = Math.max(this.ownLength, batch.ownLength)
  }

  /** Entries are there from the start. */
  preload(entries: readonly DiskEntry[], ownLength: number): void {
    this.apply({ ...emptyBatch(), entries: [...entries], ownLength })
  }

  /** The power went while a batch was being written. */
  cut(batch: DiskBatch, outcome: CutOutcome): void {
    if (outcome.kind === 'kept') this.apply(batch)
    else if (outcome.kind === 'torn')
      for (const entry of batch.entries.slice(0, outcome.whole)) this.#append(entry)
    this.damaged.clear()
  }

  /** A bit of a record flips; nobody knows before it is read. */
  rot(order: number): void {
    const entry = this.#entries[order]
    if (entry !== undefined) this.#entries[order] = { ...entry, isRotten: true }
  }

  /** A place that decayed is as it was. */
  unrot(order: number): void {
    const entry = this.#entries[order]
    if (entry !== undefined) this.#entries[order] = { ...entry, isRotten: false }
    this.damaged.delete(order)
  }

  /** Cuts the log off at a place and returns what lay behind it. */
  truncate(length: number): DiskEntry[] {
    const cut = this.#entries.splice(length)
    this.bytes = this.#entries.reduce((sum, { record }) => sum + record.bytes.length, 0)
    for (const order of [...this.damaged]) if (order >= length) this.damaged.delete(order)
    return cut
  }

  /** A copy of everything on it. */
  image(): DiskImage {
    const { ownLength, isSuperseded } = this
    return { entries: [...this.#entries], waiting: this.waiting(), ownLength, isSuperseded }
  }

  /** Becomes what an image holds. */
  restore(image: DiskImage): void {
    this.truncate(0)
    this.#waiting.clear()
    this.damaged.clear()
    this.loose = []
    for (const entry of image.entries) this.#append(entry)
    for (const record of image.waiting) this.#waiting.set(toHex(record.id), record)
    this.ownLength = image.ownLength
    this.isSuperseded = image.isSuperseded
  }

  #append(entry: DiskEntry): void {
    this.#entries.push(entry)
    this.bytes += entry.record.bytes.length
  }
}

function bytesOf({ entries }: DiskBatch): number {
  return entries.reduce((sum, { record }) => sum + record.bytes.length, 0)
}
