import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { decodeRecords } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { SharedValues } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import type { DecodeAnswer, DecodeQuestion } from './decode-worker.ts'

/** Records from which a batch is worth the trip to the other thread. Measured: below, the trip costs more than it saves. */
export const BATCH_RECORDS_MIN = 64
/** Records read before the event loop gets a turn: with hashing, when the thread failed, three milliseconds. */
const SLICE_RECORDS = 256
/**
 * Young generation of the thread, in MiB; all that it makes dies with the batch. V8's own limit is several times as much.
 * Measured on a catch-up: 40 to 100 MB less of peak memory at the same CPU time.
 */
const YOUNG_MB = 24
/** Time without a large batch after which the thread ends: an idle node keeps its memory. */
const IDLE_MS = 10_000

/** A batch without fault as far as it was looked at; `ids` is null when it was not. Still bytes: it may have to wait. */
export interface GoodBatch {
  ok: true
  /** Ids of the records, 32 bytes each. */
  ids: Uint8Array | null
  /** Places of records whose own signature holds. */
  checked: readonly number[]
  /** After each so many records the last one of each device was checked as well. */
  window: number
}

/** What `Decoder.check` found. */
export type CheckedBatch = GoodBatch | { ok: false; refusal: string }

/** Decoded records, with the places of those whose own signature was checked and holds; or why there are none. */
export type DecodedBatch =
  | { ok: true; records: CommitRecord[]; checked: ReadonlySet<number>; window: number }
  | { ok: false; refusal: string }

/**
 * Decodes batches of commit records, in two steps: a decoded record is a dozen objects, so a batch is only read when its
 * turn comes. Measured: read when it came, a third of them moved to the old generation, for 80 MB of peak memory. Large ones are hashed and their signatures checked in a thread of its own, so that
 * a catch-up leaves the main thread to the chains and documents. Answers come in the order of the questions.
 */
export class Decoder {
  readonly #sha256: Sha256
  #worker: Worker | null = null
  #waiting: ((answer: DecodeAnswer | null) => void)[] = []
  #idle: NodeJS.Timeout | null = null

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Hashes the records of a large batch and checks signatures; `window`: see `signaturesToCheck`. Never rejects. */
  async check(list: readonly Uint8Array[], window: number): Promise<CheckedBatch> {
    const answer = list.length < BATCH_RECORDS_MIN ? null : await this.#ask(list, window)
    if (answer === null) return { ok: true, ids: null, checked: [], window: Infinity }
    return answer.ok ? { ...answer, window } : answer
  }

  /** Decodes a batch that `check` found good. Never rejects. */
  async read(list: readonly Uint8Array[], { ids, checked, window }: GoodBatch): Promise<DecodedBatch> {
    const records: CommitRecord[] = []
    const shared = new SharedValues()
    for (let at = 0; at < list.length; at += SLICE_RECORDS) {
      if (at > 0) await nextTurn()
      // What the thread hashed and found whole is only read here, not hashed again.
      const known = ids?.subarray(32 * at, 32 * (at + SLICE_RECORDS)) ?? null
      const decoded = decodeRecords(list.slice(at, at + SLICE_RECORDS), this.#sha256, { ids: known, shared })
      if (!decoded.ok) return decoded
      records.push(...decoded.records)
    }
    return { ok: true, records, checked: new Set(checked), window }
  }

  /** Ends the thread. Batches that are in it are decoded here. */
  async close(): Promise<void> {
    if (this.#idle !== null) clearTimeout(this.#idle)
    await this.#worker?.terminate()
    this.#fail()
  }

  /** The thread's answer; null when it failed, and the batch is decoded here. */
  async #ask(list: readonly Uint8Array[], window: number): Promise<DecodeAnswer | null> {
    const worker = this.#start()
    const ends: number[] = []
    let length = 0
    for (const record of list) ends.push((length += record.length))
    // One copy: the records are views of a frame that this thread goes on to use.
    const bytes = new Uint8Array(length)
    for (const [i, record] of list.entries()) bytes.set(record, (ends[i] ?? 0) - record.length)
    const question: DecodeQuestion = { bytes, ends: Uint32Array.from(ends), window }
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      worker.postMessage(question, [bytes.buffer, question.ends.buffer])
    })
  }

  #start(): Worker {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref()
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(new URL('decode-worker.ts', import.meta.url), {
      stderr: false,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    worker.unref()
    worker.on('message', (answer: DecodeAnswer) => this.#waiting.shift()?.(answer))
    worker.on('error', () => this.#fail())
    worker.on('exit', () => {
      if (this.#worker === worker) this.#fail()
    })
    this.#worker = worker
    return worker
  }

  #fail(): void {
    this.#worker = null
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve(null)
  }
}
