import type { RandomStream } from '../kernel/index.ts'
import { FIBRE_FACTOR, fibreDelayUs, placeAround } from './geography.ts'
import type { Place } from './geography.ts'
import { LINKS_MAX, Topology, TopologyError } from './topology.ts'
import type { Edge } from './topology.ts'

/** Draws of a random graph before it counts as one that cannot be connected. A guess. */
const ATTEMPTS_MAX = 100

/** Every node linked with every other. */
export interface FullSpec {
  readonly kind: 'full'
  readonly nodes: number
}

/** A random graph in which each node has `degree` links, connected. */
export interface RandomRegularSpec {
  readonly kind: 'random-regular'
  readonly nodes: number
  /** 2 and up (1 for two nodes), below `nodes`; `nodes * degree` is even. */
  readonly degree: number
}

/**
 * A ring in which each node is linked with the `degree / 2` next ones on each side, and each link is then moved to a
 * random end with a probability (D. J. Watts and S. H. Strogatz, *Collective dynamics of small-world networks*, 1998).
 */
export interface SmallWorldSpec {
  readonly kind: 'small-world'
  readonly nodes: number
  /** Even, from 2, below `nodes`. */
  readonly degree: number
  /** 0: the ring; 1: random. In between both short ways and clustering. */
  readonly rewire: number
}

/**
 * Stub domains (homes, campuses) that hang on transit domains (carriers), as in E. W. Zegura, K. L. Calvert and
 * S. Bhattacharjee, *How to model an internetwork*, 1996. Each domain is a connected random graph.
 */
export interface TransitStubSpec {
  readonly kind: 'transit-stub'
  /** Transit domains, linked in a random tree plus one more link for every second domain. */
  readonly transitDomains: number
  readonly transitNodes: number
  /** Stub domains on each transit node, and nodes in each. */
  readonly stubsPerTransitNode: number
  readonly stubNodes: number
  /** Probability of a link between two nodes of one domain beyond those that connect it; default 0.4. */
  readonly density?: number
  /** One-way delays in microseconds: between transit domains, inside one, to a stub, inside a stub. */
  readonly delaysUs: {
    readonly betweenTransit: number
    readonly transit: number
    readonly access: number
    readonly stub: number
  }
}

/** Nodes at places; delays follow from distances. */
export interface GeographicSpec {
  readonly kind: 'geographic'
  /** Given places, or `nodes` that are drawn around centres, in turn. */
  readonly places:
    | readonly Place[]
    | { readonly nodes: number; readonly centres: readonly Place[]; readonly radiusKm: number }
  /** Every pair, or each node with its nearest and some random others. Parts that are not linked are joined. */
  readonly links: 'full' | { readonly nearest: number; readonly random: number }
  /** Default `FIBRE_FACTOR`. */
  readonly fibreFactor?: number
}

/** Groups of nodes, each a full mesh, with some links between them: venues that meet over their uplinks. */
export interface IslandsSpec {
  readonly kind: 'islands'
  /** Nodes of each island; numbered one island after the other. */
  readonly sizes: readonly number[]
  /** Links of each island to nodes of others, besides the ring that joins all; default 1. */
  readonly bridges?: number
}

/** A topology to be drawn. */
export type TopologySpec =
  | FullSpec
  | RandomRegularSpec
  | SmallWorldSpec
  | TransitStubSpec
  | GeographicSpec
  | IslandsSpec

/** Draws a topology; every one is connected. Throws a `TopologyError` on what cannot exist. */
export function drawTopology(spec: TopologySpec, random: RandomStream): Topology {
  switch (spec.kind) {
    case 'full':
      return full(spec)
    case 'random-regular':
      return randomRegular(spec, random)
    case 'small-world':
      return smallWorld(spec, random)
    case 'transit-stub':
      return transitStub(spec, random)
    case 'geographic':
      return geographic(spec, random)
    case 'islands':
      return islands(spec, random)
  }
}

function full({ nodes }: FullSpec): Topology {
  checkCount('full: nodes', nodes, 1)
  checkLinks('full', nodes * (nodes - 1))
  const edges: Edge[] = []
  for (let a = 0; a < nodes; a += 1) for (let b = a + 1; b < nodes; b += 1) edges.push([a, b, 0])
  return new Topology('full', nodes, edges)
}

/**
 * Pairs ends at random and draws again only those that would double a link, until all are paired (A. Steger and
 * N. C. Wormald, *Generating random regular graphs quickly*, 1999).
 */
function randomRegular({ nodes, degree }: RandomRegularSpec, random: RandomStream): Topology {
  checkCount('random-regular: nodes', nodes, 1)
  checkCount('random-regular: degree', degree, 0)
  if (degree >= nodes) throw new TopologyError(`random-regular: degree ${degree} with ${nodes} nodes`)
  checkLinks('random-regular', nodes * degree)
  if ((nodes * degree) % 2 === 1) {
    throw new TopologyError(`random-regular: ${nodes} nodes of degree ${degree} have an odd number of ends`)
  }
  if (degree < 2 && nodes > degree + 1) {
    throw new TopologyError(`random-regular: degree ${degree} cannot connect ${nodes} nodes`)
  }
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    // A dense graph leaves no choice at the end; the pairs that it lacks are drawn instead.
    const isDense = degree > (nodes - 1) / 2
    const pairs = pairEnds(nodes, isDense ? nodes - 1 - degree : degree, random)
    if (pairs === null) continue
    const topology = new Topology('random-regular', nodes, pairs.edges(!isDense))
    if (topology.isConnected()) return topology
  }
  throw new TopologyError(`random-regular: no connected graph of ${nodes} nodes, degree ${degree} was drawn`)
}

function pairEnds(nodes: number, degree: number, random: RandomStream): PairSet | null {
  let ends: number[] = []
  for (let node = 0; node < nodes; node += 1) for (let i = 0; i < degree; i += 1) ends.push(node)
  const pairs = new PairSet(nodes)
  while (ends.length > 0) {
    random.shuffle(ends)
    const left: number[] = []
    for (let i = 0; i < ends.length; i += 2) {
      const a = ends[i] as number
      const b = ends[i + 1] as number
      if (a === b || !pairs.add(a, b)) left.push(a, b)
    }
    if (left.length === ends.length && !canPair(left, pairs)) return null
    ends = left
  }
  return pairs
}

/** True when at least one pair of these ends could be linked. */
function canPair(ends: readonly number[], pairs: PairSet): boolean {
  return ends.some((a, i) => ends.slice(i + 1).some((b) => a !== b && !pairs.has(a, b)))
}

function smallWorld({ nodes, degree, rewire }: SmallWorldSpec, random: RandomStream): Topology {
  checkCount('small-world: nodes', nodes, 3)
  checkCount('small-world: degree', degree, 2)
  if (degree % 2 === 1) throw new TopologyError(`small-world: degree ${degree} is odd`)
  if (degree >= nodes) throw new TopologyError(`small-world: degree ${degree} with ${nodes} nodes`)
  checkLinks('small-world', nodes * degree)
  if (!(rewire >= 0 && rewire <= 1)) throw new TopologyError(`small-world: rewire is 0 to 1, not ${rewire}`)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const topology = new Topology('small-world', nodes, rewiredRing(nodes, { degree, rewire }, random))
    if (topology.isConnected()) return topology
  }
  throw new TopologyError(`small-world: no connected graph of ${nodes} nodes, degree ${degree} was drawn`)
}

function rewiredRing(
  nodes: number,
  { degree, rewire }: { degree: number; rewire: number },
  random: RandomStream,
): Edge[] {
  const pairs = new PairSet(nodes)
  const ring: [number, number][] = []
  for (let step = 1; step <= degree / 2; step += 1) {
    for (let node = 0; node < nodes; node += 1) {
      const peer = (node + step) % nodes
      if (pairs.add(node, peer)) ring.push([node, peer])
    }
  }
  return ring.map(([node, peer]): Edge => {
    if (!random.chance(rewire) || pairs.degreeOf(node) >= nodes - 1) return [node, peer, 0]
    let moved = random.below(nodes)
    while (moved === node || pairs.has(node, moved)) moved = random.below(nodes)
    pairs.remove(node, peer)
    pairs.add(node, moved)
    return [node, moved, 0]
  })
}

function transitStub(spec: TransitStubSpec, random: RandomStream): Topology {
  const { transitDomains, transitNodes, stubsPerTransitNode, stubNodes, delaysUs } = spec
  checkCount('transit-stub: transitDomains', transitDomains, 1)
  checkCount('transit-stub: transitNodes', transitNodes, 1)
  checkCount('transit-stub: stubsPerTransitNode', stubsPerTransitNode, 0)
  if (stubsPerTransitNode > 0) checkCount('transit-stub: stubNodes', stubNodes, 1)
  const density = spec.density ?? 0.4
  if (!(density >= 0 && density <= 1))
    throw new TopologyError(`transit-stub: density is 0 to 1, not ${density}`)
  const carriers = transitDomains * transitNodes
  const nodes = carriers + carriers * stubsPerTransitNode * stubNodes
  const insideCarriers = transitDomains * transitNodes * (transitNodes - 1)
  const insideStubs = carriers * stubsPerTransitNode * stubNodes * (stubNodes - 1)
  checkLinks('transit-stub', 2 * nodes + insideCarriers + insideStubs)
  const edges: Edge[] = []
  const pairs = new PairSet(nodes)
  const link = (a: number, b: number, delayUs: number): void => {
    if (a !== b && pairs.add(a, b)) edges.push([a, b, delayUs])
  }
  const domain = (first: number, size: number, delayUs: number): void => {
    for (let i = 1; i < size; i += 1) link(first + i, first + random.below(i), delayUs)
    for (let a = first; a < first + size; a += 1) {
      for (let b = a + 1; b < first + size; b += 1) if (random.chance(density)) link(a, b, delayUs)
    }
  }
  const carrierOf = (index: number): number => index * transitNodes + random.below(transitNodes)
  for (let i = 0; i < transitDomains; i += 1) domain(i * transitNodes, transitNodes, delaysUs.transit)
  for (let i = 1; i < transitDomains; i += 1) {
    link(carrierOf(i), carrierOf(random.below(i)), delaysUs.betweenTransit)
    if (i % 2 === 1) link(carrierOf(i), carrierOf(random.below(i)), delaysUs.betweenTransit)
  }
  let first = carriers
  for (let carrier = 0; carrier < carriers; carrier += 1) {
    for (let stub = 0; stub < stubsPerTransitNode; stub += 1) {
      domain(first, stubNodes, delaysUs.stub)
      link(carrier, first + random.below(stubNodes), delaysUs.access)
      first += stubNodes
    }
  }
  return new Topology('transit-stub', nodes, edges)
}

function geographic(spec: GeographicSpec, random: RandomStream): Topology {
  const places = placesOf(spec, random)
  const nodes = places.length
  const factor = spec.fibreFactor ?? FIBRE_FACTOR
  if (!(factor >= 1))
    throw new TopologyError(`geographic: nothing is faster than light: fibre factor ${factor}`)
  // With nearest nodes too, every distance is looked at.
  checkLinks('geographic', nodes * (nodes - 1))
  const delayUs = (a: number, b: number): number => {
    return fibreDelayUs(places[a] as Place, places[b] as Place, factor)
  }
  const edges: Edge[] = []
  const pairs = new PairSet(nodes)
  const link = (a: number, b: number): void => {
    if (a !== b && pairs.add(a, b)) edges.push([a, b, delayUs(a, b)])
  }
  const { links } = spec
  if (links === 'full') {
    for (let a = 0; a < nodes; a += 1) for (let b = a + 1; b < nodes; b += 1) link(a, b)
    return new Topology('geographic', nodes, edges)
  }
  checkCount('geographic: nearest', links.nearest, 0)
  checkCount('geographic: random', links.random, 0)
  if (links.nearest + links.random >= nodes) {
    throw new TopologyError(
      `geographic: ${links.nearest} nearest and ${links.random} others of ${nodes} nodes`,
    )
  }
  for (let node = 0; node < nodes; node += 1) {
    const others = Array.from({ length: nodes }, (_, other) => other).filter((other) => other !== node)
    const far = new Float64Array(nodes)
    for (const other of others) far[other] = delayUs(node, other)
    others.sort((a, b) => (far[a] as number) - (far[b] as number) || a - b)
    for (const other of others.slice(0, links.nearest)) link(node, other)
    const rest = random.shuffle(others.slice(links.nearest))
    for (const other of rest.slice(0, links.random)) link(node, other)
  }
  return joined('geographic', nodes, edges, link)
}

/** Links each part with the rest, by its first node and the node before it, until the graph is connected. */
function joined(
  name: string,
  nodes: number,
  edges: readonly Edge[],
  link: (a: number, b: number) => void,
): Topology {
  const components = new Topology(name, nodes, edges).components()
  for (let node = 1; node < nodes; node += 1) if (components[node] === node) link(node - 1, node)
  return new Topology(name, nodes, edges)
}

function placesOf({ places }: GeographicSpec, random: RandomStream): readonly Place[] {
  const isPlace = ({ latitude, longitude }: Place): boolean => {
    return latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180
  }
  const given = 'centres' in places ? places.centres : places
  checkCount('geographic: places', given.length, 1)
  for (const place of given) {
    if (isPlace(place)) continue
    throw new TopologyError(
      `geographic: no place at latitude ${place.latitude}, longitude ${place.longitude}`,
    )
  }
  if (!('centres' in places)) return places
  const { nodes, centres, radiusKm } = places
  checkCount('geographic: nodes', nodes, 1)
  if (!(radiusKm >= 0)) throw new TopologyError(`geographic: a radius of ${radiusKm} km`)
  return Array.from({ length: nodes }, (_, node) => {
    return placeAround(centres[node % centres.length] as Place, radiusKm, random)
  })
}

function islands({ sizes, bridges = 1 }: IslandsSpec, random: RandomStream): Topology {
  checkCount('islands: sizes', sizes.length, 1)
  checkCount('islands: bridges', bridges, 0)
  const starts: number[] = []
  let nodes = 0
  for (const size of sizes) {
    checkCount('islands: size', size, 1)
    starts.push(nodes)
    nodes += size
  }
  checkLinks(
    'islands',
    sizes.reduce((sum, size) => sum + size * (size + 2 * bridges + 1), 0),
  )
  const edges: Edge[] = []
  const pairs = new PairSet(nodes)
  const link = (a: number, b: number): void => {
    if (pairs.add(a, b)) edges.push([a, b, 0])
  }
  const memberOf = (island: number): number => (starts[island] ?? 0) + random.below(sizes[island] ?? 1)
  for (const [i, size] of sizes.entries()) {
    const start = starts[i] as number
    for (let a = start; a < start + size; a += 1) for (let b = a + 1; b < start + size; b += 1) link(a, b)
  }
  if (sizes.length === 1) return new Topology('islands', nodes, edges)
  for (let i = 0; i < sizes.length; i += 1) {
    if (sizes.length > 2 || i === 0) link(memberOf(i), memberOf((i + 1) % sizes.length))
    for (let bridge = 0; bridge < bridges; bridge += 1) {
      const other = (i + 1 + random.below(sizes.length - 1)) % sizes.length
      link(memberOf(i), memberOf(other))
    }
  }
  return new Topology('islands', nodes, edges)
}

/** Linked pairs while a graph is drawn. */
class PairSet {
  readonly #nodes: number
  readonly #pairs: Set<number> = new Set()
  readonly #degrees: Uint32Array

  constructor(nodes: number) {
    this.#nodes = nodes
    this.#degrees = new Uint32Array(nodes)
  }

  /** False when the pair is there already. */
  add(a: number, b: number): boolean {
    if (this.has(a, b)) return false
    this.#pairs.add(this.#key(a, b))
    this.#degrees[a] = this.degreeOf(a) + 1
    this.#degrees[b] = this.degreeOf(b) + 1
    return true
  }

  has(a: number, b: number): boolean {
    return this.#pairs.has(this.#key(a, b))
  }

  remove(a: number, b: number): void {
    this.#pairs.delete(this.#key(a, b))
    this.#degrees[a] = this.degreeOf(a) - 1
    this.#degrees[b] = this.degreeOf(b) - 1
  }

  degreeOf(node: number): number {
    return this.#degrees[node] ?? 0
  }

  /** The pairs that are linked, or all that are not, without delays. */
  edges(isLinked: boolean): Edge[] {
    const nodes = this.#nodes
    if (isLinked) return [...this.#pairs].map((key): Edge => [Math.floor(key / nodes), key % nodes, 0])
    const edges: Edge[] = []
    for (let a = 0; a < nodes; a += 1) {
      for (let b = a + 1; b < nodes; b += 1) if (!this.has(a, b)) edges.push([a, b, 0])
    }
    return edges
  }

  #key(a: number, b: number): number {
    return Math.min(a, b) * this.#nodes + Math.max(a, b)
  }
}

/** Asked before lists are made that no memory can hold. */
function checkLinks(name: string, links: number): void {
  if (links <= LINKS_MAX) return
  throw new TopologyError(`${name}: up to ${links} links; at most ${LINKS_MAX} are simulated`)
}

function checkCount(what: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new TopologyError(`${what}: a whole number from ${least}, not ${value}`)
  }
}
