import type { CommitRecord, Section } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import type { Sha256, Signer } from '#protocol/identity'
import { CHECKERS, doAgree, forksUntold, notHandedIn } from '../checkers/index.ts'
import type { CheckedWorld, Checker, TradeState, Violation } from '../checkers/index.ts'
import { DeviceClock, drawClock } from '../clocks/index.ts'
import type { DiskEntry } from '../disk/index.ts'
import { Timers, sampleWhole } from '../kernel/index.ts'
import type { Simulator } from '../kernel/index.ts'
import { Network, drawTopology } from '../network/index.ts'
import type { Topology, Venue } from '../network/index.ts'
import { AssetShelf, Books, GossipBook, SimNode, assetSection } from '../peers/index.ts'
import { listSection, simCrypto, sizeOf } from '../peers/index.ts'
import type { Actor, Message, NodeHost, ReachedState, SigningPort, SimCrypto } from '../peers/index.ts'
import { Pen, Rogue, TwoFaces } from '../adversaries/index.ts'
import type { RogueKind } from '../adversaries/index.ts'
import { drawFile } from './asset-file.ts'
import { Assembly } from './assembly.ts'
import { DiskFaults } from './disk-faults.ts'
import { admission, found, withholdersOf } from './founding.ts'
import { openTrade } from './open-trade.ts'
import type { Trade, TradeMetrics } from './market.ts'
import { noteStates } from './noted-states.ts'
import { insidersOf, tellOneLine } from './insiders.ts'
import { drawPlan } from './plan.ts'
import { drawCore, drawRoles } from './roles.ts'
import type { Roles } from './roles.ts'
import type { Decision, WorldConfig } from './world-config.ts'

/** How often it is looked whether the core agrees, once the faults are over. */
const LOOK_US = 1_000_000
/** Time in which traffic is counted once the core agrees: two rounds of anti-entropy; and how long it may first settle. */
export const QUIET_US = 60_000_000
export const SETTLE_US = 40_000_000
/** A member that could not be admitted is tried again after this. */
const JOIN_AGAIN_US = 2_000_000
/** Bytes that one side of a session sends in `QUIET_US` at most: three frames with a root, and heads. */
const QUIET_BYTES_PER_SIDE = 3 * 96
/** What a rogue can have under way to one peer, as a TCP window. */
const ROGUE_STREAM_BYTES = 262_144
/** How often nodes look for assets that they lack, and at one that they have. */
const ASSETS_US = 2_000_000
/** Fsyncs take at most a minute. */
const SYNC_US_MAX = 60_000_000

/** What a world is made of. */
export interface WorldParts {
  readonly sim: Simulator
  readonly sha256: Sha256
  /** `fast`: a keyed hash in place of Ed25519. */
  readonly crypto: 'real' | 'fast'
  readonly config: WorldConfig
  /** Signs and verifies in `real` mode; default: portable code. */
  readonly port?: SigningPort
  /** Happens in place of what is drawn: a `trace` with some left out. */
  readonly decisions?: readonly Decision[]
  /** Default: all. */
  readonly checkers?: Readonly<Record<string, Checker>>
}

/** Numbers of one run. */
export interface WorldMetrics extends Partial<TradeMetrics> {
  commitsWritten: number
  commitsAcknowledged: number
  writesRefused: number
  bytesSent: number
  messagesSent: number
  sessionsCut: number
  /** From the end of the faults to agreement; null: none. */
  convergenceUs: number | null
  /** From the end of the faults until all who are left told of one line of seals; null: never, or nobody decides. */
  lineUs: number | null
  coreNodes: number
}

/** A co-op of real replicas on a simulated network, with faults and adversaries, and what must hold of it. */
export class World implements CheckedWorld {
  readonly network: Network
  readonly topology: Topology
  readonly roles: Roles
  readonly books: Books
  readonly crypto: SimCrypto
  readonly trace: readonly Decision[]
  readonly #byKey: ReadonlyMap<number, Decision>
  readonly rotted: Set<string> = new Set()
  convergedUs: number | null = null
  healedUs: number | null = null
  quiet: { bytes: number; bytesMax: number } | null = null
  core: readonly SimNode[] = []
  /** When all of the core that were still in told of one line; null: not yet. */
  lineUs: number | null = null
  reachable: readonly SimNode[] = []
  outsiders: readonly SimNode[] = []
  /** True when nothing is left to be measured: the last look of the checkers is due. */
  isOver = false
  readonly #sim: Simulator
  readonly #config: WorldConfig
  readonly #sha256: Sha256
  readonly #checkers: Readonly<Record<string, Checker>>
  readonly #host: NodeHost
  /** By slot. */
  readonly #slots: SimNode[] = []
  /** By place. */
  readonly #actors: (Actor | null)[]
  readonly #honest: (SimNode | null)[]
  readonly #faces: Map<number, TwoFaces> = new Map()
  readonly #rogues: Map<number, Rogue> = new Map()
  readonly #signers: (Signer | null)[]
  readonly #disks: DiskFaults
  readonly #admitted: Set<number> = new Set()
  /** Recovery keys by place. */
  readonly #kits: Map<number, Signer> = new Map()
  /** Who decides; null where nobody does but the founder. */
  readonly assembly: Assembly | null
  /** Who sells; null where nothing is sold. */
  readonly trade: Trade | null
  /** Places whose devices are gone for good. */
  readonly #lost: Set<number> = new Set()
  /** By place: reasons for which it is off the network. */
  readonly #absences: Uint16Array
  readonly #kinds: {
    act: number
    undo: number
    synced: number
    retry: number
    look: number
    quiet: number
    rejoined: number
    tick: number
    assets: number
  }
  readonly #undos: (() => void)[] = []
  #writesRefused = 0
  #quietFrom = 0
  #rejoinedUs = 0
  #returned: readonly SimNode[] = []

  constructor(parts: WorldParts) {
    const { sim, sha256, config } = parts
    this.#sim = sim
    this.#config = config
    this.#sha256 = sha256
    this.#checkers = parts.checkers ?? CHECKERS
    this.topology = drawTopology(config.topology, sim.random.stream('topology'))
    const key = sim.random.stream('crypto').bytes(32)
    const port = parts.port === undefined ? {} : { port: parts.port }
    this.crypto = simCrypto({ mode: parts.crypto, sha256, key, ...port })
    this.network = new Network(sim, {
      ...{ topology: this.topology, transport: 'stream', latency: config.latency },
      ...{ bandwidth: config.bandwidth, faults: config.linkFaults },
      venues: openInTheEnd(config.venues ?? [], config.phases.faultsUs),
    })
    this.books = new Books(() => sim.nowUs, sha256)
    this.roles = drawRoles(config, this.topology, sim.random.stream('roles'))
    this.#absences = new Uint16Array(this.topology.nodes)
    this.#actors = Array.from({ length: this.topology.nodes }, () => null)
    this.#honest = [...this.#actors] as null[]
    this.#signers = this.#drawSigners()
    this.#kinds = {
      act: sim.register('world.act', (key_) => this.#act(key_)),
      undo: sim.register('world.undo', (index) => this.#undos[index]?.()),
      synced: sim.register('disk.synced', (slot, life) => this.#slots[slot]?.synced(life)),
      retry: sim.register('disk.retry', (slot, life) => this.#slots[slot]?.retry(life)),
      tick: sim.register('rogue.tick', (link, stream) => {
        const rogue = this.#rogues.get(this.topology.sources[link] as number)
        rogue?.tick(this.topology.peers[link] as number, stream)
      }),
      assets: sim.register('world.assets', () => {
        for (const node of this.#slots) node.lookForAssets()
        this.#sim.after(ASSETS_US, this.#kinds.assets, 0)
      }),
      look: sim.register('world.look', () => this.#look()),
      quiet: sim.register('world.quiet', () => this.#endQuiet()),
      rejoined: sim.register('world.rejoined', () => this.#lookAtRejoined()),
    }
    const founding = found(config, {
      ...{ random: sim.random, crypto: this.crypto, signers: this.#signers },
      ...{ roles: this.roles, admitted: this.#admitted, kits: this.#kits },
    })
    this.#host = this.#makeHost(founding.coop)
    this.assembly = this.#assemble(founding.coop)
    this.trade = this.#openMarket()
    this.#disks = this.#makeDiskFaults()
    this.#populate(founding)
    this.trace = parts.decisions ?? this.#drawPlan()
    this.#byKey = new Map(this.trace.map((it) => [it.key, it]))
    this.network.onDeliver = (to, from, payload) =>
      this.trade?.took(to, from, payload) === true || this.#actors[to]?.receive(from, payload as Message)
    this.network.onLink = (a, b, isUp) => {
      for (const [place, peer] of [
        [a, b],
        [b, a],
      ] as const) {
        const actor = this.#actors[place]
        if (isUp) actor?.linkUp(peer)
        else actor?.linkDown(peer)
      }
    }
  }

  /** Nodes that follow the protocol, by place; clones among them once they run. */
  get nodes(): readonly SimNode[] {
    return this.#honest.filter((node) => node !== null)
  }

  get nowUs(): number {
    return this.#sim.nowUs
  }

  get convergeUsMax(): number {
    return this.#config.phases.convergeUsMax
  }

  get isGoverned(): boolean {
    return this.assembly !== null
  }

  get lineUsMax(): number | null {
    return this.#config.authority?.lineUsMax ?? null
  }

  workOf(node: SimNode): string | null {
    return this.assembly?.workOf(node) ?? null
  }

  /** Places of cheats, and of devices whose disk was put back or copied and that wrote two histories. */
  get adversaries(): ReadonlySet<number> {
    const { forkers, colluders, liars, stallers, flooders } = this.roles
    return new Set([...forkers, ...colluders.flat(), ...liars, ...stallers, ...flooders])
  }

  /** How often each interesting state was reached. */
  get reached(): Readonly<Record<ReachedState, number> & Partial<Record<TradeState, number>>> {
    return this.trade === null ? this.books.counts : { ...this.books.counts, ...this.trade.counts }
  }

  get metrics(): WorldMetrics {
    let commitsWritten = 0
    for (const chain of this.books.chains.values())
      for (const ids of chain.values()) commitsWritten += ids.size
    const isOver = this.convergedUs !== null && this.healedUs !== null
    return {
      commitsWritten,
      commitsAcknowledged: this.books.acknowledgements.length,
      writesRefused: this.#writesRefused,
      bytesSent: this.network.bytes.sent,
      messagesSent: this.network.messages.sent,
      sessionsCut: this.books.cuts.length,
      convergenceUs: isOver ? Number(this.convergedUs) - Number(this.healedUs) : null,
      lineUs: this.lineUs === null || this.healedUs === null ? null : this.lineUs - this.healedUs,
      coreNodes: this.core.length,
      ...this.trade?.metrics(this.books),
    }
  }

  /** Switches everything on and schedules what will happen. */
  start(): void {
    for (const node of this.#slots) if (this.#isPresent(node.number)) node.powerOn(false)
    for (let place = 0; place < this.topology.nodes; place += 1)
      if (!this.#isPresent(place)) this.#leave(place)
    this.network.announce()
    this.trade?.start()
    for (const [index, { atUs }] of this.trace.entries()) this.#sim.at(atUs, this.#kinds.act, index)
    if (this.#config.workload.assets !== undefined) this.#sim.after(ASSETS_US, this.#kinds.assets, 0)
  }

  /** Phase two: all faults end, adversaries fall silent, and a random connected core stays up. */
  heal(): void {
    this.healedUs = this.#sim.nowUs
    this.network.faults = {}
    for (const undo of [...this.#undos]) undo()
    const able = this.#able()
    const random = this.#sim.random.stream('core')
    const least = this.#config.phases.isWhole === true ? able.length : Math.ceil(able.length / 2)
    const size = random.between(least, able.length)
    const places = able.map((node) => node.number)
    const chosen = new Set(drawCore(this.topology, places, { size, random }))
    this.core = able.filter((node) => chosen.has(node.number))
    for (let place = 0; place < this.topology.nodes; place += 1) {
      const isLasting = this.#config.adversaries.areLasting === true && this.#rogues.has(place)
      if (!chosen.has(place) && !isLasting && this.#absences[place] === 0) this.#leave(place)
    }
    for (const node of this.core) this.#disks.repair(node, this.core)
    this.#sim.after(LOOK_US, this.#kinds.look, 0)
  }

  /** Everything from the start to the end: faults with looks of the checkers between, healing, and the last look. */
  run(): Violation[] {
    const { faultsUs, convergeUsMax } = this.#config.phases
    this.start()
    const found: Violation[] = []
    for (let part = 1; part <= LOOKS; part += 1) {
      this.#sim.run(Math.floor((faultsUs * part) / LOOKS))
      found.push(...this.check('running'))
      if (found.length > 0) return found
    }
    this.heal()
    this.#sim.run(faultsUs + 2 * convergeUsMax + SETTLE_US + QUIET_US)
    return this.check('end')
  }

  /** Runs all checkers. */
  check(at: 'running' | 'end'): Violation[] {
    noteStates(this)
    this.trade?.note()
    return Object.values(this.#checkers).flatMap((checker) => checker(this, at))
  }

  // Making.

  #makeDiskFaults(): DiskFaults {
    return new DiskFaults({
      ...{ sim: this.#sim, rotted: this.rotted, nodes: () => this.nodes },
      mayFail: (place) => this.healedUs === null && !this.#lost.has(place),
      later: (delayUs, undo) => this.#later(delayUs, undo),
      leave: (place) => this.#leave(place),
      return: (place) => this.#return(place),
      reconnect: (place, start) => {
        this.network.setOnline(place, false)
        start()
        if (this.#absences[place] === 0) this.network.setOnline(place, true)
      },
      reached: (state) => this.books.reached(state),
    })
  }

  #assemble(coop: Uint8Array): Assembly | null {
    const { authority: config } = this.#config
    if (config === undefined) return null
    return new Assembly({
      ...{ sim: this.#sim, config, coop, crypto: this.crypto, books: this.books, kits: this.#kits },
      ...{ slotsMax: 2 * this.topology.nodes, lost: this.#lost },
      writersAt: (place) => (this.#isPresent(place) ? this.#writersAt(place) : []),
      withholders: withholdersOf(config, this.roles),
      hide: (place) => {
        const mayHide = this.healedUs === null
        if (mayHide) this.#absence({ node: place, forUs: Math.ceil(this.#config.phases.faultsUs / 2) })
        return mayHide
      },
      decisionOf: (key) => this.#byKey.get(key),
      deviceAt: (place) => this.#signers[place]?.publicKey ?? NOBODY,
    })
  }

  #openMarket(): Trade | null {
    const { trade: config } = this.#config
    if (config === undefined) return null
    return openTrade({
      ...{ sim: this.#sim, config, sha256: this.#sha256, roles: this.roles },
      ...{ network: this.network, nodes: () => this.nodes, isOver: () => this.healedUs !== null },
      deviceAt: (place) => this.#signers[place]?.publicKey ?? NOBODY,
      writersAt: (place) => (this.#isPresent(place) ? this.#writersAt(place) : []),
    })
  }

  #drawSigners(): (Signer | null)[] {
    const { roles } = this
    const readers = new Set([...roles.readers, ...roles.spares])
    return Array.from({ length: this.topology.nodes }, (_, place) =>
      readers.has(place) ? null : this.crypto.signer(this.#sim.random.stream('device', place).bytes(32)),
    )
  }

  #makeHost(coop: Uint8Array): NodeHost {
    const sim = this.#sim
    const { links, sources, peers } = this.topology
    const timers = (name: string, onDue: (node: SimNode, peer: number) => void): Timers =>
      new Timers(sim, {
        ...{ name, targets: links },
        onDue: (link) => {
          const node = this.#nodeFor(sources[link] as number, peers[link] as number)
          if (node !== null) onDue(node, peers[link] as number)
        },
      })
    return {
      ...{ sim, network: this.network, crypto: this.crypto, coop, observer: this.books },
      isGossiping: this.#config.isGossiping,
      gossip: new GossipBook(),
      wakes: timers('session.wake', (node, peer) => node.wake(peer)),
      dials: timers('link.dial', (node, peer) => node.redial(peer)),
      drains: timers('link.drain', (node, peer) => node.drain(peer)),
      farewells: timers('link.farewell', (node, peer) => node.farewell(peer)),
      syncUs: (node) => sampleWhole(this.#config.fsyncUs, sim.random.stream('fsync', node), SYNC_US_MAX),
      deviceAt: (place) => {
        const signer = this.#signers[place]
        return signer === null || signer === undefined ? '' : toHex(signer.publicKey)
      },
      send: (from, to, message) => this.network.send(from, to, message, sizeOf(message)),
      spread: (over, message) => this.network.spread(over, message, sizeOf(message)),
      afterSync: (slot, delayUs, life) => sim.after(delayUs, this.#kinds.synced, slot, life),
      afterRetry: (slot, delayUs, life) => sim.after(delayUs, this.#kinds.retry, slot, life),
    }
  }

  #populate({ founded }: { founded: CommitRecord[] }): void {
    const { members, readers, joiners, forkers, colluders } = this.roles
    const cheats = new Set([...forkers, ...colluders.flat()])
    const founder = members[0]
    const isHeld = this.#config.isPreloaded || this.#config.authority !== undefined
    const joining = new Set(joiners)
    const entries = founded.map((record) => ({ record, isSigned: true, isRotten: false }))
    for (const place of [...members, ...readers, ...joiners, ...cheats].sort((a, b) => a - b)) {
      const node = this.#newNode(place)
      if ((isHeld && !joining.has(place)) || place === founder) preload(node, entries)
      if (!cheats.has(place)) {
        this.#actors[place] = node
        this.#honest[place] = node
        continue
      }
      const faces = new TwoFaces([node, this.#newNode(place)])
      this.#faces.set(place, faces)
      this.#actors[place] = faces
    }
    for (const kind of ['liar', 'staller', 'flooder'] as const)
      for (const place of this.roles[`${kind}s`]) this.#addRogue(place, kind)
    for (const [a, b] of colluders) {
      const pair = [this.#faces.get(a), this.#faces.get(b)]
      if (pair[0] !== undefined && pair[1] !== undefined) pair[0].ally = pair[1]
      if (pair[0] !== undefined && pair[1] !== undefined) pair[1].ally = pair[0]
    }
  }

  #addRogue(number: number, kind: RogueKind): void {
    const signer = this.#signers[number]
    if (signer === null || signer === undefined) return
    const { coop } = this.#host
    const rogue = new Rogue({
      ...{ sim: this.#sim, number, kind, coop, random: this.#sim.random.stream('rogue', number) },
      pen: new Pen(coop, signer, this.#sha256),
      recordsOf: (place) => this.#honest[place]?.disk.image().entries.map((it) => it.record) ?? [],
      send: (to, message) => this.#host.send(number, to, message),
      assetOf: (cid) => this.nodes.find(({ shelf }) => shelf?.held.has(cid) === true)?.shelf?.held.get(cid),
      hasRoom: (to) => this.network.queuedBytes(number, to) < ROGUE_STREAM_BYTES,
      afterTick: (delayUs, peer, stream) =>
        this.#sim.after(delayUs, this.#kinds.tick, this.topology.linkOf(number, peer), stream),
      onAttack: () => this.books.reached('attacked'),
    })
    this.#rogues.set(number, rogue)
    this.#actors[number] = rogue
  }

  #newNode(place: number): SimNode {
    const stream = this.#sim.random.stream('clock', place)
    const clock = drawClock(this.#config.clocks, stream) ?? new DeviceClock()
    const slot = this.#slots.length
    const node = new SimNode(this.#host, { number: place, slot, signer: this.#signers[place] ?? null, clock })
    if (this.#config.workload.assets !== undefined) {
      node.shelf = new AssetShelf({
        sha256: this.#sha256,
        send: (peer, asset) => this.#host.send(place, peer, { kind: 'asset', asset }),
        happened: (event) => this.books.reached(event),
      })
    }
    this.#slots.push(node)
    this.assembly?.seat(node)
    return node
  }

  #drawPlan(): Decision[] {
    return drawPlan(this.#config, { roles: this.roles, topology: this.topology, random: this.#sim.random })
  }

  #nodeFor(place: number, peer: number): SimNode | null {
    return this.#faces.get(place)?.faceFor(peer) ?? this.#honest[place] ?? null
  }

  /** True for a place that takes part from the start, or has joined. */
  #isPresent(place: number): boolean {
    return this.#actors[place] !== null && (this.#signers[place] === null || this.#admitted.has(place))
  }

  /** False for a node to which not even its own admission has come. */
  #hasJoined({ replica, disk }: SimNode): boolean {
    return replica !== null || disk.length > 0
  }

  // Acting.

  #leave(place: number): void {
    const away = (this.#absences[place] ?? 0) + 1
    this.#absences[place] = away
    if (away === 1) this.network.setOnline(place, false)
  }

  #return(place: number): void {
    const away = Math.max(0, (this.#absences[place] ?? 0) - 1)
    this.#absences[place] = away
    if (away === 0) this.network.setOnline(place, true)
  }

  /** Ends something later, or when the faults end, whichever is first. */
  #later(delayUs: number, undo: () => void): void {
    let isDone = false
    const index = this.#undos.push(() => {
      if (isDone) return
      isDone = true
      undo()
    })
    this.#sim.after(delayUs, this.#kinds.undo, index - 1)
  }

  #act(index: number): void {
    const decision = this.trace[index]
    if (decision === undefined || this.healedUs !== null) return
    this.#sim.note(decision.key)
    this.#acts[decision.what](decision)
  }

  /** What each kind of decision does. */
  readonly #acts: Record<Decision['what'], (decision: Decision) => void> = {
    join: ({ node, peer }) => this.#join(node, peer),
    propose: (decision) => this.assembly?.act(decision),
    suspend: (decision) => this.assembly?.act(decision),
    leave: (decision) => this.assembly?.act(decision),
    recover: (decision) => this.assembly?.act(decision),
    lose: (decision) => this.#withNode(decision, (node) => this.#lose(node)),
    list: (decision) => this.#write(decision),
    edit: (decision) => this.#write(decision),
    asset: (decision) => this.#withNode(decision, (node) => this.#addAsset(node, decision)),
    'asset-rot': (decision) =>
      this.#withNode(decision, ({ shelf }) => shelf?.rot(this.#sim.random.stream('asset-rot', decision.key))),
    partition: (decision) => this.#partition(decision),
    'one-way-cut': (decision) => this.#oneWayCut(decision),
    customer: (decision) => this.trade?.customer(decision),
    cheat: (decision) => this.trade?.cheat(decision, this.#faces.get(decision.node)),
    fork: (decision) => this.#fork(decision),
    absence: (decision) => this.#absence(decision),
    'power-cut': (decision) => this.#withNode(decision, (node) => this.#disks.powerCut(node, decision)),
    rot: (decision) => this.#withNode(decision, (node) => this.#disks.rot(node, decision)),
    'full-disk': (decision) =>
      this.#withNode(decision, ({ disk }) => {
        disk.isFull = true
        this.#later(decision.forUs, () => {
          disk.isFull = false
        })
      }),
    'slow-disk': (decision) =>
      this.#withNode(decision, ({ disk }) => {
        this.books.reached('slow')
        disk.slowness = this.#config.faults.slowness
        this.#later(decision.forUs, () => {
          disk.slowness = 1
        })
      }),
    image: (decision) => this.#withNode(decision, (node) => this.#disks.keepImage(node)),
    restore: (decision) => this.#withNode(decision, (node) => this.#disks.restore(node)),
    clone: (decision) => this.#withNode(decision, (node) => this.#clone(node, decision.peer)),
  }

  #withNode(decision: Decision, act: (node: SimNode) => void): void {
    const node = this.#honest[decision.node] ?? null
    if (node !== null && this.#isPresent(node.number)) act(node)
  }

  #absence({ node, forUs }: Pick<Decision, 'node' | 'forUs'>): void {
    if (!this.#isPresent(node)) return
    this.#leave(node)
    this.#later(forUs, () => {
      this.#return(node)
      this.books.reached('rejoined')
    })
  }

  /** The device is gone with all that only it had. */
  #lose(node: SimNode): void {
    this.#lost.add(node.number)
    node.powerOff({ kind: 'lost' })
    this.#leave(node.number)
  }

  /** `by`: place of the device that admits; -1: the founder's. */
  #join(place: number, by: number): void {
    // One that was refused is tried again, but not once the faults are over.
    if (this.healedUs !== null) return
    const signer = this.#signers[place]
    const founder = this.#honest[by >= 0 ? by : (this.roles.members[0] ?? 0)]
    if (signer === null || signer === undefined || founder === null || founder === undefined) return
    if (this.#admitted.has(place)) return
    const [invite, admit] = admission(this.#host.coop, place, {
      ...{ signer, random: this.#sim.random, crypto: this.crypto, kits: this.#kits },
    })
    const { replica } = founder
    if (invite === undefined || admit === undefined) return
    const isInvited = replica?.authority.isAdmitted(toHex(signer.publicKey)) === true
    const refusal = isInvited ? null : (this.#tryInvite(founder, invite) ?? founder.write(() => admit))
    if (refusal !== null) {
      this.#sim.after(JOIN_AGAIN_US, this.#kinds.undo, this.#undos.push(() => this.#join(place, by)) - 1)
      return
    }
    this.books.reached('joined')
    this.#admitted.add(place)
    for (const node of this.#slots) if (node.number === place) node.powerOn(false)
    this.#return(place)
  }

  #writersAt(place: number): readonly SimNode[] {
    const node = this.#honest[place] ?? null
    return this.#faces.get(place)?.writers() ?? (node === null ? [] : [node])
  }

  #tryInvite(founder: SimNode, invite: Section): ReturnType<SimNode['write']> {
    const refusal = founder.write(() => invite)
    // It may be there from the last try.
    return refusal === 'refused' ? null : refusal
  }

  #write({ node: place, what, key }: Decision): void {
    const random = this.#sim.random.stream(`write.${what}`, key)
    const board = `board-${random.below(Math.max(1, this.#config.workload.boards))}`
    const faces = this.#faces.get(place)
    for (const [face, node] of this.#writersAt(place).entries()) {
      const refusal = node.write(() =>
        what === 'edit' ? node.edit(board, random) : listSection(`asset ${key} ${face}`, this.#sha256),
      )
      if (refusal !== null) this.#writesRefused += 1
    }
    faces?.collude()
  }

  /** A member lists a file; its bytes are on its shelf before. */
  #addAsset(node: SimNode, { key }: Decision): void {
    const random = this.#sim.random.stream('asset', key)
    const bytes = drawFile(this.#config.workload.assets?.bytesMax ?? 1, random)
    const cid = node.shelf?.put(bytes).bytes
    if (cid === undefined) return
    const asset = { cid, name: `file ${key}`, sizeBytes: bytes.length }
    if (node.write(() => assetSection(asset)) !== null) this.#writesRefused += 1
  }

  #partition({ key, forUs, groups, node }: Decision): void {
    const random = this.#sim.random.stream('partition', key)
    const side: number[] = []
    for (let place = 0; place < this.topology.nodes; place += 1) if (random.below(2) === 0) side.push(place)
    // Who is in touch with all sides, if anybody, is in none of them.
    const all = groups ?? [side]
    const cut = this.network.cut(node < 0 ? { groups: all } : { pairs: this.#pairsBetween(all, node) })
    this.books.reached('partitioned')
    this.#later(forUs, () => this.network.heal(cut))
  }

  /** Links between groups, all others being one more, but for those of one place and whoever it colludes with. */
  #pairsBetween(groups: readonly (readonly number[])[], but: number): [number, number][] {
    const groupOf = (place: number): number => groups.findIndex((group) => group.includes(place))
    const pairs: [number, number][] = []
    const pair = this.roles.colluders.find((it) => it.includes(but)) ?? [but]
    for (let place = 0; place < this.topology.nodes; place += 1)
      for (const peer of this.topology.peersOf(place))
        if (!pair.includes(place) && !pair.includes(peer) && groupOf(place) !== groupOf(peer))
          pairs.push([place, peer])
    return pairs
  }

  #oneWayCut({ node, peer, forUs }: Decision): void {
    const cut = this.network.cut({ pairs: [[node, peer]] }, this.#config.faults.noticeUs)
    this.books.reached('one-way-cut')
    this.#later(forUs, () => this.network.heal(cut))
  }

  #clone(original: SimNode, spare: number): void {
    if (this.#actors[spare] !== null || !original.isOn) return
    this.#signers[spare] = original.signer
    const clone = this.#newNode(spare)
    clone.disk.restore(original.disk.image())
    clone.isRestored = true
    original.isRestored = true
    this.#actors[spare] = clone
    this.#honest[spare] = clone
    this.#admitted.add(spare)
    this.books.reached('cloned')
    clone.powerOn(true)
    this.#return(spare)
  }

  #fork({ node: place, key, groups }: Decision): void {
    const faces = this.#faces.get(place)
    if (faces === undefined || !this.#isPresent(place)) return
    this.network.setOnline(place, false)
    const random = this.#sim.random.stream('faces', key)
    const half = [...this.topology.peersOf(place)].filter(() => random.below(2) === 0)
    faces.part(groups?.[1] ?? half)
    if (this.#absences[place] === 0) this.network.setOnline(place, true)
  }

  // Looking.

  #look(): void {
    if (this.convergedUs !== null) return
    const inside = this.#inside(this.core)
    if (this.lineUs === null && this.assembly !== null && tellOneLine(inside)) this.lineUs = this.#sim.nowUs
    if (this.#hasConverged(true))
      for (const place of this.#rogues.keys()) if (this.#absences[place] === 0) this.#leave(place)
    if (this.#hasConverged(false)) {
      this.convergedUs = this.#sim.nowUs
      if (this.assembly !== null) this.assembly.isOver = true
      // Who is outside calls again and again, and that is no traffic of those who agree.
      for (const node of this.core) if (!inside.includes(node)) this.#leave(node.number)
      this.core = inside
      this.#sim.after(SETTLE_US, this.#kinds.quiet, 0)
    } else this.#sim.after(LOOK_US, this.#kinds.look, 0)
  }

  #inside(nodes: readonly SimNode[]): readonly SimNode[] {
    return this.assembly === null ? nodes : insidersOf(nodes)
  }

  /** `isOfHonest`: but for what liars, stallers and flooders write, who may be at it still. */
  #hasConverged(isOfHonest: boolean): boolean {
    const inside = this.#inside(this.core)
    if (this.assembly?.isBusy(inside) === true) return false
    let root = ''
    for (const node of inside) {
      if (node.replica === null || node.unsyncedBytes > 0) return false
      const own = isOfHonest ? this.#headsOfHonest(node.replica) : toHex(node.replica.heads.root())
      if (root !== '' && own !== root) return false
      root = own
    }
    return true
  }

  #headsOfHonest({ history, heads }: Replica): string {
    const rogues = new Set([...this.#rogues.keys()].map((place) => this.#host.deviceAt(place)))
    const rows: string[] = []
    for (let device = 0; device < history.deviceCount; device += 1) {
      if (rogues.has(toHex(history.keyOf(device)))) continue
      rows.push(...heads.rowsOf(device).map((row) => toHex(row.id)))
    }
    return rows.sort().join()
  }

  #endQuiet(): void {
    if (this.#quietFrom === 0) {
      this.#quietFrom = this.network.bytes.sent
      return this.#sim.after(QUIET_US, this.#kinds.quiet, 0)
    }
    const sides = this.core.reduce((sum, node) => sum + node.links.size, 0)
    this.quiet = { bytes: this.network.bytes.sent - this.#quietFrom, bytesMax: sides * QUIET_BYTES_PER_SIDE }
    this.#rejoin()
  }

  /** Honest nodes that others keep streams with. */
  #able(): SimNode[] {
    const forked = this.books.forkedDevices()
    return this.nodes.filter(
      (node) =>
        this.#isPresent(node.number) &&
        !this.#lost.has(node.number) &&
        !forked.has(node.device) &&
        this.#hasJoined(node),
    )
  }

  /** Once the core has agreed the other honest nodes come back: all must agree with it, and know the same forks. */
  #rejoin(): void {
    const able = this.#able()
    for (const node of able) {
      if (this.core.includes(node)) continue
      this.#disks.repair(node, able)
      this.#return(node.number)
    }
    const places = new Set(
      drawCore(
        this.topology,
        able.map((node) => node.number),
        { size: able.length, random: this.#sim.random.stream('rejoined'), start: this.core[0]?.number },
      ),
    )
    this.#returned = able.filter((node) => places.has(node.number))
    this.#rejoinedUs = this.#sim.nowUs
    this.#lookAtRejoined()
  }

  #lookAtRejoined(): void {
    const isLate = this.#sim.nowUs - this.#rejoinedUs >= this.convergeUsMax
    this.reachable = this.#inside(this.#returned)
    this.outsiders = this.#returned.filter((node) => !this.reachable.includes(node))
    const areEqual =
      doAgree(this.reachable) && forksUntold(this.reachable).length + notHandedIn(this).length === 0
    if (isLate || areEqual) this.isOver = true
    else this.#sim.after(LOOK_US, this.#kinds.rejoined, 0)
  }
}

/** The same venues, with uplinks that are open when the faults end. */
function openInTheEnd(venues: readonly Venue[], endUs: number): Venue[] {
  return venues.map((venue) => {
    const timetable = (venue.timetable ?? []).filter(({ atUs }) => atUs < endUs)
    return { ...venue, timetable: [...timetable, { atUs: endUs, isUp: true }] }
  })
}

const NOBODY: Uint8Array = new Uint8Array(32)

/** Looks of the checkers in the phase of faults. */
const LOOKS = 10

function preload(node: SimNode, entries: readonly DiskEntry[]): void {
  const ownLength = entries.filter(({ record }) => node.wrote(record)).length
  node.disk.preload(entries, ownLength)
}
