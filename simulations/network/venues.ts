import type { Simulator } from '../kernel/index.ts'
import type { LinkStates } from './link-states.ts'
import { DELAY_US_MAX } from './topology.ts'
import type { Topology } from './topology.ts'

/** Changes of one venue's timetable. A guess: a year of opening hours. */
export const TIMETABLE_MAX = 1_024

/** A place with a local network behind one uplink that all its nodes share. */
export interface Venue {
  readonly nodes: readonly number[]
  /** Between nodes of the venue: delay in microseconds, capacity in bytes a second shared by all; default 0 and none. */
  readonly lan?: { readonly latencyUs?: number; readonly bytesPerSecond?: number }
  /** To everybody else: delay in microseconds on top of the link's, capacities in bytes a second each way. */
  readonly uplink?: {
    readonly latencyUs?: number
    readonly upBytesPerSecond?: number
    readonly downBytesPerSecond?: number
  }
  /** When the uplink goes up and down, times ascending; it is up at the start. */
  readonly timetable?: readonly { readonly atUs: number; readonly isUp: boolean }[]
  /** How long after a closing both ends hear of it, in microseconds; default at once. */
  readonly noticeAfterUs?: number
}

/** The venues of one network, and the timetables of their uplinks. */
export class VenueUplinks {
  readonly count: number
  readonly #venues: readonly Venue[]
  readonly #topology: Topology
  /** By node: its venue, or -1. */
  readonly #of: Int32Array
  readonly #isUp: Uint8Array

  constructor(sim: Simulator, init: { topology: Topology; states: LinkStates; venues: readonly Venue[] }) {
    const { topology, states, venues } = init
    this.count = venues.length
    this.#venues = venues
    this.#topology = topology
    this.#of = new Int32Array(topology.nodes).fill(-1)
    this.#isUp = new Uint8Array(venues.length).fill(1)
    for (const [i, venue] of venues.entries()) {
      const problem = this.#place(i, venue)
      if (problem !== null) throw new RangeError(`venue ${i}: ${problem}`)
    }
    const uplinks = venues.map((_, venue) => this.#crossing(venue))
    const change = sim.register('venue.uplink', (venue, isUp) => {
      if (this.#isUp[venue] === isUp) return
      this.#isUp[venue] = isUp
      const links = uplinks[venue] ?? new Uint32Array()
      if (isUp === 1) states.release(links)
      else states.hold(links, venues[venue]?.noticeAfterUs ?? 0)
    })
    for (const [i, venue] of venues.entries()) {
      for (const { atUs, isUp } of venue.timetable ?? []) sim.at(atUs, change, i, isUp ? 1 : 0)
    }
  }

  /** The venue of a node, or -1. */
  of(node: number): number {
    return this.#of[node] as number
  }

  /** True for links between nodes of one venue. */
  isLocal(link: number): boolean {
    const venue = this.of(this.#topology.sources[link] as number)
    return venue !== -1 && venue === this.of(this.#topology.peers[link] as number)
  }

  /** What venues add to the delay of a link, in microseconds. */
  latencyUs(link: number): number {
    const from = this.#venues[this.of(this.#topology.sources[link] as number)]
    const to = this.#venues[this.of(this.#topology.peers[link] as number)]
    if (this.isLocal(link)) return from?.lan?.latencyUs ?? 0
    return (from?.uplink?.latencyUs ?? 0) + (to?.uplink?.latencyUs ?? 0)
  }

  /** Capacities of one venue in bytes a second; undefined: no limit. */
  capacities(venue: number): {
    lan?: number | undefined
    up?: number | undefined
    down?: number | undefined
  } {
    const { lan, uplink } = this.#venues[venue] ?? {}
    return { lan: lan?.bytesPerSecond, up: uplink?.upBytesPerSecond, down: uplink?.downBytesPerSecond }
  }

  #place(index: number, venue: Venue): string | null {
    for (const node of venue.nodes) {
      if (this.#of[node] === undefined) return `there is no node ${node}`
      if (this.#of[node] !== -1) return `node ${node} is in venue ${this.#of[node]} already`
      this.#of[node] = index
    }
    for (const delayUs of [venue.lan?.latencyUs, venue.uplink?.latencyUs, venue.noticeAfterUs]) {
      if (delayUs === undefined) continue
      if (!(Number.isSafeInteger(delayUs) && delayUs >= 0 && delayUs <= DELAY_US_MAX)) {
        return `a delay is whole microseconds from 0 to ${DELAY_US_MAX}, not ${delayUs}`
      }
    }
    const timetable = venue.timetable ?? []
    if (timetable.length > TIMETABLE_MAX) return `more than ${TIMETABLE_MAX} times in the timetable`
    let lastUs = -1
    for (const { atUs } of timetable) {
      if (!(Number.isSafeInteger(atUs) && atUs > lastUs))
        return `times ascend; ${atUs} us follows ${lastUs} us`
      lastUs = atUs
    }
    return null
  }

  #crossing(venue: number): Uint32Array {
    const { links, sources, peers } = this.#topology
    const crossing: number[] = []
    for (let link = 0; link < links; link += 1) {
      const from = this.of(sources[link] as number)
      const to = this.of(peers[link] as number)
      if (from !== to && (from === venue || to === venue)) crossing.push(link)
    }
    return Uint32Array.from(crossing)
  }
}
