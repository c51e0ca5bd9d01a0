import { completed, decodeRecord, decodeRecords } from '#protocol/commit'
import type { CommitRecord, Section } from '#protocol/commit'
import type { Crypto, Sha256 } from '#protocol/identity'
import type { AuthorResult, IntakeResult, Replica, StoredCommit } from '#protocol/replica'
import { FRAME_BYTES_MAX, FrameSplitter, PullShare, SyncSession } from '#protocol/sync'
import type { FillOutcome, SentPayloads, ServedCommit, SessionOutput } from '#protocol/sync'
import type { SeededRandom } from './seeded-random.ts'

/** A replica with its log and its sessions in memory: the same protocol as a node, without disk or network. */
export class MemoryNode {
  readonly replica: Replica
  /** Bytes of every stored commit, in order. */
  readonly log: Uint8Array[] = []
  readonly #mesh: MemoryMesh
  readonly sessions: Map<MemoryNode, SyncSession> = new Map()
  readonly share: PullShare = new PullShare()
  /** Why sessions to this node's peers were closed, by this node. */
  readonly closed: string[] = []
  /** What peers sent: commits, those of them that were here, and the bytes of all; and the most bytes that waited. */
  readonly taken: { commits: number; duplicates: number; bytes: number; waitingBytesMax: number } = {
    ...{ commits: 0, duplicates: 0, bytes: 0, waitingBytesMax: 0 },
  }

  constructor(replica: Replica, mesh: MemoryMesh) {
    this.replica = replica
    this.#mesh = mesh
  }

  /** Puts commits that the replica made or took into the log and tells every peer. */
  write(stored: readonly StoredCommit[]): void {
    const devices = new Set<number>()
    for (const { order, record } of stored) {
      this.log[order] = record.bytes
      devices.add(this.replica.history.deviceOf(order))
    }
    if (devices.size === 0) return
    settleDocuments(this.replica, (order) => this.log[order] ?? NOTHING, this.#mesh.crypto.sha256)
    for (const [peer, session] of this.sessions) {
      this.run(peer, session.handle({ kind: 'changed', devices: [...devices] }, this.#mesh.nowMs))
    }
  }

  /** From now on this node declines these documents and no others. */
  decline(documents: readonly string[]): void {
    this.replica.documents.holes.decline(documents)
    settleDocuments(this.replica, (order) => this.log[order] ?? NOTHING, this.#mesh.crypto.sha256)
    this.#tellHoles()
  }

  #tellHoles(): void {
    for (const [peer, session] of this.sessions)
      this.run(peer, session.handle({ kind: 'holes' }, this.#mesh.nowMs))
  }

  #take(records: readonly CommitRecord[]): IntakeResult {
    const result = this.replica.ingest(records)
    this.write(result.stored)
    for (const { order, document, payload } of result.late) {
      const whole = this.#completed(order, document, payload)
      if (whole.ok) this.log[order] = whole.record.bytes
    }
    if (result.late.length === 0) return result
    settleDocuments(this.replica, (order) => this.log[order] ?? NOTHING, this.#mesh.crypto.sha256)
    this.#tellHoles()
    return result
  }

  #completed(order: number, document: string, payload: Uint8Array): ReturnType<typeof completed> {
    const { sha256 } = this.#mesh.crypto
    const decoded = decodeRecord(this.log[order] ?? NOTHING, sha256)
    return decoded.ok ? completed(decoded.record, { document, payload }, sha256) : decoded
  }

  #fill({ document, payloads }: SentPayloads): FillOutcome {
    const whole: CommitRecord[] = []
    for (const { order, payload } of payloads) {
      const filled = this.#completed(order, document, payload)
      if (!filled.ok) return filled
      whole.push(filled.record)
    }
    this.#take(whole)
    return { ok: true }
  }

  #read(orders: readonly number[]): ServedCommit[] {
    return orders.map((order) => ({ order, bytes: this.log[order] ?? NOTHING }))
  }

  /** Writes a commit of this node. */
  author(sections: readonly Section[]): AuthorResult {
    const result = this.replica.author(sections, this.#mesh.nowMs)
    if (result.ok) this.write(result.stored)
    return result
  }

  #count(records: readonly Uint8Array[], duplicates: number): void {
    const { taken } = this
    taken.commits += records.length
    taken.duplicates += duplicates
    taken.bytes += records.reduce((sum, record) => sum + record.length, 0)
    taken.waitingBytesMax = Math.max(taken.waitingBytesMax, this.replica.pending.bytes)
  }

  /** Carries out what a session asked for. */
  run(peer: MemoryNode, outputs: readonly SessionOutput[]): void {
    const session = this.sessions.get(peer)
    if (session === undefined) return
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.#mesh.post(this, peer, output.bytes)
          break
        case 'read': {
          const records = this.#read(output.orders)
          this.run(peer, session.handle({ kind: 'records', records }, this.#mesh.nowMs))
          break
        }
        case 'read-payloads': {
          const records = this.#read(output.orders)
          this.run(peer, session.handle({ kind: 'payload-records', records }, this.#mesh.nowMs))
          break
        }
        case 'fill': {
          const outcome = this.#fill(output.sent)
          this.run(peer, session.handle({ kind: 'filled', outcome }, this.#mesh.nowMs))
          break
        }
        case 'ingest': {
          const decoded = decodeRecords(output.records, this.#mesh.crypto.sha256)
          if (!decoded.ok) {
            this.run(peer, session.handle({ kind: 'ingested', outcome: decoded }, this.#mesh.nowMs))
            break
          }
          const result = this.#take(decoded.records)
          this.#count(output.records, result.duplicates)
          this.run(
            peer,
            session.handle({ kind: 'ingested', outcome: { ok: true, result } }, this.#mesh.nowMs),
          )
          break
        }
        case 'synced':
        case 'superseded':
          break
        case 'close':
          this.closed.push(`${output.code}: ${output.detail}`)
          this.#mesh.disconnect(this, peer)
          break
      }
    }
  }
}

/** What one direction of a link carries, and how fast. */
interface Link {
  from: MemoryNode
  to: MemoryNode
  splitter: FrameSplitter
  queue: Uint8Array[]
  /** Infinity: everything that is under way can be delivered now. */
  bytesPerMs: number
  /** When the first of the queue has arrived, ms. */
  dueMs: number
}

const NOTHING: Uint8Array = new Uint8Array(0)

/** Makes stale documents anew, as every host must after it took commits. `read`: the record at a place of the log. */
export function settleDocuments(replica: Replica, read: (order: number) => Uint8Array, sha256: Sha256): void {
  for (let [id] = replica.documents.staleIds(); id !== undefined; [id] = replica.documents.staleIds()) {
    const orders = replica.documentLog(id)?.sections() ?? []
    const decoded = decodeRecords(orders.map(read), sha256)
    if (!decoded.ok) throw new Error(`the log holds what is no commit: ${decoded.refusal}`)
    replica.documents.rebuild(
      id,
      decoded.records.map((record, i) => ({ order: orders[i] ?? -1, record })),
    )
  }
}

/** Nodes in memory, joined by FIFO links; which link delivers next is drawn from a seed. */
export class MemoryMesh {
  readonly crypto: Crypto
  readonly #random: SeededRandom
  #links: Link[] = []
  /** Virtual time. */
  nowMs = 1_700_000_000_000
  /** Bytes sent so far. */
  sentBytes = 0
  /** The most bytes that were under way at once. */
  underWayBytesMax = 0
  #underWayBytes = 0

  constructor(crypto: Crypto, random: SeededRandom) {
    this.crypto = crypto
    this.#random = random
  }

  add(replica: Replica): MemoryNode {
    return new MemoryNode(replica, this)
  }

  connect(a: MemoryNode, b: MemoryNode): void {
    if (a.sessions.has(b)) return
    const sides: [MemoryNode, MemoryNode][] = [
      [a, b],
      [b, a],
    ]
    for (const [from, to] of sides) {
      const splitter = new FrameSplitter(FRAME_BYTES_MAX)
      this.#links.push({ from, to, splitter, queue: [], bytesPerMs: Infinity, dueMs: 0 })
      const session = new SyncSession({
        replica: from.replica,
        sha256: this.crypto.sha256,
        key: this.#random.bytes(16),
        share: from.share,
      })
      from.sessions.set(to, session)
    }
    for (const [from, to] of sides)
      from.run(to, from.sessions.get(to)?.handle({ kind: 'open' }, this.nowMs) ?? [])
  }

  /** Cuts the link; what was under way is lost. */
  disconnect(a: MemoryNode, b: MemoryNode): void {
    a.sessions.get(b)?.end()
    b.sessions.get(a)?.end()
    a.sessions.delete(b)
    b.sessions.delete(a)
    const isCut = ({ from, to }: Link): boolean => (from === a && to === b) || (from === b && to === a)
    for (const { queue } of this.#links.filter(isCut))
      this.#underWayBytes -= queue.reduce((sum, bytes) => sum + bytes.length, 0)
    this.#links = this.#links.filter((link) => !isCut(link))
  }

  /** From now on the link from one to the other carries so many bytes a millisecond; 0: nothing more arrives. */
  pace(from: MemoryNode, to: MemoryNode, bytesPerMs: number): void {
    const link = this.#link(from, to)
    if (link === undefined) throw new Error('the nodes are not connected')
    link.bytesPerMs = bytesPerMs
    this.#setDue(link)
  }

  post(from: MemoryNode, to: MemoryNode, bytes: Uint8Array): void {
    this.sentBytes += bytes.length
    const link = this.#link(from, to)
    if (link === undefined) return
    link.queue.push(bytes)
    if (link.queue.length === 1) this.#setDue(link)
    this.#underWayBytes += bytes.length
    this.underWayBytesMax = Math.max(this.underWayBytesMax, this.#underWayBytes)
  }

  #link(from: MemoryNode, to: MemoryNode): Link | undefined {
    return this.#links.find((it) => it.from === from && it.to === to)
  }

  #setDue(link: Link): void {
    const [first] = link.queue
    link.dueMs = first === undefined ? Infinity : this.nowMs + first.length / link.bytesPerMs
  }

  /** Delivers until nothing is under way and nothing is due within `untilMs`; at most `stepsMax` deliveries. */
  settle(forMs = 5_000, stepsMax = 100_000): void {
    const endMs = this.nowMs + forMs
    for (let step = 0; step < stepsMax; step += 1) {
      const busy = this.#links.filter((link) => link.queue.length > 0 && link.dueMs <= this.nowMs)
      const link = busy[busy.length > 0 ? this.#random.below(busy.length) : 0]
      if (link !== undefined) this.#deliver(link)
      else if (!this.#wakeNext(endMs)) return
    }
    throw new Error(`the mesh did not come to rest in ${stepsMax} deliveries`)
  }

  #deliver(link: Link): void {
    const bytes = link.queue.shift() ?? new Uint8Array()
    this.#underWayBytes -= bytes.length
    this.#setDue(link)
    const split = link.splitter.push(bytes)
    if (!split.ok) return this.disconnect(link.from, link.to)
    for (const frame of split.frames) {
      const session = link.to.sessions.get(link.from)
      if (session !== undefined)
        link.to.run(link.from, session.handle({ kind: 'frame', bytes: frame }, this.nowMs))
    }
  }

  #wakeNext(endMs: number): boolean {
    const nodes = new Set(this.#links.map((link) => link.from))
    let next: { node: MemoryNode; peer: MemoryNode; atMs: number } | null = null
    for (const node of nodes) {
      for (const [peer, session] of node.sessions) {
        const atMs = session.wakeAtMs
        if (atMs !== null && atMs <= endMs && (next === null || atMs < next.atMs)) next = { node, peer, atMs }
      }
    }
    const arrivalMs = Math.min(...this.#links.map((link) => (link.queue.length > 0 ? link.dueMs : Infinity)))
    if (arrivalMs <= Math.min(endMs, next?.atMs ?? endMs)) {
      this.nowMs = Math.max(this.nowMs, arrivalMs)
      return true
    }
    if (next === null) return false
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.node.run(next.peer, next.node.sessions.get(next.peer)?.handle({ kind: 'wake' }, this.nowMs) ?? [])
    return true
  }
}
