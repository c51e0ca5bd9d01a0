import { EventEmitter } from 'node:events'
import { networkInterfaces } from 'node:os'
import type { Connection, ConnectionGater, PeerId, Stream } from '@libp2p/interface'
import { TopicValidatorResult } from '@libp2p/gossipsub'
import { peerIdFromString } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import { commitMessage, decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import type { Fork } from '#protocol/evidence'
import { deviceText } from '#protocol/identity'
import type { Crypto } from '#protocol/identity'
import type { HeadRow } from '#protocol/replica'
import { FRAME_BYTES_MAX, PullShare, ingestFault, isOutside } from '#protocol/sync'
import type { CloseCode } from '#protocol/sync'
import { Decoder } from '#node/decoder'
import type { DurableCommits, Engine, Suspension } from '#node/engine'
import { CoopError, systemCode } from '#node/errors'
import type { AddressBook } from './address-book.ts'
import { FaultBook } from './fault-book.ts'
import type { Faults } from './fault-book.ts'
import { FramedStream } from './framed-stream.ts'
import { JOIN_PROTOCOL, JoinDoor, STRANGER_TIMEOUT_MS } from './join-door.ts'
import { GOSSIP_BYTES_MAX, deviceOf, gossipTopics, startLibp2p } from './libp2p-node.ts'
import type { MeshLibp2p } from './libp2p-node.ts'
import { CALL_OUTSIDE_EVERY_MS, FAREWELL_MS, OUTSIDE, OUTSIDE_BYTES_MAX, Outsiders } from './outsiders.ts'
import { PeerSession } from './peer-session.ts'
import { PROOF_PROTOCOL, takeProof } from './proof-stream.ts'
import { STRANGER_BYTES_MAX, limitBytes } from './stranger-limit.ts'
import { SUSPENDED, SUSPENDED_HERE, SuspendedPeers } from './suspended-peers.ts'
import { Visitors } from './visitors.ts'
import type { WaitingList } from './waiting-list.ts'

/** Protocol of the sync stream. */
export const SYNC_PROTOCOL = '/coopmesh/sync/1'
/** How often devices that are not connected are tried. */
const DIAL_EVERY_MS = 3_000
/** A device that does not answer is tried less and less often, up to this. */
const DIAL_BACKOFF_MS_MAX = 20_000
/** Peers that a node keeps connected; beyond it news travel by gossip and by others' sessions. A guess. */
const PEERS_TARGET = 32
/** Dials under way at once. */
const DIALS_MAX = 8
/**
 * How long the device with the smaller key may take to open the sync stream before the other does it. A guess: round
 * trips of a slow uplink. It takes longer where that device keeps its stream to a copy of this one under the same key.
 */
const STREAM_WAIT_MS = 2_000
/** The same while a write waits for what a peer knows of this device. A guess: above the round trip of most networks. */
const ASKING_STREAM_WAIT_MS = 500
/** How often a device that must not write under its key takes a stream from the one that may. It still gets all news. */
const SUPERSEDED_STREAM_EVERY_MS = 60_000

/** What a mesh stands on. */
export interface MeshParts {
  engine: Engine
  crypto: Crypto
  seed: Uint8Array
  genesis: Uint8Array
  /** Device (hex) that admitted this one: trusted to be a member until the roster says so. */
  sponsor: string | null
  book: AddressBook
  /** Guests who came when their invite was used up. */
  waiting: WaitingList
  log: Logger
  port: number
  host: string
  isMdnsOn: boolean
  /** True while a write waits for what a peer knows of this device. */
  isAsking: () => boolean
  /** Serves the streams of other protocols to members. */
  handlers: Readonly<Record<string, (stream: Stream, device: string) => Promise<void>>>
}

/** One device of the co-op as the mesh sees it. */
export interface PeerView {
  /** Device key in hex. */
  device: string
  state: 'synced' | 'syncing' | 'connected' | 'away' | 'suspended' | 'closed'
  address: string | null
  bytesIn: number
  bytesOut: number
  lastClose: string | null
  /** What it did that no honest device does; null when nothing is remembered. */
  faults: Faults | null
  /** Why no connection with it is kept; null when it is welcome. */
  suspension: Suspension | null
}

interface MeshEvents {
  /** Connections or sessions changed. */
  changed: []
  /** A peer says that it has a commit of this very device that is not here: this log is an older copy, or a second one. */
  superseded: [row: HeadRow, peer: string]
  /** A peer and this device have compared heads; `isSettled`: and hold the same. */
  compared: [peer: string, isSettled: boolean]
  /** A peer has shown that two histories were written under this very key. */
  proven: [fork: Fork]
}

interface DialState {
  failures: number
  notBeforeMs: number
}

/** The running mesh of one device: connections, sync sessions, gossip and discovery. */
export class Mesh extends EventEmitter<MeshEvents> {
  readonly #parts: MeshParts
  readonly #libp2p: MeshLibp2p
  readonly #door: JoinDoor
  readonly #log: Logger
  readonly #own: string
  readonly #sessions = new Map<string, PeerSession>()
  readonly #decoder: Decoder
  readonly #share = new PullShare()
  readonly #faults = new FaultBook()
  readonly #dials = new Map<string, DialState>()
  readonly #dialling = new Set<string>()
  /** Devices to which a sync stream is being opened: two connections at once must not open two. */
  readonly #opening = new Set<string>()
  readonly #lastClose = new Map<string, string>()
  /** Connections with keys that were not on the roster, or suspended, when they came. */
  readonly #visitors: Visitors
  readonly #suspended: SuspendedPeers
  readonly #outsiders = new Outsiders()
  readonly #greeted = new WeakSet<Connection>()
  /** Connections with devices that were members until now, for their last seconds. */
  readonly #parting = new WeakSet<Connection>()
  /** Revision of the authority document by which connections were last judged. */
  #judgedAt = -1
  /** When the others were last called although this device is outside itself. */
  #calledOutsideAtMs = -Infinity
  #wasSelfOutside = false
  /** When the last sync stream with each device began. */
  readonly #streamAtMs = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  readonly #topics: ReturnType<typeof gossipTopics>
  #isStopped = false

  private constructor(parts: MeshParts, libp2p: MeshLibp2p, visitors: Visitors) {
    super()
    this.#parts = parts
    this.#libp2p = libp2p
    this.#visitors = visitors
    this.#log = parts.log
    this.#own = parts.engine.replica.device ?? ''
    this.#decoder = new Decoder(parts.crypto.sha256)
    this.#topics = gossipTopics(parts.engine.replica.coop)
    const { engine, genesis, crypto, waiting, log } = parts
    this.#door = new JoinDoor({ engine, genesis, sha256: crypto.sha256, waiting, log })
    this.#suspended = new SuspendedPeers({ engine, sha256: crypto.sha256, log })
    this.#timer = setInterval(() => {
      this.#tendConnections()
      this.#dialMissing()
    }, DIAL_EVERY_MS)
  }

  /** Starts listening, dialling and syncing. */
  static async start(parts: MeshParts): Promise<Mesh> {
    const visitors = new Visitors()
    let mesh: Mesh | null = null
    const isMember = (peer: PeerId): boolean => isMemberOf(parts, peer)
    const gater: ConnectionGater = {
      // libp2p's services dial by themselves; a device that is outside calls when it is time.
      denyDialPeer: (peer) => !isMember(peer) || (mesh !== null && mesh.#isSelfOutside && !mesh.#calls(peer)),
      denyDialMultiaddr: () => false,
      denyOutboundEncryptedConnection: (peer) => !isMember(peer),
      denyInboundEncryptedConnection: (peer) => !isMember(peer) && (mesh === null || !mesh.#mayVisit(peer)),
      denyInboundUpgradedConnection: (peer, connection) => {
        const device = deviceOf(peer)
        const isOut = device !== null && isOutside(parts.engine.replica, toHex(device))
        const bytesMax = isOut ? OUTSIDE_BYTES_MAX : STRANGER_BYTES_MAX
        if (!isMember(peer)) limitBytes(connection, () => isMember(peer), bytesMax)
        return false
      },
    }
    const { seed, port, host, isMdnsOn, engine } = parts
    try {
      const libp2p = await startLibp2p({
        seed,
        coop: engine.replica.coop,
        port,
        host,
        isMember,
        gater,
        isMdnsOn,
      })
      mesh = new Mesh(parts, libp2p, visitors)
      await mesh.#open()
      return mesh
    } catch (cause) {
      if (hasCode(cause, 'EADDRINUSE')) {
        throw new CoopError(
          'port-in-use',
          `TCP port ${port} is in use`,
          'Choose another with --port, or 0 for any.',
          cause,
        )
      }
      throw cause
    }
  }

  /** Multiaddrs with this device's PeerId, those that others can dial first. */
  addresses(): string[] {
    const all = this.#libp2p.getMultiaddrs().map((address) => address.toString())
    return all.sort((a, b) => Number(a.includes('/127.')) - Number(b.includes('/127.')))
  }

  /** Addresses for an invite: one TCP address an interface, without the PeerId, loopback last. */
  inviteAddresses(): string[] {
    return this.addresses().map((address) => address.replace(/\/p2p\/[^/]+$/, ''))
  }

  /** Members connected now. */
  connectedDevices(): string[] {
    const devices = new Set<string>()
    for (const connection of this.#libp2p.getConnections()) {
      const device = deviceOf(connection.remotePeer)
      if (device !== null && isMemberOf(this.#parts, connection.remotePeer)) devices.add(toHex(device))
    }
    return [...devices]
  }

  /** All devices of the roster but this one. */
  peers(): PeerView[] {
    const connected = new Set(this.connectedDevices())
    return [...this.#parts.engine.replica.authority.devices.keys()]
      .filter((device) => device !== this.#own)
      .map((device) => {
        const session = this.#sessions.get(device)
        const connection = connected.has(device) ? this.#connectionTo(device) : undefined
        const state = session === undefined ? 'connected' : session.isSynced ? 'synced' : 'syncing'
        const suspension = this.#parts.engine.suspensionOf(device)
        const absence = this.#absenceOf(device, suspension)
        return {
          device,
          suspension,
          state: connected.has(device) ? state : absence,
          address: connection?.remoteAddr.toString() ?? null,
          bytesIn: session?.bytesIn ?? 0,
          bytesOut: session?.bytesOut ?? 0,
          lastClose: this.#lastClose.get(device) ?? null,
          faults: this.#faults.of(device),
        }
      })
  }

  #absenceOf(device: string, suspension: Suspension | null): PeerView['state'] {
    const status = this.#parts.engine.replica.authority.statusOf(device)
    if (status === 'closed' || status === 'left') return 'closed'
    return suspension !== null || status === 'suspended' ? 'suspended' : 'away'
  }

  /** True when every connected member holds the same commits. */
  get isSynced(): boolean {
    return [...this.#sessions.values()].every((session) => session.isSynced)
  }

  /** Opens a stream of one of our protocols to a connected member. */
  async openStream(device: string, protocol: string): Promise<Stream> {
    const connection = this.#connectionTo(device)
    if (connection === undefined)
      throw new CoopError('unreachable', 'the device is not connected', 'Try again later.')
    return connection.newStream(protocol, { signal: AbortSignal.timeout(5_000) })
  }

  /**
   * Takes commits that a member sent beside its session, since somebody waits for them, with the checks of one. False where one is refused for what no
   * honest device sends, which is noted.
   */
  async takeCommits(device: string, list: readonly Uint8Array[]): Promise<boolean> {
    const { engine } = this.#parts
    // Decoded here: starting the thread takes longer than a batch does.
    const batch = { ok: true, ids: null, checked: [], window: engine.signatureWindow } as const
    const outcome = await engine.take(async () => this.#decoder.read(list, batch), true)
    const fault = ingestFault(outcome)
    if (fault !== null) this.noteFault(device, fault.code, fault.detail)
    return fault === null
  }

  /** Notes what a member did beside its session that no honest device does. */
  noteFault(device: string, code: CloseCode, detail: string): void {
    this.#log.warn({ device, code, detail }, 'a device broke a protocol')
    this.#faults.note(device, code, detail, Date.now())
    this.emit('changed')
  }

  /** Tells the DHT that this node holds an asset: a hint for devices that are not connected to any holder. */
  async provide(cid: string): Promise<void> {
    await this.#libp2p.contentRouting.provide(CID.parse(cid), { signal: AbortSignal.timeout(10_000) })
  }

  /** Devices (hex) that the DHT names as holders, as they turn up, for at most `timeoutMs`. */
  async findProviders(cid: string, timeoutMs: number): Promise<string[]> {
    const found = new Set<string>()
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      for await (const provider of this.#libp2p.contentRouting.findProviders(CID.parse(cid), { signal })) {
        const device = deviceOf(provider.id)
        if (device !== null && toHex(device) !== this.#own) found.add(toHex(device))
      }
    } catch (cause) {
      this.#log.debug({ err: cause, cid }, 'the DHT lookup ended')
    }
    return [...found]
  }

  /** Tries to reach a device, even one that has suspended this one, and even if it did not answer a moment ago. */
  reach(device: string): void {
    this.#dials.delete(device)
    this.#suspended.noteReached(device)
    this.#tryDial(device)
  }

  /** Dials a device of the co-op, now. */
  async dial(device: string): Promise<void> {
    const key = fromHex(device)
    if (key === null || this.#connectionTo(device) !== undefined || this.#isStopped) return
    const peer = peerIdFromString(deviceText(key))
    const addresses = this.#parts.book.of(device)
    if (addresses.length > 0) await this.#libp2p.peerStore.merge(peer, { multiaddrs: addresses })
    // Without known addresses libp2p asks the DHT.
    await this.#libp2p.dial(peer, { signal: AbortSignal.timeout(10_000) })
  }

  /** Leaves the mesh and ends every connection. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    this.#parts.engine.off('durable', this.#onDurable)
    this.#parts.engine.off('damaged', this.#onDamaged)
    this.#parts.engine.off('holes', this.#onHoles)
    this.#parts.engine.off('suspended', this.#onSuspended)
    for (const session of this.#sessions.values()) session.close('this node left the mesh')
    await this.#libp2p.stop()
    await this.#decoder.close()
  }

  async #open(): Promise<void> {
    const libp2p = this.#libp2p
    libp2p.addEventListener('connection:open', (event) => this.#connected(event.detail))
    libp2p.addEventListener('connection:close', () => this.emit('changed'))
    libp2p.addEventListener('peer:discovery', (event) => this.#discovered(event.detail.id))
    await libp2p.handle(JOIN_PROTOCOL, (stream, connection) => this.#door.serve(stream, connection), {
      maxInboundStreams: 1,
    })
    await libp2p.handle(SYNC_PROTOCOL, (stream, connection) =>
      this.#accept(stream, connection, this.#runSession),
    )
    await libp2p.handle(PROOF_PROTOCOL, (stream, connection) =>
      this.#accept(stream, connection, async (accepted, peer) => {
        await takeProof(accepted, (proof) => this.#hear(proof, peer))
        if (this.#suspended.isDoneWith(peer)) await connection.close()
      }),
    )
    for (const [protocol, handler] of Object.entries(this.#parts.handlers)) {
      await libp2p.handle(protocol, (stream, connection) => this.#accept(stream, connection, handler), {
        maxInboundStreams: 16,
      })
    }
    this.#openGossip()
    this.#wasSelfOutside = this.#isSelfOutside
    this.#parts.engine.on('durable', this.#onDurable)
    this.#parts.engine.on('damaged', this.#onDamaged)
    this.#parts.engine.on('holes', this.#onHoles)
    this.#parts.engine.on('suspended', this.#onSuspended)
    this.#tendConnections()
    this.#dialMissing()
  }

  #openGossip(): void {
    const { pubsub } = this.#libp2p.services
    for (const topic of Object.values(this.#topics))
      pubsub.topicValidators.set(topic, (_peer, message) => this.#takeGossip(message.data))
    pubsub.subscribe(this.#topics.whole)
    this.#chooseTopics()
  }

  /** Payloads that this device declines would come by gossip as well. */
  #chooseTopics(): void {
    const { pubsub } = this.#libp2p.services
    const { apart } = this.#topics
    const isWanted = this.#parts.engine.declined.length === 0
    if (isWanted === pubsub.getTopics().includes(apart)) return
    if (isWanted) pubsub.subscribe(apart)
    else pubsub.unsubscribe(apart)
  }

  #topicOf({ header }: CommitRecord): string {
    const { replica } = this.#parts.engine
    const isWhole = header.sections.every((it) => replica.isAlwaysSent(it.document))
    return isWhole ? this.#topics.whole : this.#topics.apart
  }

  #takeGossip(data: Uint8Array): TopicValidatorResult {
    if (data.length > GOSSIP_BYTES_MAX) return TopicValidatorResult.Reject
    const decoded = decodeRecord(data, this.#parts.crypto.sha256)
    if (!decoded.ok) return TopicValidatorResult.Reject
    const { record } = decoded
    // Only whole commits are gossiped: who passes one on that lacks a payload has cut it off.
    if (record.payloads.includes(null)) return TopicValidatorResult.Reject
    const { replica } = this.#parts.engine
    // Before its signature is looked at: a key that nobody has seen costs a millisecond to check.
    const isKnown =
      replica.history.findDevice(record.header.device) >= 0 ||
      replica.authority.devices.has(toHex(record.header.device))
    if (!isKnown) return TopicValidatorResult.Ignore
    const result = this.#parts.engine.ingest([record])
    if (result.stored.length + result.waiting.length > 0) return TopicValidatorResult.Accept
    if (result.duplicates > 0)
      return this.#isWhole(record) ? TopicValidatorResult.Accept : TopicValidatorResult.Reject
    const refusal = result.refused[0]?.refusal
    // A gap is no fault: the sessions' announcements bring what is between.
    const isFault = refusal === 'signature' || refusal === 'other-coop'
    return isFault ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore
  }

  /** Of a commit that is here already, only what its author signed is passed on: of other forms there is no end. */
  #isWhole(record: CommitRecord): boolean {
    const { rule } = this.#parts.engine.replica
    return rule.verify(record.header.device, commitMessage(record.id), record.signature)
  }

  readonly #onDurable = ({ own, devices }: DurableCommits): void => {
    this.#cutOutsiders()
    for (const session of this.#sessions.values()) session.changed(devices)
    for (const { record } of own) {
      if (record.bytes.length > GOSSIP_BYTES_MAX) continue
      this.#libp2p.services.pubsub.publish(this.#topicOf(record), record.bytes).catch((cause: unknown) => {
        this.#log.debug({ err: cause }, 'gossip found nobody; the sessions carry it')
      })
    }
  }

  readonly #onDamaged = (): void => {
    for (const session of this.#sessions.values()) session.repair()
  }

  readonly #onHoles = (): void => {
    this.#chooseTopics()
    for (const session of this.#sessions.values()) session.holes()
  }

  /** Ends all that runs with a device once it is suspended, after telling it why. */
  readonly #onSuspended = ({ device }: Suspension): void => {
    this.#sessions.get(device)?.close(SUSPENDED)
    for (const connection of this.#connectionsOf(device)) void this.#suspended.cut(connection, device)
    this.emit('changed')
  }

  /** Ends what runs with devices that are outside by now, once they were told. */
  #cutOutsiders(): void {
    const { engine } = this.#parts
    const { revision } = engine.replica.authority
    if (this.#judgedAt === revision) return
    this.#judgedAt = revision
    const isSelfOutside = this.#isSelfOutside
    // Whoever told of it has just been talked to.
    if (isSelfOutside && !this.#wasSelfOutside) this.#calledOutsideAtMs = performance.now()
    this.#wasSelfOutside = isSelfOutside
    for (const connection of this.#libp2p.getConnections()) {
      const key = deviceOf(connection.remotePeer)
      if (key === null || !this.#greeted.has(connection) || this.#parting.has(connection)) continue
      const device = toHex(key)
      if (!isOutside(engine.replica, device)) continue
      this.#parting.add(connection)
      this.#greeted.delete(connection)
      setTimeout(() => this.#part(connection), FAREWELL_MS)
      this.#sessions.get(device)?.close(OUTSIDE)
      // It ends in a moment; what takes its place begins now.
      this.#sessions.delete(device)
      this.#log.info({ device }, 'a device is outside from now on')
      void this.#openSession(connection, device)
    }
    this.emit('changed')
  }

  /** The last seconds of a connection with a device that was a member until now are over, or it has heard of it. */
  #part(connection: Connection): void {
    if (!this.#parting.delete(connection)) return
    if (isMemberOf(this.#parts, connection.remotePeer)) this.#connected(connection)
    else connection.abort(new Error(OUTSIDE))
  }

  /** A peer shows what should prove that two histories were written under this key. */
  #hear(proof: Uint8Array, peer: string): void {
    const fork = this.#suspended.hear(proof, peer)
    if (fork === null) return
    this.#lastClose.set(peer, SUSPENDED_HERE)
    this.emit('proven', fork)
  }

  /** True when a key that is no member's, or a suspended device's, may come in for the join door. */
  #mayVisit(peer: PeerId): boolean {
    const suspended = this.#suspended.deviceOf(peer)
    return (suspended !== null || this.#door.isOpen) && this.#visitors.hasRoom(suspended, performance.now())
  }

  #accept(
    stream: Stream,
    connection: Connection,
    serve: (stream: Stream, device: string) => Promise<void>,
  ): void {
    const device = deviceOf(connection.remotePeer)
    const isLetIn =
      isMemberOf(this.#parts, connection.remotePeer) ||
      (stream.protocol === SYNC_PROTOCOL &&
        device !== null &&
        isOutside(this.#parts.engine.replica, toHex(device)))
    if (device === null || !isLetIn) {
      stream.abort(new Error('members only'))
      return
    }
    serve(stream, toHex(device)).catch((cause: unknown) => {
      this.#log.debug({ err: cause, protocol: stream.protocol }, 'a stream failed')
      stream.abort(cause instanceof Error ? cause : new Error(String(cause)))
    })
  }

  #connected(connection: Connection): void {
    const peer = connection.remotePeer
    const key = deviceOf(peer)
    if (key === null || !isMemberOf(this.#parts, peer)) return this.#admitVisitor(connection)
    const device = toHex(key)
    this.#dials.delete(device)
    this.emit('changed')
    void this.#greet(connection, device)
  }

  /**
   * Greets connections whose opening was not heard (they came while the mesh started) and those of strangers that were
   * admitted since; opens sessions that ended, or could not be opened, while the connection lives.
   */
  #tendConnections(): void {
    for (const connection of this.#libp2p.getConnections()) {
      const key = deviceOf(connection.remotePeer)
      if (key === null || connection.status !== 'open' || !isMemberOf(this.#parts, connection.remotePeer))
        continue
      if (this.#parting.has(connection)) continue
      if (this.#isVisitOver(connection, toHex(key))) {
        void connection.close()
        continue
      }
      this.#visitors.leave(connection.id)
      const device = toHex(key)
      if (!this.#greeted.has(connection)) void this.#greet(connection, device)
      else if (this.#own < device || Date.now() - connection.timeline.open > STREAM_WAIT_MS)
        void this.#openSession(connection, device)
    }
  }

  /** True when this device is outside, and all was said that the other side says to it: others want its place there. */
  #isVisitOver(connection: Connection, device: string): boolean {
    if (!this.#isSelfOutside || this.#suspended.isReached(device)) return false
    const isFresh = Date.now() - connection.timeline.open < STREAM_WAIT_MS
    return !isFresh && this.#sessions.get(device)?.isSynced !== false
  }

  /** A connected key that is not on the roster, or suspended, may only use the join door, and not for long. */
  #admitVisitor(connection: Connection): void {
    const suspended = this.#suspended.deviceOf(connection.remotePeer)
    // The gater asked before; but handshakes that are under way at once all pass it.
    const cut = (): void => connection.abort(new Error('others come less often'))
    if (!this.#visitors.enter(connection.id, { device: suspended, cut }, performance.now()))
      return connection.abort(new Error('too many strangers'))
    if (suspended !== null) void this.#tellVisitor(connection, suspended)
    const timer = setTimeout(() => {
      this.#visitors.leave(connection.id)
      // Admitted meanwhile and still here: from now on a peer like any other.
      if (isMemberOf(this.#parts, connection.remotePeer)) this.#connected(connection)
      else connection.abort(new Error('not admitted in time'))
    }, STRANGER_TIMEOUT_MS)
    connection.addEventListener('close', () => {
      clearTimeout(timer)
      this.#visitors.leave(connection.id)
    })
  }

  /** Proof or authority document, whichever says why the device is not let in. */
  async #tellVisitor(connection: Connection, device: string): Promise<void> {
    const { engine } = this.#parts
    if (engine.suspensionOf(device) !== null) await this.#suspended.tell(connection, device)
    // The other side opens the stream by the same rule.
    if (isOutside(engine.replica, device) && this.#own < device) await this.#openSession(connection, device)
  }

  async #greet(connection: Connection, device: string): Promise<void> {
    this.#greeted.add(connection)
    try {
      const { listenAddrs } = await this.#libp2p.services.identify.identify(connection)
      const reached = connection.direction === 'outbound' ? [connection.remoteAddr] : []
      await this.#parts.book.remember(device, [...reached, ...listenAddrs])
    } catch (cause) {
      this.#log.debug({ err: cause }, 'identify failed')
    }
    // Both sides see the connection; the smaller key opens the one sync stream.
    if (this.#own > device && this.#parts.isAsking())
      await new Promise((resolve) => setTimeout(resolve, ASKING_STREAM_WAIT_MS))
    if (this.#own < device || this.#parts.isAsking()) await this.#openSession(connection, device)
  }

  async #openSession(connection: Connection, device: string): Promise<void> {
    if (this.#isStopped || this.#sessions.has(device) || this.#opening.has(device)) return
    if (connection.status !== 'open' || this.#faults.isAway(device, Date.now())) return
    if (this.#suspended.isToldBy(device)) return
    const { engine } = this.#parts
    // Where both wrote, neither may write on: the sooner the others have both histories, the sooner each is told.
    const isYielding =
      engine.writeRefusal?.code === 'key-superseded' && engine.suspensionOf(this.#own) === null
    const waitMs = isYielding ? SUPERSEDED_STREAM_EVERY_MS : 0
    if (performance.now() - (this.#streamAtMs.get(device) ?? -Infinity) < waitMs) return
    this.#opening.add(device)
    try {
      const stream = await connection.newStream(SYNC_PROTOCOL, { signal: AbortSignal.timeout(5_000) })
      const session = this.#runSession(stream, device)
      this.#opening.delete(device)
      await session
    } catch (cause) {
      this.#opening.delete(device)
      this.#log.debug({ err: cause }, 'no sync stream')
    }
  }

  readonly #runSession = async (stream: Stream, device: string): Promise<void> => {
    if (this.#faults.isAway(device, Date.now())) {
      stream.abort(new Error('kept away after repeated faults'))
      return
    }
    const { engine, crypto, log } = this.#parts
    const outside = isOutside(engine.replica, device)
    if (outside && !this.#outsiders.mayServe(device, performance.now())) {
      stream.abort(new Error(OUTSIDE))
      return
    }
    this.#sessions.get(device)?.close('a newer stream took over')
    const framed = new FramedStream(stream, FRAME_BYTES_MAX)
    const decoder = this.#decoder
    const session = new PeerSession(framed, {
      ...{ engine, decoder, crypto, log, isOutside: outside },
      // What it claims to have is asked of members all the same.
      share: outside ? new PullShare() : this.#share,
      onChange: () => this.emit('changed'),
      onFault: (code, detail) => this.#faults.note(device, code, detail, Date.now()),
      onSuperseded: (row) => this.emit('superseded', row, device),
      onCompared: (isSettled) => this.emit('compared', device, isSettled),
    })
    this.#sessions.set(device, session)
    this.#streamAtMs.set(device, performance.now())
    await session.run()
    if (outside) {
      this.#outsiders.note(device, session)
      // It asks for more than it may have once it has the authority document: nothing is left to say.
      if (session.closeReason === OUTSIDE)
        for (const connection of this.#connectionsOf(device)) this.#part(connection)
    }
    if (this.#sessions.get(device) === session) this.#sessions.delete(device)
    const isTold = this.#suspended.isToldBy(device)
    const reason = isTold ? SUSPENDED_HERE : outside ? OUTSIDE : session.closeReason
    if (reason !== null) this.#lastClose.set(device, reason)
    this.emit('changed')
  }

  #connectionTo(device: string): Connection | undefined {
    return this.#connectionsOf(device).find((it) => it.status === 'open')
  }

  #connectionsOf(device: string): Connection[] {
    const key = fromHex(device)
    return key === null ? [] : this.#libp2p.getConnections(peerIdFromString(deviceText(key)))
  }

  #discovered(peer: PeerId): void {
    const key = deviceOf(peer)
    if (key === null || !isMemberOf(this.#parts, peer) || this.#suspended.isToldBy(toHex(key))) return
    if (!this.#isSelfOutside) this.#tryDial(toHex(key))
  }

  #dialMissing(): void {
    const connected = new Set(this.connectedDevices())
    if (connected.size >= PEERS_TARGET) return
    if (this.#isSelfOutside) {
      if (performance.now() - this.#calledOutsideAtMs < CALL_OUTSIDE_EVERY_MS) return
      this.#calledOutsideAtMs = performance.now()
    }
    const { authority } = this.#parts.engine.replica
    const known = new Set([
      ...authority.devices.keys(),
      ...(this.#parts.sponsor === null ? [] : [this.#parts.sponsor]),
      ...(authority.devices.has(this.#own) ? [] : this.#parts.book.devices()),
    ])
    for (const device of known) {
      if (device === this.#own || connected.has(device) || this.#suspended.isToldBy(device)) continue
      if (this.#parts.engine.suspensionOf(device) === null) this.#tryDial(device)
    }
  }

  /** True while this device itself dials the peer. */
  #calls(peer: PeerId): boolean {
    const key = deviceOf(peer)
    return key !== null && this.#dialling.has(toHex(key))
  }

  /** True when the others keep away from this very device, as far as it knows. */
  get #isSelfOutside(): boolean {
    return isOutside(this.#parts.engine.replica, this.#own)
  }

  #tryDial(device: string): void {
    const state = this.#dials.get(device) ?? { failures: 0, notBeforeMs: -Infinity }
    if (
      state.notBeforeMs > performance.now() ||
      this.#dialling.has(device) ||
      this.#dialling.size >= DIALS_MAX
    )
      return
    this.#dialling.add(device)
    this.dial(device)
      .catch((cause: unknown) => {
        const waitMs = Math.min(DIAL_EVERY_MS * 2 ** state.failures, DIAL_BACKOFF_MS_MAX)
        this.#dials.set(device, { failures: state.failures + 1, notBeforeMs: performance.now() + waitMs })
        this.#log.debug({ err: cause, device }, 'a device does not answer')
      })
      .finally(() => this.#dialling.delete(device))
  }
}

/**
 * True for a device of the roster that is neither suspended nor outside. Until a roster is here that holds this device, also for the one that admitted it and
 * for those that it was connected to before: the disk may have lost the roster.
 */
function isMemberOf(parts: MeshParts, peer: PeerId): boolean {
  const key = deviceOf(peer)
  if (key === null) return false
  const device = toHex(key)
  const { authority, device: own } = parts.engine.replica
  if (parts.engine.suspensionOf(device) !== null || isOutside(parts.engine.replica, device)) return false
  if (authority.devices.has(device)) return true
  if (authority.devices.has(own ?? '')) return false
  return device === parts.sponsor || parts.book.of(device).length > 0
}

function hasCode(cause: unknown, code: string): boolean {
  if (systemCode(cause) === code) return true
  if (cause instanceof AggregateError) return cause.errors.some((error) => hasCode(error, code))
  return cause instanceof Error && (cause.message.includes(code) || hasCode(cause.cause, code))
}

/** IPv4 addresses of this machine that others can reach; used when an invite is made without a running node. */
export function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((it) => it.family === 'IPv4')
    .sort((a, b) => Number(a.internal) - Number(b.internal))
    .map((it) => it.address)
}
