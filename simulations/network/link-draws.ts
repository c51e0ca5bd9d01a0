import { sampleWhole } from '../kernel/index.ts'
import type { Distribution, RandomStream, Simulator } from '../kernel/index.ts'
import type { LinkFaults, Loss } from './faults.ts'
import { DELAY_US_MAX } from './topology.ts'
import type { Topology } from './topology.ts'

/**
 * First wait before something lost is sent again over a stream. Linux's least retransmission timeout
 * (TCP_RTO_MIN, include/net/tcp.h); RFC 6298 asks for a second. It doubles each time, as section 5.5 there asks.
 */
export const RETRANSMIT_US = 200_000
/** Times that a stream sends something again before it counts as sent; by then it is 51 s late. */
const RETRANSMITS_MAX = 8

/** Draws what becomes of messages on their way: each link and each purpose has a stream of its own. */
export class LinkDraws {
  readonly #jitter: Distribution | null
  readonly #jitters: LinkStreams
  readonly #losses: LinkStreams
  readonly #duplicates: LinkStreams
  readonly #reorders: LinkStreams
  /** By link: it is in the bad state of burst loss. */
  readonly #isBad: Uint8Array

  constructor(sim: Simulator, topology: Topology, jitter: Distribution | null) {
    this.#jitter = jitter
    this.#jitters = new LinkStreams(sim, topology, 'network.jitter')
    this.#losses = new LinkStreams(sim, topology, 'network.loss')
    this.#duplicates = new LinkStreams(sim, topology, 'network.duplicate')
    this.#reorders = new LinkStreams(sim, topology, 'network.reorder')
    this.#isBad = new Uint8Array(topology.links)
  }

  /** Delay of one message beyond that of its link, in microseconds. */
  jitterUs(link: number): number {
    if (this.#jitter === null) return 0
    const random = this.#jitters.of(link)
    return sampleWhole(this.#jitter, random, DELAY_US_MAX)
  }

  /** True when a datagram, or one attempt of a stream, is lost. */
  isLost(link: number, loss: Loss): boolean {
    const random = this.#losses.of(link)
    if (loss.kind === 'independent') return random.chance(loss.probability)
    const wasBad = this.#isBad[link] === 1
    const isBad = random.chance(wasBad ? loss.toGood : loss.toBad) ? !wasBad : wasBad
    this.#isBad[link] = isBad ? 1 : 0
    return random.chance(isBad ? loss.lossBad : loss.lossGood)
  }

  /** How late a message of a stream is because it had to be sent again, in microseconds. */
  retransmissionUs(link: number, loss: Loss): number {
    let lateUs = 0
    let waitUs = RETRANSMIT_US
    for (let i = 0; i < RETRANSMITS_MAX && this.isLost(link, loss); i += 1) {
      lateUs += waitUs
      waitUs *= 2
    }
    return lateUs
  }

  isDuplicated(link: number, probability: number): boolean {
    return this.#duplicates.of(link).chance(probability)
  }

  /** How much later a message comes that others may overtake; null: it stays in line. */
  overtakenUs(link: number, reorder: NonNullable<LinkFaults['reorder']>): number | null {
    const random = this.#reorders.of(link)
    return random.chance(reorder.probability) ? sampleWhole(reorder.delayUs, random, DELAY_US_MAX) : null
  }
}

/** The streams of one purpose by link, each made when it is first used. */
class LinkStreams {
  readonly #sim: Simulator
  readonly #topology: Topology
  readonly #purpose: string
  #streams: (RandomStream | undefined)[] = []

  constructor(sim: Simulator, topology: Topology, purpose: string) {
    this.#sim = sim
    this.#topology = topology
    this.#purpose = purpose
  }

  of(link: number): RandomStream {
    const made = this.#streams[link]
    if (made !== undefined) return made
    const { links, sources, peers } = this.#topology
    // As long as it will be from the start: an array with wide gaps would become a slow one.
    if (this.#streams.length === 0) this.#streams = Array.from({ length: links }, () => undefined)
    const stream = this.#sim.random.stream(this.#purpose, sources[link], peers[link])
    this.#streams[link] = stream
    return stream
  }
}
