import { AUTHORITY } from '#protocol/authority'
import { CATALOGUE, CatalogueState } from '#protocol/catalogue'
import { BoardState } from '#protocol/board'
import type { CommitRecord, Section } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import { equalBytes, fromHex, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import type { IntakeResult, Replica, StoredCommit } from '#protocol/replica'
import { PullShare, asksTooMuch, isOutside, outsideForms } from '#protocol/sync'
import type { CloseCode, FillOutcome, SentPayloads, ServedCommit, SessionOutput } from '#protocol/sync'
import type { DeviceClock } from '../clocks/index.ts'
import { SimDisk, emptyBatch, isEmptyBatch, sizeOfEntries } from '../disk/index.ts'
import type { CutOutcome, DiskBatch } from '../disk/index.ts'
import type { RandomStream } from '../kernel/index.ts'
import type { AssetShelf } from './asset-shelf.ts'
import { drawCut, mendedBy, repairWants, restoreRow } from './damage.ts'
import { editSection } from './coop-script.ts'
import { GossipBook, HeardGossip } from './gossip.ts'
import type { GossipMessage } from './gossip.ts'
import type { Actor, Message } from './messages.ts'
import type { NodeHost, WriteRefusal } from './node-host.ts'
import {
  ASK_MS,
  CALL_OUTSIDE_US,
  CLAIM_MS,
  DIAL_US,
  DIAL_US_MAX,
  DRAIN_US,
  EPOCH_MS,
  FAREWELL_US,
  GOSSIP_BYTES_MAX,
  PART_BYTES,
  REOPEN_US,
  SERVE_OUTSIDE_US,
  STREAM_BYTES_MAX,
  UNSYNCED_BYTES_MAX,
} from './node-limits.ts'
import { ANSWERS_MAX, PeerLink, waitingOf } from './peer-link.ts'
import type { Outgoing } from './peer-link.ts'
import { filledBy, newestAt, readAll, readFrame, takeLate } from './stored-log.ts'

/**
 * One node: the real replica and sessions of the protocol, on a simulated network, disk and clock. It has a host's
 * duties: what it tells is on the disk before, and after a cut it goes on from what the disk holds.
 */
export class SimNode implements Actor {
  /** Its place in the network. */
  readonly number: number
  /** Its place among all nodes: a cheat has several at one place of the network. */
  readonly slot: number
  readonly signer: Signer | null
  /** Key in hex; empty for a reader. */
  readonly device: string
  readonly clock: DeviceClock
  disk: SimDisk = new SimDisk()
  /** Null while the node is off or its disk is full. */
  replica: Replica | null = null
  /** An older image was put back, or this is a copy: what it once wrote may be gone, and its key may fork. */
  isRestored = false
  /** It takes no notice of anything that should keep it from writing: a cheat. */
  isReckless = false
  readonly links: Map<number, PeerLink> = new Map()
  /** Its files; null in a world without assets. */
  shelf: AssetShelf | null = null
  readonly #host: NodeHost
  #share = new PullShare()
  #life = 0
  #isOn = false
  readonly #neighbours = new Set<number>()
  readonly #failures = new Map<number, number>()
  /** Peers that have suspended this device. */
  readonly #toldBy = new Set<number>()
  #gathering: DiskBatch = emptyBatch()
  #writing: DiskBatch | null = null
  #batchesQueued = 0
  #batchesSynced = 0
  #unsyncedBytes = 0
  #askUntilMs = 0
  #claimUntilMs = 0
  #streams = 0
  /** Links on which gossip goes out; null: to be listed anew. */
  #audience: readonly number[] | null = null
  /** A link may have something that waits for the disk, or for answers. */
  #isAnyWaiting = false
  /** All sessions gather news until then, and need not be told of more. */
  #gatheringUntilMs = -1
  #knownForks = 0
  /** Length of the own chain in the log; -1 when it is to be looked up. */
  #ownLength = -1
  #heard = new HeardGossip(new GossipBook(), 0, 0)
  /** Own commits (hex) whose author waits for the disk. */
  readonly #unacknowledged = new Set<string>()
  /** Called with the length of the next fsync when it begins. */
  onWrite: ((syncUs: number) => void) | null = null
  /** Called when the authority document has changed and what changed it is on the disk; null where nobody decides. */
  onDecided: (() => void) | null = null
  /** Revision of the authority document of which `onDecided` was told. */
  #decided = -1
  /** Board sessions of this life, by state. */
  #sessions = new Map<BoardState, number>()

  constructor(
    host: NodeHost,
    place: { number: number; slot: number; signer: Signer | null; clock: DeviceClock },
  ) {
    this.#host = host
    this.number = place.number
    this.slot = place.slot
    this.signer = place.signer
    this.device = place.signer === null ? '' : toHex(place.signer.publicKey)
    this.clock = place.clock
  }

  /** True while it runs, also while its disk is full. */
  get isOn(): boolean {
    return this.#isOn
  }

  get nowMs(): number {
    return EPOCH_MS + this.clock.readMs(this.#host.sim.nowUs)
  }

  /** Of the clock that waits are measured by: nobody sets it. */
  get #steadyMs(): number {
    return this.clock.readSteadyMs(this.#host.sim.nowUs)
  }

  /** True for a commit of its own key. */
  wrote({ header }: CommitRecord): boolean {
    return this.signer !== null && equalBytes(header.device, this.signer.publicKey)
  }

  /** Bytes that wait for the disk. */
  get unsyncedBytes(): number {
    return this.#unsyncedBytes
  }

  /** True when commits of the own chain were here once and are not now. */
  get isOwnChainShort(): boolean {
    return (this.replica?.ownLength ?? 0) < this.disk.ownLength
  }

  /** Starts from what the disk holds. `wasKilled`: it did not stop in order. */
  powerOn(wasKilled: boolean): void {
    if (this.#isOn) return
    this.#isOn = true
    this.#life += 1
    this.#open()
    if (wasKilled) this.#askUntilMs = this.#steadyMs + ASK_MS
    for (const peer of this.#neighbours) this.#dial(peer)
    for (const peer of this.#neighbours) this.shelf?.linkUp(peer)
  }

  /** Stops. What was not synced is gone, or torn, or there although nobody was told. */
  powerOff(outcome: CutOutcome): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#life += 1
    for (const peer of [...this.links.keys()]) this.#end(peer)
    this.shelf?.powerOff()
    const { observer } = this.#host
    if (this.#writing !== null) {
      if (outcome.kind === 'torn') observer.reached('torn', this.number)
      if (outcome.kind === 'lost') observer.reached('lost-unsynced', this.number)
      this.disk.cut(this.#writing, outcome)
    }
    this.#forget()
  }

  /** Outcome of a cut now, drawn. */
  drawOutcome(random: RandomStream): CutOutcome {
    return drawCut(random, this.#writing?.entries.length ?? 0)
  }

  linkUp(peer: number): void {
    this.#neighbours.add(peer)
    this.#failures.delete(peer)
    if (this.#isOn) this.#dial(peer)
    if (this.#isOn) this.shelf?.linkUp(peer)
  }

  linkDown(peer: number): void {
    this.#neighbours.delete(peer)
    this.#end(peer)
    this.shelf?.linkDown(peer)
  }

  receive(from: number, message: Message): void {
    // Seven of eight: noted without a look at anything else of this node.
    if (message.kind === 'gossip' && this.#host.gossip.isHeard(message, this.slot))
      return message.cameBy.add(this.#linkTo(from))
    if (!this.#isOn) return
    switch (message.kind) {
      case 'open':
        return this.#accept(from, message.stream)
      case 'reset':
        if (this.links.get(from)?.stream === message.stream) this.#lost(from)
        return
      case 'suspended':
        this.#toldBy.add(from)
        this.#end(from)
        return this.#supersede()
      case 'asset':
        return this.shelf?.receive(from, message.asset, this.#host.sim.nowUs)
      case 'gossip':
        return this.#takeGossip(from, message)
      case 'frame': {
        const link = this.links.get(from)
        if (link?.stream !== message.stream) return
        const split = link.splitter.push(message.bytes)
        if (!split.ok) return this.#close(link, 'malformed-frame', split.refusal)
        link.inbox.push(...split.frames)
        this.#isAnyWaiting = true
        this.#read(link)
        const bytes = link.splitter.bufferedBytes
        if (bytes > 0 && link.isOpen && link.inbox.length === 0) this.#step(link, { kind: 'arriving', bytes })
        return
      }
    }
  }

  /** The session of a link wants to be woken. */
  wake(peer: number): void {
    const link = this.links.get(peer)
    if (link !== undefined) this.#step(link, { kind: 'wake' })
  }

  /** It is time to dial a peer again. */
  redial(peer: number): void {
    if (this.#isOn && this.#neighbours.has(peer) && !this.links.has(peer)) this.#dial(peer)
  }

  /** What waited for the stream may go on. */
  drain(peer: number): void {
    const link = this.links.get(peer)
    if (link !== undefined) this.#flush(link)
  }

  /** Why it may not write now, whatever it is; null when it may. */
  get writeRefusal(): WriteRefusal | null {
    if (!this.#isOn || this.signer === null) return 'off'
    if (this.replica === null) return 'full'
    if (this.isReckless) return null
    if (this.disk.isSuperseded) return 'superseded'
    if (this.isOwnChainShort) return 'own-chain-short'
    if (this.onDecided !== null && this.#isClosed(this.replica)) return 'closed'
    return Math.max(this.#askUntilMs, this.#claimUntilMs) > this.#steadyMs ? 'asking' : null
  }

  #isClosed({ authority }: Replica): boolean {
    const status = authority.statusOf(this.device)
    return status === 'closed' || status === 'left'
  }

  /** Writes one commit, made when its turn comes; says why not when it may not. */
  write(make: (node: SimNode) => Section | null): WriteRefusal | null {
    const refusal = this.writeRefusal
    if (refusal !== null) return refusal
    const section = make(this)
    const result = section === null ? null : this.replica?.author([section], this.nowMs)
    if (result?.ok !== true) return 'refused'
    for (const { record } of result.stored) this.#unacknowledged.add(toHex(record.id))
    this.#queue({ stored: result.stored, waiting: [], released: [], late: [] })
    return null
  }

  /** An edit of a board in this life's writer session. */
  edit(name: string, random: RandomStream): Section | null {
    const board = this.replica?.openDocument(`board/${name}`)
    const admission = this.replica?.standing?.admission
    if (!(board instanceof BoardState) || admission === undefined) return null
    const session = this.#sessions.get(board) ?? board.newSession(this.device, admission)
    this.#sessions.set(board, session)
    return editSection(board, { admission, session }, random)
  }

  /** From now on it declines these documents and no others. */
  decline(documents: readonly string[]): void {
    this.disk.declined = documents
    this.replica?.documents.holes.decline(documents)
    this.#catchUp()
    this.#tellHoles()
  }

  #tellHoles(): void {
    for (const link of [...this.links.values()]) this.#step(link, { kind: 'holes' })
  }

  /** Hands commits in as if a peer had. */
  take(records: readonly CommitRecord[]): IntakeResult | null {
    return this.#ingest(records, -1)
  }

  /** Looks for assets that its catalogue lists. */
  lookForAssets(): void {
    const catalogue = this.replica?.document(CATALOGUE)
    if (!this.#isOn || !(catalogue instanceof CatalogueState)) return
    this.shelf?.look(catalogue.listings.values(), this.#host.sim.nowUs)
  }

  /** A batch was synced. */
  synced(life: number): void {
    const batch = this.#writing
    if (life !== this.#life || batch === null) return
    this.#writing = null
    if (!this.disk.hasRoomFor(batch)) return this.#fail()
    this.disk.apply(batch)
    this.#batchesSynced += 1
    this.#unsyncedBytes = sizeOfEntries(this.#gathering.entries)
    if (batch.mended.length > batch.late) this.#host.observer.reached('mended', this.number)
    if (batch.entries.length > 0) this.#takeLoose()
    this.#tellOf(batch)
    if (batch.late > 0) this.#tellHoles()
    if (!isEmptyBatch(this.#gathering)) this.#startWrite()
    this.#catchUp()
    this.#noteDecisions()
    if (!this.#isAnyWaiting) return
    const waiting = waitingOf(this.links)
    this.#isAnyWaiting = waiting.length > 0
    for (const link of waiting) {
      this.#takeBatches(link)
      this.#flush(link)
    }
  }

  /** The disk may take writes again. */
  retry(life: number): void {
    if (life !== this.#life || !this.#isOn || this.replica !== null) return
    if (this.disk.isFull) return this.#host.afterRetry(this.slot, REOPEN_US, this.#life)
    this.#open()
    for (const peer of this.#neighbours) this.#dial(peer)
  }

  /** Builds the replica from the disk. */
  #open(): void {
    const { crypto, coop, sim, observer } = this.#host
    const seed = sim.random.stream('node.seed', this.slot).int32() >>> 0
    const shared = { crypto: crypto.crypto, rule: crypto.rule, readings: crypto.readings, pool: crypto.pool }
    const replica = openReplica({ coop, ...shared, signer: this.signer, seed })
    replica.documents.holes.decline(this.disk.declined)
    this.replica = replica
    this.#share = new PullShare()
    this.#sessions = new Map()
    this.#knownForks = 0
    this.#ownLength = -1
    for (let order = 0; order < this.disk.length; order += 1) {
      const entry = this.disk.at(order)
      if (entry === null) break
      const isGood = this.disk.read(order) !== null
      const isAuthority = entry.record.header.sections.some((it) => it.document === AUTHORITY)
      if (this.wrote(entry.record)) observer.signed(this.number, entry.record)
      if (isGood ? replica.load(entry.record, entry.isSigned) : !isAuthority && restoreRow(replica, entry))
        continue
      // Who may write at all depends on it, so what is behind it is taken in again as if a peer had sent it.
      observer.reached('set-aside', this.number)
      const behind = this.disk.truncate(order)
      this.disk.loose.push(...behind.filter((it) => !it.isRotten).map((it) => it.record))
      break
    }
    this.#heard = new HeardGossip(this.#host.gossip, this.slot, replica.logLength)
    const waiting = this.disk.waiting()
    if (waiting.length > 0) this.#ingest(waiting, -1)
    this.#takeLoose()
    if (this.isOwnChainShort) observer.reached('own-chain-short', this.number)
    this.#noteForks()
    this.#catchUp()
    this.#decided = -1
    this.#noteDecisions()
  }

  #forget(): void {
    this.replica = null
    this.#host.gossip.end(this.slot)
    this.#gathering = emptyBatch()
    this.#writing = null
    this.#unsyncedBytes = 0
    this.#batchesSynced = this.#batchesQueued
    this.#claimUntilMs = 0
    this.#unacknowledged.clear()
    this.#heard.clear()
  }

  /** A write failed: everything begins anew from what the disk holds. */
  #fail(): void {
    this.#host.observer.reached('full', this.number)
    for (const link of [...this.links.values()]) this.#abort(link)
    this.#forget()
    this.#host.afterRetry(this.slot, REOPEN_US, this.#life)
  }

  // Streams.

  #dial(peer: number): void {
    if (peer < this.number || this.replica === null) return
    if (this.#toldBy.has(peer) || this.#isSuspended(peer)) return
    this.#streams += 1
    this.#host.send(this.number, peer, { kind: 'open', stream: this.#streams })
    this.#start(peer, this.#streams)
  }

  #accept(peer: number, stream: number): void {
    this.#end(peer)
    if (this.replica === null) return this.#host.send(this.number, peer, { kind: 'reset', stream })
    if (this.#isSuspended(peer)) return this.#host.send(this.number, peer, { kind: 'suspended' })
    this.#start(peer, stream)
  }

  #start(peer: number, stream: number): void {
    const { replica } = this
    if (replica === null) return
    this.#end(peer)
    const { crypto, sim, gossip } = this.#host
    const key = sim.random.stream('session.key', this.slot, peer).bytes(16)
    const [number, since] = [this.#linkTo(peer), gossip.size]
    const hasPassedOn = (order: number): boolean => this.#heard.cameBy(number, order, since)
    const init = { replica, sha256: crypto.crypto.sha256, key, share: this.#share, hasPassedOn }
    const link = new PeerLink({ peer, stream }, init, (output) => this.#carryOut(link, output))
    this.links.set(peer, link)
    this.#audience = null
    this.#gatheringUntilMs = -1
    if (this.#isOutside(peer)) this.#serveOutside(link, SERVE_OUTSIDE_US)
    this.#step(link, { kind: 'open' })
  }

  /** The stream is over on this side. */
  #end(peer: number): void {
    const link = this.links.get(peer)
    if (link === undefined) return
    link.end()
    this.links.delete(peer)
    this.#audience = null
    this.#host.wakes.clear(this.#linkTo(peer))
  }

  /** The stream is over; the lower of the two dials again. */
  #lost(peer: number): void {
    this.#end(peer)
    if (peer < this.number || !this.#neighbours.has(peer)) return
    if (this.#isOutside(peer))
      return this.#host.dials.set(this.#linkTo(peer), this.#host.sim.nowUs + CALL_OUTSIDE_US)
    const failures = this.#failures.get(peer) ?? 0
    this.#failures.set(peer, failures + 1)
    let waitUs = DIAL_US
    for (let i = 0; i < failures && waitUs < DIAL_US_MAX; i += 1) waitUs *= 2
    this.#host.dials.set(this.#linkTo(peer), this.#host.sim.nowUs + Math.min(waitUs, DIAL_US_MAX))
  }

  #abort(link: PeerLink): void {
    this.#host.send(this.number, link.peer, { kind: 'reset', stream: link.stream })
    this.#lost(link.peer)
  }

  #close(link: PeerLink, code: CloseCode, detail: string): void {
    this.#host.observer.cut(this.number, link.peer, code, detail)
    this.#host.observer.reached('session-cut', this.number)
    this.#abort(link)
  }

  #isSuspended(peer: number): boolean {
    const { replica } = this
    if (replica === null || replica.forkEnds.forked.size === 0) return false
    const key = fromHex(this.#host.deviceAt(peer))
    if (key === null || toHex(key) === this.device) return false
    return replica.forkEnds.forked.has(replica.history.findDevice(key))
  }

  /** True for a peer of a world with stewards that is closed, suspended or left, as far as this node knows. */
  #isOutside(peer: number): boolean {
    if (this.onDecided === null || this.replica === null) return false
    return isOutside(this.replica, this.#host.deviceAt(peer))
  }

  /** From now on it gets acts of authority alone, and in a while nothing. */
  #serveOutside(link: PeerLink, forUs: number): void {
    link.isOutside = true
    this.#audience = null
    const { sim, observer, farewells } = this.#host
    observer.reached('outside', this.number)
    farewells.set(this.#linkTo(link.peer), sim.nowUs + forUs)
  }

  /** The time is over for which a device outside is served. */
  farewell(peer: number): void {
    const link = this.links.get(peer)
    if (link?.isOutside === true) this.#abort(link)
  }

  #noteDecisions(): void {
    const { replica, onDecided } = this
    if (onDecided === null || replica === null || replica.authority.revision === this.#decided) return
    this.#decided = replica.authority.revision
    for (const link of this.links.values())
      if (!link.isOutside && this.#isOutside(link.peer)) this.#serveOutside(link, FAREWELL_US)
    onDecided()
  }

  #read(link: PeerLink): void {
    while (link.isOpen && link.outgoing.length <= ANSWERS_MAX) {
      const bytes = link.inbox.shift()
      if (bytes === undefined) return
      if (link.isOutside && asksTooMuch(bytes)) link.isRefused = true
      else this.#step(link, { kind: 'frame', bytes })
      if (link.isOver) return this.#abort(link)
    }
    if (link.isOpen && link.inbox.length > 0) this.#host.observer.reached('backpressure', this.number)
  }

  #step(link: PeerLink, input: Parameters<PeerLink['step']>[0]): void {
    const wasSynced = link.session.isSynced
    link.step(input, this.#steadyMs)
    if (link.isOver) return this.#abort(link)
    if (!link.isOpen) return
    const { wakeAtMs } = link.session
    const { wakes, sim } = this.#host
    const wakeUs =
      wakeAtMs === null ? Infinity : sim.nowUs + Math.ceil(Math.max(0, wakeAtMs - this.#steadyMs) * 1_000)
    wakes.set(this.#linkTo(link.peer), wakeUs)
    if (!wasSynced && link.session.isSynced) {
      this.#askUntilMs = 0
      this.#failures.delete(link.peer)
      this.#host.observer.reached('synced', this.number)
    }
  }

  #carryOut(link: PeerLink, output: SessionOutput): void {
    switch (output.kind) {
      case 'send':
        return this.#enqueue(link, { bytes: output.bytes })
      case 'read':
        return this.#enqueue(link, { orders: output.orders, answer: 'records' })
      case 'read-payloads':
        return this.#enqueue(link, { orders: output.orders, answer: 'payload-records' })
      case 'fill':
        return this.#step(link, { kind: 'filled', outcome: this.#fill(output.sent, link.peer) })
      case 'ingest':
        link.batches.push(output.records)
        this.#isAnyWaiting = true
        return this.#takeBatches(link)
      case 'synced': {
        const wants = repairWants(this.replica, this.disk)
        if (wants.length > 0) this.#step(link, { kind: 'repair', wants })
        return
      }
      case 'superseded':
        if (output.row.length > this.disk.ownLength) this.#claimUntilMs = this.#steadyMs + CLAIM_MS
        return
      case 'close':
        return this.#close(link, output.code, output.detail)
    }
  }

  #enqueue(link: PeerLink, what: Outgoing): void {
    link.outgoing.push({ what, after: this.#batchesQueued })
    this.#isAnyWaiting = true
    this.#flush(link)
  }

  /** Sends and reads in order; what a frame tells is on the disk before. */
  #flush(link: PeerLink): void {
    const { network, drains, sim } = this.#host
    for (let first = link.outgoing[0]; first !== undefined && link.isOpen; first = link.outgoing[0]) {
      if (first.after > this.#batchesSynced) return
      if (network.queuedBytes(this.number, link.peer) > STREAM_BYTES_MAX) {
        this.#host.observer.reached('backpressure', this.number)
        return drains.set(this.#linkTo(link.peer), sim.nowUs + DRAIN_US)
      }
      const { what } = first
      if ('orders' in what && (what.orders[0] ?? -1) >= this.disk.length) return
      link.outgoing.shift()
      if ('bytes' in what) {
        for (let at = 0; at < what.bytes.length; at += PART_BYTES) {
          const bytes = what.bytes.subarray(at, at + PART_BYTES)
          this.#host.send(this.number, link.peer, { kind: 'frame', stream: link.stream, bytes })
        }
      } else this.#step(link, { kind: what.answer, records: this.#serve(what.orders, link) })
    }
    if (link.isOpen && link.inbox.length > 0) this.#read(link)
  }

  #serve(orders: readonly number[], { isOutside: isLess }: PeerLink): ServedCommit[] {
    const { served, isDamaged } = readFrame(this.disk, orders)
    if (isDamaged) this.#askForDamaged()
    if (!isLess || this.replica === null) return served
    return outsideForms(this.replica, this.#host.crypto.crypto.sha256, served)
  }

  #takeBatches(link: PeerLink): void {
    while (link.isOpen && link.batches.length > 0) {
      if (this.#unsyncedBytes > UNSYNCED_BYTES_MAX)
        return this.#host.observer.reached('backpressure', this.number)
      const decoded = this.#host.crypto.decode(link.batches.shift() ?? [])
      if (!decoded.ok) return this.#step(link, { kind: 'ingested', outcome: decoded })
      const result = this.#ingest(decoded.records, link.peer)
      if (result === null) return
      this.#askUntilMs = 0
      this.#step(link, { kind: 'ingested', outcome: { ok: true, result } })
    }
  }

  /** Only honest nodes gossip, so records are handed on as they were decoded once. */
  #takeGossip(from: number, message: GossipMessage): void {
    const { replica } = this
    if (replica === null) return
    message.cameBy.add(this.#linkTo(from))
    const order = this.#takeNews(replica, message.record, from)
    if (order >= 0) this.#heard.add(message, order)
  }

  /** Takes a gossiped commit unless it is here; its place in the log, or -1. */
  #takeNews({ history, pending }: Replica, record: CommitRecord, from: number): number {
    const known = history.find(record.id)
    if (known >= 0 || pending.has(record.id)) return known
    // Out of order it would only wait; the sessions bring it in its turn.
    if (record.header.prev !== null && history.find(record.header.prev) < 0) return -1
    this.#host.observer.reached('gossip', this.number)
    this.#heard.begin(record)
    const order = this.#ingest([record], from)?.stored[0]?.order ?? -1
    this.#heard.end()
    return order
  }

  // Log.

  #ingest(records: readonly CommitRecord[], from: number): IntakeResult | null {
    const { replica } = this
    if (replica === null) return null
    if (this.disk.damaged.size > 0) this.#gathering.mended.push(...mendedBy(records, replica, this.disk))
    const result = replica.ingest(records)
    const { observer } = this.#host
    for (const { record, refusal } of result.refused) observer.refused(this.number, from, record, refusal)
    for (const { record, refusal } of result.dropped) observer.refused(this.number, -1, record, refusal)
    if (result.waiting.length > 0) observer.reached('waiting', this.number)
    if (from >= 0 && this.#hasForeignOwn(result)) this.#supersede()
    this.#queue(result)
    this.#noteForks()
    return result
  }

  /** Takes commits in again that lost their place; those that do not fit yet are kept. */
  #takeLoose(): void {
    const { disk } = this
    if (disk.loose.length === 0) return
    const result = this.#ingest(disk.loose, -1)
    if (result !== null) disk.loose = result.refused.map((it) => it.record)
  }

  /** Commits of this key that this device did not write, as far as it knows. */
  #hasForeignOwn({ stored, waiting }: IntakeResult): boolean {
    const isForeign = (it: CommitRecord): boolean => this.wrote(it) && it.header.seq >= this.disk.ownLength
    return stored.some(({ record }) => isForeign(record)) || waiting.some(isForeign)
  }

  #supersede(): void {
    if (this.isReckless || this.disk.isSuperseded) return
    this.disk.isSuperseded = true
    this.#host.observer.reached('superseded', this.number)
  }

  #noteForks(): void {
    const { replica } = this
    if (replica === null || replica.forkEnds.forked.size === this.#knownForks) return
    this.#knownForks = replica.forkEnds.forked.size
    const { observer } = this.#host
    for (const forked of replica.forkEnds.forked) {
      observer.foundFork(this.number, toHex(replica.history.keyOf(forked)))
      observer.reached('forked', this.number)
    }
    for (const link of [...this.links.values()]) {
      if (this.isReckless || !this.#isSuspended(link.peer)) continue
      observer.reached('suspended', this.number)
      this.#host.send(this.number, link.peer, { kind: 'suspended' })
      this.#end(link.peer)
    }
  }

  /** Puts payloads that a peer sent into their commits. */
  #fill(sent: SentPayloads, from: number): FillOutcome {
    const { sha256 } = this.#host.crypto.crypto
    const filled = filledBy(sent, this.disk, [this.#gathering, this.#writing], sha256)
    if (filled.ok) this.#ingest(filled.records, from)
    return filled
  }

  #queue(work: Pick<IntakeResult, 'stored' | 'waiting' | 'released' | 'late'>): void {
    const { replica } = this
    if (replica === null) return
    const batch = this.#gathering
    for (const { order, record } of work.stored) {
      batch.entries.push({ record, isSigned: replica.isSigned(order), isRotten: false })
      this.#unsyncedBytes += record.bytes.length
      const isOwn = this.wrote(record)
      if (isOwn) this.#ownLength = -1
      if (this.#heard.takeFresh(record) || isOwn) batch.news.push(record)
    }
    for (const late of work.late) {
      const newest = newestAt(late.order, this.disk, [batch, this.#writing])
      takeLate(batch, late, { newest, replica, sha256: this.#host.crypto.crypto.sha256 })
    }
    if (work.waiting.length > 0) batch.waiting.push(...work.waiting)
    if (work.released.length > 0) batch.released.push(...work.released)
    // Own commits that came back or were written; what is found elsewhere counts too, for it is in this log now.
    if (this.#ownLength < 0) this.#ownLength = replica.ownLength
    batch.ownLength = this.#ownLength
    if (this.#writing === null && !isEmptyBatch(batch)) this.#startWrite()
    else if (!isEmptyBatch(batch)) this.#batchesQueued = this.#batchesSynced + 2
  }

  #startWrite(): void {
    this.#writing = this.#gathering
    this.#gathering = emptyBatch()
    this.#batchesQueued = this.#batchesSynced + 1
    const syncUs = this.#host.syncUs(this.number) * this.disk.slowness
    this.#host.afterSync(this.slot, syncUs, this.#life)
    const { onWrite } = this
    this.onWrite = null
    onWrite?.(syncUs)
  }

  /** Commits are on the disk: whoever wrote them is told, and then the peers. */
  #tellOf({ entries, news }: DiskBatch): void {
    const { replica } = this
    if (replica === null || entries.length === 0) return
    const { observer, isGossiping } = this.#host
    for (const { record } of entries) {
      if (!this.wrote(record)) continue
      observer.signed(this.number, record)
      if (this.#unacknowledged.delete(toHex(record.id))) observer.acknowledged(this.number, record)
    }
    if (isGossiping)
      for (const record of news) if (record.bytes.length <= GOSSIP_BYTES_MAX) this.#gossip(record)
    const isParted = this.#knownForks > 0
    if (this.#steadyMs < this.#gatheringUntilMs && !isParted) return
    const devices = [...new Set(entries.map((it) => replica.history.findDevice(it.record.header.device)))]
    let untilMs = Infinity
    for (const link of [...this.links.values()]) {
      if (isParted || !link.session.isGathering) this.#step(link, { kind: 'changed', devices })
      untilMs = Math.min(untilMs, link.session.announceAtMs)
    }
    this.#gatheringUntilMs = untilMs
  }

  /** What was just written, or came by gossip, is passed on. What sessions bring is old for others too. */
  #gossip(record: CommitRecord): void {
    this.#audience ??= [...this.links.values()]
      .filter((it) => !it.isOutside)
      .map((it) => this.#linkTo(it.peer))
    this.#host.spread(this.#audience, this.#host.gossip.messageOf(record))
  }

  /** Makes stale documents anew, and folds what came while their log could not be read. */
  #catchUp(): void {
    const { replica } = this
    if (replica === null || !isEmptyBatch(this.#gathering) || this.#writing !== null) return
    if (replica.documents.areCurrent) return
    for (const id of replica.documents.staleIds()) {
      const commits = this.#readAll(replica.documentLog(id)?.sections() ?? [])
      if (commits !== null && replica.documents.rebuild(id, commits))
        this.#host.observer.reached('rebuilt', this.number)
    }
    for (const id of replica.documentIds()) {
      const log = replica.documentLog(id)
      if (log === null || log.isCurrent || log.isStale || log.isWithheld) continue
      const commits = this.#readAll(log.next(log.orders.length))
      if (commits === null) continue
      replica.openDocument(id)
      replica.documents.fold(id, commits)
    }
  }

  #readAll(orders: readonly number[]): StoredCommit[] | null {
    const commits = readAll(this.disk, orders)
    if (commits === null) this.#askForDamaged()
    return commits
  }

  // Damage.

  #askForDamaged(): void {
    this.#host.observer.reached('rotted', this.number)
    for (const link of this.links.values()) {
      if (link.session.isSynced)
        this.#step(link, { kind: 'repair', wants: repairWants(this.replica, this.disk) })
    }
  }

  #linkTo(peer: number): number {
    return this.#host.network.topology.linkOf(this.number, peer)
  }
}
