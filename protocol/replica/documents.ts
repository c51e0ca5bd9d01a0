import { AUTHORITY } from '../authority/index.ts'
import type { AuthorityState } from '../authority/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import type { Act } from '../evaluation/index.ts'
import type {
  CachedDocument,
  DocumentHost,
  DocumentRegistry,
  DocumentState,
  KeptState,
  Role,
} from '../document/index.ts'
import { toHex } from '../encoding/index.ts'
import type { History } from '../history/index.ts'
import { DocumentLog } from './document-log.ts'
import type { Epochs } from './epochs.ts'
import { FoldedSection } from './folded-section.ts'
import { Holes } from './holes.ts'
import { Rebuild } from './rebuild.ts'
import type { FoldTarget } from './rebuild.ts'
import type { Standing, Standings } from './standing.ts'
import type { Stretches } from './stretches.ts'
import type { Visibility } from './visibility.ts'

/** A commit and its place in the log of this replica. */
export interface StoredCommit {
  /** Place in the log, from 0 without gaps; what a commit acknowledges has a smaller one. */
  order: number
  record: CommitRecord
}

/** A commit that was taken in just now. */
export interface TakenCommit extends StoredCommit {
  /** What it does for the books. */
  acts: readonly Act[]
}

/** What the documents of a replica are folded by. */
export interface DocumentParts {
  registry: DocumentRegistry
  history: History
  visibility: Visibility
  stretches: Stretches
  standings: Standings
  authority: AuthorityState
  host: DocumentHost
  epochs: Epochs
  /** A section of the authority document was folded. */
  ruled(): void
  /** The founding member (hex), when this is the commit that founds the co-op; else null. */
  foundingMember(record: CommitRecord, device: string): string | null
  /** Key of this device; null on a replica that only reads. */
  own: Uint8Array | null
  /** True when a document is folded once somebody opens it. */
  isLazy: boolean
}

/** All documents of a replica: which commits carry their sections, and the states folded from these. */
export class Documents {
  readonly #parts: DocumentParts
  readonly #history: History
  readonly #visibility: Visibility
  readonly #logs = new Map<string, DocumentLog>()
  /** Documents whose state must be made anew. */
  readonly #stale = new Set<string>()
  /** Documents whose kept state did not match the log. */
  readonly #uncached = new Set<string>()
  /** What is kept of the authority document. */
  readonly authorityLog: DocumentLog
  /** Payloads that are not here, and documents that this device declines. */
  readonly holes: Holes
  /** Called when a document was closed that was open: a part of it is not here, or not wanted any more. */
  onClosed: (id: string) => void = () => undefined
  readonly #host: DocumentHost

  constructor(parts: DocumentParts) {
    this.#parts = parts
    this.#history = parts.history
    this.#visibility = parts.visibility
    const cached = (id: string): CachedDocument | null =>
      this.#uncached.has(id) ? null : parts.host.cached(id)
    this.#host = { ...parts.host, cached }
    this.holes = new Holes({
      ...{ history: parts.history, own: parts.own, logOf: (id) => this.log(id) },
      close: (log) => this.#withhold(log),
      // One that is folded when it is opened is opened by whoever asks for it.
      ready: (log) => {
        if (!parts.isLazy) this.#outdate(log)
      },
    })
    this.authorityLog = this.log(AUTHORITY)
    this.authorityLog.state = parts.authority
    for (const id of parts.registry.computed()) this.#open(this.log(id))
  }

  /**
   * Ids of the documents that somebody wrote, sorted. One that was only opened to be looked at is not among them, and
   * none of which nothing is shown: others may not have been told of it.
   */
  ids(): string[] {
    return [...this.#logs.values()]
      .filter((it) => it.orders.length > 0 && it.kind !== null && this.#isShown(it))
      .map((it) => it.id)
      .sort()
  }

  #isShown(log: DocumentLog): boolean {
    if (!log.isContested || log.kind?.takesHidden === true) return true
    for (let at = 0; at < log.orders.length; at += 1)
      if (this.#visibility.isVisible(log.orders.at(at) ?? -1)) return true
    return false
  }

  /** Folded state of a document, or null when nobody wrote it yet or it is not loaded. */
  stateOf(id: string): DocumentState | null {
    return this.#logs.get(id)?.state ?? null
  }

  /** What the replica keeps of a document; null when nobody wrote or opened it. */
  logOf(id: string): DocumentLog | null {
    return this.#logs.get(id) ?? null
  }

  /**
   * Opens a document so that it can be read and written; null for an unknown kind, and for one that is declined or lacks
   * payloads. Sections that were stored while it was not open are handed in with `fold`.
   */
  open(id: string): DocumentState | null {
    const log = this.log(id)
    return log.isWithheld ? null : this.#open(log)
  }

  #open(log: DocumentLog): DocumentState | null {
    if (log.state === null && log.kind !== null) {
      log.state = log.kind.open(log.id, this.#host)
      log.folded = 0
      log.refused = 0
    }
    return log.state
  }

  /**
   * Throws an open document's state away, and the kept state that it may have started from: the next `open`
   * begins with nothing.
   */
  forget(id: string): void {
    const log = this.log(id)
    if (id === AUTHORITY) {
      // Everybody holds that state: what it holds goes.
      this.#parts.authority.clear()
      this.#parts.standings.clear()
    } else log.state = null
    log.folded = 0
    log.refused = 0
    this.#uncached.add(id)
  }

  /**
   * Documents whose state must be made anew with `rebuilding`: other sections of them are shown than before, or a section
   * told what must be known from the start.
   */
  staleIds(): string[] {
    return [...this.#stale]
  }

  /** True when no document has to be made anew, and all that is stored of those that can be open is folded. */
  get areCurrent(): boolean {
    if (this.#stale.size > 0) return false
    for (const log of this.#logs.values())
      if (log.kind !== null && !log.isCurrent && !log.isWithheld) return false
    return true
  }

  /** True for a document whose state must be made anew before it is written. */
  isStale(id: string): boolean {
    return this.#stale.has(id)
  }

  /**
   * Makes a stale document's state anew from the commits with its sections, some at a time. Whoever held the old state
   * opens the document again when it is done. Never the authority document, which takes whatever is shown.
   */
  rebuilding(id: string): Rebuild {
    const log = this.log(id)
    return new Rebuild({
      log,
      open: (outdated) => log.kind?.open(log.id, this.#host, outdated) ?? null,
      fold: (target, commit) => this.#foldInto(log, target, commit),
      onDone: () => void this.#stale.delete(id),
    })
  }

  /**
   * The same at once, from all commits in the order of `logOf(id).sections`. False when others came meanwhile, and nothing
   * was done.
   */
  rebuild(id: string, commits: readonly StoredCommit[]): boolean {
    const sections = this.log(id).sections()
    if (commits.length !== sections.length || !commits.every(({ order }, i) => order === sections[i]))
      return false
    const rebuild = this.rebuilding(id)
    do rebuild.fold(commits)
    while (!this.log(id).isWithheld && !rebuild.finish())
    return !this.log(id).isWithheld
  }

  /** Ends an open document of which a part is not here: whoever holds its state holds a stale one. */
  #withhold(log: DocumentLog): void {
    this.#stale.delete(log.id)
    log.isStale = false
    if (log.state === null) return
    this.#restart(log)
    this.onClosed(log.id)
  }

  #outdate(log: DocumentLog): void {
    log.isStale = true
    this.#stale.add(log.id)
  }

  /** Throws a state away; of the authority document what it holds, since everybody holds that state. */
  #restart(log: DocumentLog): void {
    if (log.id === AUTHORITY) {
      this.#parts.authority.clear()
      this.#parts.standings.clear()
    } else log.state = null
    log.folded = 0
    log.refused = 0
  }

  /**
   * Hands in the commits that bear an open document's next sections, in the order of the log. Where one of them lacks its
   * payload, that is noted and the document is closed. Nothing is folded once saved books turned out to be of no use.
   */
  fold(id: string, commits: readonly StoredCommit[]): void {
    const log = this.log(id)
    for (const { order, record } of commits) {
      if (log.isWithheld || this.#parts.epochs.booksLoss !== null) return
      if (log.next(1)[0] !== order) throw new RangeError(`commit ${order} is not the next of '${id}'`)
      this.foldSection(log, order, record)
    }
  }

  /** Tells what is read off the books what a commit does for them. */
  noteActs(order: number, acts: readonly Act[]): void {
    for (const log of this.#logs.values())
      if (log.kind?.isComputed === true) this.#open(log)?.took?.(order, acts)
  }

  /** What documents keep that are read off the books, by id; null when one keeps nothing, so that books cannot be saved. */
  keep(): ReadonlyMap<string, KeptState> | null {
    const own = this.#parts.own === null ? '' : toHex(this.#parts.own)
    const kept = new Map<string, KeptState>()
    for (const log of this.#logs.values()) {
      if (log.kind?.isComputed !== true) continue
      const state = this.#open(log)?.keep?.(own)
      if (state === undefined) return null
      kept.set(log.id, state)
    }
    return kept
  }

  /** Hands documents that are read off the books what they kept; false when that is not of these documents. */
  resume(states: ReadonlyMap<string, Uint8Array>): boolean {
    const computed = [...this.#logs.values()].filter((it) => it.kind?.isComputed === true)
    return (
      computed.length === states.size &&
      computed.every((log) => this.#open(log)?.resume?.(states.get(log.id) ?? NOTHING_KEPT) === true)
    )
  }

  /** Counts of a document: commits folded and sections refused. */
  countsOf(id: string): { commits: number; refused: number } {
    const log = this.#logs.get(id)
    return { commits: log?.orders.length ?? 0, refused: log?.refused ?? 0 }
  }

  /** Takes note of a section of the newest commit. */
  note(document: string, order: number, isMissing: boolean): DocumentLog {
    const log = this.log(document)
    log.orders.push(order)
    if (isMissing) this.holes.note(log, order)
    if (this.#visibility.hasDoubts && this.isDoubted(order)) this.#contest(log)
    return log
  }

  /** True for a commit that is not good, or was not once, and for those behind it. */
  isDoubted(order: number): boolean {
    return this.#history.seqOf(order) >= this.#visibility.doubtedFrom(this.#history.deviceOf(order))
  }

  /** Looks at all documents for sections in doubt: what was noted before it was known how commits stand. */
  review(): void {
    for (const log of this.#logs.values()) if (this.#hasDoubted(log, () => true)) this.#contest(log)
  }

  #hasDoubted(log: DocumentLog, isOf: (device: number) => boolean): boolean {
    const { orders } = log
    for (let at = 0; at < orders.length; at += 1) {
      const order = orders.at(at) ?? -1
      if (isOf(this.#history.deviceOf(order)) && this.isDoubted(order)) return true
    }
    return false
  }

  /** Other commits of these devices are shown than before. */
  showAnew(devices: ReadonlySet<number>): void {
    for (const device of devices) this.#parts.stretches.forget(device)
    this.#parts.authority.visibilityChanged()
    for (const log of this.#logs.values()) {
      if (log.kind?.takesHidden === true) continue
      if (!this.#hasDoubted(log, (device) => devices.has(device))) continue
      log.shownAnew += 1
      this.#contest(log)
      if (log.folded > 0) this.#outdate(log)
    }
  }

  /** What is kept of a document stands for a place in the log, not for what is shown. */
  #contest(log: DocumentLog): void {
    log.isContested = true
    this.#uncached.add(log.id)
  }

  /** Folds the next section of an open document. `at`: its place in the commit, if known. */
  foldSection(log: DocumentLog, order: number, record: CommitRecord, at?: number): void {
    this.#foldInto(log, log, { order, record }, at)
    if (log.state?.isOutdated !== true || log.isStale) return
    this.#contest(log)
    log.isStale = true
    this.#stale.add(log.id)
  }

  #foldInto(log: DocumentLog, target: FoldTarget, { order, record }: StoredCommit, at?: number): void {
    const { header } = record
    const i = at ?? header.sections.findIndex((it) => it.document === log.id)
    const head = header.sections[i]
    const payload = record.payloads[i]
    if (head !== undefined && (payload ?? null) === null && target.state !== null)
      return this.holes.lose(log.id, order)
    target.folded += 1
    const { state } = target
    if (state === null || head === undefined || payload === null || payload === undefined) return
    if (log.kind?.takesHidden !== true && !this.#visibility.isVisible(order)) return
    if (log.id === AUTHORITY && header.seq === 0) {
      const member = this.#parts.foundingMember(record, this.nameOf(order))
      if (member !== null) this.#parts.standings.found(order, member)
    }
    const standing = this.#parts.standings.of(order)
    const device = this.nameOf(order)
    const role = this.#roleOf(device, standing, header.epoch)
    const section = { document: head.document, entries: head.entries, payload }
    const context = new FoldedSection(this.#parts, { order, record }, section, { device, role, standing })
    const verdict = standing === null ? null : state.check(context)
    if (verdict?.ok === true) verdict.apply()
    else {
      target.refused += 1
      state.refused?.(context)
    }
    if (log.id === AUTHORITY) this.#parts.ruled()
  }

  /** Role of a chain under the epoch that its commit cites. */
  #roleOf(device: string, standing: Standing | null, epoch: Uint8Array): Role {
    if (standing === null) return 'observer'
    const { authority } = this.#parts
    const cited = authority.epochs.find(epoch)
    return cited === null
      ? standing.role
      : authority.roster.roleAt({ device, member: standing.member, role: standing.role }, cited)
  }

  /** Key of a commit's device in hex. */
  nameOf(order: number): string {
    return this.#history.nameOf(this.#history.deviceOf(order))
  }

  /** What the replica keeps of a document, made when there is nothing yet. */
  log(document: string): DocumentLog {
    const known = this.#logs.get(document)
    if (known !== undefined) return known
    const log = new DocumentLog(document, this.#parts.registry.kindOf(document))
    this.#logs.set(document, log)
    return log
  }
}

const NOTHING_KEPT: Uint8Array = new Uint8Array()
