import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { AUTHORITY } from '#protocol/authority'
import { completed, decodeRecord } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import type { CachedDocument, DocumentState } from '#protocol/document'
import { equalBytes } from '#protocol/encoding'
import type { Crypto, Signer } from '#protocol/identity'
import type { IntakeResult, LatePayload, OpenBatch, Replica, TakenCommit } from '#protocol/replica'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import type { FillOutcome, IngestOutcome, SentPayloads, ServedCommit, Want } from '#protocol/sync'
import { CoopError, asCoopError } from '#node/errors'
import { LogBatch } from '#node/log'
import type { CommitLog } from '#node/log'
import { TRIAL_KEY } from '#node/store'
import type { Store, StoreChange } from '#node/store'
import type { BooksFile } from './books-file.ts'
import { BooksKeeper } from './books-keeper.ts'
import { mendCommits, repairWants } from './damaged-commits.ts'
import { declinedChange, withheldError } from './declined.ts'
import { foldDocument, rebuildDocument } from './document-fold.ts'
import type { FoldSource } from './document-fold.ts'
import { IntakeQueue, WINDOW_COMMITS } from './intake-queue.ts'
import type { IncomingBatch } from './intake-queue.ts'
import { decodeLogEnd } from './log-end.ts'
import { LooseRetry } from './loose-retry.ts'
import type { MissingCommits } from './missing-commits.ts'
import { openLog, waitingChanges } from './opened-log.ts'
import type { OpenedLog } from './opened-log.ts'
import { adviceFor, refusedError } from './refusal-advice.ts'
import { decodeSummary, encodeSummary, summaryKey } from './summary.ts'
import type { Summary } from './summary.ts'
import { Suspensions } from './suspension.ts'
import type { Suspension } from './suspension.ts'
import type { WriteGate } from './write-gate.ts'

/** Wait between tries to open the store again after a failed write. */
const REOPEN_EVERY_MS = 2_000

/** Time after a local write in which the next one is expected. A guess: a till or a page in use. */
const WRITING_MS = 2_000

/** How long a write waits for the admission of this device to come from a peer. A guess: a busy NAS is asked. */
const ADMISSION_WAIT_MS = 10_000

/**
 * While this device writes, milliseconds of rest for each that is spent on what peers send. Measured on two cores, with the
 * sender on the same: p99 of a write 27 ms with 2, 34 with 0.
 */
const REST_RATIO = 2

/** What an engine stands on. */
export interface EngineParts {
  store: Store
  crypto: Crypto
  signer: Signer
  coop: Uint8Array
  log: Logger
  /** Kept states of shared documents, made while the log had this name. */
  cached: (document: string, logName: Uint8Array) => CachedDocument | null
  /** Where the books are saved; without it each opening makes them from the whole log. */
  books?: BooksFile
  /** Commits after which they are saved again; by default 16,384, and more while this device writes. */
  saveBooksAfter?: number
  /** Stands before every local write; without one all may be written. */
  gate?: WriteGate
  /** Milliseconds that a write waits for this device's admission after it joined; by default 10 s. */
  admissionWaitMs?: number
}

/** What one write to the disk holds. */
interface Work {
  batch: LogBatch
  /** Of these the ones of this device. */
  own: TakenCommit[]
  waiting: CommitRecord[]
  released: Uint8Array[]
  late: LatePayload[]
  /** True when commits came that were damaged here. */
  hasMended: boolean
}

/** Commits that are on the disk. */
export interface DurableCommits {
  batch: LogBatch
  /** Of these the ones of this device. */
  own: readonly TakenCommit[]
  /** Whose chains got longer, as numbers of the history. */
  devices: readonly number[]
}

interface EngineEvents {
  /** Commits are on the disk: tell peers and pages. */
  durable: [commits: DurableCommits]
  /** The replica was built anew from the disk: every reference into the old one is stale. */
  reset: []
  /** These documents were made anew because somebody forked: references to their states are stale. */
  rebuilt: [documents: readonly string[]]
  /** A write failed; nothing can be written until `reset`. */
  failed: [error: CoopError]
  /** Other commits than before are damaged: peers should be asked for those in `repairWants`. */
  damaged: []
  /** Payloads that were missing are on the disk, or this device declines other documents than before. */
  holes: []
  /** A device is suspended from now on, and what proves it is on the disk. Told once. */
  suspended: [suspension: Suspension]
}

/**
 * Owns the replica and its log on the disk. Local writes resolve once they are fsynced; concurrent ones share a
 * batch. After a failed write the replica is rebuilt from what the disk really holds, so that nothing half happened.
 */
export class Engine extends EventEmitter<EngineEvents> {
  readonly #parts: EngineParts
  #replica: Replica
  #commits: CommitLog
  #logName: Uint8Array
  #missing: MissingCommits
  #loose: LooseRetry
  #suspensions: Suspensions
  #work: Work = noWork()
  /**
   * Of a batch that is taken in half, what was taken waits here for the rest: nothing on the disk may lack the signature
   * that covers it. True when a write of this device had the signatures checked, and all goes to the disk at once.
   */
  #isReleased = false
  /** True while a write of this device is among what is being written. */
  #isOwnUnderWay = false
  readonly #intake: IntakeQueue
  /** Batches that a write of this device waits for. */
  #awaited = 0
  /** Payloads on their way to the disk that the replica counts as here. */
  #lateUnderWay = 0
  /** When this device wrote last, on the clock of `performance`. */
  #appendedAtMs = -Infinity
  /** Documents that are being folded, by id. */
  readonly #opening = new Map<string, Promise<DocumentState | null>>()
  /** Settles with the batch that is being gathered; the one that is being written; null when there is none. */
  #gathering: PromiseWithResolvers<void> | null = null
  #writing: PromiseWithResolvers<void> | null = null
  #failure: CoopError | null = null
  #rebuilding: Promise<void> | null = null
  readonly #books: BooksKeeper
  /** Settles once the replica is made anew because saved books do not reach. */
  #remaking: Promise<void> | null = null
  /** Sections that a document's kept summary stands for. */
  readonly #keptAt = new Map<string, number>()
  #isClosed = false

  private constructor(parts: EngineParts, opened: OpenedLog) {
    super()
    this.#parts = parts
    this.#replica = opened.replica
    this.#commits = opened.commits
    this.#logName = opened.name
    this.#missing = opened.missing
    this.#loose = this.#looseRetry(opened.hasLoose)
    this.#suspensions = new Suspensions(opened.replica)
    this.#intake = new IntakeQueue({
      replica: () => this.#replica,
      room: async () => this.#room(),
      rest: (tookMs) => (this.#isWritingLately && this.#awaited === 0 ? sleep(REST_RATIO * tookMs) : null),
      take: (batch, most) => this.#take(batch, most),
      mayGoOn: () => this.#failure === null,
      onClosed: () => this.#writeOn(),
    })
    this.#books = new BooksKeeper({
      ...{ file: parts.books ?? null, after: parts.saveBooksAfter, log: parts.log },
      replica: () => this.#replica,
      logName: () => this.#logName,
      durable: async () => this.durable(),
      isBusy: () => this.#isWritingLately,
    })
    this.#takeLog(opened)
  }

  /** Builds the replica from the log's index, and the authority document from its commits. */
  static async open(parts: EngineParts): Promise<Engine> {
    const { mark } = parts.store.foundEnd
    const engine = new Engine(parts, await openLog(parts, mark === null ? null : decodeLogEnd(mark)))
    await parts.store.write([], engine.#missing.mark(engine.#commits.writtenLength))
    return engine
  }

  get replica(): Replica {
    return this.#replica
  }

  /** Why nothing can be written now, or null. */
  get failure(): CoopError | null {
    return this.#failure
  }

  /** Orders of stored commits that the disk does not give back, as far as somebody tried to read them. */
  get damaged(): readonly number[] {
    return this.#commits.damaged
  }

  /** Notes that what lies at a place of the log is not the commit that belongs there. */
  noteDamaged(order: number): void {
    this.#commits.noteDamaged(order)
  }

  /** First orders of the blocks that the log lies in. */
  blockStarts(): number[] {
    return this.#commits.blockStarts()
  }

  /** Stands for the order of the log: what is kept of its first n commits holds while this is the same. */
  get logName(): Uint8Array {
    return this.#logName
  }

  /** How many commits the log held once and does not hold now, at least; 0 when nothing is missing. */
  get missingCount(): number {
    return this.#missing.count
  }

  /** True while commits of this device's own chain are missing: a write now could be a second history. */
  get isOwnChainIncomplete(): boolean {
    return this.#missing.refusal !== null
  }

  /** True while there are commits whose place in the log was lost. */
  get hasLoose(): boolean {
    return this.#loose.isNeeded
  }

  /** Ranges to ask a peer for, so that damaged commits can be written anew; at most `max` commits. */
  repairWants(max: number): Want[] {
    return repairWants(this.#commits, this.#replica, max)
  }

  /** A peer holds what this device holds: what is missing still, nobody who is connected has. */
  noteSynced(): void {
    if (!this.#missing.isShort) return
    this.#missing.noteSynced()
    this.#parts.store.write([], this.#missing.mark(this.#commits.writtenLength)).catch((cause: unknown) => {
      // Told again after the next start.
      this.#parts.log.debug({ err: cause }, 'the mark of the end could not be written')
    })
  }

  /** Why no local write is taken now, or null; commits of others may still be. */
  get writeRefusal(): CoopError | null {
    return this.#brokenError ?? this.#closedError
  }

  /** As `writeRefusal`, of ballots: a steward who has left keeps them until a seal closes the device. */
  get ballotRefusal(): CoopError | null {
    const { authority, device } = this.#replica
    const isKeeping =
      authority.statusOf(device ?? '') === 'left' && authority.epochs.tip.signers.has(device ?? '')
    return this.#brokenError ?? (isKeeping ? null : this.#closedError)
  }

  get #brokenError(): CoopError | null {
    return this.#failure ?? this.#parts.gate?.refusal ?? this.#missing.refusal
  }

  /** What a closed device writes is shown nowhere, so it writes nothing once it knows. */
  get #closedError(): CoopError | null {
    const { authority, device } = this.#replica
    const status = authority.statusOf(device ?? '')
    if (status !== 'closed' && status !== 'left') return null
    const [refusal, what] =
      status === 'left' ? ['left', 'has left the co-op'] : ['device-closed', 'is closed by the stewards']
    const message = `this device ${what}: nobody takes what it writes (${refusal})`
    return new CoopError('device-closed', message, adviceFor(refusal, authority))
  }

  /** Why a device (hex) is suspended, or null: nobody who knows connects to it, and nothing new of it is accepted. */
  suspensionOf(device: string): Suspension | null {
    const found = this.#suspensions.of(device)
    if (found !== null || device !== this.#replica.device) return found
    return this.#parts.gate?.suspension ?? null
  }

  /** Every suspension that the log proves. */
  suspensions(): Suspension[] {
    return this.#suspensions.all()
  }

  /**
   * The commit (hex) that admitted this device. After a join it comes over the mesh: waits a while for it, then throws
   * `not-admitted`.
   */
  async admission(): Promise<string> {
    const waitMs = this.#parts.admissionWaitMs ?? ADMISSION_WAIT_MS
    for (const untilMs = performance.now() + waitMs; ;) {
      const admission = this.#replica.standing?.admission
      if (admission !== undefined) return admission
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0 || this.#failure !== null || this.#isClosed) break
      await once(this, 'durable', { signal: AbortSignal.timeout(Math.ceil(leftMs)) }).catch(() => null)
    }
    throw new CoopError(
      'not-admitted',
      'the admission of this device has not come from the co-op yet',
      'Let it meet a device of the co-op (`coop peers`), then try again.',
    )
  }

  /**
   * Writes one commit on this device's chain; resolves once it is fsynced. `basis`: the state of a document that a section
   * was made for; refused when the document was made anew since, for its parts may have other names now.
   */
  async append(sections: readonly Section[], basis: DocumentState | null = null): Promise<CommitRecord> {
    const documents = sections.map((it) => it.document)
    const record = await this.appendMade(documents, () => {
      const isBased = basis === null || documents.some((it) => this.#replica.document(it) === basis)
      if (!isBased) throw new CoopError('refused', 'the document was made anew meanwhile', 'Write it again.')
      return sections
    })
    return record ?? unmade()
  }

  /**
   * As `append`, of sections that are made when nothing can come between any more: what `make` finds in these documents,
   * which are open then, is what the commit is judged by. Null when it makes none, and nothing was written.
   */
  async appendMade(
    documents: readonly string[],
    make: () => readonly Section[] | null,
  ): Promise<CommitRecord | null> {
    this.#appendedAtMs = performance.now()
    await this.#remaking
    await this.#parts.gate?.wait()
    // Of a steward who has left the document itself refuses what is no ballot.
    const refusal = (): CoopError | null =>
      documents.every((it) => it === AUTHORITY) ? this.ballotRefusal : this.writeRefusal
    if (refusal() === null) await this.admission()
    for (const document of documents) await this.open(document)
    while (!this.#mayWriteBetween()) {
      await (this.#intake.open?.window === Infinity ? this.#intake.closed() : this.#intake.advanced())
      for (const document of documents) await this.open(document)
    }
    // What was opened is of the replica before: the caller comes again.
    const isLost = this.#areBooksLost()
    if (isLost) await this.#remaking
    const refused = refusal()
    if (refused !== null) throw refused
    if (isLost) return this.appendMade(documents, make)
    const sections = make()
    if (sections === null) return null
    const result = this.#replica.author(sections, Date.now())
    if (!result.ok) throw refusedError(result, this.#replica.authority)
    this.#isReleased = true
    this.#queue(result.stored, noWork())
    await this.durable()
    return result.commit
  }

  /** For how many records of a batch signatures should be checked together: see `signaturesToCheck`. */
  get signatureWindow(): number {
    return this.#isWritingLately ? WINDOW_COMMITS : Infinity
  }

  get #isWritingLately(): boolean {
    return performance.now() - this.#appendedAtMs < WRITING_MS
  }

  /** True when nothing stands half taken that a write of this device would have to be put behind. */
  #mayWriteBetween(): boolean {
    const { open } = this.#intake
    if (open === null) return true
    // Elsewhere it would check here, for five milliseconds, what is checked a few milliseconds on.
    if (open.window !== Infinity && !open.isAtWindow && !open.isDone) return false
    return this.#replica.cover(open)
  }

  /**
   * Takes a batch from a peer when those before it are in, some commits at a time. They count as they are taken; wait for
   * `durable()` before anyone else is told.
   *
   * @param read - decodes the batch; called when its turn comes, so that of all that peers send one batch is decoded
   * @param isAwaited - a write of this device waits for it: until it is in, nothing that comes rests
   */
  async take(read: () => Promise<IncomingBatch>, isAwaited = false): Promise<IngestOutcome> {
    if (!isAwaited) return this.#intake.take(read)
    this.#awaited += 1
    return this.#intake.take(read).finally(() => (this.#awaited -= 1))
  }

  /** Takes a few commits from a peer at once. They count at once; wait for `durable()` before anyone else is told. */
  ingest(records: readonly CommitRecord[], checked?: ReadonlySet<number>): IntakeResult {
    return this.#take(this.#replica.begin(records, checked), Infinity)
  }

  #take(batch: OpenBatch, most: number): IntakeResult {
    if (this.#failure !== null)
      return { stored: [], waiting: [], released: [], late: [], duplicates: 0, refused: [], dropped: [] }
    const hasMended = this.damaged.length > 0 && mendCommits(this.#commits, this.#replica, batch.next(most))
    const result = this.#replica.take(batch, most)
    // Nobody else has this key. What it signed elsewhere must not be on the disk without the note that it did.
    if (this.#hasOwn(result)) this.#parts.gate?.foundElsewhere()
    // While this device writes, what is signed goes to the disk as it comes, so that a write has little before it.
    if (batch.window < Infinity && batch.isAtWindow && batch.done.length > 0 && this.#replica.cover(batch))
      this.#isReleased = true
    this.#queue(result.stored, { ...result, hasMended })
    if (this.#areBooksLost()) return result
    if (this.#replica.documents.staleIds().length > 0) {
      this.#rebuildStale().catch((cause: unknown) =>
        this.#parts.log.error({ err: cause }, 'a document could not be made anew after a fork'),
      )
    }
    return result
  }

  /** Puts payloads that a peer sent into their commits, if they are those that the headers name. */
  async takePayloads({ document, payloads }: SentPayloads): Promise<FillOutcome> {
    const { sha256 } = this.#parts.crypto
    const late = new Map(payloads.map((it) => [it.order, it.payload]))
    let left = [...late.keys()]
    while (left.length > 0) {
      const records = await this.read(left)
      // What cannot be read is damaged, and asked for as a whole.
      left = left.slice(Math.max(1, records.length))
      const whole: CommitRecord[] = []
      for (const record of records) {
        const payload = late.get(this.#replica.history.find(record.id)) ?? NO_PAYLOAD
        const filled = completed(record, { document, payload }, sha256)
        if (!filled.ok) return filled
        whole.push(filled.record)
      }
      const batch = { ok: true, records: whole, checked: NONE_CHECKED, window: Infinity } as const
      await this.take(async () => Promise.resolve(batch))
    }
    return { ok: true }
  }

  /** Documents whose payloads this device does not want. */
  get declined(): readonly string[] {
    return [...this.#replica.documents.holes.declined].sort()
  }

  /** Sets the documents whose payloads this device does not want; resolves once that is on the disk. */
  async decline(documents: readonly string[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await this.#parts.store.write([declinedChange(documents)])
    this.#replica.documents.holes.decline(documents)
    this.emit('holes')
  }

  /** Resolves once everything taken so far is on the disk; rejects when it cannot be put there. */
  async durable(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await (this.#gathering ?? this.#writing)?.promise
  }

  /** Commits at these places, as a prefix: reading stops when they fill a frame, and at one that is damaged. */
  async serve(orders: readonly number[]): Promise<ServedCommit[]> {
    const [first] = orders
    if (first !== undefined && (first >= this.#commits.writtenLength || this.#lateUnderWay > 0)) {
      // It is on its way to the disk.
      const isWritten = await this.durable().then(
        () => true,
        () => false,
      )
      if (!isWritten) return []
    }
    return this.#commits.read(orders, FRAME_BYTES_MAX)
  }

  /** Decoded commits at these places, as a prefix: reading stops when they fill a frame, and at one that is damaged. */
  async read(orders: readonly number[]): Promise<CommitRecord[]> {
    const records: CommitRecord[] = []
    const { history } = this.#replica
    for (const { order, bytes } of await this.serve(orders)) {
      const decoded = decodeRecord(bytes, this.#parts.crypto.sha256)
      if (!decoded.ok || !equalBytes(decoded.record.id, history.idOf(order))) {
        this.#commits.noteDamaged(order)
        return records
      }
      records.push(decoded.record)
    }
    return records
  }

  /**
   * A document with every stored section folded in; null for an unknown kind. Opened when it is first asked for. Throws
   * `document-declined` or `document-incomplete` where payloads are not here.
   */
  async open(id: string): Promise<DocumentState | null> {
    this.#needPayloads(id)
    const log = this.#replica.documentLog(id)
    if (log?.isCurrent === true && log.state !== null) return log.state
    if (log?.isStale === true) await this.#rebuildStale()
    const known = this.#opening.get(id)
    if (known !== undefined) return known
    const opening = foldDocument(id, this.#source()).finally(() => {
      this.#opening.delete(id)
    })
    this.#opening.set(id, opening)
    const state = await opening
    this.#needPayloads(id)
    return this.#replica.documentLog(id)?.isStale === true ? this.open(id) : state
  }

  /** State hash and counts of a document; from what was kept of it where it did not change since, without opening it. */
  async summary(id: string): Promise<Summary> {
    this.#needPayloads(id)
    const counts = this.#replica.documents.countsOf(id)
    const log = this.#replica.documentLog(id)
    // What was kept of a contested document stands for what was shown then.
    if (log?.isContested !== true && (log?.isCurrent !== true || log.state === null)) {
      const read = await this.#parts.store.read(summaryKey(id))
      const kept = read.state === 'whole' ? decodeSummary(this.#logName, read.value) : null
      if (kept !== null && kept.commits === counts.commits) return kept
    }
    const state = await this.open(id)
    return { ...this.#replica.documents.countsOf(id), stateHash: state?.stateHash() ?? new Uint8Array(32) }
  }

  #needPayloads(id: string): void {
    const withheld = withheldError(this.#replica, id)
    if (withheld !== null) throw withheld
  }

  /** Keeps the summaries of open documents that changed, so that they need not be opened the next time. */
  async keepSummaries(): Promise<void> {
    await this.durable()
    const changes: StoreChange[] = []
    for (const id of this.#replica.documentIds()) {
      const log = this.#replica.documentLog(id)
      if (log?.state === null || log?.isCurrent !== true || this.#keptAt.get(id) === log.folded) continue
      if (!this.isWritten(id)) continue
      const summary = { commits: log.folded, refused: log.refused, stateHash: log.state.stateHash() }
      changes.push({ type: 'put', key: summaryKey(id), value: encodeSummary(this.#logName, summary) })
      this.#keptAt.set(id, log.folded)
    }
    if (changes.length > 0) await this.#parts.store.write(changes)
    await this.#books.whenQuiet()
  }

  /** True when every commit with a section of the document is on the disk, so that its state may be kept. */
  isWritten(id: string): boolean {
    const orders = this.#replica.documentLog(id)?.orders
    return (orders?.at(orders.length - 1) ?? -1) < this.#commits.writtenLength
  }

  /** Writes what is pending and takes nothing more. */
  async close(): Promise<void> {
    await this.durable().then(
      async () => this.#books.close(),
      () => {
        // Whoever wrote has been told; closing goes on.
      },
    )
    this.#isClosed = true
    this.#loose.close()
    this.#failure ??= new CoopError('read-only', 'the node is stopping', 'Start it again.')
  }

  /** Makes documents anew of which a fork hides or shows other parts; their old states are stale, and pages bind again. */
  async #rebuildStale(): Promise<void> {
    this.#rebuilding ??= this.#rebuildAll().finally(() => {
      this.#rebuilding = null
    })
    return this.#rebuilding
  }

  async #rebuildAll(): Promise<void> {
    const rebuilt: string[] = []
    for (
      let [id] = this.#replica.documents.staleIds();
      id !== undefined;
      [id] = this.#replica.documents.staleIds()
    ) {
      await this.durable() // what is read back must be on the disk
      const replica = this.#replica
      if ((await rebuildDocument(id, this.#source())) && replica === this.#replica) rebuilt.push(id)
    }
    if (rebuilt.length > 0) this.emit('rebuilt', rebuilt)
  }

  #takeLog({ replica, commits, name, missing, hasLoose }: OpenedLog): void {
    this.#replica = replica
    this.#commits = commits
    this.#logName = name
    this.#missing = missing
    this.#loose.close()
    this.#loose = this.#looseRetry(hasLoose)
    this.#suspensions = new Suspensions(replica)
    this.#books.opened(replica.epochs.savedLength)
    commits.onDamage = () => this.emit('damaged')
    this.#lateUnderWay = 0
    // After what is under way, which may still use the state.
    replica.documents.onClosed = (id) => queueMicrotask(() => this.emit('rebuilt', [id]))
  }

  #looseRetry(isNeeded: boolean): LooseRetry {
    const { store, crypto, log } = this.#parts
    const write = async (result: IntakeResult): Promise<void> => {
      this.#queue(result.stored, { ...result, hasMended: false })
      await this.durable()
      this.#areBooksLost()
    }
    return new LooseRetry(
      { store, sha256: crypto.sha256, log, replica: () => this.#replica, write },
      isNeeded,
    )
  }

  #source(): FoldSource {
    const { crypto, log } = this.#parts
    const commits = this.#commits
    return {
      ...{ replica: this.#replica, crypto, log },
      alone: async (work) => this.#intake.alone(work),
      read: async (orders) => this.serve(orders),
      noteDamaged: (order) => commits.noteDamaged(order),
    }
  }

  /** True for commits of this device's key that this device did not write, as far as it knows. */
  #hasOwn({ stored, waiting }: IntakeResult): boolean {
    const own = this.#parts.signer.publicKey
    // What the disk lost comes back from others.
    const isOwn = ({ header }: CommitRecord): boolean =>
      equalBytes(header.device, own) && !this.#missing.isExpected(header.device, header.seq)
    return stored.some(({ record }) => isOwn(record)) || waiting.some(isOwn)
  }

  #queue(stored: readonly TakenCommit[], rest: Omit<Work, 'batch' | 'own'>): void {
    const { waiting, released, late, hasMended } = rest
    if (stored.length + waiting.length + released.length + late.length === 0 && !hasMended) return
    const own = this.#parts.signer.publicKey
    this.#lateUnderWay += late.length
    this.#work.late.push(...late)
    this.#work.batch.add(stored)
    this.#work.own.push(...stored.filter(({ record }) => equalBytes(record.header.device, own)))
    this.#work.waiting.push(...waiting)
    this.#work.released.push(...released)
    this.#work.hasMended ||= hasMended
    if (this.#gathering === null) {
      this.#gathering = Promise.withResolvers()
      // Whoever waits is told through the promise itself; nobody has to wait.
      this.#gathering.promise.catch(() => null)
    }
    this.#writeOn()
  }

  #writeOn(): void {
    if (this.#writing === null) void this.#writeAll()
  }

  /** True when what is gathered is to be written. */
  get #isWriteDue(): boolean {
    return this.#gathering !== null && (this.#isReleased || this.#intake.open === null)
  }

  /** Resolves once all is being written but what was taken of the open batch. */
  async #room(): Promise<void> {
    while (this.#isWriteDue) await (this.#writing ?? this.#gathering)?.promise.catch(() => null)
    // Whoever waits for it is answered before more is taken in. Once for each slice, however many are written.
    if (this.#isOwnUnderWay) await this.#writing?.promise.catch(() => null)
  }

  /** Writes batch after batch; what arrives while one is written makes the next. */
  async #writeAll(): Promise<void> {
    while (this.#gathering !== null && this.#isWriteDue) {
      this.#isOwnUnderWay = this.#isReleased
      this.#isReleased = false
      const work = this.#work
      this.#work = noWork()
      this.#writing = this.#gathering
      this.#gathering = null
      try {
        await this.#write(work)
        this.#writing.resolve()
        const { batch, own } = work
        if (batch.length > 0) this.emit('durable', { batch, own, devices: this.#devicesOf(batch) })
        for (const suspension of this.#suspensions.takeNew()) this.emit('suspended', suspension)
        if (work.hasMended) this.emit('damaged')
        if (work.late.length > 0) this.emit('holes')
        if (batch.length > 0) this.#loose.schedule()
        this.#books.wrote()
      } catch (cause) {
        this.#fail(cause)
      }
    }
    this.#writing = null
    this.#isOwnUnderWay = false
  }

  async #write(work: Work): Promise<void> {
    const commits = this.#commits
    const mended = work.hasMended ? await commits.mendedChanges() : []
    const { batch } = work
    const late = commits.lateChanges(work.late)
    const changes = [...commits.append(batch), ...mended, ...waitingChanges(work), ...late]
    const end = batch.length === 0 ? commits.writtenLength : batch.first + batch.length
    await this.#parts.store.write(changes, this.#missing.mark(end))
    commits.noteWritten()
    commits.noteLate(work.late)
    this.#lateUnderWay -= work.late.length
    this.#missing.settle()
  }

  #devicesOf({ first, length }: LogBatch): number[] {
    const devices = new Set<number>()
    for (let order = first; order < first + length; order += 1)
      devices.add(this.#replica.history.deviceOf(order))
    return [...devices]
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
    this.#parts.log.error({ err: cause }, 'a write failed; rebuilding from the disk')
    this.#writing?.reject(this.#failure)
    this.#drop(this.#failure)
    this.emit('failed', this.#failure)
    void this.#recover()
  }

  /** Gives up what is gathered: the replica is about to be built anew from the disk. */
  #drop(failure: CoopError): void {
    this.#work = noWork()
    this.#isReleased = false
    this.#gathering?.reject(failure)
    this.#gathering = null
  }

  /** True when saved books turned out not to reach; the replica is made anew then. */
  #areBooksLost(): boolean {
    if (this.#replica.booksLoss === null) return false
    this.#remaking ??= this.#remake()
    return true
  }

  /**
   * Builds the replica anew from the whole log: a commit came that the saved books do not reach. It is not taken in; it comes
   * again.
   */
  async #remake(): Promise<void> {
    const failure = new CoopError(
      'read-only',
      'the books are being made anew from the log',
      'Try again in a few seconds.',
    )
    this.#failure = failure
    this.emit('failed', failure)
    // What was taken of a batch in half comes again; writes of this device go to the disk first.
    if (!this.#isWriteDue) this.#drop(failure)
    while (this.#writing !== null) await this.#writing.promise.catch(() => null)
    // A write that failed does the same.
    if (this.#failure === failure) {
      await this.#parts.books?.drop('reach')
      await this.#recover()
    }
    this.#remaking = null
  }

  async #recover(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#parts.store.reopen()
        // A trial write: the disk may still be full.
        await this.#parts.store.write([{ type: 'put', key: TRIAL_KEY, value: new Uint8Array(65_536) }])
        await this.#parts.store.write([{ type: 'del', key: TRIAL_KEY }])
        const end = decodeLogEnd(this.#missing.mark(this.#commits.writtenLength))
        this.#takeLog(await openLog(this.#parts, end))
        this.#opening.clear()
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

function noWork(): Work {
  return { batch: new LogBatch(), own: [], waiting: [], released: [], late: [], hasMended: false }
}

const NONE_CHECKED: ReadonlySet<number> = new Set()
const NO_PAYLOAD: Uint8Array = new Uint8Array()

function unmade(): never {
  throw new Error('sections were not made')
}
