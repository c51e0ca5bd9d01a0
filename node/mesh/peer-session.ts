import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Chain } from '#protocol/replica'
import { SyncSession } from '#protocol/sync'
import type { SessionInput, SessionOutput } from '#protocol/sync'
import type { Crypto } from '#protocol/identity'
import type { Engine } from '#node/engine'
import { StreamEnded } from './framed-stream.ts'
import type { FramedStream } from './framed-stream.ts'

/**
 * Answers that may wait for the stream before the peer's next frame is read. An honest peer has a few under way; one
 * that asks and asks without reading the answers waits here.
 */
export const ANSWERS_MAX = 64

/** What a session needs of its host. */
export interface PeerSessionParts {
  engine: Engine
  crypto: Crypto
  log: Logger
  /** Called when both sides hold the same, or no longer do. */
  onChange: () => void
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

  /** Runs until either side ends it; never rejects. */
  async run(): Promise<void> {
    try {
      this.#step({ kind: 'open' })
      while (this.closeReason === null) {
        const bytes = await this.#stream.next(null)
        this.#step({ kind: 'frame', bytes })
        if (this.#parts.engine.isCongested) await this.#parts.engine.durable()
        if (this.#answers > ANSWERS_MAX) await this.#outgoing
      }
    } catch (cause) {
      this.close(cause instanceof StreamEnded ? cause.message : `failed: ${String(cause)}`)
      if (!(cause instanceof StreamEnded)) this.#parts.log.warn({ err: cause }, 'a sync session failed')
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
    }
  }

  /** Tells the peer of chains that got longer (and are on the disk). */
  changed(chains: readonly Chain[]): void {
    if (this.closeReason === null) this.#step({ kind: 'changed', chains })
  }

  /** Ends the session. */
  close(reason: string): void {
    this.closeReason ??= reason
    this.#stream.abort(this.closeReason)
  }

  #step(input: SessionInput): void {
    const wasSynced = this.#session.isSynced
    for (const output of this.#session.handle(input, Date.now())) this.#carryOut(output)
    this.#setTimer()
    if (wasSynced !== this.#session.isSynced) this.#parts.onChange()
  }

  #carryOut(output: SessionOutput): void {
    const { engine } = this.#parts
    switch (output.kind) {
      case 'send':
        return this.#enqueue(async () => {
          // What a frame tells must be on the disk before anyone hears of it.
          await engine.durable()
          await this.#stream.sendRaw(output.bytes)
        })
      case 'read':
        return this.#enqueue(async () => {
          const records = await engine.read(output.orders)
          this.#step({ kind: 'records', records })
        })
      case 'ingest': {
        const result = engine.ingest(output.records)
        if (result.refused.length > 0) {
          const { refusal } = result.refused[0] ?? { refusal: 'gap' }
          this.#parts.log.debug({ count: result.refused.length, refusal }, 'commits refused')
        }
        return this.#step({ kind: 'ingested', result })
      }
      case 'synced':
        return
      case 'close':
        this.#parts.log.warn({ code: output.code, detail: output.detail }, 'a sync session was cut')
        return this.close(`${output.code}: ${output.detail}`)
    }
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
    this.#timer = setTimeout(() => this.#step({ kind: 'wake' }), Math.max(0, wakeAtMs - Date.now()))
  }
}
