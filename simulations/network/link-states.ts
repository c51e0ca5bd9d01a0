import type { Simulator } from '../kernel/index.ts'
import type { Topology } from './topology.ts'

/** Cuts in force at once. A guess: a scenario has a handful. */
export const CUTS_MAX = 4_096

/** Which links are cut: between groups both ways (nodes in no group are one more group), or single directions. */
export type Cut =
  | { readonly groups: readonly (readonly number[])[] }
  | { readonly pairs: readonly (readonly [from: number, to: number])[] }

/** What hosts hear of links. */
export interface LinkListener {
  /** The pair can talk from now on, or not any more. What was under way between them is lost when it goes down. */
  onLink(a: number, b: number, isUp: boolean): void
  /** The way from one end to the other is open again after a time in which nobody noticed that it was not. */
  onReopened(link: number): void
  /** The pair went down: `link` is one of its directions. */
  onDown(link: number): void
}

/**
 * Which links are open, and what their ends believe. A directed link is *open* when no cut holds it and both ends are
 * online. A pair is *up* until somebody notices that one of its directions is not open; it is up again as soon as both
 * are open.
 */
export class LinkStates {
  readonly #sim: Simulator
  readonly #topology: Topology
  readonly #listener: LinkListener
  /** By link: cuts that hold it. */
  readonly #holds: Uint16Array
  readonly #isOnline: Uint8Array
  /** By link: its pair is up. Equal for both directions. */
  readonly #isUp: Uint8Array
  /** By link: how often it stopped being open; tells a notice whether it is still about the same cut. */
  readonly #closures: Uint32Array
  /** By link: how often its pair went down. */
  readonly generations: Uint32Array
  readonly #cuts: Map<number, Uint32Array> = new Map()
  #cutsMade = 0
  readonly #noticeKind: number

  constructor(sim: Simulator, topology: Topology, listener: LinkListener) {
    this.#sim = sim
    this.#topology = topology
    this.#listener = listener
    this.#holds = new Uint16Array(topology.links)
    this.#isOnline = new Uint8Array(topology.nodes).fill(1)
    this.#isUp = new Uint8Array(topology.links).fill(1)
    this.#closures = new Uint32Array(topology.links)
    this.generations = new Uint32Array(topology.links)
    this.#noticeKind = sim.register('link.notice', (link, closure) => {
      if (this.#closures[link] === closure && !this.isOpen(link)) this.#goDown(link)
    })
  }

  isOnline(node: number): boolean {
    return this.#isOnline[node] === 1
  }

  /** True when a message can pass now. */
  isOpen(link: number): boolean {
    return (
      this.#holds[link] === 0 &&
      this.#isOnline[this.#topology.sources[link] as number] === 1 &&
      this.#isOnline[this.#topology.peers[link] as number] === 1
    )
  }

  /** True while nobody noticed that one of the directions is not open. */
  isUp(link: number): boolean {
    return this.#isUp[link] === 1
  }

  /** Calls `onLink` for every pair that is up. */
  announce(): void {
    const { sources, peers, links } = this.#topology
    for (let link = 0; link < links; link += 1) {
      const a = sources[link] as number
      const b = peers[link] as number
      if (a < b && this.isUp(link)) this.#listener.onLink(a, b, true)
    }
  }

  /** Puts a cut into force and returns its number, for `heal`. Cuts may overlap. */
  cut(cut: Cut, noticeAfterUs: number): number {
    if (this.#cuts.size === CUTS_MAX) throw new RangeError(`more than ${CUTS_MAX} cuts`)
    const links = this.#linksOf(cut)
    this.hold(links, noticeAfterUs)
    const id = this.#cutsMade
    this.#cutsMade += 1
    this.#cuts.set(id, links)
    return id
  }

  /** Ends one cut, or all. */
  heal(id?: number): void {
    const ids = id === undefined ? [...this.#cuts.keys()] : [id]
    for (const each of ids) {
      const links = this.#cuts.get(each)
      if (links === undefined) throw new RangeError(`there is no cut ${each}`)
      this.#cuts.delete(each)
      this.release(links)
    }
  }

  /** Closes links, once more if they are closed already. */
  hold(links: Uint32Array, noticeAfterUs: number): void {
    for (const link of links) {
      this.#close(link)
      this.#holds[link] = (this.#holds[link] as number) + 1
    }
    for (const link of links) this.#notice(link, noticeAfterUs)
  }

  /** Takes back one `hold`. */
  release(links: Uint32Array): void {
    for (const link of links) this.#holds[link] = (this.#holds[link] as number) - 1
    for (const link of links) if (this.isOpen(link)) this.#opened(link)
  }

  /** Switches a node on or off. Coming back it has lost its connections, noticed or not. */
  setOnline(node: number, isOnline: boolean, noticeAfterUs: number): void {
    if (this.isOnline(node) === isOnline) return
    const { offsets, reverse } = this.#topology
    const start = offsets[node] as number
    const end = offsets[node + 1] as number
    if (isOnline) {
      for (let link = start; link < end; link += 1) if (this.isUp(link)) this.#goDown(link)
      this.#isOnline[node] = 1
      for (let link = start; link < end; link += 1) if (this.isOpen(link)) this.#opened(link)
      return
    }
    for (let link = start; link < end; link += 1) {
      this.#close(link)
      this.#close(reverse[link] as number)
    }
    this.#isOnline[node] = 0
    for (let link = start; link < end; link += 1) this.#notice(link, noticeAfterUs)
  }

  /** Counts a closing, just before it happens. */
  #close(link: number): void {
    if (this.isOpen(link)) this.#closures[link] = (this.#closures[link] as number) + 1
  }

  /** The ends will hear of a link that is closed. */
  #notice(link: number, noticeAfterUs: number): void {
    // What a host did about the links before may have opened this one again.
    if (noticeAfterUs === Number.POSITIVE_INFINITY || !this.isUp(link) || this.isOpen(link)) return
    if (noticeAfterUs === 0) this.#goDown(link)
    else this.#sim.after(noticeAfterUs, this.#noticeKind, link, this.#closures[link])
  }

  #opened(link: number): void {
    const reverse = this.#topology.reverse[link] as number
    if (this.isUp(link)) this.#listener.onReopened(link)
    else if (this.isOpen(reverse)) this.#setUp(link, true)
  }

  #goDown(link: number): void {
    if (!this.isUp(link)) return
    const reverse = this.#topology.reverse[link] as number
    this.generations[link] = (this.generations[link] as number) + 1
    this.generations[reverse] = (this.generations[reverse] as number) + 1
    this.#listener.onDown(link)
    this.#listener.onDown(reverse)
    this.#setUp(link, false)
  }

  #setUp(link: number, isUp: boolean): void {
    const a = this.#topology.sources[link] as number
    const b = this.#topology.peers[link] as number
    this.#isUp[link] = isUp ? 1 : 0
    this.#isUp[this.#topology.reverse[link] as number] = isUp ? 1 : 0
    this.#sim.note(isUp ? link + 0.5 : -link - 0.5)
    this.#listener.onLink(Math.min(a, b), Math.max(a, b), isUp)
  }

  #linksOf(cut: Cut): Uint32Array {
    const { nodes, links, sources, peers } = this.#topology
    const check = (node: number): number => {
      if (!(Number.isSafeInteger(node) && node >= 0 && node < nodes)) throw new RangeError(`no node ${node}`)
      return node
    }
    if ('pairs' in cut) {
      return Uint32Array.from(cut.pairs, ([from, to]) => {
        const link = this.#topology.linkOf(check(from), check(to))
        if (link === -1) throw new RangeError(`no link from ${from} to ${to}`)
        return link
      })
    }
    const groups = new Int32Array(nodes).fill(-1)
    for (const [group, members] of cut.groups.entries()) {
      for (const node of members) {
        if (groups[check(node)] !== -1) throw new RangeError(`node ${node} is in two groups`)
        groups[node] = group
      }
    }
    const between: number[] = []
    for (let link = 0; link < links; link += 1) {
      if (groups[sources[link] as number] !== groups[peers[link] as number]) between.push(link)
    }
    return Uint32Array.from(between)
  }
}
