import { toHex } from '#protocol/encoding'
import type { Sha256 } from '#protocol/identity'
import { drawClock } from '#simulations/clocks'
import { Audit, Simulator } from '#simulations/kernel'
import type { Distribution } from '#simulations/kernel'
import { Network, drawTopology, startChurn } from '#simulations/network'
import type { NetworkInit, TopologySpec } from '#simulations/network'

const VIENNA = { latitude: 48.2, longitude: 16.4 }
const GRAZ = { latitude: 47.1, longitude: 15.4 }

/** One of every topology, on about thirty nodes. */
const TOPOLOGIES: TopologySpec[] = [
  { kind: 'full', nodes: 12 },
  { kind: 'random-regular', nodes: 30, degree: 4 },
  { kind: 'small-world', nodes: 30, degree: 4, rewire: 0.2 },
  {
    ...{ kind: 'transit-stub', transitDomains: 2, transitNodes: 2, stubsPerTransitNode: 2, stubNodes: 3 },
    delaysUs: { betweenTransit: 20_000, transit: 5_000, access: 2_000, stub: 300 },
  },
  {
    ...{ kind: 'geographic', links: { nearest: 3, random: 1 } },
    places: { nodes: 30, centres: [VIENNA, GRAZ], radiusKm: 60 },
  },
  { kind: 'islands', sizes: [8, 8, 8], bridges: 2 },
]

const JITTERS: Distribution[] = [
  { kind: 'normal', mean: 2_000, deviation: 700 },
  { kind: 'log-normal', median: 1_500, sigma: 0.8 },
  { kind: 'pareto', least: 400, shape: 1.5 },
  { kind: 'weibull', scale: 900, shape: 0.6 },
  { kind: 'exponential', mean: 1_200 },
  {
    kind: 'empirical',
    quantiles: [
      [0, 100],
      [0.5, 900],
      [0.99, 9_000],
      [1, 80_000],
    ],
  },
]

/** What a run wrote, and the digest of what it did. */
export interface ReferenceResult {
  readonly output: string
  readonly digest: string
}

/** A run that uses every model of network, churn and clock: what is compared between runs and versions of Node. */
export function referenceRun(init: { seed: number; sha256: Sha256; audit?: Audit }): ReferenceResult {
  const audit = init.audit ?? new Audit({ sha256: init.sha256 })
  const sim = new Simulator({ seed: init.seed, audit })
  const random = sim.random.stream('reference')
  const spec = TOPOLOGIES[init.seed % TOPOLOGIES.length] as TopologySpec
  const jitter = JITTERS[init.seed % JITTERS.length] as Distribution
  const topology = drawTopology(spec, sim.random.stream('topology'))
  const nodes = Array.from({ length: topology.nodes }, (_, node) => node)
  const network = new Network(sim, { topology, ...options(init.seed % 2 === 0, jitter) })
  const spread = { skewUsMax: 1_000_000, driftPpbMax: 50_000 }
  const clocks = nodes.map((node) => {
    const jump = { probability: 0.3, usMax: 60_000_000, horizonUs: 10_000_000 }
    return drawClock({ ...spread, jump }, sim.random.stream('clock', node))
  })
  const lines: string[] = []
  network.onDeliver = (to, from, payload) => {
    const hops = payload as number
    if (hops % 16 === 0) lines.push(`${clocks[to]?.readUs(sim.nowUs)} ${from}>${to} ${hops}`)
    const peers = topology.peersOf(to)
    const next = peers[sim.random.stream('next', to).below(peers.length)] as number
    network.send(to, next, hops + 1, 200 + random.below(20_000))
  }
  network.onLink = (a, b, isUp) => lines.push(`${sim.nowUs} ${a}-${b} ${isUp ? 'up' : 'down'}`)
  startChurn(sim, network, {
    onlineUs: { kind: 'weibull', scale: 2_000_000, shape: 0.5 },
    offlineUs: { kind: 'pareto', least: 100_000, shape: 1.5 },
    nodes: nodes.filter((node) => node % 5 === 4),
    noticeAfterUs: 50_000,
  })
  const act = sim.register('reference.act', (what) => {
    const [a, b] = [random.below(topology.nodes), random.below(topology.links)]
    if (what % 10 === 0) network.cut({ groups: [[a]] }, 20_000)
    else if (what % 10 === 5) network.heal()
    else if (what % 10 === 7) {
      network.cut({ pairs: [[topology.sources[b] as number, topology.peers[b] as number]] })
    } else network.send(topology.sources[b] as number, topology.peers[b] as number, 0, 1_000)
  })
  for (let i = 0; i < 600; i += 1) sim.at(i * 20_000, act, i)
  sim.run(12_000_000)
  lines.push(JSON.stringify([sim.events, network.messages, network.bytes]))
  return { output: lines.join('\n'), digest: toHex(audit.digest()) }
}

function options(isStream: boolean, jitter: Distribution): Omit<NetworkInit, 'topology'> {
  const burst = { kind: 'burst', toBad: 0.02, toGood: 0.3, lossGood: 0.001, lossBad: 0.3 } as const
  const reorder = { probability: 0.05, delayUs: { kind: 'uniform', least: 100, most: 5_000 } } as const
  return {
    transport: isStream ? 'stream' : 'datagram',
    latency: { jitter, perPair: { kind: 'log-normal', median: 3_000, sigma: 0.7 } },
    bandwidth: { upBytesPerSecond: 2_000_000, downBytesPerSecond: 8_000_000 },
    faults: isStream ? { loss: burst } : { loss: burst, duplicate: 0.02, reorder },
    venues: [
      {
        nodes: [0, 1, 2, 3],
        lan: { latencyUs: 500, bytesPerSecond: 20_000_000 },
        uplink: { latencyUs: 8_000, upBytesPerSecond: 600_000, downBytesPerSecond: 3_000_000 },
        timetable: [
          { atUs: 4_000_000, isUp: false },
          { atUs: 6_000_000, isUp: true },
        ],
      },
    ],
  }
}
