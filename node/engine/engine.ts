import { EventEmitter } from 'node:events'
import type { Logger } from 'pino'
import { decodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import { BoardState, CacheMismatch } from '#protocol/board'
import { openReplica } from '#protocol/coop'
import type { CachedDocument } from '#protocol/document'
import { equalBytes } from '#protocol/encoding'
import type { Crypto, Signer } from '#protocol/identity'
import type { Chain, IntakeResult, Replica, StoredCommit } from '#protocol/replica'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import { CoopError, asCoopError } from '#node/errors'
import { commitKey } from '#node/store'
import type { Store } from '#node/store'

/** Bytes that may wait for the disk before whoever fills them is asked to wait. */
export const PENDING_BYTES_MAX = 8 * 1024 * 1024
/** Commits read first; then more at a time, until a frame is full. A commit may have half a megabyte. */
const READ_COMMITS_FIRST = 16
/** Wait between tries to open the store again after a failed write. */
const REOPEN_EVERY_MS = 2_000

/** What an engine stands on. */
export interface EngineParts {
  store: Store
  crypto: Crypto
  signer: Signer
  coop: Uint8Array
  log: Logger
  /** Kept states of shared documents. */
  cached: (document: string) => CachedDocument | null
}

interface EngineEvents {
  /** Commits are on the disk: tell peers and pages. */
  durable: [stored: readonly StoredCommit[], chains: readonly Chain[]]
  /** The replica was built anew from the disk: every reference into the old one is stale. */
  reset: []
  /** A write failed; nothing can be written until `reset`. */
  failed: [error: CoopError]
}

/**
 * Owns the replica and its log on the disk. Local writes resolve once they are fsynced; concurrent ones share a
 * batch. After a failed write the replica is rebuilt from what the disk really holds, so that nothing half happened.
 */
export class Engine extends EventEmitter<EngineEvents> {
  readonly #parts: EngineParts
  #replica: Replica
  #pending: StoredCommit[] = []
  #pendingBytes = 0
  /** Settles with the batch that is being gathered; the one that is being written; null when there is none. */
  #gathering: PromiseWithResolvers<void> | null = null
  #writing: PromiseWithResolvers<void> | null = null
  #failure: CoopError | null = null
  #isClosed = false

  private constructor(parts: EngineParts, replica: Replica) {
    super()
    this.#parts = parts
    this.#replica = replica
  }

  /** Builds the replica from the log. */
  static async open(parts: EngineParts): Promise<Engine> {
    return new Engine(parts, await loadReplica(parts))
  }

  get replica(): Replica {
    return this.#replica
  }

  /** Why nothing can be written now, or null. */
  get failure(): CoopError | null {
    return this.#failure
  }

  /** True when a producer should wait for `durable()` before it brings more. */
  get isCongested(): boolean {
    return this.#pendingBytes > PENDING_BYTES_MAX
  }

  /** Writes one commit on this device's chain; resolves once it is fsynced. */
  async append(sections: readonly Section[]): Promise<CommitRecord> {
    if (this.#failure !== null) throw this.#failure
    const result = this.#replica.author(sections, Date.now())
    if (!result.ok) {
      const code = result.refusal === 'no-slots' ? 'no-slots' : 'refused'
      throw new CoopError(code, `refused: ${result.detail} (${result.refusal})`, nextStep(result.refusal))
    }
    this.#queue(result.stored)
    await this.durable()
    return result.commit
  }

  /** Takes commits from a peer. They count at once; wait for `durable()` before anyone else is told. */
  ingest(records: readonly CommitRecord[]): IntakeResult {
    if (this.#failure !== null) return { stored: [], duplicates: 0, refused: [] }
    const result = this.#replica.ingest(records)
    this.#queue(result.stored)
    return result
  }

  /** Resolves once everything taken so far is on the disk; rejects when it cannot be put there. */
  async durable(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await (this.#gathering ?? this.#writing)?.promise
  }

  /**
   * Records at these places, as a prefix: reading stops when they fill a frame, and at one that is missing or does
   * not match its id.
   */
  async read(orders: readonly number[]): Promise<CommitRecord[]> {
    const records: CommitRecord[] = []
    let bytes = 0
    for (let at = 0, count = READ_COMMITS_FIRST; at < orders.length && bytes < FRAME_BYTES_MAX; count *= 2) {
      const part = orders.slice(at, at + count)
      const values = await this.#parts.store.getMany(part.map(commitKey))
      for (const [i, value] of values.entries()) {
        const record = this.#stored(part[i] ?? 0, value)
        if (record === null) return records
        records.push(record)
        bytes += record.bytes.length
      }
      at += count
    }
    return records
  }

  /** Writes what is pending and takes nothing more. */
  async close(): Promise<void> {
    await this.durable().catch(() => {
      // Whoever wrote has been told; closing goes on.
    })
    this.#isClosed = true
    this.#failure ??= new CoopError('read-only', 'the node is stopping', 'Start it again.')
  }

  #stored(order: number, value: Uint8Array | null): CommitRecord | null {
    const decoded = value === null ? null : decodeRecord(value, this.#parts.crypto.sha256)
    if (decoded?.ok !== true) {
      this.#parts.log.error({ order }, 'a stored commit cannot be read')
      return null
    }
    const { record } = decoded
    const known = this.#replica.chain(record.author)?.ids.at(record.header.seq)
    if (known !== undefined && equalBytes(known, record.id)) return record
    this.#parts.log.error({ order }, 'a stored commit does not match its id')
    return null
  }

  #queue(stored: readonly StoredCommit[]): void {
    if (stored.length === 0) return
    this.#pending.push(...stored)
    for (const { record } of stored) this.#pendingBytes += record.bytes.length
    if (this.#gathering === null) {
      this.#gathering = Promise.withResolvers()
      // Whoever waits is told through the promise itself; nobody has to wait.
      this.#gathering.promise.catch(() => null)
    }
    if (this.#writing === null) void this.#writeAll()
  }

  /** Writes batch after batch; what arrives while one is written makes the next. */
  async #writeAll(): Promise<void> {
    while (this.#gathering !== null) {
      const batch = this.#pending
      this.#pending = []
      this.#writing = this.#gathering
      this.#gathering = null
      try {
        await this.#parts.store.write(
          batch.map(({ order, record }) => ({ type: 'put', key: commitKey(order), value: record.bytes })),
        )
        for (const { record } of batch) this.#pendingBytes -= record.bytes.length
        this.#writing.resolve()
        this.emit('durable', batch, this.#chainsOf(batch))
      } catch (cause) {
        this.#fail(cause)
      }
    }
    this.#writing = null
  }

  #chainsOf(batch: readonly StoredCommit[]): Chain[] {
    const chains = new Set<Chain>()
    for (const { record } of batch) {
      const chain = this.#replica.chain(record.author)
      if (chain !== undefined) chains.add(chain)
    }
    return [...chains]
  }

  #fail(cause: unknown): void {
    const known = asCoopError(cause)
    const isFull = known.code === 'disk-full'
    this.#failure = new CoopError(
      isFull ? 'disk-full' : 'read-only',
      isFull ? 'the disk is full: nothing can be written' : `the database refuses writes: ${known.message}`,
      isFull
        ? 'Free some space; the node goes on by itself.'
        : 'Check the disk; the node tries again by itself.',
      cause,
    )
    this.#pending = []
    this.#pendingBytes = 0
    this.#writing?.reject(this.#failure)
    this.#gathering?.reject(this.#failure)
    this.#gathering = null
    this.#parts.log.error({ err: cause }, 'a write failed; rebuilding from the disk')
    this.emit('failed', this.#failure)
    void this.#recover()
  }

  async #recover(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#parts.store.reopen()
        // A trial write: the disk may still be full.
        await this.#parts.store.write([{ type: 'put', key: 'm/trial', value: new Uint8Array(65_536) }])
        await this.#parts.store.write([{ type: 'del', key: 'm/trial' }])
        this.#replica = await loadReplica(this.#parts)
        this.#failure = null
        this.#parts.log.info('the store can be written again')
        this.emit('reset')
        return
      } catch (cause) {
        this.#parts.log.warn({ err: cause }, 'the store cannot be written yet')
        await new Promise((resolve) => setTimeout(resolve, REOPEN_EVERY_MS).unref())
      }
    }
  }
}

async function loadReplica(parts: EngineParts): Promise<Replica> {
  try {
    return await replayLog(parts, parts.cached)
  } catch (cause) {
    if (!(cause instanceof CacheMismatch)) throw cause
    parts.log.warn({ document: cause.document }, 'a kept document does not match the log; rebuilding all')
    return replayLog(parts, () => null)
  }
}

async function replayLog(parts: EngineParts, cached: EngineParts['cached']): Promise<Replica> {
  const { store, crypto, signer, coop } = parts
  // A kept state stands for a place in the log; once the log is read, none may be taken any more.
  let isReading = true
  const replica = openReplica({ coop, crypto, signer, cached: (id) => (isReading ? cached(id) : null) })
  for await (const batch of store.entries('c/')) {
    for (const [key, value] of batch) {
      const decoded = decodeRecord(value, crypto.sha256)
      const isNext = key === commitKey(replica.logLength)
      if (!isNext || !decoded.ok || !replica.load(decoded.record)) {
        const why = decoded.ok ? 'it does not follow the one before' : decoded.refusal
        throw new CoopError(
          'data-damaged',
          `the stored commit ${key} is damaged: ${why}`,
          'Move the data folder aside and join again with a new invite; nothing that others have is lost.',
        )
      }
    }
  }
  isReading = false
  for (const id of replica.documentIds()) {
    const state = replica.document(id)
    // Kept before its last commits were on the disk, and then the power was cut: it shows what nobody wrote.
    if (state instanceof BoardState && state.isAhead) throw new CacheMismatch(id)
  }
  return replica
}

function nextStep(refusal: string): string {
  switch (refusal) {
    case 'not-a-member':
      return 'Join the co-op with an invite first.'
    case 'no-slots':
      return 'Only a device that holds slots can invite; ask a steward for an invite.'
    case 'role':
      return 'Ask a steward: this role may not do that.'
    case 'chain-waits':
      return 'Connect to another device of the co-op; it has what is missing.'
    default:
      return 'Check the input; docs/protocol/documents.md says what each document takes.'
  }
}
