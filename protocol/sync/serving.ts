import { decodeRecord } from '../commit/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { Replica } from '../replica/index.ts'
import { SIGNATURE_RUN_MAX } from '../replica/index.ts'
import {
  BATCHES_AHEAD,
  BATCH_BYTES_TARGET,
  BATCH_COMMITS_MAX,
  COVER_COMMITS_MAX,
  FRAME_BYTES_MAX,
} from './limits.ts'

/** A stored commit as it goes on the stream. */
export interface ServedCommit {
  order: number
  /** Its record. */
  bytes: Uint8Array
}

/** A batch that is ready to be sent. */
export interface Batch {
  orders: number[]
  records: Uint8Array[]
}

/** The answer to one request: which commits are still to be sent, and how many batches are unconfirmed. */
export class Serving {
  readonly request: number
  readonly #replica: Replica
  readonly #sha256: Sha256
  readonly #orders: Uint32Array
  readonly #lengthMax: number
  /** How many of `#orders` this answer holds: up to the request's limit, or further to where signatures cover it. */
  #length: number
  #at = 0
  /** Commits that were read and lack a good signature after them: they go before the rest. */
  #left: number[] = []
  #ahead = 0
  #isReading = false
  /** Read while the peer stores what was sent before, so that it goes as soon as the peer confirms one. */
  #ready: Batch | null = null
  /** The last batch was cut short, so that those after it end where signatures were checked. */
  #isShort = false
  /** A batch was cut short in vain. */
  #isVain = false
  /** What is left was followed to the commits whose signatures cover it. */
  #isFollowed = false

  /** @param answer - all commits that were asked for, and how many of them the answer may hold */
  constructor(
    parts: { replica: Replica; sha256: Sha256 },
    answer: { request: number; orders: Uint32Array; limit: number },
  ) {
    this.#replica = parts.replica
    this.#sha256 = parts.sha256
    this.request = answer.request
    this.#orders = answer.orders
    this.#length = Math.min(answer.orders.length, answer.limit)
    this.#lengthMax = Math.min(answer.orders.length, answer.limit + COVER_COMMITS_MAX)
  }

  /** The request's limit cut the answer short. */
  get isMore(): boolean {
    return this.#length < this.#orders.length
  }

  /** True when everything was sent. */
  get isDone(): boolean {
    return !this.#isReading && this.#ready === null && this.#isAllTaken
  }

  get #isAllTaken(): boolean {
    return this.#at >= this.#length && this.#left.length === 0
  }

  /** Orders to read next; null while a read is under way, what was read is not sent yet, or nothing is left. */
  nextRead(): number[] | null {
    if (this.#isReading || this.#ready !== null || this.#isAllTaken) return null
    this.#isReading = true
    const count = BATCH_COMMITS_MAX - this.#left.length
    return [...this.#left, ...this.#orders.subarray(this.#at, Math.min(this.#length, this.#at + count))]
  }

  /** The peer stored a batch. False when none was under way. */
  confirm(): boolean {
    this.#ahead -= 1
    return this.#ahead >= 0
  }

  /** The next batch to send; null until one is read, and while the peer has not confirmed enough. */
  nextBatch(): Batch | null {
    const batch = this.#ahead < BATCHES_AHEAD ? this.#ready : null
    if (batch === null) return null
    this.#ready = null
    this.#ahead += 1
    return batch
  }

  /** Takes what was read, a prefix of the last `nextRead`, and makes the next batch of it, unless it ends here. */
  take(commits: readonly ServedCommit[]): void {
    if (!this.#isReading) return
    this.#isReading = false
    this.#ready = this.#batchOf(commits)
  }

  #batchOf(commits: readonly ServedCommit[]): Batch | null {
    if (commits.length === 0) return this.#end()
    let count = this.#signedLength(commits, batchLength(commits, BATCH_BYTES_TARGET))
    let places = this.#closed(commits.slice(0, count))
    if (places.length === 0) {
      // A relay may have spoilt all signatures but the last of a large frame; as large a one still passes them on.
      count = batchLength(commits, FRAME_BYTES_MAX)
      places = this.#closed(commits.slice(0, count))
    }
    if (places.length === 0) return this.#follow(commits.map((it) => it.order))
    this.#isFollowed = false
    const sent = new Set(places)
    const rest = this.#left.slice(count) // of what was left before, beyond this batch
    this.#at += Math.max(0, count - this.#left.length)
    const skipped = commits.slice(0, count).filter((_, place) => !sent.has(place))
    this.#left = [...skipped.map((it) => it.order), ...rest]
    const batch = places.flatMap((place) => commits[place] ?? [])
    return { orders: batch.map((it) => it.order), records: batch.map((it) => it.bytes) }
  }

  /**
   * What was asked for may end with a commit whose own signature is bad, though one behind it covers it: goes on to that
   * one. First along the log, since a commit has its past there, as far as what was asked for goes beyond the limit.
   */
  #follow(orders: readonly number[]): null {
    const isAll = orders.length === this.#left.length + this.#length - this.#at
    if (isAll && this.#length < this.#lengthMax) {
      this.#length = Math.min(this.#lengthMax, this.#length + SIGNATURE_RUN_MAX)
      return null
    }
    const followed = new Set(orders)
    for (const order of orders) this.#addCover(order, followed)
    const isShort = followed.size - orders.length <= COVER_COMMITS_MAX
    if (this.#isFollowed || this.isMore || !isAll || !isShort || followed.size === orders.length)
      return this.#end()
    this.#isFollowed = true
    this.#at = this.#length
    this.#left = [...followed].sort((a, b) => a - b)
    return null
  }

  /** Adds what follows a commit on its branch up to the next signature that was checked. */
  #addCover(order: number, to: Set<number>): void {
    const { history } = this.#replica
    const branch = history.branchOf(order)
    for (let seq = history.seqOf(order) + 1; seq < branch.length; seq += 1) {
      const next = branch.at(seq)
      if (to.has(next)) return
      to.add(next)
      if (this.#replica.isSigned(next)) return
    }
  }

  /** Nothing that can be read or sent ends the answer; the next round asks again. */
  #end(): null {
    this.#at = this.#length
    this.#left = []
    this.#isFollowed = false
    return null
  }

  /**
   * Where to end a batch of at most `count` commits: behind the last place at which every chain of it ends with a
   * signature that was checked here already. What was received in a batch goes on in the same one, and nobody checks it
   * again. A place in its first half is taken when more follows, so that the next batches end so too; not again when the
   * next one does not.
   */
  #signedLength(commits: readonly ServedCommit[], count: number): number {
    const open = new Set<number>()
    let length = 0
    for (let place = 0; place < count; place += 1) {
      const order = commits[place]?.order ?? -1
      const { index } = this.#replica.history.branchOf(order)
      if (this.#replica.isSigned(order)) open.delete(index)
      else open.add(index)
      if (open.size === 0) length = place + 1
    }
    this.#isVain ||= this.#isShort && length < count / 2
    const isLast = count === this.#left.length + this.#length - this.#at
    this.#isShort = length > 0 && length < count / 2 && !isLast && !this.#isVain
    return length >= count / 2 || this.#isShort ? length : count
  }

  #closed(commits: readonly ServedCommit[]): number[] {
    return this.#replica.closeRuns(
      commits.map((it) => it.order),
      (place) => {
        const decoded = decodeRecord(commits[place]?.bytes ?? new Uint8Array(), this.#sha256)
        return decoded.ok ? decoded.record : null
      },
    )
  }
}

/** How many of the first commits fit a frame of `bytesMax`; one at least. */
function batchLength(commits: readonly ServedCommit[], bytesMax: number): number {
  let bytes = COMMITS_HEAD_BYTES
  let count = 0
  for (const { bytes: record } of commits) {
    const { length } = record
    bytes += length + (length < 24 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5)
    if (bytes > bytesMax && count > 0) break
    count += 1
  }
  return count
}

/** Of a frame with commits: its array, its kind, the longest request number and the head of the list. */
const COMMITS_HEAD_BYTES = 1 + 1 + 9 + 3
