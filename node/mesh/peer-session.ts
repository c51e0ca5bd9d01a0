import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { HeadRow } from '#protocol/replica'
import { PullShare, SyncSession, asksTooMuch, outsideForms } from '#protocol/sync'
import type { CloseCode, SentPayloads, SessionInput, SessionOutput } from '#protocol/sync'
import type { Crypto } from '#protocol/identity'
import type { Decoder } from '#node/decoder'
import type { Engine } from '#node/engine'
import { StreamEnded } from './framed-stream.ts'
import type { FramedStream } from './framed-stream.ts'
import { OUTSIDE, OUTSIDE_BYTES_MAX, OUTSIDE_SENT_BYTES_MAX } from './outsiders.ts'

/**
 * Answers that may wait for the stream before the peer's next frame is read. An honest peer has a few under way; one
 * that asks and asks without reading the answers waits here.
 */
export const ANSWERS_MAX = 64

/** Damaged commits that are asked for at a time. A guess: a batch or two. */
const REPAIRS_MAX = 2_000

/** What a session needs of its host. */
export interface PeerSessionParts {
  engine: Engine
  decoder: Decoder
  /** Divides the work among the sessions of the engine's replica. */
  share: PullShare
  crypto: Crypto
  log: Logger
  /** True for a device that gets the authority document alone. */
  isOutside: boolean
  /** Called when the peer broke the protocol, before the session is closed for it. */
  onFault: (code: CloseCode, detail: string) => void
  /** Called when both sides hold the same, or no longer do. */
  onChange: () => void
  /** Called when the peer says that it has a commit of this very device that is not here. */
  onSuperseded: (row: HeadRow) => void
  /** Called when heads were compared and what came of it is here; `isSettled` when both sides hold the same. */
  onCompared: (isSettled: boolean) => void
}

/** Drives one `SyncSession` over one stream: reads, writes, disk and timers around the pure machine. */
export class PeerSession {
  readonly #parts: PeerSessionParts
  readonly #stream: FramedStream
  readonly #session: SyncSession
  #timer: NodeJS.Timeout | null = null
  /** Sends and reads, in order, one at a time: a read happens only when all before it was taken by the stream. */
  #outgoing: Promise<void> = Promise.resolve()
  #answers = 0
  #isRefused = false
  /** Batches that came, one after the other. */
  #intake: Promise<void> = Promise.resolve()
  /** Why the session ended; null while it runs. */
  closeReason: string | null = null

  constructor(stream: FramedStream, parts: PeerSessionParts) {
    this.#parts = parts
    this.#stream = stream
    const { crypto, engine } = parts
    this.#session = new SyncSession({
      replica: engine.replica,
      sha256: crypto.sha256,
      key: new Uint8Array(randomBytes(16)),
      share: parts.share,
      backlog: () => this.#answers,
    })
  }

  get isSynced(): boolean {
    return this.#session.isSynced
  }

  get bytesIn(): number {
    return this.#stream.bytesIn
  }

  get bytesOut(): number {
    return this.#stream.bytesOut
  }

  /** True when more went over the stream than a device outside may have. */
  get #isTooMuch(): boolean {
    return this.bytesIn > OUTSIDE_BYTES_MAX || this.bytesOut > OUTSIDE_SENT_BYTES_MAX
  }

  /** Runs until either side ends it; never rejects. */
  async run(): Promise<void> {
    try {
      this.#step({ kind: 'open' })
      this.#stream.onPart = (bytes) => this.#step({ kind: 'arriving', bytes })
      while (this.closeReason === null) {
        const bytes = await this.#stream.next(null)
        if (this.#parts.isOutside && this.#isTooMuch) return this.close(OUTSIDE)
        if (this.#parts.isOutside && asksTooMuch(bytes)) this.#refuse()
        else this.#step({ kind: 'frame', bytes })
        if (this.#answers > ANSWERS_MAX) await this.#outgoing
      }
    } catch (cause) {
      if (cause instanceof StreamEnded && cause.fault !== null) this.#cut(cause.fault, cause.message)
      this.close(cause instanceof StreamEnded ? cause.message : `failed: ${String(cause)}`)
      if (!(cause instanceof StreamEnded)) this.#parts.log.warn({ err: cause }, 'a sync session failed')
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
      this.#session.end()
    }
  }

  /** A device outside asks for what it may not have: the session ends as soon as it has handed in what it was asked for. */
  #refuse(): void {
    this.#isRefused = true
    if (!this.#session.isAsking) this.close(OUTSIDE)
  }

  /** Tells the peer of chains that got longer (and are on the disk). */
  changed(devices: readonly number[]): void {
    if (this.closeReason === null) this.#step({ kind: 'changed', devices })
  }

  /** Asks for commits that the disk lost, unless something else is under way; then they are asked for after it. */
  repair(): void {
    if (this.closeReason === null && this.isSynced) this.#repair()
  }

  /** Payloads that were missing are here, or the list of declined documents is another one. */
  holes(): void {
    if (this.closeReason === null) this.#step({ kind: 'holes' })
  }

  /** Ends the session. */
  close(reason: string): void {
    this.closeReason ??= reason
    this.#stream.abort(this.closeReason)
  }

  #step(input: SessionInput): void {
    const wasSynced = this.#session.isSynced
    for (const output of this.#session.handle(input, performance.now())) this.#carryOut(output)
    this.#setTimer()
    if (wasSynced !== this.#session.isSynced) this.#parts.onChange()
    if (!wasSynced && this.#session.isSynced) this.#parts.onCompared(true)
    if (this.#isRefused && !this.#session.isAsking) this.close(OUTSIDE)
  }

  #carryOut(output: SessionOutput): void {
    const { engine } = this.#parts
    switch (output.kind) {
      case 'send':
        return this.#enqueue(async () => {
          // What a frame tells must be on the disk before anyone hears of it.
          await engine.durable()
          if (this.#parts.isOutside && this.#isTooMuch) return this.close(OUTSIDE)
          await this.#stream.sendRaw(output.bytes)
        })
      case 'read':
        return this.#enqueue(async () => {
          const { isOutside, crypto } = this.#parts
          const served = await engine.serve(output.orders)
          const records = isOutside ? outsideForms(engine.replica, crypto.sha256, served) : served
          this.#step({ kind: 'records', records })
        })
      case 'read-payloads':
        return this.#enqueue(async () => {
          const records = await engine.serve(output.orders)
          this.#step({ kind: 'payload-records', records })
        })
      case 'ingest':
        return this.#ingest(output.records)
      case 'fill':
        return this.#fill(output.sent)
      case 'synced':
        engine.noteSynced()
        return this.#repair()
      case 'superseded':
        return this.#parts.onSuperseded(output.row)
      case 'close':
        return this.#cut(output.code, output.detail)
    }
  }

  #cut(code: CloseCode, detail: string): void {
    if (this.closeReason !== null) return
    this.#parts.log.warn({ code, detail }, 'a sync session was cut')
    this.#parts.onFault(code, detail)
    this.close(`${code}: ${detail}`)
  }

  /** What the disk lost is asked for once both sides agree on the rest. */
  #repair(): void {
    const wants = this.#parts.engine.repairWants(REPAIRS_MAX)
    if (wants.length > 0) this.#step({ kind: 'repair', wants })
  }

  /** Hashes and checks elsewhere, ingests in order: while one batch is ingested the next is hashed. */
  #ingest(list: readonly Uint8Array[]): void {
    const { engine, decoder, log } = this.#parts
    const checking = decoder.check(list, engine.signatureWindow)
    this.#intake = this.#intake
      .then(async () => {
        const batch = await checking
        if (this.closeReason !== null) return
        const outcome = batch.ok ? await engine.take(async () => decoder.read(list, batch)) : batch
        if (this.closeReason !== null) return
        if (!outcome.ok) return this.#step({ kind: 'ingested', outcome })
        const { refused } = outcome.result
        if (refused.length > 0)
          log.debug({ count: refused.length, refusal: refused[0]?.refusal }, 'commits refused')
        // Commits are asked for once heads were compared.
        this.#parts.onCompared(false)
        this.#step({ kind: 'ingested', outcome })
      })
      .catch((cause: unknown) => this.close(cause instanceof Error ? cause.message : String(cause)))
  }

  #fill(sent: SentPayloads): void {
    this.#parts.engine
      .takePayloads(sent)
      .then((outcome) => {
        if (this.closeReason === null) this.#step({ kind: 'filled', outcome })
      })
      .catch((cause: unknown) => this.close(cause instanceof Error ? cause.message : String(cause)))
  }

  #enqueue(work: () => Promise<void>): void {
    this.#answers += 1
    this.#outgoing = this.#outgoing
      .then(async () => {
        this.#answers -= 1
        if (this.closeReason === null) await work()
      })
      .catch((cause: unknown) => this.close(cause instanceof Error ? cause.message : String(cause)))
  }

  #setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const { wakeAtMs } = this.#session
    if (wakeAtMs === null || this.closeReason !== null) return
    this.#timer = setTimeout(() => this.#step({ kind: 'wake' }), Math.max(0, wakeAtMs - performance.now()))
  }
}
