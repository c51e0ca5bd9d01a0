import { distributionProblem, sampleWhole } from '../kernel/index.ts'
import type { Distribution, Simulator } from '../kernel/index.ts'
import { faultsProblem } from './faults.ts'
import type { LinkFaults, Transport } from './faults.ts'
import { LinkDraws, RETRANSMIT_US } from './link-draws.ts'
import { LinkStates } from './link-states.ts'
import type { Cut } from './link-states.ts'
import { MessageTable, NONE } from './message-table.ts'
import { SharedBandwidth } from './shared-bandwidth.ts'
import type { Bandwidth, Bottleneck } from './shared-bandwidth.ts'
import { DELAY_US_MAX } from './topology.ts'
import type { Topology } from './topology.ts'
import { TrafficCounter } from './traffic.ts'
import type { DropReason, Traffic } from './traffic.ts'
import { VenueUplinks } from './venues.ts'
import type { Venue } from './venues.ts'

/** Largest message: with it, bytes times a million are still exact in a double. */
export const MESSAGE_BYTES_MAX = 4_294_967_296

/** What a network is made of. Whatever is left out is ideal: no delay, no limit, no fault. */
export interface NetworkInit {
  readonly topology: Topology
  /** `datagram` is the default. */
  readonly transport?: Transport
  readonly latency?: {
    /** One-way delay added to the topology's, drawn once for each pair, in microseconds. */
    readonly perPair?: Distribution
    /** Added to it for each message, in microseconds. */
    readonly jitter?: Distribution
  }
  readonly bandwidth?: Bandwidth
  readonly faults?: LinkFaults
  /** Nodes on a local network of their own, behind one uplink. A node is in one venue at most. */
  readonly venues?: readonly Venue[]
}

/** What happened to a message, for traces and diagrams. Must not change the network. */
export interface NetworkObserver {
  delivered?(from: number, to: number, sentUs: number, sizeBytes: number): void
  dropped?(from: number, to: number, sentUs: number, reason: DropReason): void
}

/** A network in virtual time. Messages are objects with a size; each directed link delivers in the order of sending. */
export class Network {
  readonly topology: Topology
  /** Called for each message that arrives. */
  onDeliver: (to: number, from: number, payload: unknown) => void = () => {}
  /**
   * Called when a linked pair (a < b) can talk from now on, or not any more. All pairs can at the start, without a
   * call; `announce` makes those calls.
   */
  onLink: (a: number, b: number, isUp: boolean) => void = () => {}
  observer: NetworkObserver = {}
  readonly #sim: Simulator
  readonly #transport: Transport
  readonly #states: LinkStates
  readonly #table: MessageTable = new MessageTable()
  readonly #bandwidth: SharedBandwidth | null
  readonly #draws: LinkDraws
  readonly #latencyUs: Float64Array
  /** By link: when the last message in order arrives, so that none overtakes it. */
  readonly #lastUs: Float64Array
  /** By link: bytes handed in that did not arrive yet. */
  readonly #queuedBytes: Float64Array
  /** By link: messages that came to a closed place of a stream that is still up, first and last. */
  readonly #stalledFirst: Int32Array
  readonly #stalledLast: Int32Array
  readonly #counter: TrafficCounter = new TrafficCounter()
  readonly #arriveKind: number
  readonly #resumeKind: number
  #faults: LinkFaults

  constructor(sim: Simulator, init: NetworkInit) {
    const { topology, latency = {} } = init
    this.#sim = sim
    this.topology = topology
    this.#transport = init.transport ?? 'datagram'
    this.#faults = init.faults ?? {}
    refuse('faults', faultsProblem(this.#faults, this.#transport))
    for (const [name, model] of Object.entries(latency)) refuse(name, distributionProblem(model))
    this.#draws = new LinkDraws(sim, {
      ...{ topology, transport: this.#transport },
      jitter: latency.jitter ?? null,
    })
    this.#lastUs = new Float64Array(topology.links)
    this.#queuedBytes = new Float64Array(topology.links)
    this.#stalledFirst = new Int32Array(topology.links).fill(NONE)
    this.#stalledLast = new Int32Array(topology.links).fill(NONE)
    this.#states = new LinkStates(sim, topology, {
      onLink: (a, b, isUp) => this.onLink(a, b, isUp),
      onReopened: (link) => this.#reopened(link),
      onDown: (link) => this.#reset(link),
    })
    const venues = new VenueUplinks(sim, { topology, states: this.#states, venues: init.venues ?? [] })
    this.#latencyUs = this.#drawLatencies(latency.perPair, venues)
    this.#bandwidth = SharedBandwidth.open(sim, {
      ...{ topology, table: this.#table, bandwidth: init.bandwidth ?? {}, venues },
      onSent: (message) => this.#travel(message),
    })
    this.#arriveKind = sim.register('message.arrive', (_to, message) => this.#arrive(message))
    this.#resumeKind = sim.register('link.resume', (link, generation) => {
      if (this.#states.generations[link] === generation) this.#resume(link)
    })
  }

  /** Messages so far. */
  get messages(): Traffic {
    return this.#counter.messages
  }

  /** Bytes so far. */
  get bytes(): Traffic {
    return this.#counter.bytes
  }

  get faults(): LinkFaults {
    return this.#faults
  }

  /** Changes what goes wrong from now on; `{}` ends all faults of links. */
  set faults(faults: LinkFaults) {
    refuse('faults', faultsProblem(faults, this.#transport))
    this.#faults = faults
  }

  /**
   * Sends a message. `sizeBytes`: whole, 0 to `MESSAGE_BYTES_MAX`. Throws a RangeError where the topology has no link;
   * over a link that is not up, or from a node that is off, the message is dropped.
   */
  send(from: number, to: number, payload: unknown, sizeBytes: number): void {
    const link = this.#linkOf(from, to)
    if (!isSize(sizeBytes)) throw new RangeError(`a message of ${sizeBytes} bytes`)
    this.#sendOver(link, payload, sizeBytes)
  }

  /** As `send`, of one message over several links of the topology, by their numbers. */
  spread(links: readonly number[], payload: unknown, sizeBytes: number): void {
    if (!isSize(sizeBytes)) throw new RangeError(`a message of ${sizeBytes} bytes`)
    for (let i = 0; i < links.length; i += 1) {
      const link = links[i] as number
      if (!(link >= 0 && link < this.topology.links)) throw new RangeError(`no link ${link}`)
      this.#sendOver(link, payload, sizeBytes)
    }
  }

  #sendOver(link: number, payload: unknown, sizeBytes: number): void {
    const from = this.topology.sources[link] as number
    const message = this.#add(link, sizeBytes, payload)
    this.#counter.enter(false, sizeBytes)
    // While nobody noticed that the way is closed, messages are sent into the hole.
    if (!this.#states.isUp(link) || !this.#states.isOnline(from)) this.#giveUp(message, 'closed')
    else if (this.#bandwidth === null) this.#travel(message)
    else this.#bandwidth.enqueue(link, message)
  }

  /** True while the pair can talk: nobody noticed that one of its directions is closed. */
  isConnected(a: number, b: number): boolean {
    return this.#states.isUp(this.#linkOf(a, b))
  }

  /** True when a message from one to the other would pass just now. */
  isOpen(from: number, to: number): boolean {
    return this.#states.isOpen(this.#linkOf(from, to))
  }

  isOnline(node: number): boolean {
    return this.#states.isOnline(node)
  }

  /** Bytes handed in for this direction that did not arrive yet: what a host's backpressure looks at. */
  queuedBytes(from: number, to: number): number {
    return this.#queuedBytes[this.#linkOf(from, to)] as number
  }

  /** Calls `onLink` for every pair that can talk. */
  announce(): void {
    this.#states.announce()
  }

  /**
   * Cuts links; returns a number for `heal`. Cuts overlap: a link is open when no cut holds it. `noticeAfterUs`: when
   * both ends hear of it, if it lasts that long; default at once between groups, never for single directions (what is
   * sent then vanishes, or waits in a stream). TCP hears after its user timeout, minutes by default (RFC 5482).
   */
  cut(cut: Cut, noticeAfterUs?: number): number {
    const defaultUs = 'pairs' in cut ? Number.POSITIVE_INFINITY : 0
    return this.#states.cut(cut, checkedDelay(noticeAfterUs ?? defaultUs))
  }

  /** Ends one cut, or all of them; not the closing hours of venues. */
  heal(id?: number): void {
    this.#states.heal(id)
  }

  /**
   * Switches a node off or on. Off: it neither sends nor receives, its peers hear after `noticeAfterUs`. On: its
   * connections begin anew.
   */
  setOnline(node: number, isOnline: boolean, noticeAfterUs = 0): void {
    if (!(Number.isSafeInteger(node) && node >= 0 && node < this.topology.nodes)) {
      throw new RangeError(`no node ${node}`)
    }
    this.#states.setOnline(node, isOnline, checkedDelay(noticeAfterUs))
  }

  /** Changes a capacity from now on: a line that gets slow. Throws a RangeError where nothing was limited before. */
  setCapacity(place: Bottleneck, bytesPerSecond: number): void {
    if (this.#bandwidth === null) throw new RangeError('this network has no limits that could change')
    this.#bandwidth.setCapacity(place, bytesPerSecond)
  }

  /** The one-way delay of a link without jitter, in microseconds. */
  latencyUs(from: number, to: number): number {
    return this.#latencyUs[this.#linkOf(from, to)] as number
  }

  /** The share of bandwidth that a direction has just now, in whole bytes a second; 0 while it sends nothing. */
  rateBytesPerSecond(from: number, to: number): number {
    const link = this.#linkOf(from, to)
    return this.#bandwidth === null ? 0 : this.#bandwidth.rateOf(link)
  }

  #linkOf(from: number, to: number): number {
    const link = this.topology.linkOf(from, to)
    if (link === -1) throw new RangeError(`no link from ${from} to ${to}`)
    return link
  }

  #add(link: number, sizeBytes: number, payload: unknown): number {
    const generation = this.#states.generations[link] as number
    const message = this.#table.add({ link, generation, sizeBytes, sentUs: this.#sim.nowUs }, payload)
    this.#queuedBytes[link] = (this.#queuedBytes[link] as number) + sizeBytes
    return message
  }

  /** The last byte has left: decides what becomes of the message on its way. */
  #travel(message: number): void {
    const link = this.#table.linkOf(message)
    const draws = this.#draws
    draws.draw(link, this.#faults)
    if (this.#transport === 'datagram' && !this.#states.isOpen(link)) return this.#drop(message, 'closed')
    if (draws.isLost) return this.#drop(message, 'lost')
    this.#schedule(message, link)
    if (!draws.isDuplicated) return
    const copy = this.#add(link, this.#table.sizeOf(message), this.#table.payload(message))
    this.#table.setSentUs(copy, this.#table.sentUsOf(message))
    this.#counter.enter(true, this.#table.sizeOf(message))
    this.#sim.note(copy)
    draws.drawCopy(link, this.#faults)
    this.#schedule(copy, link)
  }

  /** By what was drawn last. */
  #schedule(message: number, link: number): void {
    const { jitterUs, lateUs, overtakenUs } = this.#draws
    let atUs = this.#sim.nowUs + (this.#latencyUs[link] as number) + jitterUs + lateUs
    if (overtakenUs === -1) {
      const lastUs = this.#lastUs[link] as number
      if (atUs < lastUs) atUs = lastUs
      this.#lastUs[link] = atUs
    } else atUs += overtakenUs
    this.#sim.at(atUs, this.#arriveKind, this.topology.peers[link] as number, message)
  }

  /** Drops a message that does not even begin to travel; its draws are taken all the same. */
  #giveUp(message: number, reason: DropReason): void {
    this.#draws.draw(this.#table.linkOf(message), this.#faults)
    this.#drop(message, reason)
  }

  #arrive(message: number): void {
    const link = this.#table.linkOf(message)
    if (this.#table.generationOf(message) !== this.#states.generations[link])
      return this.#drop(message, 'reset')
    const isOpen = this.#states.isOpen(link)
    if (this.#transport === 'datagram') {
      if (isOpen) this.#deliver(message, link)
      else this.#drop(message, 'closed')
    } else if (isOpen && this.#stalledFirst[link] === NONE) this.#deliver(message, link)
    else this.#stall(message, link)
  }

  #deliver(message: number, link: number): void {
    const sizeBytes = this.#table.sizeOf(message)
    const payload = this.#table.payload(message)
    const from = this.topology.sources[link] as number
    const to = this.topology.peers[link] as number
    const sentUs = this.#table.sentUsOf(message)
    this.#counter.deliver(sizeBytes)
    this.#leave(message, link)
    this.observer.delivered?.(from, to, sentUs, sizeBytes)
    this.onDeliver(to, from, payload)
  }

  #drop(message: number, reason: DropReason): void {
    const link = this.#table.linkOf(message)
    const sentUs = this.#table.sentUsOf(message)
    this.#sim.note(-1 - message)
    this.#counter.drop(reason, this.#table.sizeOf(message))
    this.#leave(message, link)
    const { sources, peers } = this.topology
    this.observer.dropped?.(sources[link] as number, peers[link] as number, sentUs, reason)
  }

  #leave(message: number, link: number): void {
    const sizeBytes = this.#table.sizeOf(message)
    this.#queuedBytes[link] = (this.#queuedBytes[link] as number) - sizeBytes
    this.#table.remove(message)
  }

  #stall(message: number, link: number): void {
    const last = this.#stalledLast[link] as number
    if (last === NONE) this.#stalledFirst[link] = message
    else this.#table.next[last] = message
    this.#stalledLast[link] = message
    this.#table.next[message] = NONE
  }

  /** A stream notices by itself that its peer answers again: at its next attempt to send. */
  #reopened(link: number): void {
    if (this.#stalledFirst[link] === NONE) return
    const waitUs = RETRANSMIT_US + (this.#latencyUs[link] as number)
    this.#sim.after(waitUs, this.#resumeKind, link, this.#states.generations[link])
  }

  #resume(link: number): void {
    while (this.#states.isOpen(link)) {
      const message = this.#stalledFirst[link] as number
      if (message === NONE) return
      this.#unstall(link, message)
      this.#deliver(message, link)
    }
  }

  #unstall(link: number, message: number): void {
    const next = this.#table.next[message] as number
    this.#stalledFirst[link] = next
    if (next === NONE) this.#stalledLast[link] = NONE
  }

  /** The pair went down: what its streams hold is lost. What travels is dropped when it arrives. */
  #reset(link: number): void {
    this.#bandwidth?.clear(link, (message) => this.#giveUp(message, 'reset'))
    for (;;) {
      const message = this.#stalledFirst[link] as number
      if (message === NONE) break
      this.#unstall(link, message)
      this.#drop(message, 'reset')
    }
    this.#lastUs[link] = 0
  }

  /** Both directions of a pair have the same delay. */
  #drawLatencies(perPair: Distribution | undefined, venues: VenueUplinks): Float64Array {
    const { links, sources, peers, reverse, delaysUs } = this.topology
    const latencyUs = new Float64Array(links)
    for (let link = 0; link < links; link += 1) {
      const a = sources[link] as number
      const b = peers[link] as number
      if (a > b) {
        latencyUs[link] = latencyUs[reverse[link] as number] as number
        continue
      }
      const drawnUs =
        perPair === undefined
          ? 0
          : sampleWhole(perPair, this.#sim.random.stream('network.latency', a, b), DELAY_US_MAX)
      latencyUs[link] = venues.isLocal(link)
        ? venues.latencyUs(link)
        : (delaysUs[link] as number) + drawnUs + venues.latencyUs(link)
    }
    return latencyUs
  }
}

function isSize(sizeBytes: number): boolean {
  return Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes <= MESSAGE_BYTES_MAX
}

/** Whole microseconds, or never. */
function checkedDelay(delayUs: number): number {
  const isWhole = Number.isSafeInteger(delayUs) || delayUs === Number.POSITIVE_INFINITY
  if (!isWhole || delayUs < 0) throw new RangeError(`a delay of ${delayUs} us`)
  return delayUs
}

function refuse(what: string, problem: string | null): void {
  if (problem !== null) throw new RangeError(`${what}: ${problem}`)
}
