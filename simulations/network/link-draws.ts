import { sampleWhole } from '../kernel/index.ts'
import type { Distribution, RandomStream, Simulator } from '../kernel/index.ts'
import type { LinkFaults, Loss, Transport } from './faults.ts'
import { DELAY_US_MAX } from './topology.ts'
import type { Topology } from './topology.ts'

/**
 * First wait before something lost is sent again over a stream. Linux's least retransmission timeout
 * (TCP_RTO_MIN, include/net/tcp.h); RFC 6298 asks for a second. It doubles each time, as section 5.5 there asks.
 */
export const RETRANSMIT_US = 200_000
/** Times that a stream sends something again before it counts as sent; by then it is 51 s late. */
const RETRANSMITS_MAX = 8

/**
 * Draws what becomes of messages. Each link and each purpose has a stream of its own, and every message of a link takes
 * the same draws in the order of sending, whatever becomes of it: so one fault more leaves all other draws as they were.
 */
export class LinkDraws {
  /** What was drawn last: delay beyond that of the link, in microseconds. */
  jitterUs = 0
  /** How late it is because it had to be sent again, in microseconds. Streams only. */
  lateUs = 0
  /** It is lost. Datagrams only. */
  isLost = false
  isDuplicated = false
  /** How much later it comes while others may overtake it, in microseconds; -1: it stays in line. */
  overtakenUs = -1
  readonly #jitter: Distribution | null
  readonly #transport: Transport
  readonly #jitters: LinkStreams
  readonly #losses: LinkStreams
  readonly #duplicates: LinkStreams
  readonly #reorders: LinkStreams
  /** Delays of copies, so that a copy takes no draw from the messages. */
  readonly #copies: LinkStreams
  /** By link: it is in the bad state of burst loss. */
  readonly #isBad: Uint8Array

  constructor(
    sim: Simulator,
    init: { topology: Topology; transport: Transport; jitter: Distribution | null },
  ) {
    const { topology, transport, jitter } = init
    this.#jitter = jitter
    this.#transport = transport
    this.#jitters = new LinkStreams(sim, topology, 'network.jitter')
    this.#losses = new LinkStreams(sim, topology, 'network.loss')
    this.#duplicates = new LinkStreams(sim, topology, 'network.duplicate')
    this.#reorders = new LinkStreams(sim, topology, 'network.reorder')
    this.#copies = new LinkStreams(sim, topology, 'network.copy')
    this.#isBad = new Uint8Array(topology.links)
  }

  /** Draws for the next message of a link. */
  draw(link: number, faults: LinkFaults): void {
    const { loss, duplicate, reorder } = faults
    const jitter = this.#jitter
    this.jitterUs = jitter === null ? 0 : sampleWhole(jitter, this.#jitters.of(link), DELAY_US_MAX)
    this.lateUs = 0
    this.isLost = false
    if (loss !== undefined) {
      if (this.#transport === 'stream') this.lateUs = this.#retransmissionUs(link, loss)
      else this.isLost = this.#losesOnce(link, loss)
    }
    this.isDuplicated = duplicate !== undefined && this.#duplicates.of(link).chance(duplicate)
    this.overtakenUs = reorder === undefined ? -1 : overtakenUs(reorder, this.#reorders.of(link))
  }

  /** Draws for a copy of the message drawn last. */
  drawCopy(link: number, faults: LinkFaults): void {
    const random = this.#copies.of(link)
    this.jitterUs = this.#jitter === null ? 0 : sampleWhole(this.#jitter, random, DELAY_US_MAX)
    this.overtakenUs = faults.reorder === undefined ? -1 : overtakenUs(faults.reorder, random)
  }

  #losesOnce(link: number, loss: Loss): boolean {
    const random = this.#losses.of(link)
    if (loss.kind === 'independent') return random.chance(loss.probability)
    const wasBad = this.#isBad[link] === 1
    const isBad = random.chance(wasBad ? loss.toGood : loss.toBad) ? !wasBad : wasBad
    this.#isBad[link] = isBad ? 1 : 0
    return random.chance(isBad ? loss.lossBad : loss.lossGood)
  }

  #retransmissionUs(link: number, loss: Loss): number {
    let lateUs = 0
    let waitUs = RETRANSMIT_US
    for (let i = 0; i < RETRANSMITS_MAX && this.#losesOnce(link, loss); i += 1) {
      lateUs += waitUs
      waitUs *= 2
    }
    return lateUs
  }
}

function overtakenUs(reorder: NonNullable<LinkFaults['reorder']>, random: RandomStream): number {
  return random.chance(reorder.probability) ? sampleWhole(reorder.delayUs, random, DELAY_US_MAX) : -1
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
