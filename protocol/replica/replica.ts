import { AUTHORITY, AuthorityState, decodeGenesis } from '../authority/index.ts'
import { SEEN_MAX, commitMessage, compareSeen, sectionsRefusal, signCommit } from '../commit/index.ts'
import type { CommitRecord, Section, SeenHead } from '../commit/index.ts'
import { readEntries, readOnce } from '../document/index.ts'
import type {
  CachedDocument,
  DocumentHost,
  DocumentRegistry,
  DocumentState,
  Readings,
  SectionContext,
} from '../document/index.ts'
import { equalBytes, fromHex, toHex } from '../encoding/index.ts'
import { BitList, History } from '../history/index.ts'
import type { HistoryPool, PastVector } from '../history/index.ts'
import { SignatureRule } from '../identity/index.ts'
import type { Crypto, Signer } from '../identity/index.ts'
import type { Act, Verdict } from '../evaluation/index.ts'
import type { DocumentLog } from './document-log.ts'
import { Documents } from './documents.ts'
import type { TakenCommit } from './documents.ts'
import { ForkEnds } from './fork-ends.ts'
import { Epochs } from './epochs.ts'
import { Heads } from './heads.ts'
import { judgeAlone } from './intake.ts'
import type { CommitRefusal, IntakeView } from './intake.ts'
import { NextCommit } from './next-commit.ts'
import type { Trial } from './next-commit.ts'
import { emptyResult } from './results.ts'
import type { AuthorResult, IntakeResult, RestoredCommit } from './results.ts'
import { COVER_CHECKS_MAX, OpenBatch } from './open-batch.ts'
import { Pending } from './pending.ts'
import type { Released } from './pending.ts'
import { saveBooks, takeUpBooks } from './saved-books.ts'
import type { BooksLoss, SavedBooks } from './saved-books.ts'
import { Standings } from './standing.ts'
import type { Standing } from './standing.ts'
import { Stretches } from './stretches.ts'
import { Visibility } from './visibility.ts'

/** What a replica stands on. */
export interface ReplicaInit {
  /** Co-op id, 32 bytes. */
  coop: Uint8Array
  crypto: Crypto
  registry: DocumentRegistry
  /** Key of this device, or null on a replica that only reads. */
  signer: Signer | null
  /** Kept states of documents, if the host has any. */
  cached?: (document: string) => CachedDocument | null
  /** Judges signatures; one that several replicas of a simulation share remembers for all. Default: one of its own. */
  rule?: SignatureRule
  /** What was read of records that replicas hand each other: one that several of a simulation share. Default: none. */
  readings?: Readings
  /** What follows from the bytes of commits, which replicas of a simulation share. Default: each keeps its own. */
  pool?: HistoryPool
  /** Any 32-bit number that peers do not know: it keeps them from slowing look-ups down. Default 0, for tests. */
  seed?: number
  /** Books that were saved of the same log, to start from. The commits that they stand for are handed in by `restore` alone. */
  books?: SavedBooks | null
  /**
   * True: a document is folded once somebody opens it, with what came until then handed in by `fold`. False (default): one
   * that begins here is folded from its first section on.
   */
  isLazy?: boolean
}

/**
 * The whole of one device's knowledge: chains, roster and documents. Synchronous, without clock, disk or network: a
 * host gives it commits and time, and writes what it returns. Equal sets of commits give equal states in any order.
 */
export class Replica {
  readonly coop: Uint8Array
  readonly rule: SignatureRule
  readonly history: History
  readonly heads: Heads
  readonly authority: AuthorityState
  readonly forkEnds: ForkEnds
  readonly visibility: Visibility
  readonly epochs: Epochs
  readonly pending: Pending = new Pending()
  /** Key of this device in hex, or null on a reading replica. */
  readonly device: string | null
  readonly #init: Omit<ReplicaInit, 'books'>
  /** States of documents, and what is kept of each. */
  readonly documents: Documents
  readonly #standings: Standings
  readonly #next: NextCommit
  readonly #view: IntakeView
  /** Commits whose own signature this replica has checked; the others are covered by a later one. */
  readonly #signed = new BitList()
  /** Devices that `heads` knows: the first ones. */
  #knownDevices = 0
  /** Counts what was taken in from peers. */
  #intakes = 0
  /** Length of each branch up to and with its last authority section, by index. */
  readonly #authorityLengths: number[] = []
  /** Saved books, until all commits that they stand for are here. */
  #books: SavedBooks | null

  constructor({ books = null, ...init }: ReplicaInit) {
    this.#init = init
    this.#books = books
    this.coop = init.coop
    this.device = init.signer === null ? null : toHex(init.signer.publicKey)
    const { sha256 } = init.crypto
    const seed = init.seed ?? 0
    this.rule = init.rule ?? new SignatureRule(init.crypto)
    this.history = new History(seed, 'given', init.pool ?? null)
    this.forkEnds = new ForkEnds(this.history)
    this.heads = new Heads(sha256, { history: this.history, endsOf: (device) => this.forkEnds.of(device) })
    const isVisible = (order: number): boolean => this.visibility.isVisible(order)
    const cached = init.cached ?? ((): null => null)
    const { readings } = init
    const host: DocumentHost = {
      coop: init.coop,
      sha256,
      rule: this.rule,
      readings,
      isVisible,
      cached,
      books: () => this.epochs.evaluation,
    }
    this.authority = new AuthorityState(host)
    this.#standings = new Standings(this.history, this.authority, {
      nameOf: (device) => this.history.nameOf(device),
      pool: init.pool ?? null,
    })
    this.epochs = new Epochs({
      coop: init.coop,
      history: this.history,
      source: this.authority.epochs,
      admissionOf: (first) => this.#standings.of(first)?.admission ?? null,
      nameOf: (device) => this.history.nameOf(device),
      savedLength: books?.length ?? 0,
    })
    this.visibility = new Visibility(this.history, this.epochs.ground)
    const stretches = new Stretches(this.history, this.visibility)
    this.documents = new Documents({
      registry: init.registry,
      history: this.history,
      visibility: this.visibility,
      stretches,
      standings: this.#standings,
      authority: this.authority,
      host,
      epochs: this.epochs,
      ruled: () => this.#seal(),
      foundingMember: (record, name) => this.#foundingMember(record, name),
      own: init.signer?.publicKey ?? null,
      isLazy: init.isLazy === true,
    })
    const { device, history, authority, epochs, documents, visibility } = this
    const standing = (): Standing | null => this.standing
    this.#next = new NextCommit({
      ...{ device, history, authority, epochs, documents, visibility, stretches, standing },
    })
    this.#view = {
      coop: init.coop,
      rule: this.rule,
      history: this.history,
      pending: this.pending,
      epochOf: (order) => this.epochs.idOf(order),
      mayCite: ({ header }) => {
        const seen = header.seen.map((head) => this.history.find(head.id)).filter((order) => order >= 0)
        const prev = header.prev === null ? -1 : this.history.find(header.prev)
        return this.epochs.mayCite(header.epoch, { prev, seen })
      },
      seed,
      isAlwaysSent: (document) => this.isAlwaysSent(document),
      mayBegin: (record) => {
        const seen = record.header.seen.map((head) => this.history.find(head.id))
        if (this.#isAdmittedBy(record, seen)) return true
        return seen.includes(-1) ? null : false
      },
    }
  }

  /** Number of commits in the log. */
  get logLength(): number {
    return this.history.length
  }

  /** Number of commits of a device (hex) up to the end of its longest branch; 0 when there are none. */
  lengthOf(device: string): number {
    return this.#lengthOf(fromHex(device) ?? NONE)
  }

  /** As `lengthOf`, for this device. */
  get ownLength(): number {
    return this.#lengthOf(this.#init.signer?.publicKey ?? NONE)
  }

  #lengthOf(key: Uint8Array): number {
    const branches = this.history.branchesOf(this.history.findDevice(key))
    return branches.reduce((length, branch) => Math.max(length, branch.length), 0)
  }

  /** True when commit `order` bears a signature that this replica has checked itself. */
  isSigned(order: number): boolean {
    return this.#signed.has(order)
  }

  /** Commits of this commit's branch up to and with the last that bears an authority section; never fewer. */
  authorityLengthOf(order: number): number {
    return this.#authorityLengths[this.history.branchOf(order).index] ?? 0
  }

  /** True unless sections of this document may be stored and sent without their payload. */
  isAlwaysSent(document: string): boolean {
    return this.#init.registry.isAlwaysSent(document)
  }

  /** What a commit does for the books; its payloads are here. */
  actsOf(record: CommitRecord): readonly Act[] {
    return this.#init.registry.actsOf(record, this.#init.crypto.sha256)
  }

  /** Ids of the documents that somebody wrote; see `Documents.ids`. */
  documentIds(): string[] {
    return this.documents.ids()
  }

  /** Folded state of a document, or null when nobody wrote it yet or it is not loaded. */
  document(id: string): DocumentState | null {
    return this.documents.stateOf(id)
  }

  /** What the replica keeps of a document; null when nobody wrote or opened it. */
  documentLog(id: string): DocumentLog | null {
    return this.documents.logOf(id)
  }

  /** Opens a document so that it can be read and written; see `Documents.open`. */
  openDocument(id: string): DocumentState | null {
    return this.documents.open(id)
  }

  /** What this device's chain stands on: what its first commit acknowledged, or will acknowledge. Null for a stranger. */
  get standing(): Standing | null {
    const { own } = this.#next
    if (own >= 0) return this.#standings.of(own)
    const admission = this.authority.devices.get(this.device ?? '')?.admissions[0]
    if (admission === undefined) return null
    return { role: admission.role, member: admission.member, admission: admission.commit }
  }

  /**
   * Takes commits from a peer, in the order sent.
   *
   * @param checked - places of records whose own signature the host has checked by `SignatureRule` and found good
   */
  ingest(records: readonly CommitRecord[], checked?: ReadonlySet<number>): IntakeResult {
    const [only] = records
    if (only === undefined || records.length > 1) return this.take(this.begin(records, checked))
    return this.#takeAlone(this.documents.holes.strip(records)[0] ?? only, checked?.has(0) === true)
  }

  /** As `take` of a batch of one, which gossip brings by the thousand. */
  #takeAlone(record: CommitRecord, isChecked: boolean): IntakeResult {
    const result = emptyResult()
    if (this.booksLoss !== null) return result
    const verdict = judgeAlone(record, this.#view, (it) => isChecked || this.#isSignatureOf(it))
    if (verdict === 'duplicate') {
      result.duplicates = 1
      result.late = this.documents.holes.takeLate(record)
    } else if (verdict === 'linked') this.#take(record, true, result)
    else if (verdict !== 'later') result.refused.push({ record, refusal: verdict })
    this.#intakes += 1
    return result
  }

  /**
   * A batch that is taken in by and by: other things may be taken in, or written, between two calls of `take`. Payloads of
   * declined documents are left out.
   *
   * @param window - after each so many records the last one of each device is among the checked
   */
  begin(
    records: readonly CommitRecord[],
    checked: ReadonlySet<number> = NONE_CHECKED,
    window: number = Infinity,
  ): OpenBatch {
    return new OpenBatch(this.documents.holes.strip(records), checked, window)
  }

  /** Takes the next commits of a batch, at most `most`; what became of them. */
  take(batch: OpenBatch, most: number = Infinity): IntakeResult {
    const result = emptyResult()
    let left = this.booksLoss === null ? most : 0
    do {
      batch.judge(this.#view, this.#intakes)
      for (
        let next = left > 0 ? batch.shift() : null;
        next !== null;
        next = left > 0 ? batch.shift() : null
      ) {
        left -= 1
        const { record, verdict, isSigned } = next
        const stored = result.stored.length
        if (verdict === 'duplicate') {
          result.duplicates += 1
          result.late.push(...this.documents.holes.takeLate(record))
        } else if (verdict === 'linked') this.#take(record, isSigned, result)
        else if (verdict !== 'later') result.refused.push({ record, refusal: verdict })
        if (result.stored.length > stored) batch.noteStored()
        if (this.booksLoss !== null) left = 0
      }
    } while (left > 0 && !batch.isDone)
    this.#intakes += 1
    batch.noteTaken(this.#intakes)
    return result
  }

  /**
   * True when this device may write although a batch is taken in half: signatures that hold cover what was taken, so that
   * what the write acknowledges can be passed on without the rest. Checks the last one of each chain, unless these are
   * more than `COVER_CHECKS_MAX`; never true while commits of this very device are to come, which are the past of the write.
   */
  cover(batch: OpenBatch): boolean {
    if (batch.done.length === 0 || batch.isDone) return true
    const own = this.#init.signer?.publicKey ?? NONE
    if (batch.left().some((it) => equalBytes(it.header.device, own))) return false
    const closed = new Set<number>()
    let checks = 0
    for (const record of batch.done.toReversed()) {
      const order = this.history.find(record.id)
      if (order < 0) continue
      const { index } = this.history.branchOf(order)
      if (closed.has(index)) continue
      closed.add(index)
      if (!this.#signed.has(order)) checks += 1
      if (checks > COVER_CHECKS_MAX || !this.#isSignatureGood(order, () => record)) return false
    }
    return true
  }

  /**
   * Takes back a commit from the host's own log, at the next place, with its verdict of then. False when the log is
   * not ours or torn. `isSigned`: its own signature was checked when it was stored.
   */
  load(record: CommitRecord, isSigned: boolean): boolean {
    const { header, id } = record
    if (!equalBytes(header.coop, this.coop) || this.history.find(id) >= 0) return false
    const prev = header.prev === null ? -1 : this.history.find(header.prev)
    if (header.prev !== null && prev < 0) return false
    const seen = header.seen.map((head) => this.history.find(head.id))
    if (seen.includes(-1) || !this.epochs.mayCite(header.epoch, { prev, seen })) return false
    this.#store(record, { prev, seen }, isSigned)
    return true
  }

  /**
   * Takes back the next commit from the host's index: its links, without its sections, which are folded when their
   * document is opened. False when it does not follow what is there.
   */
  restore(row: RestoredCommit): boolean {
    const { history } = this
    if (row.prev >= history.length || row.seen.some((it) => it >= history.length)) return false
    if (row.prev < 0 ? row.seq !== 0 : history.seqOf(row.prev) + 1 !== row.seq) return false
    const order = history.restore(row)
    this.#enter(order, row.isSigned, row.epoch ?? this.coop, row.acts ?? NO_ACTS)
    const { missing = 0, seq } = row
    for (let i = 0; i < row.documents.length; i += 1)
      this.#noteSection(row.documents[i] ?? '', order, { seq, isMissing: ((missing >>> i) & 1) === 1 })
    return true
  }

  /**
   * Why the saved books that this replica started from are of no use; also while commits are lacking that they stand for. It
   * takes in nothing then, and the host makes another one without them. Null for all is well.
   */
  get booksLoss(): BooksLoss | null {
    return this.#books === null ? this.epochs.booksLoss : 'misfit'
  }

  /**
   * What the books say of all commits of the log; null while that cannot be told: sections of the authority document are not
   * folded, or it is too long.
   */
  saveBooks(): Uint8Array | null {
    return this.documents.log(AUTHORITY).isCurrent ? saveBooks(this) : null
  }

  /** Judges sections as if this device wrote them now. */
  check(sections: readonly Section[]): { ok: true } | { ok: false; refusal: string; detail: string } {
    const trial = this.#next.try(() => this.#judge(sections))
    this.#next.forget()
    return trial
  }

  #judge(sections: readonly Section[]): Trial {
    const broken = sectionsRefusal(sections)
    if (broken !== null) return refuse(broken, `no commit may hold these sections: '${broken}'`)
    const lacking: number[] = []
    const device = this.#init.signer?.publicKey ?? new Uint8Array()
    const payloads = sections.map((it) => it.payload)
    const acts = (): readonly Act[] =>
      this.#init.registry.actsOf({ header: { device, sections }, payloads }, this.#init.crypto.sha256)
    for (const section of sections) {
      const context = this.#next.contextOf(section, acts)
      if (context === null) return refuse('not-a-member', 'this device is not on the roster')
      const log = this.documentLog(section.document)
      if (log?.isDeclined === true)
        return refuse('document-declined', `this device declines '${section.document}'`)
      if (log?.isWithheld === true)
        return refuse('document-incomplete', `parts of '${section.document}' are not here yet`)
      const state = this.openDocument(section.document)
      if (state === null)
        return refuse('unknown-document', `no kind of document is named '${section.document}'`)
      if (this.documents.isStale(section.document))
        return refuse('stale', `'${section.document}' must be made anew before it is written`)
      const verdict = state.check(context)
      if (!verdict.ok) return refuse(verdict.refusal, verdict.detail)
      lacking.push(...(state.lacking?.(context) ?? []))
    }
    return { ok: true, lacking }
  }

  /** What the books would make of these acts in this device's next commit: why they would be void, and what it has then. */
  judge(acts: readonly Act[]): Verdict {
    return this.#next.judge(acts)
  }

  /** What this device may take from an account, with what its next commit accepts; minor units. */
  spendable(account: string): bigint {
    const { own } = this.#next
    return this.judge([]).left.get(account) ?? (own < 0 ? 0n : this.epochs.evaluation.left(own, account))
  }

  /** Writes one commit on this device's chain, after as many acknowledging ones as it needs. */
  author(sections: readonly Section[], nowMs: number): AuthorResult {
    const { signer } = this.#init
    if (signer === null) return refuse('read-only', 'this replica has no key')
    if (this.booksLoss !== null) return refuse('stale', 'the books must be made anew from the log')
    const verdict = this.#next.try(() => this.#judge(sections))
    if (!verdict.ok) return verdict
    if (sections.length === 0 && this.standing === null)
      return refuse('not-a-member', 'this device is not on the roster')
    const number = this.history.findDevice(signer.publicKey)
    if (this.history.branchesOf(number).length > 1)
      return refuse(
        'forked',
        'this device key has written two histories: a copy of its data folder wrote as well',
      )
    if (this.pending.isWaiting(this.device ?? ''))
      return refuse('chain-waits', 'this device still lacks commits that its own chain acknowledges')
    const stored: TakenCommit[] = []
    // Planned anew for each: what one lists may show where a chain parts, and then the next must not list that again.
    while (this.#next.plan.seen.length > SEEN_MAX)
      stored.push(this.#write([], firstHeads(this.#next.plan.seen), signer, nowMs))
    const last = this.#write(sections, this.#next.plan.seen, signer, nowMs)
    this.#next.forget()
    return { ok: true, stored: [...stored, last], commit: last.record }
  }

  /**
   * Of commits about to be sent, in the order of the log: how many to send now so that the last one of each chain
   * carries a signature that holds, as the receiver demands. `recordOf` decodes a commit of the batch.
   * Returns the places to send; those left out go with the next batch.
   */
  closeRuns(orders: readonly number[], recordOf: (place: number) => CommitRecord | null): number[] {
    const closed = new Set<number>()
    /** Commits that a branch which is sent parts from: its signature covers them. */
    const covered = new Set<number>()
    const kept: number[] = []
    for (let place = orders.length - 1; place >= 0; place -= 1) {
      const order = orders[place] ?? -1
      const branch = this.history.branchOf(order)
      if (!closed.has(branch.index)) {
        if (!covered.has(order) && !this.#isSignatureGood(order, () => recordOf(place))) continue
        closed.add(branch.index)
      }
      if (branch.parent !== null && branch.orders.at(0) === order) covered.add(branch.at(branch.base - 1))
      kept.push(place)
    }
    return kept.reverse()
  }

  #isSignatureGood(order: number, recordOf: () => CommitRecord | null): boolean {
    if (this.#signed.has(order)) return true
    const record = recordOf()
    if (record === null) return false
    if (!this.#isSignatureOf(record)) return false
    this.#signed.add(order)
    return true
  }

  #isSignatureOf({ header, id, signature }: CommitRecord): boolean {
    return this.rule.verifyId(header.device, { id, messageOf: commitMessage }, signature)
  }

  #take(record: CommitRecord, isSigned: boolean, result: IntakeResult): void {
    const { header } = record
    const refuseIt = (refusal: CommitRefusal): void => void result.refused.push({ record, refusal })
    const prev = this.#orderOf(header.prev)
    const links = this.#resolve(record, prev)
    if (header.prev === null && !this.#isKnownDevice(record, links?.missing.length === 0))
      return refuseIt('unknown-device')
    const isLinked = header.prev === null || prev >= 0 || this.pending.has(header.prev)
    if (!isLinked) return refuseIt('gap') // an earlier record of the batch was refused
    if (links === null) {
      for (const dropped of this.pending.drop(record.id)) result.released.push(dropped.id)
      return refuseIt('false-seen')
    }
    if (links.missing.length > 0) {
      if (!this.pending.hasRoomFor(record)) return refuseIt('waiting-quota')
      this.pending.add(record, links.missing, isSigned)
      result.waiting.push(record)
      return
    }
    const refusal = this.#refusalOf(record, links)
    if (refusal !== null) return refuseIt(refusal)
    if (this.#isOutOfReach(record, links)) return
    const taken = this.#store(record, links, isSigned)
    // A list of one takes room for one.
    if (result.stored.length === 0) result.stored = [taken]
    else result.stored.push(taken)
    this.#takeReleased(record.id, result)
  }

  /** Takes all that waited for this commit, and for those in turn. */
  #takeReleased(id: Uint8Array, result: IntakeResult): void {
    const ready = this.pending.release(id)
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      const { record, isSigned } = next
      const links = this.#resolve(record)
      if (links !== null && this.#isOutOfReach(record, links)) return
      result.released.push(record.id)
      const refusal = links === null ? 'false-seen' : this.#releasedRefusal(next, links)
      if (links === null || refusal !== null) {
        for (const dropped of this.pending.drop(record.id)) result.released.push(dropped.id)
        result.dropped.push({ record, refusal: refusal ?? 'false-seen' })
        continue
      }
      result.stored.push(this.#store(record, links, isSigned))
      ready.push(...this.pending.release(record.id))
    }
  }

  /** True for a commit that saved books cannot take up; from then on nothing is taken in. */
  #isOutOfReach({ header }: CommitRecord, { prev }: Links): boolean {
    if (this.epochs.isOutOfReach(header.device, prev)) this.epochs.loseBooks('reach')
    return this.booksLoss !== null
  }

  /** Why a commit whose links are all here cannot be stored; null when it can. */
  #refusalOf(record: CommitRecord, links: Links): CommitRefusal | null {
    if (!this.epochs.mayCite(record.header.epoch, links)) return 'unknown-epoch'
    return this.#isAdmittedBy(record, links.seen) ? null : 'unknown-device'
  }

  /** What covered it may not have found room to wait; then it comes again. */
  #releasedRefusal({ record, isCovered }: Released, links: Links): CommitRefusal | null {
    const refusal = this.#refusalOf(record, links)
    if (refusal !== null) return refusal
    return isCovered || this.#isSignatureOf(record) ? null : 'unsigned-stretch'
  }

  /** Order of a commit, or -1. */
  #orderOf(id: Uint8Array | null): number {
    return id === null ? -1 : this.history.find(id)
  }

  /** Orders that a commit links to, and ids that are not folded here; null when it names a head falsely. */
  #resolve(
    { header }: CommitRecord,
    prev: number = this.#orderOf(header.prev),
  ): { prev: number; seen: number[]; missing: readonly Uint8Array[] } | null {
    const { history } = this
    const seen = history.ordersOf(header.seen)
    if (seen === null) return null
    const isPrevMissing = header.prev !== null && prev < 0
    if (!isPrevMissing && !seen.includes(-1)) return { prev, seen, missing: NO_IDS }
    const missing = header.seen.filter((_, i) => seen[i] === -1).map((head) => head.id)
    return {
      prev,
      seen,
      missing: header.prev !== null && isPrevMissing ? [header.prev, ...missing] : missing,
    }
  }

  /**
   * True unless it is a first commit that neither acknowledges the admission of its device nor founds the co-op. Judged
   * by what it acknowledges alone: an admission may be on a branch that others are not told of, and they must judge alike.
   */
  #isAdmittedBy(record: CommitRecord, seen: readonly number[]): boolean {
    if (record.header.prev !== null) return true
    const known = this.#init.pool?.admitted
    // With all of its past here, each replica finds the same.
    const isWhole = !seen.includes(-1)
    if (isWhole && known?.has(record.id) === true) return true
    const name = readOnce(this.#init.readings, toHex, record.header.device)
    const admissions = this.authority.admissionsOf(name)
    const isKnown = (order: number): boolean =>
      seen.some((head) => head >= 0 && this.history.knows(head, order))
    const isAdmitted =
      admissions.some((it) => isKnown(it.order)) || this.#foundingMember(record, name) !== null
    if (isAdmitted && isWhole) known?.add(record.id)
    return isAdmitted
  }

  /** `isWhole`: all that the commit lists is here. */
  #isKnownDevice(record: CommitRecord, isWhole: boolean): boolean {
    if (isWhole && this.#init.pool?.admitted.has(record.id) === true) return true
    if (this.history.findDevice(record.header.device) >= 0) return true
    const name = readOnce(this.#init.readings, toHex, record.header.device)
    return this.authority.isAdmitted(name) || this.#foundingMember(record, name) !== null
  }

  /** The founding member (hex), when this is the commit that founds the co-op; else null. */
  #foundingMember(record: CommitRecord, name: string): string | null {
    const at = record.header.sections.findIndex((it) => it.document === AUTHORITY)
    const payload = record.payloads[at] ?? null
    if (payload === null || record.header.seq !== 0) return null
    const entries = record.header.sections[at]?.entries ?? 0
    const entry = readEntries(payload, 1)?.[0]
    // Another act is not to be judged without a past: what was found of an epoch then would be kept.
    if (entry?.['t'] !== 'genesis') return null
    if (!this.authority.check(founding(record, name, { payload, entries })).ok) return null
    const genesis = entry['record'] instanceof Uint8Array ? decodeGenesis(entry['record']) : null
    return genesis === null ? null : toHex(genesis.kit)
  }

  #store(record: CommitRecord, { prev, seen }: Links, isSigned: boolean): TakenCommit {
    const { header, id } = record
    const acts = this.actsOf(record)
    const order = this.history.add({ device: header.device, seq: header.seq, id, prev, seen })
    this.#enter(order, isSigned, header.epoch, acts)
    this.heads.touch(this.history.deviceOf(order))
    for (let i = 0; i < header.sections.length; i += 1) {
      const { document } = header.sections[i] ?? { document: '' }
      const isMissing = (record.payloads[i] ?? null) === null
      const log = this.#noteSection(document, order, { seq: header.seq, isMissing })
      if (log.orders.length === 1 && this.#init.isLazy !== true) this.openDocument(document)
      if (log.state === null || log.isStale || log.kind?.isComputed === true) continue
      if (log.folded === log.orders.length - 1) this.documents.foldSection(log, order, record, i)
    }
    return { order, record, acts }
  }

  /** Takes the newest commit of the history into forks, heads, signatures and the books. */
  #enter(order: number, isSigned: boolean, epoch: Uint8Array, acts: readonly Act[]): void {
    const branch = this.history.branchOf(order)
    const { device, parent, base } = branch
    if (parent !== null && branch.orders.at(0) === order)
      this.#authorityLengths[branch.index] = Math.min(this.#authorityLengths[parent.index] ?? 0, base)
    if (device === this.#knownDevices) {
      this.#knownDevices += 1
      this.heads.add(device)
    }
    // What one device acknowledges decides which branches of others are told.
    if (this.forkEnds.note(order)) for (const forked of this.forkEnds.forked) this.heads.touch(forked)
    this.epochs.note(epoch, acts)
    if (acts.length > 0 && order >= this.epochs.savedLength) this.documents.noteActs(order, acts)
    this.#evaluate()
    if (isSigned) this.#signed.add(order)
  }

  /** Takes into account how commits stand, as far as the authority document is folded. */
  #evaluate(): void {
    if (this.#books !== null && this.history.length === this.#books.length) {
      takeUpBooks(this.#books, this)
      this.#books = null
    }
    if (this.booksLoss !== null) return
    const last = this.history.length - 1
    const isBehind = this.epochs.length < last
    const unfolded = this.documents.authorityLog.nextOrder ?? last
    this.epochs.catchUp(Math.min(unfolded, last), this.visibility, (order, regraded) => {
      const changed = this.visibility.note(order, regraded)
      if (changed.size > 0) this.documents.showAnew(changed)
    })
    this.visibility.pass(this.epochs.length)
    if (isBehind && this.epochs.length > last && this.visibility.hasDoubts) this.documents.review()
  }

  /** Takes newly committed seals into account. */
  #seal(): void {
    if (this.booksLoss !== null) return
    this.#regrade(this.epochs.seal(this.documents.log(AUTHORITY).nextOrder ?? Infinity))
    if (this.epochs.length < this.history.length) this.#evaluate()
  }

  #regrade(devices: readonly number[]): void {
    if (devices.length === 0) return
    const changed = this.visibility.regrade(devices)
    if (changed.size > 0) this.documents.showAnew(changed)
  }

  #noteSection(
    document: string,
    order: number,
    { seq, isMissing }: { seq: number; isMissing: boolean },
  ): DocumentLog {
    if (document === AUTHORITY) this.#authorityLengths[this.history.branchOf(order).index] = seq + 1
    return this.documents.note(document, order, isMissing)
  }

  /** What the past of this device's next commit holds. Of this moment: it moves with the next commit. */
  knownToNext(): PastVector {
    return this.#next.plan.known
  }

  #write(
    sections: readonly Section[],
    seen: readonly SeenHead[],
    signer: Signer,
    nowMs: number,
  ): TakenCommit {
    const { own } = this.#next
    const record = signCommit(
      {
        coop: this.coop,
        device: signer.publicKey,
        seq: own < 0 ? 0 : this.history.seqOf(own) + 1,
        prev: own < 0 ? null : this.history.idOf(own).slice(),
        epoch: this.epochs.toCite(own, seen),
        seen: [...seen].sort(compareSeen),
        timeMs: nowMs,
      },
      sections,
      { signer, sha256: this.#init.crypto.sha256 },
    )
    const links = this.#resolve(record)
    if (links === null) throw new Error('this device acknowledged a head falsely')
    return this.#store(record, links, true)
  }
}

/** Orders of what a commit links to. */
interface Links {
  prev: number
  seen: readonly number[]
}

/** As many heads as fit a commit; the two that prove a fork stay together, or one alone would be relied on. */
function firstHeads(seen: readonly SeenHead[]): SeenHead[] {
  const [last, next] = [seen[SEEN_MAX - 1], seen[SEEN_MAX]]
  const isPair = last !== undefined && next !== undefined && equalBytes(last.device, next.device)
  return seen.slice(0, isPair ? SEEN_MAX - 1 : SEEN_MAX)
}

const NONE: Uint8Array = new Uint8Array(32)
const NO_ACTS: readonly Act[] = []
const NO_IDS: readonly Uint8Array[] = []
const NONE_CHECKED: ReadonlySet<number> = new Set()
/** What stands behind the first act of a co-op, before there is a member. */
const FOUNDER: Standing = { role: 'steward', member: '', admission: '' }

function refuse(refusal: string, detail: string): { ok: false; refusal: string; detail: string } {
  return { ok: false, refusal, detail }
}

function founding(
  record: CommitRecord,
  device: string,
  section: { payload: Uint8Array; entries: number },
): SectionContext {
  return {
    document: AUTHORITY,
    commit: record.id,
    device,
    seq: record.header.seq,
    timeMs: record.header.timeMs,
    ...FOUNDER,
    ...section,
    order: -1,
    stretch: { parent: null, rank: 0 },
    epoch: record.header.epoch,
    relies: () => false,
    knows: () => false,
    isGood: () => true,
    follows: () => false,
    find: () => -1,
    placeOf: () => ({ device, seq: record.header.seq }),
    isAtOrAfter: () => false,
    forkSeq: () => Infinity,
    voidReason: () => null,
  }
}
