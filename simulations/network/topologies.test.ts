import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RandomStreams } from '../kernel/index.ts'
import { distanceKm } from './geography.ts'
import { LINKS_MAX, Topology, TopologyError } from './topology.ts'
import { drawTopology } from './topologies.ts'
import type { TopologySpec } from './topologies.ts'

const draw = (spec: TopologySpec, seed = 1): Topology => {
  return drawTopology(spec, new RandomStreams(seed).stream('topology'))
}

/** Share of pairs of a node's peers that are linked, on average (Watts and Strogatz 1998). */
function clustering(topology: Topology): number {
  let sum = 0
  for (let node = 0; node < topology.nodes; node += 1) {
    const peers = [...topology.peersOf(node)]
    let linked = 0
    for (const a of peers) for (const b of peers) if (a < b && topology.linkOf(a, b) !== -1) linked += 1
    if (peers.length > 1) sum += (2 * linked) / (peers.length * (peers.length - 1))
  }
  return sum / topology.nodes
}

/** Links on the shortest way between two nodes, on average. */
function pathLength(topology: Topology): number {
  let sum = 0
  for (let start = 0; start < topology.nodes; start += 1) {
    const steps = new Int32Array(topology.nodes).fill(-1)
    steps[start] = 0
    const queue = [start]
    for (const node of queue) {
      for (const peer of topology.peersOf(node)) {
        if (steps[peer] !== -1) continue
        steps[peer] = (steps[node] ?? 0) + 1
        queue.push(peer)
      }
    }
    for (const step of steps) sum += step
  }
  return sum / (topology.nodes * (topology.nodes - 1))
}

/** Pairs have two links with the same delay, nodes no link with themselves, rows ascend. */
function expectSound(topology: Topology): void {
  for (let link = 0; link < topology.links; link += 1) {
    const from = topology.sources[link] as number
    const to = topology.peers[link] as number
    const reverse = topology.reverse[link] as number
    expect(from).not.toBe(to)
    expect([topology.sources[reverse], topology.peers[reverse]]).toEqual([to, from])
    expect(topology.delaysUs[reverse]).toBe(topology.delaysUs[link])
    expect(topology.linkOf(from, to)).toBe(link)
  }
  expect(topology.isConnected()).toBe(true)
}

test('a full mesh links all', () => {
  for (const nodes of [1, 2, 30]) {
    const topology = draw({ kind: 'full', nodes })
    expectSound(topology)
    expect(topology.links).toBe(nodes * (nodes - 1))
  }
})

test('a random regular graph has the promised degree and is connected; every one that can exist is drawn', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 39 }), fc.nat(), (nodes, degree, seed) => {
      const canExist = degree < nodes && (nodes * degree) % 2 === 0 && (degree > 1 || nodes === degree + 1)
      if (!canExist) {
        expect(() => draw({ kind: 'random-regular', nodes, degree }, seed)).toThrow(TopologyError)
        return
      }
      const topology = draw({ kind: 'random-regular', nodes, degree }, seed)
      expectSound(topology)
      for (let node = 0; node < nodes; node += 1) expect(topology.degreeOf(node)).toBe(degree)
    }),
    { numRuns: 300 },
  )
  const large = draw({ kind: 'random-regular', nodes: 10_000, degree: 8 })
  expect([large.links, large.isConnected()]).toEqual([80_000, true])
})

test('a small world has short ways and still clusters; at its ends it is the ring and a random graph', () => {
  const [ring, small, random] = [0, 0.05, 1].map((rewire) => {
    const topology = draw({ kind: 'small-world', nodes: 400, degree: 10, rewire })
    expectSound(topology)
    expect(topology.links).toBe(4_000)
    return { clusters: clustering(topology), steps: pathLength(topology) }
  })
  // The ring: 3 (k - 2) / (4 (k - 1)) = 2/3, and n / 2k = 20 steps (Watts and Strogatz 1998).
  expect(ring?.clusters).toBeCloseTo(2 / 3, 9)
  expect(ring?.steps).toBeGreaterThan(20)
  expect(small?.clusters).toBeGreaterThan(0.5)
  expect(small?.steps).toBeLessThan(6)
  expect(random?.clusters).toBeLessThan(0.06)
  expect(random?.steps).toBeLessThan(3)
})

test('transit-stub: stubs hang on one carrier each, and delays are those of the level', () => {
  const delaysUs = { betweenTransit: 20_000, transit: 5_000, access: 2_000, stub: 300 }
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(),
      (domains, size, seed) => {
        const topology = draw(
          {
            ...{ kind: 'transit-stub', transitDomains: domains, transitNodes: size, delaysUs },
            ...{ stubsPerTransitNode: 3, stubNodes: 4 },
          },
          seed,
        )
        const carriers = domains * size
        expect(topology.nodes).toBe(carriers + carriers * 12)
        expectSound(topology)
        const count = (delayUs: number): number => topology.delaysUs.filter((it) => it === delayUs).length / 2
        expect(count(delaysUs.access)).toBe(carriers * 3)
        expect(count(delaysUs.betweenTransit)).toBeGreaterThanOrEqual(domains - 1)
        for (let link = 0; link < topology.links; link += 1) {
          const [from = 0, to = 0] = [topology.sources[link], topology.peers[link]]
          const stubOf = (node: number): number => (node < carriers ? -1 : Math.floor((node - carriers) / 4))
          if (stubOf(from) !== -1 && stubOf(to) !== -1) expect(stubOf(from)).toBe(stubOf(to))
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('geographic: distances are those of the map, and no link is faster than light', () => {
  const vienna = { latitude: 48.2082, longitude: 16.3738 }
  const lisbon = { latitude: 38.7223, longitude: -9.1393 }
  const sydney = { latitude: -33.8688, longitude: 151.2093 }
  // Great-circle distances by the haversine formula, in kilometres.
  expect(Math.abs(distanceKm(vienna, lisbon) - 2_300)).toBeLessThan(15)
  expect(Math.abs(distanceKm(vienna, sydney) - 15_990)).toBeLessThan(60)
  expect(distanceKm(vienna, vienna)).toBe(0)
  const fixed = draw({
    kind: 'geographic',
    places: [vienna, lisbon, sydney],
    links: 'full',
    fibreFactor: 1.5,
  })
  expect(fixed.delaysUs[fixed.linkOf(0, 1)]).toBeCloseTo(
    (distanceKm(vienna, lisbon) / 299_792.458) * 1.5e6,
    -1,
  )
  const drawn = draw({
    kind: 'geographic',
    places: { nodes: 200, centres: [vienna, lisbon], radiusKm: 100 },
    links: { nearest: 4, random: 1 },
  })
  expectSound(drawn)
  const short = drawn.delaysUs.filter((delayUs) => delayUs < 2_000).length
  expect(short / drawn.links).toBeGreaterThan(0.75)
  for (let node = 0; node < 200; node += 1) expect(drawn.degreeOf(node)).toBeGreaterThanOrEqual(5)
})

test('places far apart are joined although each has only near neighbours', () => {
  const topology = draw({
    kind: 'geographic',
    places: {
      nodes: 60,
      centres: [
        { latitude: 0, longitude: 0 },
        { latitude: 40, longitude: 90 },
      ],
      radiusKm: 50,
    },
    links: { nearest: 3, random: 0 },
  })
  expectSound(topology)
})

test('islands are full meshes with few links between them', () => {
  const sizes = [5, 1, 3, 8]
  const topology = draw({ kind: 'islands', sizes, bridges: 2 })
  expectSound(topology)
  const island = sizes.flatMap((size, i) => Array.from({ length: size }, () => i))
  let inside = 0
  for (let link = 0; link < topology.links; link += 1) {
    if (island[topology.sources[link] ?? 0] === island[topology.peers[link] ?? 0]) inside += 1
  }
  expect(inside).toBe(sizes.reduce((sum, size) => sum + size * (size - 1), 0))
  expect(topology.links - inside).toBeGreaterThanOrEqual(2 * sizes.length)
})

test('the same seed draws the same graph, another seed another one', () => {
  const specs: TopologySpec[] = [
    { kind: 'random-regular', nodes: 50, degree: 4 },
    { kind: 'small-world', nodes: 50, degree: 4, rewire: 0.3 },
    { kind: 'islands', sizes: [9, 9, 9] },
  ]
  for (const spec of specs) {
    expect([...draw(spec, 5).peers]).toEqual([...draw(spec, 5).peers])
    expect([...draw(spec, 5).peers]).not.toEqual([...draw(spec, 6).peers])
  }
})

test('impossible topologies are refused with their numbers', () => {
  const delaysUs = { betweenTransit: 1, transit: 1, access: 1, stub: 1 }
  const refused: [TopologySpec, string][] = [
    [{ kind: 'full', nodes: 0 }, 'full: nodes: a whole number from 1, not 0'],
    [{ kind: 'full', nodes: 5_000 }, 'full: up to 24995000 links; at most 4194304 are simulated'],
    [{ kind: 'random-regular', nodes: 8, degree: 8 }, 'random-regular: degree 8 with 8 nodes'],
    [{ kind: 'random-regular', nodes: 5, degree: 3 }, '5 nodes of degree 3 have an odd number of ends'],
    [{ kind: 'random-regular', nodes: 8, degree: 1 }, 'degree 1 cannot connect 8 nodes'],
    [{ kind: 'small-world', nodes: 10, degree: 3, rewire: 0 }, 'small-world: degree 3 is odd'],
    [{ kind: 'small-world', nodes: 10, degree: 4, rewire: 2 }, 'rewire is 0 to 1, not 2'],
    [
      {
        kind: 'transit-stub',
        transitDomains: 0,
        transitNodes: 1,
        stubsPerTransitNode: 1,
        stubNodes: 1,
        delaysUs,
      },
      'transitDomains: a whole number from 1, not 0',
    ],
    [{ kind: 'geographic', places: [], links: 'full' }, 'places: a whole number from 1, not 0'],
    [
      { kind: 'geographic', places: [{ latitude: 91, longitude: 0 }], links: 'full' },
      'no place at latitude 91, longitude 0',
    ],
    [
      { kind: 'geographic', places: [{ latitude: 1, longitude: 0 }], links: 'full', fibreFactor: 0.9 },
      'nothing is faster than light',
    ],
    [{ kind: 'random-regular', nodes: 1e6, degree: 8 }, 'random-regular: up to 8000000 links'],
    [{ kind: 'islands', sizes: [1e9] }, 'at most 4194304 are simulated'],
    [{ kind: 'islands', sizes: [3, 0] }, 'islands: size: a whole number from 1, not 0'],
  ]
  for (const [spec, problem] of refused) expect(() => draw(spec)).toThrow(problem)
  expect(() => new Topology('mine', 2, [[0, 0, 1]])).toThrow('mine: node 0 is linked with itself')
  expect(
    () =>
      new Topology('mine', 2, [
        [0, 1, 1],
        [1, 0, 1],
      ]),
  ).toThrow('nodes 0 and 1 are linked twice')
  expect(() => new Topology('mine', 2, [[0, 2, 1]])).toThrow('no pair 0, 2 among 2 nodes')
  expect(() => new Topology('mine', 2, [[0, 1, -1]])).toThrow('a delay of -1 us')
  const many = Array.from({ length: LINKS_MAX / 2 + 1 }, () => [0, 1, 1] as const)
  expect(() => new Topology('mine', 2, many)).toThrow(`at most ${LINKS_MAX} are simulated`)
})
