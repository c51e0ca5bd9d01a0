import { AUTHORITY, AuthorityState, decodeGenesis } from '../authority/index.ts'
import { SEEN_MAX, commitMessage, compareSeen, sectionsRefusal, signCommit } from '../commit/index.ts'
import type { CommitRecord, Section, SeenHead } from '../commit/index.ts'
import { readEntries } from '../document/index.ts'
import type {
  CachedDocument,
  DocumentHost,
  DocumentRegistry,
  DocumentState,
  SectionContext,
} from '../document/index.ts'
import { equalBytes, fromHex, toHex } from '../encoding/index.ts'
import { BitList, History } from '../history/index.ts'
import type { CommitLinks, PastVector } from '../history/index.ts'
import { SignatureRule } from '../identity/index.ts'
import type { Crypto, Signer } from '../identity/index.ts'
import { planAcknowledgements } from './acknowledge.ts'
import type { Acknowledgements } from './acknowledge.ts'
import { DocumentLog } from './document-log.ts'
import { ForkEnds } from './fork-ends.ts'
import { Heads } from './heads.ts'
import type { CommitRefusal, IntakeView } from './intake.ts'
import { COVER_CHECKS_MAX, OpenBatch } from './open-batch.ts'
import { Pending } from './pending.ts'
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
  /** Any 32-bit number that peers do not know: it keeps them from slowing look-ups down. Default 0, for tests. */
  seed?: number
  /**
   * True: a document is folded once somebody opens it, with what came until then handed in by `fold`. False (default): one
   * that begins here is folded from its first section on.
   */
  isLazy?: boolean
}

/** A commit that the host must now write at this place of its log. */
export interface StoredCommit {
  /** Place in the log, from 0 without gaps; what a commit acknowledges has a smaller one. */
  order: number
  record: CommitRecord
}

/** What a host's index keeps of a commit. */
export interface RestoredCommit extends CommitLinks {
  /** Its own signature was checked. */
  isSigned: boolean
  documents: readonly string[]
}

/** What a batch did. */
export interface IntakeResult {
  /** Folded, in the order of the log. */
  stored: StoredCommit[]
  /** Checked, but what they acknowledge is not all here: the host keeps them aside. */
  waiting: CommitRecord[]
  /** Ids of commits that no longer wait: they are in `stored`, or can never be. */
  released: Uint8Array[]
  duplicates: number
  /** Of what was sent. */
  refused: { record: CommitRecord; refusal: CommitRefusal }[]
  /** Had waited, and turned out to be refused: no fault of who sent what they waited for. */
  dropped: { record: CommitRecord; refusal: CommitRefusal }[]
}

/** What a local write did. */
export type AuthorResult =
  | { ok: true; stored: StoredCommit[]; commit: CommitRecord }
  | { ok: false; refusal: string; detail: string }

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
  readonly pending: Pending = new Pending()
  readonly #init: ReplicaInit
  readonly #host: DocumentHost
  readonly #standings: Standings
  readonly #stretches: Stretches
  readonly #documents = new Map<string, DocumentLog>()
  readonly #view: IntakeView
  /** Commits whose own signature this replica has checked; the others are covered by a later one. */
  readonly #signed = new BitList()
  /** Documents whose kept state did not match the log. */
  readonly #uncached = new Set<string>()
  /** Devices that `heads` knows: the first ones. */
  #knownDevices = 0
  /** Documents whose state must be made anew. */
  readonly #stale = new Set<string>()
  #planned: Plan | null = null
  /** Counts what was taken in from peers. */
  #intakes = 0
  /** Device keys in hex, by number. */
  readonly #names: string[] = []
  /** Length of each branch up to and with its last authority section, by index. */
  readonly #authorityLengths: number[] = []

  constructor(init: ReplicaInit) {
    this.#init = init
    this.coop = init.coop
    const { sha256 } = init.crypto
    const seed = init.seed ?? 0
    this.rule = init.rule ?? new SignatureRule(init.crypto)
    this.history = new History(seed)
    this.forkEnds = new ForkEnds(this.history)
    this.visibility = new Visibility(this.history)
    this.#stretches = new Stretches(this.history, this.visibility)
    this.heads = new Heads(sha256, { history: this.history, endsOf: (device) => this.forkEnds.of(device) })
    const cached = (id: string): CachedDocument | null =>
      this.#uncached.has(id) ? null : (init.cached?.(id) ?? null)
    const isVisible = (order: number): boolean => this.visibility.isVisible(order)
    this.#host = { coop: init.coop, sha256, rule: this.rule, isVisible, cached }
    this.authority = new AuthorityState(this.#host)
    this.#standings = new Standings(this.history, this.authority)
    this.#log(AUTHORITY).state = this.authority
    this.#view = {
      coop: init.coop,
      rule: this.rule,
      history: this.history,
      pending: this.pending,
      seed,
      // Of every document, while nobody can ask for a payload later: a commit stored without it would stay so, and
      // its document would differ for ever from that of peers with the same heads.
      isAlwaysSent: () => true,
      mayBegin: (record) => {
        const seen = record.header.seen.map((head) => this.history.find(head.id))
        return seen.includes(-1) || this.#isAdmittedBy(record, seen)
      },
    }
  }

  /** Number of commits in the log. */
  get logLength(): number {
    return this.history.length
  }

  /** Key of this device in hex, or null on a reading replica. */
  get device(): string | null {
    return this.#init.signer === null ? null : toHex(this.#init.signer.publicKey)
  }

  /** Number of commits of a device (hex) up to the end of its longest branch; 0 when there are none. */
  lengthOf(device: string): number {
    const number = this.history.findDevice(fromHex(device) ?? NONE)
    return this.history.branchesOf(number).reduce((length, branch) => Math.max(length, branch.length), 0)
  }

  /** True when commit `order` bears a signature that this replica has checked itself. */
  isSigned(order: number): boolean {
    return this.#signed.has(order)
  }

  /** Commits of this commit's branch up to and with the last that bears an authority section; never fewer. */
  authorityLengthOf(order: number): number {
    return this.#authorityLengths[this.history.branchOf(order).index] ?? 0
  }

  /**
   * Ids of the documents that somebody wrote, sorted. One that was only opened to be looked at is not among them, and
   * none of which nothing is shown: others may not have been told of it.
   */
  documentIds(): string[] {
    return [...this.#documents.values()]
      .filter((it) => it.orders.length > 0 && it.kind !== null && this.#isShown(it))
      .map((it) => it.id)
      .sort()
  }

  #isShown(log: DocumentLog): boolean {
    if (!log.isContested || log.kind?.takesHidden === true) return true
    for (let at = 0; at < log.orders.length; at += 1)
      if (this.visibility.isVisible(log.orders.at(at) ?? -1)) return true
    return false
  }

  /** Folded state of a document, or null when nobody wrote it yet or it is not loaded. */
  document(id: string): DocumentState | null {
    return this.#documents.get(id)?.state ?? null
  }

  /** What the replica keeps of a document; null when nobody wrote or opened it. */
  documentLog(id: string): DocumentLog | null {
    return this.#documents.get(id) ?? null
  }

  /**
   * Opens a document so that it can be read and written; null for an unknown kind. Sections that were stored while it
   * was not open are handed in with `fold`.
   */
  openDocument(id: string): DocumentState | null {
    return this.#open(this.#log(id))
  }

  #open(log: DocumentLog, outdated?: DocumentState): DocumentState | null {
    if (log.state === null && log.kind !== null) {
      log.state = log.kind.open(log.id, this.#host, outdated)
      log.folded = 0
      log.refused = 0
    }
    return log.state
  }

  /**
   * Throws an open document's state away, and the kept state that it may have started from: the next `openDocument`
   * begins with nothing.
   */
  forgetDocument(id: string): void {
    this.#restart(this.#log(id))
    this.#uncached.add(id)
  }

  /**
   * Documents whose state must be made anew with `rebuild`: other sections of them are shown than before, or a section
   * told what must be known from the start.
   */
  staleDocuments(): string[] {
    return [...this.#stale]
  }

  /**
   * Makes a stale document's state anew from the commits with its sections, in the order of `documentLog(id).sections`.
   * False when others came meanwhile, and nothing was done. Whoever held the old state opens the document again.
   */
  rebuild(id: string, commits: readonly StoredCommit[]): boolean {
    const log = this.#log(id)
    const sections = log.sections()
    if (commits.length !== sections.length || !commits.every(({ order }, i) => order === sections[i]))
      return false
    this.#foldAnew(log, commits)
    if (log.state?.isOutdated === true) this.#foldAnew(log, commits, log.state)
    return true
  }

  #foldAnew(log: DocumentLog, commits: readonly StoredCommit[], outdated?: DocumentState): void {
    this.#restart(log)
    this.#stale.delete(log.id)
    log.isStale = false
    this.#open(log, outdated)
    for (const { order, record } of commits) this.#foldSection(log, order, record)
  }

  /** Throws a state away; of the authority document what it holds, since everybody holds that state. */
  #restart(log: DocumentLog): void {
    if (log.id === AUTHORITY) {
      this.authority.clear()
      this.#standings.clear()
    } else log.state = null
    log.folded = 0
    log.refused = 0
  }

  /** Hands in the commits that bear an open document's next sections, in the order of the log. */
  fold(id: string, commits: readonly StoredCommit[]): void {
    const log = this.#log(id)
    for (const { order, record } of commits) {
      if (log.next(1)[0] !== order) throw new RangeError(`commit ${order} is not the next of '${id}'`)
      this.#foldSection(log, order, record)
    }
  }

  /** Counts of a document: commits folded and sections refused. */
  documentCounts(id: string): { commits: number; refused: number } {
    const log = this.#documents.get(id)
    return { commits: log?.orders.length ?? 0, refused: log?.refused ?? 0 }
  }

  /** What this device's chain stands on: what its first commit acknowledged, or will acknowledge. Null for a stranger. */
  get standing(): Standing | null {
    const own = this.#ownEnd()
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
    return this.take(new OpenBatch(records, checked))
  }

  /**
   * Takes the next commits of a batch, at most `most`; what became of them. Other things may be taken in, or written,
   * between two calls.
   */
  take(batch: OpenBatch, most: number = Infinity): IntakeResult {
    const result: IntakeResult = {
      ...{ stored: [], waiting: [], released: [], duplicates: 0 },
      ...{ refused: [], dropped: [] },
    }
    batch.judge(this.#view, this.#intakes)
    this.#intakes += 1
    batch.noteTaken(this.#intakes)
    const end = Math.min(batch.records.length, batch.at + most)
    for (; batch.at < end; batch.at += 1) {
      const record = batch.records[batch.at]
      const { verdict } = batch
      if (record === undefined) continue
      if (verdict === 'duplicate') result.duplicates += 1
      else if (verdict === 'linked') this.#take(record, batch.signed.has(batch.at), result)
      else result.refused.push({ record, refusal: verdict })
    }
    return result
  }

  /**
   * True when this device may write although a batch is taken in half: signatures that hold cover what was taken, so that
   * what the write acknowledges can be passed on without the rest. Checks the last one of each chain, unless these are
   * more than `COVER_CHECKS_MAX`; never true while commits of this very device are to come, which are the past of the write.
   */
  cover(batch: OpenBatch): boolean {
    const { records, at, isDone } = batch
    if (at === 0 || isDone) return true
    const own = this.#init.signer?.publicKey ?? NONE
    for (let i = at; i < records.length; i += 1)
      if (equalBytes(records[i]?.header.device ?? NONE, own)) return false
    const closed = new Set<number>()
    for (let i = at - 1, checks = 0; i >= 0; i -= 1) {
      const record = records[i]
      const order = record === undefined ? -1 : this.history.find(record.id)
      if (record === undefined || order < 0) continue
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
    if (seen.includes(-1)) return false
    this.#store(record, { prev, seen, isSigned })
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
    this.#enter(order, row.isSigned)
    for (const document of row.documents) this.#noteSection(document, order, row.seq)
    return true
  }

  /** Judges sections as if this device wrote them now. */
  check(sections: readonly Section[]): { ok: true } | { ok: false; refusal: string; detail: string } {
    const broken = sectionsRefusal(sections)
    if (broken !== null) return refuse(broken, `no commit may hold these sections: '${broken}'`)
    for (const section of sections) {
      const context = this.#ownContext(section)
      if (context === null) return refuse('not-a-member', 'this device is not on the roster')
      const state = this.openDocument(section.document)
      if (state === null)
        return refuse('unknown-document', `no kind of document is named '${section.document}'`)
      if (this.#stale.has(section.document))
        return refuse('stale', `'${section.document}' must be made anew before it is written`)
      const verdict = state.check(context)
      if (!verdict.ok) return refuse(verdict.refusal, verdict.detail)
    }
    return { ok: true }
  }

  /** Writes one commit on this device's chain, after as many acknowledging ones as it needs. */
  author(sections: readonly Section[], nowMs: number): AuthorResult {
    const { signer } = this.#init
    if (signer === null) return refuse('read-only', 'this replica has no key')
    const verdict = this.check(sections)
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
    const stored: StoredCommit[] = []
    // Planned anew for each: what one lists may show where a chain parts, and then the next must not list that again.
    while (this.#plan().seen.length > SEEN_MAX)
      stored.push(this.#write([], firstHeads(this.#plan().seen), signer, nowMs))
    const last = this.#write(sections, this.#plan().seen, signer, nowMs)
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
    if (!this.rule.verify(record.header.device, commitMessage(record.id), record.signature)) return false
    this.#signed.add(order)
    return true
  }

  #take(record: CommitRecord, isSigned: boolean, result: IntakeResult): void {
    const { header } = record
    const refuseIt = (refusal: CommitRefusal): void => void result.refused.push({ record, refusal })
    if (header.prev === null && !this.#isKnownDevice(record)) return refuseIt('unknown-device')
    const isLinked =
      header.prev === null || this.history.find(header.prev) >= 0 || this.pending.has(header.prev)
    if (!isLinked) return refuseIt('gap') // an earlier record of the batch was refused
    const links = this.#resolve(record)
    if (links === null) {
      for (const dropped of this.pending.drop(record.id)) result.released.push(dropped.id)
      return refuseIt('false-seen')
    }
    if (links.missing.length > 0) {
      if (!this.pending.hasRoomFor(record)) return refuseIt('waiting-quota')
      this.pending.add(record, links.missing)
      result.waiting.push(record)
      return
    }
    if (!this.#isAdmittedBy(record, links.seen)) return refuseIt('unknown-device')
    result.stored.push({ order: this.#store(record, { ...links, isSigned }), record })
    this.#takeReleased(record.id, result)
  }

  /** Takes all that waited for this commit, and for those in turn. */
  #takeReleased(id: Uint8Array, result: IntakeResult): void {
    const ready = this.pending.release(id)
    for (let record = ready.pop(); record !== undefined; record = ready.pop()) {
      result.released.push(record.id)
      const links = this.#resolve(record)
      if (links === null || !this.#isAdmittedBy(record, links.seen)) {
        for (const dropped of this.pending.drop(record.id)) result.released.push(dropped.id)
        result.dropped.push({ record, refusal: links === null ? 'false-seen' : 'unknown-device' })
        continue
      }
      result.stored.push({ order: this.#store(record, { ...links, isSigned: false }), record })
      ready.push(...this.pending.release(record.id))
    }
  }

  /** Orders that a commit links to, and ids that are not folded here; null when it names a head falsely. */
  #resolve(record: CommitRecord): { prev: number; seen: number[]; missing: Uint8Array[] } | null {
    const { history } = this
    const { header } = record
    const missing: Uint8Array[] = []
    const prev = header.prev === null ? -1 : history.find(header.prev)
    if (header.prev !== null && prev < 0) missing.push(header.prev)
    const seen: number[] = []
    for (const head of header.seen) {
      const order = history.find(head.id)
      seen.push(order)
      if (order < 0) missing.push(head.id)
      else if (history.seqOf(order) !== head.seq || !history.isBy(order, head.device)) return null
    }
    return { prev, seen, missing }
  }

  /**
   * True unless it is a first commit that neither acknowledges the admission of its device nor founds the co-op. Judged
   * by what it acknowledges alone: an admission may be on a branch that others are not told of, and they must judge alike.
   */
  #isAdmittedBy(record: CommitRecord, seen: readonly number[]): boolean {
    if (record.header.prev !== null) return true
    const name = toHex(record.header.device)
    const admissions = this.authority.admissionsOf(name)
    const isKnown = (order: number): boolean => seen.some((head) => this.history.knows(head, order))
    return admissions.some((it) => isKnown(it.order)) || this.#foundingMember(record, name) !== null
  }

  #isKnownDevice(record: CommitRecord): boolean {
    if (this.history.findDevice(record.header.device) >= 0) return true
    const name = toHex(record.header.device)
    return this.authority.isAdmitted(name) || this.#foundingMember(record, name) !== null
  }

  /** The founding member (hex), when this is the commit that founds the co-op; else null. */
  #foundingMember(record: CommitRecord, name: string): string | null {
    const at = record.header.sections.findIndex((it) => it.document === AUTHORITY)
    const payload = record.payloads[at] ?? null
    if (payload === null || record.header.seq !== 0) return null
    const entries = record.header.sections[at]?.entries ?? 0
    if (!this.authority.check(founding(record, name, { payload, entries })).ok) return null
    const entry = readEntries(payload, 1)?.[0]
    const genesis = entry?.['record'] instanceof Uint8Array ? decodeGenesis(entry['record']) : null
    return genesis === null ? null : toHex(genesis.kit)
  }

  #store(record: CommitRecord, links: { prev: number; seen: number[]; isSigned: boolean }): number {
    const { header, id } = record
    const order = this.history.add({ device: header.device, seq: header.seq, id, ...links })
    this.#enter(order, links.isSigned)
    this.heads.touch(this.history.deviceOf(order))
    for (let i = 0; i < header.sections.length; i += 1) {
      const { document } = header.sections[i] ?? { document: '' }
      const log = this.#noteSection(document, order, header.seq)
      if (log.orders.length === 1 && this.#init.isLazy !== true) this.openDocument(document)
      if (log.state === null || log.isStale) continue
      if (log.folded === log.orders.length - 1) this.#foldSection(log, order, record, i)
    }
    return order
  }

  /** Takes the newest commit of the history into forks, heads and signatures. */
  #enter(order: number, isSigned: boolean): void {
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
    const changed = this.visibility.note(order)
    if (changed.size > 0) this.#showAnew(changed)
    if (isSigned) this.#signed.add(order)
  }

  #noteSection(document: string, order: number, seq: number): DocumentLog {
    if (document === AUTHORITY) this.#authorityLengths[this.history.branchOf(order).index] = seq + 1
    const log = this.#log(document)
    log.orders.push(order)
    if (this.history.forks.size > 0 && this.#isContested(order)) this.#contest(log)
    return log
  }

  /** True for a commit of a device whose chain has parted before it. */
  #isContested(order: number): boolean {
    return this.history.seqOf(order) >= (this.history.forks.get(this.history.deviceOf(order)) ?? Infinity)
  }

  /** Other commits of these devices are shown than before. */
  #showAnew(devices: ReadonlySet<number>): void {
    for (const device of devices) this.#stretches.forget(device)
    this.authority.visibilityChanged()
    for (const log of this.#documents.values()) {
      if (log.kind?.takesHidden === true) continue
      const { orders } = log
      let isTouched = false
      for (let at = 0; at < orders.length && !isTouched; at += 1) {
        const order = orders.at(at) ?? -1
        isTouched = devices.has(this.history.deviceOf(order)) && this.#isContested(order)
      }
      if (!isTouched) continue
      this.#contest(log)
      if (log.folded === 0) continue
      log.isStale = true
      this.#stale.add(log.id)
    }
  }

  /** What is kept of a document stands for a place in the log, not for what is shown. */
  #contest(log: DocumentLog): void {
    log.isContested = true
    this.#uncached.add(log.id)
  }

  #foldSection(log: DocumentLog, order: number, record: CommitRecord, at?: number): void {
    const { header } = record
    const i = at ?? header.sections.findIndex((it) => it.document === log.id)
    const head = header.sections[i]
    const payload = record.payloads[i]
    log.folded += 1
    if (log.state === null || head === undefined || payload === null || payload === undefined) return
    if (log.kind?.takesHidden !== true && !this.visibility.isVisible(order)) return
    if (log.id === AUTHORITY && header.seq === 0) {
      const member = this.#foundingMember(record, this.#nameOf(order))
      if (member !== null) this.#standings.found(order, member)
    }
    const standing = this.#standings.of(order)
    const context: SectionContext = {
      document: head.document,
      commit: record.id,
      order,
      stretch: this.#stretches.of(order),
      device: this.#nameOf(order),
      seq: header.seq,
      timeMs: header.timeMs,
      role: standing?.role ?? 'observer',
      member: standing?.member ?? '',
      admission: standing?.admission ?? '',
      entries: head.entries,
      payload,
      relies: (earlier) => this.history.relies(order, earlier),
      follows: (earlier) => earlier !== order && this.history.isAtOrAfter(order, earlier),
      find: (id) => this.history.find(id),
    }
    const verdict = standing === null ? null : log.state.check(context)
    if (verdict?.ok === true) verdict.apply()
    else {
      log.refused += 1
      log.state.refused?.(context)
    }
    if (log.state.isOutdated !== true || log.isStale) return
    this.#contest(log)
    log.isStale = true
    this.#stale.add(log.id)
  }

  /** Key of a commit's device in hex. */
  #nameOf(order: number): string {
    const device = this.history.deviceOf(order)
    return (this.#names[device] ??= toHex(this.history.keyOf(device)))
  }

  #log(document: string): DocumentLog {
    const known = this.#documents.get(document)
    if (known !== undefined) return known
    const log = new DocumentLog(document, this.#init.registry.kindOf(document))
    this.#documents.set(document, log)
    return log
  }

  /** Order of this device's last commit; -1 when it wrote none. */
  #ownEnd(): number {
    const { signer } = this.#init
    const number = signer === null ? -1 : this.history.findDevice(signer.publicKey)
    return this.history.branchesOf(number)[0]?.end ?? -1
  }

  #ownContext(section: Section): SectionContext | null {
    const name = this.device
    if (name === null) return null
    const isFounding = this.authority.genesis === null && section.document === AUTHORITY
    const standing = this.standing ?? (isFounding ? FOUNDER : null)
    if (standing === null) return null
    const { history } = this
    const own = this.#ownEnd()
    return {
      document: section.document,
      commit: NONE,
      order: history.length,
      stretch: this.#stretches.rootOf(history.findDevice(fromHex(name) ?? NONE)),
      device: name,
      seq: this.lengthOf(name),
      timeMs: 0,
      ...standing,
      entries: section.entries,
      payload: section.payload,
      relies: (order) => this.#plan().relied.knows(history.branchOf(order), history.seqOf(order)),
      follows: (order) => own >= 0 && history.isAtOrAfter(own, order),
      find: (id) => history.find(id),
    }
  }

  #write(
    sections: readonly Section[],
    seen: readonly SeenHead[],
    signer: Signer,
    nowMs: number,
  ): StoredCommit {
    const own = this.#ownEnd()
    const record = signCommit(
      {
        coop: this.coop,
        device: signer.publicKey,
        seq: own < 0 ? 0 : this.history.seqOf(own) + 1,
        prev: own < 0 ? null : this.history.idOf(own).slice(),
        epoch: this.coop,
        seen: [...seen].sort(compareSeen),
        timeMs: nowMs,
      },
      sections,
      { signer, sha256: this.#init.crypto.sha256 },
    )
    const links = this.#resolve(record)
    if (links === null) throw new Error('this device acknowledged a head falsely')
    return { order: this.#store(record, { ...links, isSigned: true }), record }
  }

  /**
   * What the next commit lists and relies on. On a new chain what leads to the device's own admission comes first: its
   * first commit must rely on it, whatever else there is.
   */
  #plan(): Plan {
    const { history } = this
    if (this.#planned?.at === history.length) return this.#planned
    const own = this.#ownEnd()
    const device = history.findDevice(this.#init.signer?.publicKey ?? NONE)
    const { heads, relied }: Acknowledgements = planAcknowledgements(history, { own, device })
    const admitted = own < 0 ? this.authority.devices.get(this.device ?? '')?.admissions[0]?.order : undefined
    if (admitted !== undefined) {
      const leads = (order: number): number =>
        Number(!this.#isContested(order) && history.relies(order, admitted))
      heads.sort((a, b) => leads(b) - leads(a))
    }
    const seen = heads.map((order) => ({
      device: history.keyOf(history.deviceOf(order)).slice(),
      seq: history.seqOf(order),
      id: history.idOf(order).slice(),
    }))
    this.#planned = { at: history.length, seen, relied }
    return this.#planned
  }
}

/** What a next commit lists and relies on, as of a length of the log. */
interface Plan {
  at: number
  seen: readonly SeenHead[]
  relied: PastVector
}

/** As many heads as fit a commit; the two that prove a fork stay together, or one alone would be relied on. */
function firstHeads(seen: readonly SeenHead[]): SeenHead[] {
  const [last, next] = [seen[SEEN_MAX - 1], seen[SEEN_MAX]]
  const isPair = last !== undefined && next !== undefined && equalBytes(last.device, next.device)
  return seen.slice(0, isPair ? SEEN_MAX - 1 : SEEN_MAX)
}

const NONE: Uint8Array = new Uint8Array(32)
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
    relies: () => false,
    follows: () => false,
    find: () => -1,
  }
}
