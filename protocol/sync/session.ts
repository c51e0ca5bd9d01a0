import { compareBytes, equalBytes, fromHex, toHex } from '../encoding/index.ts'
import { BitList } from '../history/index.ts'
import type { HeadRow, IntakeResult, Replica } from '../replica/index.ts'
import { AnswerClock } from './answer-clock.ts'
import { forkDigest, forksTold } from './forks.ts'
import { TAG_BYTES, decodeFrame, encodeFrame } from './frame.ts'
import type { BucketBrief, Frame, HelloFrame, Want } from './frame.ts'
import { FrameBudget, framesOf, framesOfBrief } from './frame-budget.ts'
import { prefixFrame } from './frame-splitter.ts'
import { CURABLE } from './ingest-fault.ts'
import {
  ANSWER_BYTES_PER_SECOND_MIN,
  ANSWER_TIMEOUT_MS,
  BACKLOG_MAX,
  BATCHES_AHEAD,
  COVER_COMMITS_MAX,
  DUPLICATES_MAX,
  FRAME_BYTES_MAX,
  FRAMES_PER_SECOND_MAX,
  FRUITLESS_REQUESTS_MAX,
  HELLO_TIMEOUT_MS,
  LEAD_MS,
  PEER_CHAINS_MAX,
  QUIET_MS,
  RANGE_COMMITS_PER_FRAME,
  REFUSALS_MAX,
  REQUEST_COMMITS_ALONE,
  REQUEST_COMMITS_FIRST,
  REQUEST_COMMITS_SHARED,
  REQUEST_MS,
  ROUND_EVERY_MS,
  ROWS_MAX,
  SERVED_TWICE_MAX,
  SHARE_RETRY_MS,
  SYNC_VERSION,
  TOLD_AGAIN_MIN,
  TOLD_AGAIN_PER_DEVICE,
  URGENT_FRAMES,
  WAITING_PAUSE,
  WAITING_PAUSE_BYTES,
  WANTS_MAX,
} from './limits.ts'
import { PayloadExchange } from './payload-exchange.ts'
import { PeerNews } from './peer-news.ts'
import { knownOf, ordersOf } from './ranges.ts'
import { Reconciler } from './reconciler.ts'
import { Serving } from './serving.ts'
import type { Batch, ServedCommit } from './serving.ts'
import type { CloseCode, IngestOutcome, SessionInit, SessionInput, SessionOutput } from './session-port.ts'

interface Pull {
  request: number
  /** Ids (hex) of the heads that are asked for. */
  asked: readonly string[]
  /** What is asked for: the authority document and fork proofs, the whole plan, or what the disk lost. */
  purpose: 'urgent' | 'all' | 'repair'
  limit: number
  /** Commits that may still come. */
  left: number
  askedAtMs: number
  /** Devices (hex) with a refused commit: what follows it cannot link, and an honest peer sends it. */
  stopped: Set<string>
  /** Batches that came and are not ingested yet. */
  ingesting: number
  stored: number
  duplicates: number
  /** Commits that were here when it was asked. */
  hereBefore: number
  /** The peer sent everything. */
  isSent: boolean
  /** The limit cut the answer short. */
  isMore: boolean
}

/**
 * One peer's half of the sync stream (docs/protocol/sync.md). Each side pulls what it lacks: a round finds the rows in
 * which the two differ, each asks for the ranges behind the other's rows, and both are done when their roots are equal.
 * What is missing is always asked anew from the replica's present state, so a stream can be cut at any point and resumed.
 */
export class SyncSession {
  readonly #init: SessionInit
  /** Number of this session in the share. */
  readonly #number: number
  /** When the host must give a `wake`, ms; null when nothing is due. */
  wakeAtMs: number | null = null
  /** True once both sides had equal roots and nothing has changed since. */
  isSynced = false
  #out: SessionOutput[] = []
  #nowMs = 0
  #peer: { hello: HelloFrame; reconciler: Reconciler; isLeader: boolean } | null = null
  /** The round this side opened. */
  #round: { number: number; awaits: 'brief' | 'rows'; rowsLeft: number } | null = null
  #roundCount = 0
  /** When it was opened, ms. */
  #roundAtMs = -Infinity
  /** The peer's round that was answered with a brief of these buckets. */
  #briefed: { round: number; buckets: number[] } | null = null
  #pull: Pull | null = null
  #requestCount = 0
  /** Commits a millisecond that the last answer brought that its limit cut short; 0 before there was one. */
  #rate = 0
  #fruitless = 0
  /** Rows of the peer that are not here, by head id (hex). */
  readonly #plan = new Map<string, HeadRow>()
  /** The peer knows of acts of authority, or of forks, that are not here: they are asked for before anything else. */
  #isUrgentDue = false
  /** Devices (hex) that the peer says have forked: whoever else is asked for them, this peer is too. */
  readonly #urgent = new Set<string>()
  #serving: Serving | null = null
  /** Places of the log that were sent. */
  readonly #served = new BitList()
  #servedTwice = 0
  /** Places of the log whose rows were told in rounds. */
  readonly #told = new BitList()
  #toldAgain = 0
  readonly #answer = new AnswerClock()
  #helloDueMs: number | null = null
  #leadDueMs: number | null = null
  #shareDueMs: number | null = null
  #rootAtMs: number | null = null
  /** When the roots were last compared, so that news without end do not put it off for ever. */
  #comparedAtMs = 0
  readonly #news: PeerNews
  #lastPeerRoot: Uint8Array | null = null
  /** Length of the log when that was its root; -1 when it was not, as far as it was looked at. */
  #sameLength = -1
  /** The last root of ours that the peer was told. */
  #sentRoot: Uint8Array | null = null
  #sentRootAtMs = -Infinity
  /** The pair of roots that a round could not bring closer. */
  #stuckAt = ''
  #refusals = 0
  #budget = new FrameBudget(0)
  readonly #payloads: PayloadExchange
  #isClosed = false

  constructor(init: SessionInit) {
    this.#init = init
    this.#number = init.share.join()
    this.#news = new PeerNews(init.replica, init.hasPassedOn ?? null)
    this.#payloads = new PayloadExchange({
      replica: init.replica,
      sha256: init.sha256,
      send: (frame) => void this.#send(frame),
      read: (orders) => void this.#out.push({ kind: 'read-payloads', orders }),
      hand: (sent) => void this.#out.push({ kind: 'fill', sent }),
      close: (code, detail) => this.#close(code, detail),
      charge: (frames) => {
        this.#charge(frames)
        return !this.#isClosed
      },
    })
  }

  /** True while the peer owes this side an answer: to a round that it opened, or to a request. */
  get isAsking(): boolean {
    return this.#round !== null || this.#pull !== null
  }

  /**
   * True while news are gathered: what comes meanwhile is told with them, so that `changed` need not be given, unless a
   * chain has parted.
   */
  get isGathering(): boolean {
    return this.#news.atMs !== null && !this.#payloads.awaitsCommit
  }

  /** When news are told next, ms; -1 when none are gathered. */
  get announceAtMs(): number {
    return this.isGathering ? (this.#news.atMs ?? -1) : -1
  }

  /** Applies one input at `nowMs`, of a clock that nobody sets, and returns every effect it causes, in order. */
  handle(input: SessionInput, nowMs: number): SessionOutput[] {
    this.#nowMs = nowMs
    if (!this.#isClosed) this.#apply(input)
    if (!this.#isClosed && this.#peer !== null) this.#payloads.next(nowMs, this.isAsking)
    this.#setWake()
    const out = this.#out
    this.#out = []
    return out
  }

  /** The stream ended: gives the session's share back. */
  end(): void {
    this.#isClosed = true
    this.isSynced = false
    this.#init.share.leave(this.#number)
    this.#payloads.end()
  }

  #apply(input: SessionInput): void {
    switch (input.kind) {
      case 'open':
        return this.#open()
      case 'frame':
        return this.#frame(input.bytes)
      case 'arriving':
        return this.#progress(this.#answer.arrive(input.bytes, this.#nowMs))
      case 'records':
        return this.#sendRecords(input.records)
      case 'ingested':
        return this.#ingested(input.outcome)
      case 'changed':
        this.#payloads.stored(this.#nowMs)
        return this.#changed(input.devices)
      case 'repair':
        return this.#repair(input.wants)
      case 'holes':
        return this.#payloads.changed(this.#nowMs)
      case 'payload-records':
        return this.#payloads.answer(input.records)
      case 'filled':
        return this.#payloads.filled(input.outcome)
      case 'wake':
        return this.#wake()
    }
  }

  #open(): void {
    const { replica, sha256, key } = this.#init
    this.#helloDueMs = this.#nowMs + HELLO_TIMEOUT_MS
    this.#budget = new FrameBudget(this.#nowMs)
    this.#sentRoot = replica.heads.root()
    this.#send({
      kind: 'hello',
      version: SYNC_VERSION,
      coop: replica.coop,
      authority: replica.authority.stateHash(),
      root: this.#sentRoot,
      key,
      forks: forkDigest(replica, sha256),
    })
    this.#payloads.tell()
  }

  #frame(bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes)
    if (!decoded.ok) return this.#close('malformed-frame', decoded.refusal)
    const { frame } = decoded
    const isOwed = frame.kind === 'commits' || (frame.kind === 'rows' && frame.round > 0)
    const fresh = this.#answer.complete(bytes.length, isOwed, this.#nowMs)
    if (frame.kind !== 'commits' && frame.kind !== 'more') {
      this.#charge(1 + (frame.kind === 'rows' ? framesOf(bytes.length) : 0))
      if (this.#isClosed) return
    }
    if (frame.kind === 'hello') return this.#hello(frame)
    if (this.#peer === null) return this.#close('out-of-order', `'${frame.kind}' came before 'hello'`)
    switch (frame.kind) {
      case 'digests':
        return this.#answerDigests(frame.round, frame.digests)
      case 'brief':
        return this.#compare(frame.round, frame.buckets)
      case 'ask':
        return this.#answerAsk(frame.round, frame.tags)
      case 'rows':
        return this.#rows(frame)
      case 'want':
        return this.#serve(frame)
      case 'more':
        return this.#confirmed(frame.request)
      case 'commits':
        return this.#commits(frame, fresh)
      case 'done':
        return this.#done(frame.request, frame.isMore)
      case 'root':
        return this.#root(frame.root)
      case 'decline':
        return this.#payloads.declines(frame.documents)
      case 'fetch':
        return this.#payloads.serve(frame)
      case 'payloads':
        return this.#payloads.take(frame)
    }
  }

  /** Takes so many frames from the peer's budget; a peer that has used it up is cut. */
  #charge(frames: number): void {
    if (!this.#budget.take(frames, this.#nowMs))
      this.#close('flooding', `more than ${FRAMES_PER_SECOND_MAX} frames a second, or as much work`)
  }

  #hello(hello: HelloFrame): void {
    const { replica, sha256, key } = this.#init
    if (this.#peer !== null) return this.#close('out-of-order', `a second 'hello'`)
    if (hello.version !== SYNC_VERSION) return this.#close('other-version', `version ${hello.version}`)
    if (!equalBytes(hello.coop, replica.coop)) return this.#close('other-coop', toHex(hello.coop))
    const reconciler = new Reconciler(replica.heads, sha256, [key, hello.key])
    this.#peer = { hello, reconciler, isLeader: compareBytes(key, hello.key) <= 0 }
    this.#helloDueMs = null
    this.#news.start()
    this.#comparedAtMs = this.#nowMs
    this.#rootAtMs = this.#nowMs + ROUND_EVERY_MS
    const isSame =
      equalBytes(hello.authority, replica.authority.stateHash()) &&
      equalBytes(hello.forks, forkDigest(replica, sha256))
    this.#isUrgentDue = !isSame
    this.#root(hello.root)
  }

  /** Compares the peer's root with ours; unequal roots lead to a round unless one already failed to help. */
  #root(root: Uint8Array): void {
    const own = this.#init.replica.heads.root()
    this.#lastPeerRoot = root
    this.#sameLength = -1
    if (equalBytes(root, own)) {
      this.#sameLength = this.#init.replica.logLength
      this.#stuckAt = ''
      this.#leadDueMs = null
      this.#noteSynced()
      return
    }
    this.isSynced = false
    if (this.#stuckAt !== toHex(root) + toHex(own)) this.#lead()
  }

  /** Opens a round, or leaves it to the peer for a while: one round serves both sides. */
  #lead(): void {
    if (this.isAsking) return
    if (this.#peer?.isLeader === true) this.#startRound()
    else this.#leadDueMs ??= this.#nowMs + LEAD_MS
  }

  /** Equal roots: done, once the peer was told of ours as well. */
  #noteSynced(): void {
    if (this.isAsking) return
    const root = this.#init.replica.heads.root()
    if (this.#sentRoot === null || !equalBytes(this.#sentRoot, root)) this.#sendRoot(root)
    if (this.isSynced) return
    this.isSynced = true
    this.#out.push({ kind: 'synced' })
  }

  #sendRoot(root: Uint8Array): void {
    this.#sentRoot = root
    this.#sentRootAtMs = this.#nowMs
    this.#send({ kind: 'root', root })
  }

  /** Tells our root at once, or a while after the last: while news do not end, each answer makes another one. */
  #tellRoot(): void {
    const dueMs = this.#sentRootAtMs + QUIET_MS
    if (dueMs <= this.#nowMs) this.#sendRoot(this.#init.replica.heads.root())
    else this.#rootAtMs = Math.min(this.#rootAtMs ?? Infinity, dueMs)
  }

  #startRound(): void {
    const { reconciler } = this.#peer ?? {}
    if (reconciler === undefined) return
    this.#leadDueMs = null
    this.#roundAtMs = this.#nowMs
    this.#roundCount += 1
    this.#round = { number: this.#roundCount, awaits: 'brief', rowsLeft: 0 }
    this.#answer.start(this.#nowMs)
    this.#send({ kind: 'digests', round: this.#roundCount, digests: reconciler.digests(this.#roundCount) })
  }

  #answerDigests(round: number, digests: Uint8Array): void {
    const buckets = this.#peer?.reconciler.brief(round, digests) ?? []
    this.#briefed = { round, buckets: buckets.map((it) => it.bucket) }
    this.#leadDueMs = null
    this.#send({ kind: 'brief', round, buckets })
    this.#charge(framesOfBrief(buckets))
  }

  #compare(round: number, buckets: readonly BucketBrief[]): void {
    if (this.#round?.number !== round || this.#round.awaits !== 'brief')
      return this.#close('out-of-order', `a brief of round ${round}`)
    const difference = this.#peer?.reconciler.compare(round, buckets)
    this.#charge(framesOfBrief(buckets))
    if (difference === undefined || this.#isClosed) return
    const { tags, theirs, own } = difference
    this.#noteRows(theirs)
    this.#charge(framesOf(this.#sendRows(0, own)))
    this.#countTold(own)
    if (this.#isClosed) return
    if (tags.length === 0) return this.#finishRound()
    this.#round.awaits = 'rows'
    this.#round.rowsLeft = tags.length / TAG_BYTES
    this.#answer.start(this.#nowMs)
    this.#send({ kind: 'ask', round, tags })
  }

  #answerAsk(round: number, tags: Uint8Array): void {
    if (this.#briefed?.round !== round) return this.#close('out-of-order', `'ask' of round ${round}`)
    const rows = this.#peer?.reconciler.rowsOf(round, tags, this.#briefed.buckets) ?? []
    this.#briefed = null
    this.#charge(framesOf(this.#sendRows(round, rows)))
    this.#countTold(rows)
  }

  /** An honest peer takes what it is told of, and is not told again; else its rounds lead nowhere, for ever. */
  #countTold(rows: readonly HeadRow[]): void {
    const { history } = this.#init.replica
    for (const { id } of rows) {
      const order = history.find(id)
      if (this.#told.has(order)) this.#toldAgain += 1
      this.#told.add(order)
    }
    const most = Math.max(TOLD_AGAIN_MIN, TOLD_AGAIN_PER_DEVICE * history.deviceCount)
    if (this.#toldAgain > most) this.#close('wasteful', `${this.#toldAgain} rows told again`)
  }

  /** Sends rows; of an answer at least one frame, of news none when there are none. Returns how many bytes that were. */
  #sendRows(round: number, rows: readonly HeadRow[]): number {
    let bytes = 0
    if (rows.length === 0 && round > 0) bytes += this.#send({ kind: 'rows', round, rows: [], isLast: true })
    for (let at = 0; at < rows.length; at += ROWS_MAX) {
      const isLast = at + ROWS_MAX >= rows.length
      bytes += this.#send({ kind: 'rows', round, rows: rows.slice(at, at + ROWS_MAX), isLast })
    }
    return bytes
  }

  #rows(frame: Extract<Frame, { kind: 'rows' }>): void {
    const round = this.#round
    if (frame.round !== 0 && (frame.round !== round?.number || round.awaits !== 'rows'))
      return this.#close('out-of-order', `rows of round ${frame.round}`)
    this.#noteRows(frame.rows)
    if (Math.max(this.#plan.size, this.#urgent.size) > PEER_CHAINS_MAX)
      return this.#close('malformed-frame', `more than ${PEER_CHAINS_MAX} unknown heads or forks`)
    if (frame.round === 0 || round === null) {
      if (this.#round === null && this.#pull === null) this.#pullPlan()
      return
    }
    round.rowsLeft -= frame.rows.length
    if (round.rowsLeft < 0)
      return this.#close('out-of-order', `more rows than asked for in round ${round.number}`)
    if (frame.isLast) this.#finishRound()
  }

  #noteRows(rows: readonly HeadRow[]): void {
    for (const row of rows) this.#noteRow(row)
    for (const device of forksTold(this.#init.replica, rows)) {
      this.#urgent.add(device)
      this.#isUrgentDue = true
    }
  }

  #noteRow(row: HeadRow): void {
    const { history } = this.#init.replica
    const order = history.find(row.id)
    if (order >= 0) return this.#news.peerHas(order)
    this.#plan.set(toHex(row.id), row)
    if (toHex(row.device) === this.#init.replica.device) this.#out.push({ kind: 'superseded', row })
  }

  #finishRound(): void {
    this.#round = null
    this.#answer.stop()
    this.#pullPlan()
    if (this.#pull === null) this.#settle()
  }

  /** Nothing to ask for: the roots decide whether we are done. */
  #settle(): void {
    const own = this.#init.replica.heads.root()
    // A peer that had all of it from the start said so in its HELLO and has no reason to say it again.
    if (this.#isPeerUpToDate()) return this.#noteSynced()
    this.#stuckAt = toHex(this.#lastPeerRoot ?? own) + toHex(own)
    this.#tellRoot()
  }

  /** Asks for what the plan still lacks: first the authority document and the proofs of forks, then the rest. */
  #pullPlan(): void {
    const { replica, share } = this.#init
    const wants: Want[] = []
    let bytes = 0
    const hasWaited = this.#shareDueMs !== null && isDue(this.#shareDueMs, this.#nowMs)
    this.#shareDueMs = null
    if (this.#plan.size > 0) share.note(this.#number, this.#nowMs)
    const isAlone = share.isAlone(this.#number, this.#nowMs)
    const isWaitingMuch =
      replica.pending.size >= WAITING_PAUSE || replica.pending.bytes >= WAITING_PAUSE_BYTES
    // When much waits, one peer at a time is asked, for everything: in its order nothing has to wait.
    const mayAsk = isAlone || !isWaitingMuch
    const isInOrder = isAlone || this.#isUrgentDue
    // Sessions whose shares are what only the other's peer has would wait for each other for ever.
    const mustAsk = (isWaitingMuch || hasWaited) && share.isIdle(this.#number, this.#nowMs)
    for (const [name, row] of this.#plan) {
      const order = replica.history.find(row.id)
      if (order >= 0 || replica.pending.has(row.id)) {
        if (order >= 0) this.#news.peerHas(order)
        this.#plan.delete(name)
      } else if (
        wants.length < WANTS_MAX &&
        bytes < WANT_BYTES_MAX &&
        (mustAsk ||
          this.#urgent.has(toHex(row.device)) ||
          (mayAsk &&
            (isInOrder || hasPlace(replica, row.device)) &&
            share.isMine(this.#number, row.device, this.#nowMs)))
      ) {
        const isParted = replica.lengthOf(toHex(row.device)) >= row.length
        const have = knownOf(replica, row.device, isParted)
        wants.push({ device: row.device, to: row.id, have })
        bytes += (have.length + 2) * ID_BYTES + 3
      }
    }
    if (this.#plan.size === 0) share.leave(this.#number)
    // What is left is the others' share: they may bring it, or stall.
    else if (wants.length === 0) this.#shareDueMs = this.#nowMs + SHARE_RETRY_MS
    if (wants.length === 0) return
    const purpose = this.#isUrgentDue ? 'urgent' : 'all'
    this.#isUrgentDue = false
    // No less than half as many as ranges, whose list may be long.
    const fitting = Math.max(REQUEST_COMMITS_FIRST, wants.length / 2, this.#rate * REQUEST_MS)
    const most = isAlone ? REQUEST_COMMITS_ALONE : REQUEST_COMMITS_SHARED
    this.#ask(wants, purpose, Math.min(most, Math.floor(fitting)))
  }

  /** Asks again for commits that were stored once; a round that is under way comes first. */
  #repair(wants: readonly Want[]): void {
    if (this.#peer === null || this.#round !== null || this.#pull !== null || wants.length === 0) return
    this.#ask(wants.slice(0, WANTS_MAX), 'repair', WANTS_MAX)
  }

  #ask(wants: Want[], purpose: Pull['purpose'], limit: number): void {
    const { share } = this.#init
    share.claim(this.#number, { devices: wants.map((it) => it.device), nowMs: this.#nowMs })
    this.#requestCount += 1
    const request = this.#requestCount
    const asked = wants.map((it) => toHex(it.to))
    const counts = { limit, left: limit, askedAtMs: this.#nowMs, ingesting: 0, stored: 0, duplicates: 0 }
    const hereBefore = this.#init.replica.history.length
    this.#pull = {
      ...{ request, asked, purpose, ...counts, hereBefore },
      ...{ stopped: new Set(), isSent: false, isMore: false },
    }
    this.#answer.start(this.#nowMs)
    this.#send({ kind: 'want', request, isUrgentOnly: purpose === 'urgent', limit, wants })
  }

  #commits(frame: Extract<Frame, { kind: 'commits' }>, bytes: number): void {
    const pull = this.#pull
    if (pull === null || frame.request !== pull.request || pull.isSent)
      return this.#close('out-of-order', 'commits that nobody asked for')
    pull.ingesting += 1
    if (pull.ingesting > BATCHES_AHEAD)
      return this.#close('out-of-order', `more than ${BATCHES_AHEAD} batches before they were confirmed`)
    pull.left -= frame.records.length
    if (pull.left < -COVER_COMMITS_MAX) return this.#close('out-of-order', 'more commits than were asked for')
    this.#progress(bytes)
    if (pull.ingesting === BATCHES_AHEAD) this.#answer.pause(this.#nowMs)
    this.#out.push({ kind: 'ingest', records: frame.records })
  }

  /** Bytes of an answer came, or so it seems. */
  #progress(bytes: number): void {
    if (this.#pull?.isSent === false) this.#init.share.progress(this.#number, { bytes, nowMs: this.#nowMs })
  }

  #ingested(outcome: IngestOutcome): void {
    if (!outcome.ok) return this.#close('malformed-commit', outcome.refusal)
    const { result } = outcome
    const pull = this.#pull
    if (pull === null) return
    pull.ingesting -= 1
    pull.stored += result.stored.length + result.waiting.length
    pull.duplicates += result.duplicates
    for (const { order } of result.stored) this.#news.peerHas(order)
    // What came by another way since it was asked for is not the peer's fault.
    const others = this.#init.replica.history.length - pull.hereBefore - pull.stored
    const known = pull.duplicates - Math.max(0, others)
    if (known > DUPLICATES_MAX) return this.#close('wasteful', `${known} known commits in one answer`)
    this.#countRefusals(result, pull)
    if (this.#isClosed) return
    if (!pull.isSent) {
      this.#answer.resume(this.#nowMs)
      this.#send({ kind: 'more', request: pull.request })
    } else if (pull.ingesting === 0) this.#finishPull(pull)
  }

  #countRefusals(result: IntakeResult, { stopped }: Pull): void {
    for (const { record, refusal } of result.refused) {
      const device = toHex(record.header.device)
      if (refusal === 'gap' && stopped.has(device)) continue
      stopped.add(device)
      if (!CURABLE.has(refusal))
        return this.#close('refused-commit', `${refusal} at ${device}/${record.header.seq}`)
      // Want of room is no fault of who sends: what an answer brings nothing of is counted as a whole.
      if (refusal !== 'waiting-quota') this.#refusals += 1
    }
    if (result.stored.length > 0) this.#refusals = 0
    if (this.#refusals > REFUSALS_MAX) this.#close('refused-commit', `${this.#refusals} in a row`)
  }

  #done(request: number, isMore: boolean): void {
    const pull = this.#pull
    if (pull === null || request !== pull.request || pull.isSent)
      return this.#close('out-of-order', `'done' of request ${request}`)
    pull.isSent = true
    pull.isMore = isMore
    this.#answer.stop()
    if (pull.ingesting === 0) this.#finishPull(pull)
  }

  #finishPull(pull: Pull): void {
    this.#pull = null
    this.#answer.stop()
    if (pull.isMore) this.#rate = (pull.limit - pull.left) / Math.max(1, this.#nowMs - pull.askedAtMs)
    if (pull.purpose === 'repair') return this.#pullPlan()
    // What gossip brought while the answer was under way is not the peer's fault.
    const isHere = pull.asked.every((id) => this.#init.replica.history.find(fromHex(id) ?? NO_ID) >= 0)
    if (pull.stored > 0 || isHere) this.#fruitless = 0
    // Nothing need be urgent, or all of it may wait here: it is asked for again as often as a fork is told.
    else if (pull.purpose !== 'urgent') this.#fruitless += 1
    if (this.#fruitless > FRUITLESS_REQUESTS_MAX)
      return this.#close('wasteful', `${this.#fruitless} answers in a row brought nothing`)
    this.#init.share.claim(this.#number, { devices: [], nowMs: this.#nowMs })
    if (pull.purpose === 'urgent' && pull.isMore) this.#isUrgentDue = true
    else if (!this.#isUrgentDue) this.#urgent.clear()
    // What a finished answer did not bring (a refused chain) is left to the next round.
    if (pull.purpose === 'all' && !pull.isMore) for (const id of pull.asked) this.#plan.delete(id)
    this.#pullPlan()
    if (this.#pull !== null || this.#plan.size > 0) return
    if (pull.stored === 0 || this.#isPeerUpToDate()) return this.#settle()
    // While both sides write without a pause no two roots are ever equal: rounds keep a distance.
    if (this.#peer?.isLeader === true) this.#leadDueMs ??= Math.max(this.#nowMs, this.#roundAtMs + QUIET_MS)
    else {
      this.#tellRoot()
      this.#lead()
    }
  }

  #serve(frame: Extract<Frame, { kind: 'want' }>): void {
    if (this.#serving !== null)
      return this.#close('out-of-order', 'a second request before the first was answered')
    const { replica } = this.#init
    const orders = ordersOf(replica, frame.wants, frame.isUrgentOnly)
    this.#charge(
      Math.floor(orders.length / (RANGE_COMMITS_PER_FRAME * frame.limit)) +
        (frame.isUrgentOnly ? URGENT_FRAMES : 0),
    )
    if (this.#isClosed) return
    this.#serving = new Serving(this.#init, {
      request: frame.request,
      orders,
      limit: frame.limit,
    })
    this.#serveOn()
  }

  #serveOn(): void {
    const serving = this.#serving
    if (serving === null) return
    const batch = serving.nextBatch()
    if (batch !== null) this.#sendBatch(serving.request, batch)
    if (this.#isClosed) return
    const orders = serving.nextRead()
    if (orders !== null) this.#out.push({ kind: 'read', orders })
    else if (serving.isDone) {
      this.#serving = null
      this.#send({ kind: 'done', request: serving.request, isMore: serving.isMore })
    }
  }

  #sendRecords(commits: readonly ServedCommit[]): void {
    this.#serving?.take(this.#payloads.wantedForms(commits))
    this.#serveOn()
  }

  #sendBatch(request: number, { orders, records }: Batch): void {
    for (const order of orders) {
      this.#news.peerHas(order)
      if (this.#served.has(order)) this.#servedTwice += 1
      this.#served.add(order)
    }
    if (this.#servedTwice > SERVED_TWICE_MAX)
      return this.#close('wasteful', `more than ${SERVED_TWICE_MAX} commits asked for twice`)
    this.#send({ kind: 'commits', request, records })
  }

  #confirmed(request: number): void {
    // The last confirmations may cross the end of the answer; no honest peer sends many of these.
    if (this.#serving === null || this.#serving.request !== request) return this.#charge(1)
    if (!this.#serving.confirm()) return this.#close('out-of-order', `'more' of a batch that was not sent`)
    this.#serveOn()
  }

  #changed(devices: readonly number[]): void {
    if (this.#peer === null) return
    for (const device of this.#news.changed(devices, this.#nowMs)) this.#tellFork(device)
  }

  /** True when the peer has said that it has all that is here now: what is told here came from it. */
  #isPeerUpToDate(): boolean {
    const { replica } = this.#init
    const root = this.#lastPeerRoot
    if (root === null || this.#sameLength === replica.logLength) return root !== null
    // While no chain has parted each commit makes another root.
    if (this.#sameLength >= 0 && replica.forkEnds.forked.size === 0) return false
    if (!equalBytes(root, replica.heads.root())) return false
    this.#sameLength = replica.logLength
    return true
  }

  /** Tells of a fork at once, with all ends: two of one device in a frame are what makes the peer ask for it first. */
  #tellFork(device: number): void {
    if (this.#isPeerUpToDate()) return
    this.#sendRows(0, this.#init.replica.heads.rowsOf(device))
    this.isSynced = false
    this.#rootAtMs = this.#nowMs + QUIET_MS
  }

  #announce(): void {
    const rows = this.#news.take(this.#nowMs)
    const isNews = rows.length > 0 && !this.#isPeerUpToDate()
    // Once it is quiet the roots are compared, so that both sides know that they agree.
    const quietAtMs = this.#nowMs + QUIET_MS
    const latestMs = this.#comparedAtMs + ROUND_EVERY_MS
    this.#rootAtMs = isNews ? quietAtMs : Math.max(this.#rootAtMs ?? 0, Math.min(quietAtMs, latestMs))
    if (!isNews) return
    this.#sendRows(0, rows)
    this.isSynced = false
  }

  #wake(): void {
    if (isDue(this.#helloDueMs, this.#nowMs))
      return this.#close('silent', `no 'hello' in ${HELLO_TIMEOUT_MS} ms`)
    if (isDue(this.#answer.dueMs, this.#nowMs))
      return this.#answer.isSilent(this.#nowMs)
        ? this.#close('silent', `no answer in ${ANSWER_TIMEOUT_MS} ms`)
        : this.#close('stalling', `an answer of less than ${ANSWER_BYTES_PER_SECOND_MIN} bytes a second`)
    this.#waitForStream()
    if (isDue(this.#news.atMs, this.#nowMs)) this.#announce()
    if (isDue(this.#leadDueMs, this.#nowMs)) {
      this.#leadDueMs = null
      if (this.#round === null && this.#pull === null) this.#startRound()
    }
    if (isDue(this.#shareDueMs, this.#nowMs)) {
      if (this.#round === null && this.#pull === null) this.#pullPlan()
      else this.#shareDueMs = null
      if (this.#plan.size === 0 && this.#pull === null) this.#settle()
    }
    if (isDue(this.#rootAtMs, this.#nowMs)) {
      this.#rootAtMs = this.#nowMs + ROUND_EVERY_MS
      this.#comparedAtMs = this.#nowMs
      this.#sendRoot(this.#init.replica.heads.root())
    }
  }

  /** While the stream takes less than it is given, what can be told later is told later, and once. */
  #waitForStream(): void {
    if ((this.#init.backlog?.() ?? 0) <= BACKLOG_MAX) return
    if (isDue(this.#news.atMs, this.#nowMs)) this.#news.postpone(this.#nowMs)
    if (isDue(this.#rootAtMs, this.#nowMs)) this.#rootAtMs = this.#nowMs + QUIET_MS
  }

  #setWake(): void {
    const dueMs = Math.min(
      this.#helloDueMs ?? Infinity,
      this.#answer.dueMs ?? Infinity,
      this.#news.atMs ?? Infinity,
      this.#leadDueMs ?? Infinity,
      this.#shareDueMs ?? Infinity,
      this.#rootAtMs ?? Infinity,
      (this.#peer === null ? null : this.#payloads.dueMs) ?? Infinity,
    )
    this.wakeAtMs = this.#isClosed || dueMs === Infinity ? null : dueMs
  }

  /** Returns how many bytes that were. */
  #send(frame: Frame): number {
    const bytes = prefixFrame(encodeFrame(frame))
    this.#out.push({ kind: 'send', bytes })
    return bytes.length
  }

  #close(code: CloseCode, detail: string): void {
    this.end()
    this.#out.push({ kind: 'close', code, detail })
  }
}

const NO_ID: Uint8Array = new Uint8Array(32)
/** A key or id in a frame, with its head. */
const ID_BYTES = 34
/** Bytes of wants after which no other is added to a request, so that the frame stays below its limit. */
const WANT_BYTES_MAX = FRAME_BYTES_MAX - 4_096

/**
 * True when commits of the device would not be refused although they are good: its admission is here, and so they may wait. What
 * they wait for may be somebody else's share, and the peer is not to blame for it.
 */
function hasPlace({ history, authority, pending }: Replica, device: Uint8Array): boolean {
  const name = toHex(device)
  return (history.findDevice(device) >= 0 || authority.isAdmitted(name)) && !pending.isCrowded(name)
}

function isDue(atMs: number | null, nowMs: number): boolean {
  return atMs !== null && atMs <= nowMs
}
