/**
 * Directed links of one topology: 2^22 of them take 270 MB with their state, 750 MB where bandwidth is shared. A full mesh
 * of 2,048 nodes has as many.
 */
export const LINKS_MAX = 4_194_304
/** Longest propagation delay of a link: an hour. A guess that catches mixed-up units. */
export const DELAY_US_MAX = 3_600_000_000

/** A topology that cannot exist, in words that name the numbers. */
export class TopologyError extends Error {
  readonly code = 'impossible-topology'

  constructor(problem: string) {
    super(problem)
    this.name = 'TopologyError'
  }
}

/** Two nodes that are linked in both directions, and how long a signal takes between them in microseconds. */
export type Edge = readonly [a: number, b: number, delayUs: number]

/**
 * Which nodes have links, and the propagation delay of each. A pair has two directed links, one each way. Links are
 * numbered by their source, then by their destination: those of one node lie side by side.
 */
export class Topology {
  /** What it is, for reports. */
  readonly name: string
  readonly nodes: number
  /** Directed links: twice the number of linked pairs. */
  readonly links: number
  /** By node, and one more: where its links begin. */
  readonly offsets: Uint32Array
  /** By link: the node it starts from. */
  readonly sources: Uint32Array
  /** By link: the node it leads to; ascending for each source. */
  readonly peers: Uint32Array
  /** By link: the link of the other direction. */
  readonly reverse: Uint32Array
  /** By link: propagation delay in whole microseconds; 0 where the topology knows no distances. */
  readonly delaysUs: Float64Array

  /** Throws a `TopologyError` on edges that are loops, doubled, unknown, or too many. */
  constructor(name: string, nodes: number, edges: readonly Edge[]) {
    if (!(Number.isSafeInteger(nodes) && nodes >= 1)) throw new TopologyError(`${name}: ${nodes} nodes`)
    if (edges.length * 2 > LINKS_MAX) {
      throw new TopologyError(`${name}: ${edges.length * 2} links; at most ${LINKS_MAX} are simulated`)
    }
    this.name = name
    this.nodes = nodes
    this.links = edges.length * 2
    this.offsets = new Uint32Array(nodes + 1)
    this.sources = new Uint32Array(this.links)
    this.peers = new Uint32Array(this.links)
    this.reverse = new Uint32Array(this.links)
    this.delaysUs = new Float64Array(this.links)
    for (const edge of edges) this.#count(edge)
    for (let node = 0; node < nodes; node += 1) {
      this.offsets[node + 1] = (this.offsets[node + 1] as number) + (this.offsets[node] as number)
    }
    this.#place(edges)
  }

  /** The link from one node to another; -1 when there is none. */
  linkOf(from: number, to: number): number {
    let low = this.offsets[from] ?? 0
    let high = this.offsets[from + 1] ?? 0
    const end = high
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.peers[middle] as number) < to) low = middle + 1
      else high = middle
    }
    return low < end && this.peers[low] === to ? low : -1
  }

  /** Nodes linked with `node`, ascending: a view. */
  peersOf(node: number): Uint32Array {
    return this.peers.subarray(this.offsets[node], this.offsets[node + 1])
  }

  /** Number of nodes linked with `node`. */
  degreeOf(node: number): number {
    return (this.offsets[node + 1] ?? 0) - (this.offsets[node] ?? 0)
  }

  /** By node: the smallest node that it can reach. Equal for all nodes of one component. */
  components(): Uint32Array {
    const component = new Uint32Array(this.nodes).fill(this.nodes)
    const stack: number[] = []
    for (let start = 0; start < this.nodes; start += 1) {
      if (component[start] !== this.nodes) continue
      component[start] = start
      stack.push(start)
      for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
        for (const peer of this.peersOf(node)) {
          if (component[peer] !== this.nodes) continue
          component[peer] = start
          stack.push(peer)
        }
      }
    }
    return component
  }

  /** True when every node reaches every other. */
  isConnected(): boolean {
    return this.components().every((component) => component === 0)
  }

  #count([a, b, delayUs]: Edge): void {
    const isNode = (node: number): boolean => Number.isSafeInteger(node) && node >= 0 && node < this.nodes
    if (!isNode(a) || !isNode(b)) {
      throw new TopologyError(`${this.name}: no pair ${a}, ${b} among ${this.nodes} nodes`)
    }
    if (a === b) throw new TopologyError(`${this.name}: node ${a} is linked with itself`)
    if (!(Number.isSafeInteger(delayUs) && delayUs >= 0 && delayUs <= DELAY_US_MAX)) {
      throw new TopologyError(`${this.name}: a delay of ${delayUs} us between ${a} and ${b}`)
    }
    this.offsets[a + 1] = (this.offsets[a + 1] as number) + 1
    this.offsets[b + 1] = (this.offsets[b + 1] as number) + 1
  }

  #place(edges: readonly Edge[]): void {
    const ends = this.offsets.slice(0, this.nodes)
    const put = (from: number, to: number, delayUs: number): void => {
      const link = ends[from] as number
      ends[from] = link + 1
      this.sources[link] = from
      this.peers[link] = to
      this.delaysUs[link] = delayUs
    }
    // Sorted by the lower end, then the upper: each node then gets its lower peers first, ascending, then the upper.
    const sorted = edges
      .map(([a, b, delayUs]): Edge => (a < b ? [a, b, delayUs] : [b, a, delayUs]))
      .sort((x, y) => x[0] - y[0] || x[1] - y[1])
    for (const [i, [a, b, delayUs]] of sorted.entries()) {
      const before = sorted[i - 1]
      if (before !== undefined && before[0] === a && before[1] === b) {
        throw new TopologyError(`${this.name}: nodes ${a} and ${b} are linked twice`)
      }
      put(b, a, delayUs)
    }
    for (const [a, b, delayUs] of sorted) put(a, b, delayUs)
    for (let link = 0; link < this.links; link += 1) {
      this.reverse[link] = this.linkOf(this.peers[link] as number, this.sources[link] as number)
    }
  }
}
