import { decodeRecord, leaveOut, payloadOf } from '../commit/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { BitList } from '../history/index.ts'
import type { DocumentLog, Replica } from '../replica/index.ts'
import type { Frame } from './frame.ts'
import {
  ANSWER_TIMEOUT_MS,
  FETCHED_PER_FRAME,
  FETCHED_TWICE_MAX,
  FETCH_BYTES_TARGET,
  FETCH_MAX,
  FETCH_RETRY_MS,
  ROUND_EVERY_MS,
} from './limits.ts'
import type { ServedCommit } from './serving.ts'

/** Payloads of the sections that the commits at these places have in one document, as a peer sent them. */
export interface SentPayloads {
  document: string
  payloads: { order: number; payload: Uint8Array }[]
}

/** What became of sent payloads: taken, or not those that the headers name. */
export type FillOutcome = { ok: true } | { ok: false; refusal: string }

/** What an exchange asks of its session. */
export interface ExchangeHost {
  replica: Replica
  sha256: Sha256
  send: (frame: Frame) => void
  /** Reads the log at these places, then `answer`. */
  read: (orders: number[]) => void
  /** Hands payloads to the replica, then `filled`. */
  hand: (sent: SentPayloads) => void
  close: (code: 'out-of-order' | 'wasteful' | 'silent' | 'false-payload', detail: string) => void
  /** Takes so many frames from the peer's budget; false when they are used up. */
  charge: (frames: number) => boolean
}

/** Where in a document this side is in asking the peer. */
interface Cursor {
  /** All before this place was asked for: what is still missing there the peer does not have. */
  place: number
  /** What `DocumentLog.wantedAnewCount` was then. */
  wantedAnewCount: number
}

/**
 * One session's part in payloads that travel apart from their commits (docs/protocol/sync.md): what either side
 * declines, what this side lacks and asks for, what it answers. One request is under way in each direction.
 */
export class PayloadExchange {
  readonly #host: ExchangeHost
  #declined: ReadonlySet<string> = new Set()
  /** The own list that the peer was told. */
  #told: readonly string[] = []
  #requestCount = 0
  #asked: { request: number; document: string; orders: number[]; askedAtMs: number } | null = null
  /** Payloads are with the host. */
  #isFilling = false
  /** Commits come first. */
  #isBusy = false
  readonly #holes: Replica['documents']['holes']
  readonly #cursors = new Map<DocumentLog, Cursor>()
  /** The peer said that it may have more than before: from `#renewAtMs` on it is asked for everything anew. */
  #isRenewed = false
  #renewAtMs = 0
  /** Others ask for what this side would ask for: it looks again. */
  #retryAtMs: number | null = null
  /** Payloads came since the peer was told of the own list. */
  #hasNews = false
  #newsAtMs = 0
  /** A commit that the peer asked for and that was not here at all: once it is, the peer is told. */
  #unknown: Uint8Array | null = null
  #answering: { request: number; document: string; orders: number[] } | null = null
  /** Places of the log whose payloads were sent, by document. */
  readonly #sent = new Map<string, BitList>()
  #sentTwice = 0

  constructor(host: ExchangeHost) {
    this.#host = host
    this.#holes = host.replica.documents.holes
  }

  /** When this must be woken, ms; null when nothing is due. */
  get dueMs(): number | null {
    if (this.#asked !== null) return this.#isFilling ? null : this.#asked.askedAtMs + ANSWER_TIMEOUT_MS
    if (this.#isBusy) return null
    const dueMs = Math.min(
      this.#retryAtMs ?? Infinity,
      this.#isRenewed && this.#isLacking ? this.#renewAtMs : Infinity,
      this.#hasNews ? this.#newsAtMs : Infinity,
    )
    return dueMs === Infinity ? null : dueMs
  }

  /** Commits as the peer wants them: as they are stored, unless it declines something. */
  wantedForms(commits: readonly ServedCommit[]): readonly ServedCommit[] {
    const { replica, sha256 } = this.#host
    if (this.#declined.size === 0) return commits
    const isLeftOut = (document: string): boolean =>
      this.#declined.has(document) && !replica.isAlwaysSent(document)
    return commits.map(({ order, bytes }) => ({ order, bytes: leaveOut(bytes, sha256, isLeftOut) }))
  }

  /** Tells the peer which documents this side declines, if that is not what it was told; true when it was not. */
  tell(): boolean {
    const documents = [...this.#host.replica.documents.holes.declined].sort()
    if (isSame(documents, this.#told)) return false
    this.#told = documents
    this.#host.send({ kind: 'decline', documents })
    return true
  }

  /** The peer's list. Told the same again, the peer may have more payloads than before. */
  declines(documents: readonly string[]): void {
    if (isSame(documents, [...this.#declined])) this.#isRenewed = true
    this.#declined = new Set(documents)
  }

  /** The own list changed, or payloads that were missing are here: the peer may lack them as well. */
  changed(nowMs: number): void {
    if (this.tell()) return
    if (!this.#hasNews) this.#newsAtMs = nowMs + ROUND_EVERY_MS
    if (!this.#isLacking) this.#newsAtMs = nowMs
    this.#hasNews = true
  }

  /** True while the peer is to be told once a commit is here that it asked for in vain. */
  get awaitsCommit(): boolean {
    return this.#unknown !== null
  }

  /** Commits came: the peer may have asked for one of them in vain. */
  stored(nowMs: number): void {
    if (this.#unknown === null || this.#host.replica.history.find(this.#unknown) < 0) return
    this.#unknown = null
    this.#newsAtMs = nowMs
    this.#hasNews = true
  }

  /**
   * Looks at the clock, then asks the peer for payloads that are missing here, unless a request is under way, or
   * commits come.
   */
  next(nowMs: number, isBusy: boolean): void {
    this.#isBusy = isBusy
    if (this.#asked !== null) {
      const isLate = !this.#isFilling && nowMs >= this.#asked.askedAtMs + ANSWER_TIMEOUT_MS
      if (isLate) this.#host.close('silent', `no payloads in ${ANSWER_TIMEOUT_MS} ms`)
      return
    }
    if (isBusy) return
    const { replica, send } = this.#host
    const holes = this.#holes
    if (this.#hasNews && nowMs >= this.#newsAtMs) {
      this.#hasNews = false
      send({ kind: 'decline', documents: [...this.#told] })
    }
    if (this.#isRenewed && nowMs >= this.#renewAtMs) {
      this.#isRenewed = false
      // A peer that says so over and over is not asked over and over.
      if (this.#cursors.size > 0) this.#renewAtMs = nowMs + ROUND_EVERY_MS
      this.#cursors.clear()
    }
    if (this.#retryAtMs !== null && nowMs < this.#retryAtMs) return
    this.#retryAtMs = null
    for (const log of holes.wanted()) {
      const orders = this.#nextOf(log)
      if (orders.length === 0) continue
      if ((holes.claims.get(log.id) ?? this) !== this) {
        this.#retryAtMs = nowMs + FETCH_RETRY_MS
        continue
      }
      holes.claims.set(log.id, this)
      this.#requestCount += 1
      this.#asked = { request: this.#requestCount, document: log.id, orders, askedAtMs: nowMs }
      const ids = orders.map((order) => replica.history.idOf(order).slice())
      return send({ kind: 'fetch', request: this.#requestCount, document: log.id, ids })
    }
  }

  /** Missing payloads of a document that the peer was not asked for yet. */
  #nextOf(log: DocumentLog): number[] {
    const { holes } = this.#host.replica.documents
    const known = this.#cursors.get(log)
    const from = known !== undefined && known.wantedAnewCount === log.wantedAnewCount ? known.place : 0
    const places = holes.next(log, from, FETCH_MAX)
    if (places.length === 0) {
      this.#cursors.set(log, { place: log.orders.length, wantedAnewCount: log.wantedAnewCount })
      this.#release(log.id)
    }
    return places.map((place) => log.orders.at(place) ?? -1)
  }

  /** True when something is missing that the peer did not have. */
  get #isLacking(): boolean {
    return this.#holes.wanted().length > 0
  }

  /** The answer to the request that is under way. */
  take(frame: Extract<Frame, { kind: 'payloads' }>): void {
    const asked = this.#asked
    const { request, payloads } = frame
    if (asked === null || asked.request !== request || this.#isFilling)
      return this.#host.close('out-of-order', 'payloads that nobody asked for')
    if (payloads.length > asked.orders.length)
      return this.#host.close('out-of-order', 'more payloads than were asked for')
    const { replica } = this.#host
    const log = replica.documentLog(asked.document)
    const place = log?.placeOf(asked.orders[payloads.length - 1] ?? -1) ?? -1
    if (log !== null) this.#cursors.set(log, { place: place + 1, wantedAnewCount: log.wantedAnewCount })
    const sent = payloads.flatMap((payload, i) =>
      payload === null ? [] : [{ order: asked.orders[i] ?? -1, payload }],
    )
    if (sent.length === 0) {
      this.#asked = null
      return
    }
    this.#isFilling = true
    this.#host.hand({ document: asked.document, payloads: sent })
  }

  /** What became of the payloads that were handed to the host. */
  filled(outcome: FillOutcome): void {
    const document = this.#asked?.document ?? ''
    this.#asked = null
    this.#isFilling = false
    if (!outcome.ok) this.#host.close('false-payload', `${outcome.refusal} in '${document}'`)
  }

  /** A request of the peer. */
  serve(frame: Extract<Frame, { kind: 'fetch' }>): void {
    const { request, document, ids } = frame
    if (this.#answering !== null)
      return this.#host.close('out-of-order', 'a second request for payloads before the first was answered')
    if (!this.#host.charge(Math.floor(ids.length / FETCHED_PER_FRAME))) return
    const { history, documents } = this.#host.replica
    const log = documents.logOf(document)
    const orders = ids.map((id) => {
      const order = history.find(id)
      if (order < 0) this.#unknown = id.slice()
      const place = order < 0 ? -1 : (log?.placeOf(order) ?? -1)
      return place < 0 || log?.isMissing(place) === true ? -1 : order
    })
    this.#answering = { request, document, orders }
    const here = orders.filter((order) => order >= 0)
    if (here.length === 0) this.answer([])
    else this.#host.read(here)
  }

  /** The log's answer to `read`: commits at the first places. */
  answer(commits: readonly ServedCommit[]): void {
    const answering = this.#answering
    if (answering === null) return
    this.#answering = null
    const payloads: (Uint8Array | null)[] = []
    let bytes = 0
    let at = 0
    for (const order of answering.orders) {
      if (order < 0) {
        payloads.push(null)
        continue
      }
      const commit = commits[at]
      at += 1
      const payload = commit?.order === order ? this.#payloadIn(commit, answering.document) : null
      // What was not read may be asked for again; but something is answered.
      if (
        payloads.length > 0 &&
        (commit === undefined || bytes + (payload?.length ?? 0) > FETCH_BYTES_TARGET)
      )
        break
      bytes += payload?.length ?? 0
      payloads.push(payload)
      if (payload !== null) this.#countSent(answering.document, order)
    }
    if (this.#sentTwice > FETCHED_TWICE_MAX)
      return this.#host.close('wasteful', `more than ${FETCHED_TWICE_MAX} payloads asked for twice`)
    this.#host.send({ kind: 'payloads', request: answering.request, payloads })
  }

  /** Null as well for what this side's disk does not give back as it was. */
  #payloadIn({ order, bytes }: ServedCommit, document: string): Uint8Array | null {
    const { sha256, replica } = this.#host
    const decoded = decodeRecord(bytes, sha256)
    const isRight = decoded.ok && equalBytes(decoded.record.id, replica.history.idOf(order))
    return isRight ? payloadOf(decoded.record, document) : null
  }

  #countSent(document: string, order: number): void {
    const sent = this.#sent.get(document) ?? new BitList()
    this.#sent.set(document, sent)
    if (sent.has(order)) this.#sentTwice += 1
    sent.add(order)
  }

  /** The session is over: others may ask for what it asked for. */
  end(): void {
    for (const [document, owner] of this.#host.replica.documents.holes.claims)
      if (owner === this) this.#release(document)
  }

  #release(document: string): void {
    const { claims } = this.#host.replica.documents.holes
    if (claims.get(document) === this) claims.delete(document)
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((it, i) => it === right[i])
}
