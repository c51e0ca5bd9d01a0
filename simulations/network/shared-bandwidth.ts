import { Timers } from '../kernel/index.ts'
import type { Simulator } from '../kernel/index.ts'
import { MaxMinShares } from './max-min-shares.ts'
import { NONE } from './message-table.ts'
import type { MessageTable } from './message-table.ts'
import type { Topology } from './topology.ts'
import type { VenueUplinks } from './venues.ts'

/** Highest capacity: 8 Tbit/s. With it, what is sent between two events is exact in a double. */
export const BYTES_PER_SECOND_MAX = 1e12

/** Capacities in bytes a second, 1 to `BYTES_PER_SECOND_MAX`; left out: no limit. One for all nodes, or by node. */
export interface Bandwidth {
  /** Of each direction of each link by itself. */
  readonly linkBytesPerSecond?: number
  /** Of all that a node sends. */
  readonly upBytesPerSecond?: number | readonly number[]
  /** Of all that a node receives. */
  readonly downBytesPerSecond?: number | readonly number[]
}

/** A capacity that can change while a simulation runs: what a node or a venue sends (`up`) or receives (`down`). */
export type Bottleneck =
  | { readonly node: number; readonly way: 'up' | 'down' }
  | { readonly venue: number; readonly way: 'up' | 'down' }

/** What shared bandwidth is made of. */
export interface SharedBandwidthInit {
  readonly topology: Topology
  readonly table: MessageTable
  readonly bandwidth: Bandwidth
  readonly venues: VenueUplinks
  /** The last byte of a message has left. */
  onSent(message: number): void
}

/**
 * Sends the messages of each directed link one after the other, at the share of bandwidth that the link has. A link with
 * messages is a flow over the capacities on its way; shares change when a flow begins or ends. Counts in millionths of a
 * byte and whole bytes a second, so that no rounding adds up.
 */
export class SharedBandwidth {
  readonly #sim: Simulator
  readonly #table: MessageTable
  readonly #shares: MaxMinShares
  readonly #onSent: (message: number) => void
  /** By link: nothing limits it. */
  readonly #isFree: Uint8Array
  /** By link: the message being sent, the last one that waits, and millionths of bytes left of the first at `#sinceUs`. */
  readonly #first: Int32Array
  readonly #last: Int32Array
  readonly #left: Float64Array
  readonly #sinceUs: Float64Array
  /** By link: whole bytes a second. */
  readonly #rates: Float64Array
  /** By link: the end of the message being sent. */
  readonly #ends: Timers
  readonly #capacities: Float64Array
  readonly #nodes: number
  readonly #shareKind: number
  #isSharing = false

  /** Null when nothing limits anything. Throws a RangeError on impossible capacities. */
  static open(sim: Simulator, init: SharedBandwidthInit): SharedBandwidth | null {
    const capacities = allCapacities(init)
    return capacities.every((it) => it === Number.POSITIVE_INFINITY)
      ? null
      : new SharedBandwidth(sim, init, capacities)
  }

  private constructor(sim: Simulator, init: SharedBandwidthInit, capacities: Float64Array) {
    const links = init.topology.links
    this.#nodes = init.topology.nodes
    this.#sim = sim
    this.#table = init.table
    this.#onSent = (message) => init.onSent(message)
    const { paths, width } = allPaths(init, capacities)
    this.#shares = new MaxMinShares(capacities, paths, width)
    this.#isFree = Uint8Array.from({ length: links }, (_, link) => (paths[link * width] === NONE ? 1 : 0))
    this.#first = new Int32Array(links).fill(NONE)
    this.#last = new Int32Array(links).fill(NONE)
    this.#left = new Float64Array(links)
    this.#sinceUs = new Float64Array(links)
    this.#rates = new Float64Array(links)
    this.#capacities = capacities
    this.#ends = new Timers(sim, {
      ...{ name: 'bandwidth.sent', targets: links },
      onDue: (link) => this.#sent(link),
    })
    this.#shareKind = sim.register('bandwidth.share', () => {
      this.#isSharing = false
      this.#shares.update((link) => this.#setRate(link))
    })
  }

  /** Puts a message behind those that the link still has to send. */
  enqueue(link: number, message: number): void {
    if (this.#isFree[link] === 1) return this.#onSent(message)
    const last = this.#last[link] as number
    this.#last[link] = message
    if (last !== NONE) {
      this.#table.next[last] = message
      return
    }
    this.#first[link] = message
    this.#left[link] = this.#table.sizeOf(message) * MILLION
    this.#sinceUs[link] = this.#sim.nowUs
    if (this.#shares.join(link)) this.#setRate(link)
    else this.#share()
  }

  /** Takes back all that the link has not sent. */
  clear(link: number, drop: (message: number) => void): void {
    let message = this.#first[link] as number
    if (message === NONE) return
    this.#end(link)
    while (message !== NONE) {
      const next = this.#table.next[message] as number
      this.#table.next[message] = NONE
      drop(message)
      message = next
    }
  }

  /** Bytes a second that the link has just now; 0 while it sends nothing. */
  rateOf(link: number): number {
    return this.#rates[link] as number
  }

  /**
   * Changes the capacity of a node or of a venue's uplink, in bytes a second. Throws a RangeError where there was no
   * limit at the start, or no such place.
   */
  setCapacity(place: Bottleneck, bytesPerSecond: number): void {
    const resource = resourceOf(place, this.#nodes)
    const before = this.#capacities[resource] ?? Number.POSITIVE_INFINITY
    if (before === Number.POSITIVE_INFINITY) {
      throw new RangeError(`${JSON.stringify(place)} has no limit that could change`)
    }
    this.#shares.setCapacity(resource, checkedCapacity(bytesPerSecond, JSON.stringify(place)))
    this.#share()
  }

  /** New shares once all that happens at this instant has happened. */
  #share(): void {
    if (this.#isSharing) return
    this.#isSharing = true
    this.#sim.after(0, this.#shareKind, 0)
  }

  #end(link: number): void {
    this.#first[link] = NONE
    this.#last[link] = NONE
    this.#rates[link] = 0
    this.#ends.clear(link)
    this.#shares.leave(link)
    if (this.#shares.isStale) this.#share()
  }

  #setRate(link: number): void {
    const rate = wholeRate(this.#shares.shares[link] as number)
    if (rate === this.#rates[link]) return
    this.#advance(link)
    this.#rates[link] = rate
    this.#plan(link)
  }

  /** Counts what was sent since the last time. */
  #advance(link: number): void {
    const nowUs = this.#sim.nowUs
    const sent = (this.#rates[link] as number) * (nowUs - (this.#sinceUs[link] as number))
    this.#left[link] = (this.#left[link] as number) - sent
    this.#sinceUs[link] = nowUs
  }

  /** Sets the timer to the end of the first message. */
  #plan(link: number): void {
    const left = this.#left[link] as number
    const waitUs = left > 0 ? quotientUp(left, this.#rates[link] as number) : 0
    this.#ends.set(link, this.#sim.nowUs + waitUs)
  }

  #sent(link: number): void {
    this.#advance(link)
    const left = this.#left[link] as number
    const message = this.#first[link] as number
    const next = this.#table.next[message] as number
    this.#table.next[message] = NONE
    if (next === NONE) this.#end(link)
    else {
      // What the last microsecond could carry beyond the message belongs to the next one.
      this.#first[link] = next
      this.#left[link] = left + this.#table.sizeOf(next) * MILLION
      this.#plan(link)
    }
    this.#onSent(message)
  }
}

const MILLION = 1_000_000
/** 2^-46, relative: far above rounding, and at the highest capacity a hundredth of a byte a second. */
const HAIR = 1.4210854715202004e-14

/** A share in whole bytes a second, at least one. A share a hair below a whole number is that number. */
function wholeRate(share: number): number {
  return Math.max(1, Math.floor(share * (1 + HAIR)))
}

/** a / b rounded up, exactly; whole numbers, a + b below 2^53. */
function quotientUp(a: number, b: number): number {
  let quotient = Math.ceil(a / b)
  if ((quotient - 1) * b >= a) quotient -= 1
  if (quotient * b < a) quotient += 1
  return quotient
}

function checkedCapacity(capacity: number, what: string): number {
  if (capacity >= 1 && capacity <= BYTES_PER_SECOND_MAX) return capacity
  throw new RangeError(`${what}: ${capacity} bytes a second; from 1 to ${BYTES_PER_SECOND_MAX}`)
}

function resourceOf(place: Bottleneck, nodes: number): number {
  if ('node' in place) return place.node < nodes ? place.node + (place.way === 'up' ? 0 : nodes) : NONE
  return 2 * nodes + 3 * place.venue + (place.way === 'up' ? 1 : 2)
}

/** By resource: nodes' uplinks, nodes' downlinks, then three for each venue, then the links. */
function allCapacities({ topology, bandwidth, venues }: SharedBandwidthInit): Float64Array {
  const { nodes, links } = topology
  const capacities = new Float64Array(2 * nodes + 3 * venues.count + links).fill(Number.POSITIVE_INFINITY)
  const put = (resource: number, capacity: number | undefined, what: string): void => {
    if (capacity === undefined) return
    capacities[resource] = checkedCapacity(capacity, what)
  }
  for (const [offset, name] of [
    [0, 'upBytesPerSecond'],
    [nodes, 'downBytesPerSecond'],
  ] as const) {
    const given = bandwidth[name]
    if (typeof given === 'object' && given.length !== nodes) {
      throw new RangeError(`${name}: ${given.length} values for ${nodes} nodes`)
    }
    for (let node = 0; node < nodes; node += 1) {
      put(offset + node, typeof given === 'object' ? given[node] : given, name)
    }
  }
  for (let venue = 0; venue < venues.count; venue += 1) {
    const start = 2 * nodes + 3 * venue
    const { lan, up, down } = venues.capacities(venue)
    put(start, lan, 'lan')
    put(start + 1, up, 'uplink up')
    put(start + 2, down, 'uplink down')
  }
  const linkStart = 2 * nodes + 3 * venues.count
  for (let link = 0; link < links; link += 1) {
    put(linkStart + link, bandwidth.linkBytesPerSecond, 'linkBytesPerSecond')
  }
  return capacities
}

/** The resources that each link crosses: those without a limit are left out. */
function allPaths(
  { topology, venues }: SharedBandwidthInit,
  capacities: Float64Array,
): { paths: Int32Array; width: number } {
  const { nodes, links, sources, peers } = topology
  const linkStart = 2 * nodes + 3 * venues.count
  const width = venues.count === 0 ? 3 : 7
  const paths = new Int32Array(links * width).fill(NONE)
  for (let link = 0; link < links; link += 1) {
    const from = sources[link] as number
    const to = peers[link] as number
    const crossed = [from, nodes + to, linkStart + link]
    const home = venues.of(from)
    const away = venues.of(to)
    if (home !== NONE) crossed.push(2 * nodes + 3 * home)
    if (home !== NONE && home !== away) crossed.push(2 * nodes + 3 * home + 1)
    if (away !== NONE && home !== away) crossed.push(2 * nodes + 3 * away, 2 * nodes + 3 * away + 2)
    let place = link * width
    for (const resource of crossed) {
      if (capacities[resource] === Number.POSITIVE_INFINITY) continue
      paths[place] = resource
      place += 1
    }
  }
  return { paths, width }
}
