import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'

/** Commits of one device that may wait for something they acknowledge. A guess: a day of a busy till. */
export const WAITING_PER_DEVICE_MAX = 2_000
/** Bytes of them: that many of the usual 2 KB, or eight of the largest. */
export const WAITING_BYTES_PER_DEVICE_MAX = 4_194_304
/** Bytes that may wait in all: a sixth of what a node that catches up may take (400 MB). Sixteen devices fill it. */
export const WAITING_BYTES_MAX = 67_108_864

const NONE: { count: number; bytes: number } = { count: 0, bytes: 0 }

/** A checked, linked commit whose past is not all here yet. */
interface Waiting {
  record: CommitRecord
  device: string
  /** Ids (hex) that are missing. */
  missing: Set<string>
  /** Its own signature was checked and holds. */
  isSigned: boolean
  /** Such a signature stands on it, or on one of those that follow it and are folded with it. */
  isCovered: boolean
}

/** A commit that waits no more. */
export type Released = Pick<Waiting, 'record' | 'isSigned' | 'isCovered'>

/** Commits that are kept until what they acknowledge, or the commit before them, is folded. */
export class Pending {
  readonly #byId = new Map<string, Waiting>()
  /** By missing id (hex): what waits for it. */
  readonly #waiters = new Map<string, Set<Waiting>>()
  /** The waiting commits of each device (hex), by id (hex). */
  readonly #byDevice = new Map<string, Map<string, Waiting>>()
  /** Bytes that wait, by device (hex). */
  readonly #bytesOf = new Map<string, number>()
  #bytes = 0

  get size(): number {
    return this.#byId.size
  }

  /** Bytes of the records that wait. */
  get bytes(): number {
    return this.#bytes
  }

  has(id: Uint8Array): boolean {
    return this.#byId.size > 0 && this.#byId.has(toHex(id))
  }

  get(id: Uint8Array): CommitRecord | undefined {
    return this.#byId.size === 0 ? undefined : this.#byId.get(toHex(id))?.record
  }

  /**
   * True when this commit may wait, beside so much that will wait before it. What another waiting commit acknowledges is
   * taken past its author's quota: it is the other's past. What may wait in all is a limit of memory and holds for every
   * commit: what does not fit comes again when its own past is here, and then does not wait.
   */
  hasRoomFor({ id, header, bytes }: CommitRecord, before: { count: number; bytes: number } = NONE): boolean {
    if (this.#bytes + before.bytes + bytes.length > WAITING_BYTES_MAX) return false
    if (this.#waiters.has(toHex(id))) return true
    const device = toHex(header.device)
    return (
      (this.#byDevice.get(device)?.size ?? 0) + before.count < WAITING_PER_DEVICE_MAX &&
      (this.#bytesOf.get(device) ?? 0) + before.bytes + bytes.length <= WAITING_BYTES_PER_DEVICE_MAX
    )
  }

  /** The waiting commits, in the order in which they came. */
  records(): CommitRecord[] {
    return [...this.#byId.values()].map((it) => it.record)
  }

  /** True while commits of this device (hex) wait. */
  isWaiting(device: string): boolean {
    return this.#byDevice.has(device)
  }

  /** True when half of what may wait of this device (hex) does: no more should be asked for. */
  isCrowded(device: string): boolean {
    return (
      (this.#byDevice.get(device)?.size ?? 0) >= WAITING_PER_DEVICE_MAX / 2 ||
      (this.#bytesOf.get(device) ?? 0) >= WAITING_BYTES_PER_DEVICE_MAX / 2
    )
  }

  /** Ids of a device's waiting commits that no other waiting commit follows. */
  endsOf(device: Uint8Array): Uint8Array[] {
    if (this.#byId.size === 0) return []
    const own = [...(this.#byDevice.get(toHex(device))?.values() ?? [])].map((it) => it.record)
    const followed = new Set(own.map((it) => (it.header.prev === null ? '' : toHex(it.header.prev))))
    return own.map((it) => it.id).filter((id) => !followed.has(toHex(id)))
  }

  /** @param isSigned - its own signature was checked and holds */
  add(record: CommitRecord, missing: readonly Uint8Array[], isSigned: boolean): void {
    const device = toHex(record.header.device)
    const waiting: Waiting = {
      record,
      device,
      missing: new Set(missing.map(toHex)),
      isSigned,
      isCovered: isSigned,
    }
    this.#byId.set(toHex(record.id), waiting)
    const own = this.#byDevice.get(device) ?? new Map<string, Waiting>()
    this.#byDevice.set(device, own.set(toHex(record.id), waiting))
    this.#count(waiting, record.bytes.length)
    for (const id of waiting.missing)
      this.#waiters.set(id, (this.#waiters.get(id) ?? new Set<Waiting>()).add(waiting))
    if (isSigned) this.#coverThoseBefore(waiting)
  }

  /** A signature covers the commits before it that are folded together with it, down to the first that has one. */
  #coverThoseBefore(signed: Waiting): void {
    let waiting: Waiting | undefined = signed
    while (waiting !== undefined) {
      const { prev } = waiting.record.header
      const name = prev === null ? '' : toHex(prev)
      if (waiting.missing.size !== 1 || !waiting.missing.has(name)) return
      waiting = this.#byId.get(name)
      if (waiting?.isCovered === true) return
      if (waiting !== undefined) waiting.isCovered = true
    }
  }

  /** Commits that waited for this one alone, now that it is folded. They are no longer waiting. */
  release(id: Uint8Array): Released[] {
    if (this.#waiters.size === 0) return []
    const name = toHex(id)
    const ready: Released[] = []
    for (const waiting of this.#waiters.get(name) ?? []) {
      waiting.missing.delete(name)
      if (waiting.missing.size > 0) continue
      this.#forget(waiting)
      ready.push(waiting)
    }
    this.#waiters.delete(name)
    return ready
  }

  /** Drops a commit that can never be folded, and all that waits for it. Returns what was dropped. */
  drop(id: Uint8Array): CommitRecord[] {
    const dropped: CommitRecord[] = []
    const todo = [toHex(id)]
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      const waiting = this.#byId.get(name)
      if (waiting !== undefined) {
        this.#forget(waiting)
        dropped.push(waiting.record)
      }
      for (const waiter of this.#waiters.get(name) ?? []) todo.push(toHex(waiter.record.id))
      this.#waiters.delete(name)
    }
    return dropped
  }

  #count({ device }: Waiting, bytes: number): void {
    this.#bytes += bytes
    const left = (this.#bytesOf.get(device) ?? 0) + bytes
    if (left > 0) this.#bytesOf.set(device, left)
    else this.#bytesOf.delete(device)
  }

  #forget(waiting: Waiting): void {
    const id = toHex(waiting.record.id)
    this.#byId.delete(id)
    const own = this.#byDevice.get(waiting.device)
    own?.delete(id)
    if (own?.size === 0) this.#byDevice.delete(waiting.device)
    this.#count(waiting, -waiting.record.bytes.length)
    // Else whoever has commits dropped again and again fills the memory with what they also waited for.
    for (const missing of waiting.missing) {
      const waiters = this.#waiters.get(missing)
      waiters?.delete(waiting)
      if (waiters?.size === 0) this.#waiters.delete(missing)
    }
  }
}
