import { decodeRecord } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { concatBytes, equalBytes, toHex } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { BUCKET_COUNT, headRow } from '../replica/index.ts'
import type { Chain, HeadRow, IntakeResult, Replica } from '../replica/index.ts'
import { DIGEST_BYTES, decodeFrame, encodeFrame } from './frame.ts'
import type { Frame, HelloFrame, Want } from './frame.ts'
import { prefixFrame } from './frame-splitter.ts'
import {
  ANNOUNCE_DELAY_MS,
  ANSWER_TIMEOUT_MS,
  BATCH_BYTES_TARGET,
  BATCH_COMMITS_MAX,
  FRAME_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  QUIET_MS,
  PEER_CHAINS_MAX,
  REFUSALS_MAX,
  ROUND_EVERY_MS,
  ROWS_MAX,
  SYNC_VERSION,
  WANTS_MAX,
} from './limits.ts'

/** What the host tells a session. */
export type SessionInput =
  /** The stream is open. */
  | { kind: 'open' }
  /** One frame arrived, without its prefix. */
  | { kind: 'frame'; bytes: Uint8Array }
  /** The records at the first places of the last `read`: at least one, or none when the log cannot be read. */
  | { kind: 'records'; records: readonly CommitRecord[] }
  /** What the replica made of the last `ingest`. */
  | { kind: 'ingested'; result: IntakeResult }
  /** These chains got longer, by whatever way. */
  | { kind: 'changed'; chains: readonly Chain[] }
  /** `wakeAtMs` has come. */
  | { kind: 'wake' }

/** Why a session ends a connection. Stable; `coop peers` shows it. */
export type CloseCode =
  | 'other-coop'
  | 'other-version'
  | 'malformed-frame'
  | 'out-of-order'
  | 'malformed-commit'
  | 'refused-commit'
  | 'silent'

/** What a session asks of its host, in order. */
export type SessionOutput =
  /** Send these bytes, after everything stored so far is durable. */
  | { kind: 'send'; bytes: Uint8Array }
  /** Read the log at these places as soon as the stream takes more, then answer with `records`. */
  | { kind: 'read'; orders: number[] }
  /** Hand these to the replica, then answer with `ingested`. */
  | { kind: 'ingest'; records: CommitRecord[] }
  /** Both replicas hold the same commits. */
  | { kind: 'synced' }
  | { kind: 'close'; code: CloseCode; detail: string }

/** What a session stands on. */
export interface SessionInit {
  replica: Replica
  sha256: Sha256
  /** 16 fresh random bytes. */
  key: Uint8Array
}

interface Serving {
  request: number
  orders: number[]
  at: number
  isReading: boolean
}

/**
 * One peer's half of the sync stream (docs/protocol/sync.md). Each side pulls what it lacks: it compares bucket
 * digests, takes the rows of unequal buckets, asks for ranges, and is done when a round finds nothing. What is
 * missing is always asked anew from the replica's present state, so a stream can be cut at any point and resumed.
 */
export class SyncSession {
  readonly #init: SessionInit
  /** When the host must give a `wake`, ms; null when nothing is due. */
  wakeAtMs: number | null = null
  /** True once both sides had equal roots and nothing has changed since. */
  isSynced = false
  #out: SessionOutput[] = []
  #nowMs = 0
  #peer: HelloFrame | null = null
  #digestKey: Uint8Array | null = null
  #round: { number: number; wants: Want[] } | null = null
  #roundCount = 0
  #pull: { request: number; isAuthorityOnly: boolean; root: Uint8Array } | null = null
  #requestCount = 0
  /** Ranges that are still to be asked for, by device: the length that the peer has. */
  readonly #plan = new Map<string, HeadRow>()
  #isAuthorityDue = false
  #serving: Serving | null = null
  #answerDueMs: number | null = null
  #helloDueMs: number | null = null
  #announceAtMs: number | null = null
  #rootAtMs: number | null = null
  readonly #news = new Set<Chain>()
  /** Length of each chain that the peer is known to have. */
  readonly #peerLengths = new Map<string, number>()
  /** Chains of which the peer has another branch: not asked for again in this session. */
  readonly #forked = new Set<string>()
  #lastPeerRoot: Uint8Array | null = null
  /** The last root of ours that the peer was told. */
  #sentRoot: Uint8Array | null = null
  /** The pair of roots that a round could not bring closer. */
  #stuckAt = ''
  #refusals = 0
  #isClosed = false

  constructor(init: SessionInit) {
    this.#init = init
  }

  /** Applies one input at `nowMs` and returns every effect it causes, in order. */
  handle(input: SessionInput, nowMs: number): SessionOutput[] {
    this.#nowMs = nowMs
    if (!this.#isClosed) this.#apply(input)
    this.#setWake()
    const out = this.#out
    this.#out = []
    return out
  }

  #apply(input: SessionInput): void {
    switch (input.kind) {
      case 'open':
        return this.#open()
      case 'frame':
        return this.#frame(input.bytes)
      case 'records':
        return this.#sendRecords(input.records)
      case 'ingested':
        return this.#ingested(input.result)
      case 'changed':
        return this.#changed(input.chains)
      case 'wake':
        return this.#wake()
    }
  }

  #open(): void {
    const { replica, key } = this.#init
    this.#helloDueMs = this.#nowMs + HELLO_TIMEOUT_MS
    this.#sentRoot = replica.heads.root()
    this.#send({
      kind: 'hello',
      version: SYNC_VERSION,
      coop: replica.coop,
      authority: replica.authority.stateHash(),
      root: this.#sentRoot,
      key,
    })
  }

  #frame(bytes: Uint8Array): void {
    const decoded = decodeFrame(bytes)
    if (!decoded.ok) return this.#close('malformed-frame', decoded.refusal)
    const { frame } = decoded
    if (frame.kind === 'hello') return this.#hello(frame)
    if (this.#peer === null) return this.#close('out-of-order', `'${frame.kind}' came before 'hello'`)
    switch (frame.kind) {
      case 'digests':
        return this.#answerDigests(frame.round, frame.digests)
      case 'rows':
        return this.#rows(frame)
      case 'want':
        return this.#serve(frame)
      case 'commits':
        return this.#commits(frame)
      case 'done':
        return this.#done(frame.request)
      case 'root':
        return this.#root(frame.root)
    }
  }

  #hello(frame: HelloFrame): void {
    const { replica, sha256, key } = this.#init
    if (this.#peer !== null) return this.#close('out-of-order', `a second 'hello'`)
    if (frame.version !== SYNC_VERSION) return this.#close('other-version', `version ${frame.version}`)
    if (!equalBytes(frame.coop, replica.coop)) return this.#close('other-coop', toHex(frame.coop))
    this.#peer = frame
    this.#helloDueMs = null
    // Both keys, the same on both sides: neither can prepare colliding buckets alone.
    const keys = [key, frame.key].sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1))
    this.#digestKey = sha256(concatBytes(...keys))
    this.#rootAtMs = this.#nowMs + ROUND_EVERY_MS
    this.#isAuthorityDue = !equalBytes(frame.authority, replica.authority.stateHash())
    this.#root(frame.root)
  }

  /** Compares the peer's root with ours; unequal roots start a round unless a round already failed to help. */
  #root(root: Uint8Array): void {
    const own = this.#init.replica.heads.root()
    this.#lastPeerRoot = root
    if (equalBytes(root, own)) {
      this.#stuckAt = ''
      this.#noteSynced()
      return
    }
    this.isSynced = false
    if (this.#round === null && this.#pull === null && this.#stuckAt !== toHex(root) + toHex(own))
      this.#startRound()
  }

  /** Equal roots: done, once the peer was told of ours as well. */
  #noteSynced(): void {
    if (this.#round !== null || this.#pull !== null) return
    const root = this.#init.replica.heads.root()
    if (this.#sentRoot === null || !equalBytes(this.#sentRoot, root)) this.#sendRoot(root)
    if (this.isSynced) return
    this.isSynced = true
    this.#out.push({ kind: 'synced' })
  }

  #sendRoot(root: Uint8Array): void {
    this.#sentRoot = root
    this.#send({ kind: 'root', root })
  }

  #startRound(): void {
    this.#roundCount += 1
    this.#round = { number: this.#roundCount, wants: [] }
    this.#expectAnswer()
    this.#send({ kind: 'digests', round: this.#roundCount, digests: this.#digests() })
  }

  #digests(): Uint8Array {
    const digests = new Uint8Array(BUCKET_COUNT * DIGEST_BYTES)
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      digests.set(this.#digest(bucket), bucket * DIGEST_BYTES)
    }
    return digests
  }

  #digest(bucket: number): Uint8Array {
    const { replica, sha256 } = this.#init
    const keyed = concatBytes(this.#digestKey ?? new Uint8Array(32), replica.heads.digest(bucket))
    return sha256(keyed).subarray(0, DIGEST_BYTES)
  }

  #answerDigests(round: number, digests: Uint8Array): void {
    const rows: HeadRow[] = []
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket += 1) {
      const theirs = digests.subarray(bucket * DIGEST_BYTES, (bucket + 1) * DIGEST_BYTES)
      if (!equalBytes(theirs, this.#digest(bucket))) rows.push(...this.#init.replica.heads.rows(bucket))
    }
    for (let at = 0; at < rows.length || at === 0; at += ROWS_MAX) {
      const isLast = at + ROWS_MAX >= rows.length
      this.#send({ kind: 'rows', round, rows: rows.slice(at, at + ROWS_MAX), isLast })
    }
  }

  #rows(frame: Extract<Frame, { kind: 'rows' }>): void {
    if (frame.round !== 0 && frame.round !== this.#round?.number) {
      return this.#close('out-of-order', `rows of round ${frame.round}`)
    }
    for (const row of frame.rows) this.#noteRow(row)
    if (this.#peerLengths.size > PEER_CHAINS_MAX)
      return this.#close('malformed-frame', `more than ${PEER_CHAINS_MAX} devices`)
    if (frame.round === 0) {
      if (this.#round === null && this.#pull === null) this.#pullPlan()
      return
    }
    this.#expectAnswer()
    if (!frame.isLast) return
    this.#round = null
    this.#answerDueMs = null
    this.#pullPlan()
    if (this.#pull === null) this.#endRound()
  }

  #noteRow(row: HeadRow): void {
    const name = toHex(row.device)
    const known = this.#peerLengths.get(name) ?? 0
    if (row.length > known) this.#peerLengths.set(name, row.length)
    const chain = this.#init.replica.chain(name)
    if (chain !== undefined && chain.length >= row.length) {
      if (!equalBytes(chain.ids.at(row.length - 1) ?? row.device, row.id)) this.#forked.add(name)
    } else if (!this.#forked.has(name)) {
      this.#plan.set(name, row)
    }
  }

  /** A round that found nothing to ask for: the roots decide whether we are done. */
  #endRound(): void {
    const own = this.#init.replica.heads.root()
    // A peer that had all of it from the start said so in its HELLO and has no reason to say it again.
    if (this.#lastPeerRoot !== null && equalBytes(this.#lastPeerRoot, own)) return this.#noteSynced()
    this.#stuckAt = toHex(this.#lastPeerRoot ?? own) + toHex(own)
    this.#sendRoot(own)
  }

  /** Asks for what the plan still lacks: first what the authority document needs, then the rest. */
  #pullPlan(): void {
    const wants: Want[] = []
    for (const [name, row] of this.#plan) {
      const from = this.#init.replica.chain(name)?.length ?? 0
      if (from >= row.length || this.#forked.has(name)) this.#plan.delete(name)
      else if (wants.length < WANTS_MAX) wants.push({ device: row.device, from, to: row.length })
    }
    if (wants.length === 0) return
    const isAuthorityOnly = this.#isAuthorityDue
    this.#isAuthorityDue = false
    this.#requestCount += 1
    this.#pull = { request: this.#requestCount, isAuthorityOnly, root: this.#init.replica.heads.root() }
    this.#expectAnswer()
    this.#send({ kind: 'want', request: this.#requestCount, isAuthorityOnly, wants })
  }

  #commits(frame: Extract<Frame, { kind: 'commits' }>): void {
    if (frame.request !== this.#pull?.request)
      return this.#close('out-of-order', 'commits that nobody asked for')
    this.#expectAnswer()
    const records: CommitRecord[] = []
    for (const bytes of frame.records) {
      const decoded = decodeRecord(bytes, this.#init.sha256)
      if (!decoded.ok) return this.#close('malformed-commit', decoded.refusal)
      records.push(decoded.record)
    }
    this.#out.push({ kind: 'ingest', records })
  }

  #ingested(result: IntakeResult): void {
    const stopped = new Set<string>()
    for (const { record, refusal } of result.refused) {
      // What follows a refused commit of its chain cannot link: the same refusal, and an honest peer sends it.
      if (refusal === 'gap' && (stopped.has(record.author) || this.#forked.has(record.author))) continue
      stopped.add(record.author)
      if (refusal === 'fork') this.#forked.add(record.author)
      else if (refusal === 'signature' || refusal === 'other-coop' || refusal === 'payload-missing') {
        return this.#close('refused-commit', `${refusal} at ${record.author}/${record.header.seq}`)
      }
      this.#refusals += refusal === 'fork' ? 0 : 1
    }
    if (result.stored.length > 0) this.#refusals = 0
    if (this.#refusals > REFUSALS_MAX) this.#close('refused-commit', `${this.#refusals} in a row`)
  }

  #done(request: number): void {
    if (request !== this.#pull?.request) return this.#close('out-of-order', `'done' of request ${request}`)
    const { isAuthorityOnly, root } = this.#pull
    this.#pull = null
    this.#answerDueMs = null
    if (isAuthorityOnly) this.#pullPlan()
    else this.#plan.clear() // what a finished request did not bring (a refused chain) is left to the next round
    if (this.#pull !== null) return
    if (equalBytes(root, this.#init.replica.heads.root())) this.#endRound()
    else this.#startRound()
  }

  #serve(frame: Extract<Frame, { kind: 'want' }>): void {
    if (this.#serving !== null)
      return this.#close('out-of-order', 'a second request before the first was answered')
    const orders: number[] = []
    for (const want of frame.wants) {
      const chain = this.#init.replica.chain(toHex(want.device))
      if (chain === undefined) continue
      const to = Math.min(want.to, frame.isAuthorityOnly ? chain.authorityLength : chain.length)
      for (let seq = want.from; seq < to; seq += 1) orders.push(chain.orders.at(seq) ?? 0)
    }
    // In the order in which they were stored: what a commit acknowledges comes before it.
    orders.sort((a, b) => a - b)
    this.#serving = { request: frame.request, orders, at: 0, isReading: false }
    this.#serveOn()
  }

  #serveOn(): void {
    const serving = this.#serving
    if (serving === null || serving.isReading) return
    if (serving.at >= serving.orders.length) {
      this.#serving = null
      this.#send({ kind: 'done', request: serving.request })
      return
    }
    serving.isReading = true
    this.#out.push({ kind: 'read', orders: serving.orders.slice(serving.at, serving.at + BATCH_COMMITS_MAX) })
  }

  #sendRecords(records: readonly CommitRecord[]): void {
    const serving = this.#serving
    if (serving === null || !serving.isReading) return
    serving.isReading = false
    let count = batchLength(records, BATCH_BYTES_TARGET)
    let batch = this.#init.replica.closeRuns(records.slice(0, count))
    if (batch.length === 0) {
      // A relay may have spoilt all signatures but the last of a large frame; as large a one still passes them on.
      count = batchLength(records, FRAME_BYTES_MAX)
      batch = this.#init.replica.closeRuns(records.slice(0, count))
    }
    const sent = new Set(batch)
    // What is left out of this batch (no good signature yet) goes with the next one.
    const left = records.slice(0, count).filter((record) => !sent.has(record))
    const leftOrders = left.map(
      (record) => this.#init.replica.chain(record.author)?.orders.at(record.header.seq) ?? 0,
    )
    // Nothing readable ends the answer; the next round asks again.
    serving.at = records.length === 0 ? serving.orders.length : serving.at + count
    if (batch.length > 0) {
      serving.orders.splice(serving.at, 0, ...leftOrders)
      for (const record of batch) this.#peerHas(record.author, record.header.seq + 1)
      this.#send({ kind: 'commits', request: serving.request, records: batch.map((record) => record.bytes) })
    }
    this.#serveOn()
  }

  #peerHas(device: string, length: number): void {
    if (length > (this.#peerLengths.get(device) ?? 0)) this.#peerLengths.set(device, length)
  }

  #changed(chains: readonly Chain[]): void {
    if (this.#peer === null) return
    for (const chain of chains)
      if (chain.length > (this.#peerLengths.get(chain.name) ?? 0)) this.#news.add(chain)
    if (this.#news.size > 0) this.#announceAtMs ??= this.#nowMs + ANNOUNCE_DELAY_MS
  }

  #announce(): void {
    const rows: HeadRow[] = []
    for (const chain of this.#news) {
      if (chain.length > (this.#peerLengths.get(chain.name) ?? 0)) rows.push(headRow(chain))
    }
    this.#news.clear()
    for (let at = 0; at < rows.length; at += ROWS_MAX) {
      this.#send({ kind: 'rows', round: 0, rows: rows.slice(at, at + ROWS_MAX), isLast: true })
    }
    if (rows.length === 0) return
    this.isSynced = false
    // Once it is quiet the roots are compared, so that both sides know that they agree.
    this.#rootAtMs = this.#nowMs + QUIET_MS
  }

  #wake(): void {
    if (isDue(this.#helloDueMs, this.#nowMs))
      return this.#close('silent', `no 'hello' in ${HELLO_TIMEOUT_MS} ms`)
    if (isDue(this.#answerDueMs, this.#nowMs))
      return this.#close('silent', `no answer in ${ANSWER_TIMEOUT_MS} ms`)
    if (isDue(this.#announceAtMs, this.#nowMs)) {
      this.#announceAtMs = null
      this.#announce()
    }
    if (isDue(this.#rootAtMs, this.#nowMs)) {
      this.#rootAtMs = this.#nowMs + ROUND_EVERY_MS
      this.#sendRoot(this.#init.replica.heads.root())
    }
  }

  #expectAnswer(): void {
    this.#answerDueMs = this.#nowMs + ANSWER_TIMEOUT_MS
  }

  #setWake(): void {
    const due = [this.#helloDueMs, this.#answerDueMs, this.#announceAtMs, this.#rootAtMs].filter(
      (at) => at !== null,
    )
    this.wakeAtMs = this.#isClosed || due.length === 0 ? null : Math.min(...due)
  }

  #send(frame: Frame): void {
    this.#out.push({ kind: 'send', bytes: prefixFrame(encodeFrame(frame)) })
  }

  #close(code: CloseCode, detail: string): void {
    this.#isClosed = true
    this.isSynced = false
    this.#out.push({ kind: 'close', code, detail })
  }
}

/** How many of the first records fit a frame of `bytesMax`; one at least. */
function batchLength(records: readonly CommitRecord[], bytesMax: number): number {
  let bytes = COMMITS_HEAD_BYTES
  let count = 0
  for (const record of records) {
    const { length } = record.bytes
    bytes += length + (length < 24 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5)
    if (bytes > bytesMax && count > 0) break
    count += 1
  }
  return count
}

/** Of a frame with commits: its array, its kind, the longest request number and the head of the list. */
const COMMITS_HEAD_BYTES = 1 + 1 + 9 + 3

function isDue(atMs: number | null, nowMs: number): boolean {
  return atMs !== null && atMs <= nowMs
}
