import { setImmediate as nextTurn } from 'node:timers/promises'
import { AUTHORITY } from '#protocol/authority'
import type { CommitRecord } from '#protocol/commit'
import type { IntakeResult, OpenBatch, Replica } from '#protocol/replica'
import type { IngestOutcome } from '#protocol/sync'

/**
 * Commits, and bytes of them, that are taken in before the event loop gets a turn: a few milliseconds, also with the fold
 * of an open document. Measured: 128 small ones take 1 to 4 ms.
 */
export const SLICE_COMMITS = 128
export const SLICE_BYTES = 65_536
/**
 * Records of a batch after which a write of this device may go between without checking signatures, while such writes
 * come: the thread that decodes has checked the last one of each chain. Fewer would have it check more than it can.
 */
export const WINDOW_COMMITS: number = 3 * SLICE_COMMITS

/**
 * Records of a peer, with the places of those whose own signature was checked and holds, among them the last one of each
 * device after each `window` records; or why there are none.
 */
export type IncomingBatch =
  | { ok: true; records: readonly CommitRecord[]; checked: ReadonlySet<number>; window: number }
  | { ok: false; refusal: string }

/** What an intake needs of its host. */
export interface IntakeQueueParts {
  /** The present replica; another one ends a batch that the last one took in half. */
  replica: () => Replica
  /** Resolves when more may be taken in: nothing but what was taken of this batch waits for the disk. Never rejects. */
  room: () => Promise<void>
  /** Resolves after a pause for other work, when so many milliseconds were spent; none when there is no such work. */
  rest: (tookMs: number) => Promise<void> | null
  /** Takes the next commits of the batch. */
  take: (batch: OpenBatch, most: number) => IntakeResult
  /** False when the batch can go no further: what it brought is not kept. */
  mayGoOn: () => boolean
  /** A batch is no longer under way. */
  onClosed: () => void
}

/**
 * Takes the batches of peers in one after the other, each in slices between which other work has its turn. So a write of
 * this device waits for a slice, not for what peers send.
 */
export class IntakeQueue {
  readonly #parts: IntakeQueueParts
  /** Settles with the last work that was handed in. */
  #last: Promise<unknown> = Promise.resolve()
  /** The batch that is under way, and what settles with it. */
  #open: { batch: OpenBatch; closed: Promise<void> } | null = null

  #advancing: PromiseWithResolvers<void> | null = null

  constructor(parts: IntakeQueueParts) {
    this.#parts = parts
  }

  /** The batch of which a part may have been taken in; null between batches. */
  get open(): OpenBatch | null {
    return this.#open?.batch ?? null
  }

  /** Resolves once the batch that is under way is taken in. */
  async closed(): Promise<void> {
    await this.#open?.closed
  }

  /** Resolves once more of the batch is taken in, or none is under way; whoever waits has the rest of that turn. */
  async advanced(): Promise<void> {
    if (this.#open === null) return
    this.#advancing ??= Promise.withResolvers()
    await this.#advancing.promise
  }

  #advance(): void {
    this.#advancing?.resolve()
    this.#advancing = null
  }

  /** Reads a batch and takes it in when those before it are; resolves with what became of it. */
  async take(read: () => Promise<IncomingBatch>): Promise<IngestOutcome> {
    return this.alone(async () => {
      const batch = await read()
      return batch.ok ? { ok: true, result: await this.#take(batch) } : batch
    })
  }

  /** Does something while no batch is under way. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    // Whoever handed it in is told; kept here, what it brought would live as long as the next work.
    this.#last = done.then(
      () => null,
      () => null,
    )
    return done
  }

  async #take({ records, checked, window }: IncomingBatch & { ok: true }): Promise<IntakeResult> {
    const { room, rest, take, mayGoOn, onClosed } = this.#parts
    const total = noResult()
    await nextTurn()
    await room()
    const replica = this.#parts.replica()
    const batch = replica.begin(records, checked, window)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#open = { batch, closed: promise }
    try {
      // First none: links and signatures are judged for all of it, in a turn of their own.
      let most = 0
      let busyMs = 0
      while (replica === this.#parts.replica() && mayGoOn()) {
        const startMs = performance.now()
        add(total, take(batch, most))
        this.#advance()
        busyMs += performance.now() - startMs
        if (batch.isDone) break
        if (batch.isAtWindow) {
          // Where a write may go between: elsewhere one would wait for the end of the rest too.
          await rest(busyMs)
          busyMs = 0
        }
        // One slice ends at each so many records: there a batch may be signed.
        most = sliceOf(batch.next(SLICE_COMMITS - (batch.done.length % SLICE_COMMITS)))
        await nextTurn()
        // A write of this device came between: what is taken in now must not go to the disk with it.
        await room()
      }
      return total
    } finally {
      this.#open = null
      this.#advance()
      resolve()
      onClosed()
    }
  }
}

/**
 * What a commit that bears an authority section counts as in a slice. Measured: an admission takes 3 ms, because keys are
 * looked at that were never seen before.
 */
const RULING_BYTES = SLICE_BYTES / 4

/** How many of these records make the next slice, at least one. */
function sliceOf(records: readonly CommitRecord[]): number {
  let bytes = 0
  let count = 0
  for (const record of records) {
    const isRuling = record.header.sections.some((it) => it.document === AUTHORITY)
    bytes += isRuling ? Math.max(RULING_BYTES, record.bytes.length) : record.bytes.length
    if (count > 0 && bytes > SLICE_BYTES) return count
    count += 1
  }
  return Math.max(1, count)
}

function noResult(): IntakeResult {
  return {
    ...{ stored: [], waiting: [], released: [], late: [], duplicates: 0 },
    ...{ refused: [], dropped: [] },
  }
}

function add(total: IntakeResult, slice: IntakeResult): void {
  total.stored.push(...slice.stored)
  total.waiting.push(...slice.waiting)
  total.released.push(...slice.released)
  total.late.push(...slice.late)
  total.duplicates += slice.duplicates
  total.refused.push(...slice.refused)
  total.dropped.push(...slice.dropped)
}
