import type { Distribution, RandomStream } from '../kernel/index.ts'
import type { TopologySpec } from '../network/index.ts'
import type { AuthorityConfig, WorldConfig } from './world-config.ts'

const MS = 1_000
const SECOND = 1_000_000

/**
 * Draws a small world: which faults and adversaries exist, and how strong (A. Groce et al., *Swarm testing*, 2012: runs
 * that lack some features find more than runs that have all).
 */
export function swarmConfig(random: RandomStream): WorldConfig {
  const maybe = (most: number): number => (random.below(2) === 0 ? 0 : 1 + random.below(most))
  const exponential = (mean: number): Distribution => ({ kind: 'exponential', mean })
  const adversaries = {
    ...{ forkers: maybe(2), colluders: random.below(3) === 0 ? 1 : 0 },
    ...{ liars: random.below(3) === 0 ? 1 : 0, stallers: random.below(3) === 0 ? 1 : 0 },
    flooders: random.below(4) === 0 ? 1 : 0,
  }
  const faultsUs = random.between(60, 240) * SECOND
  const clones = random.below(3) === 0 ? 1 : 0
  const members = 3 + random.below(8)
  const { forkers, colluders, liars, stallers, flooders } = adversaries
  const others = forkers + 2 * colluders + liars + stallers + flooders + clones
  const nodes = members + others + maybe(3)
  const slow = random.below(4) === 0
  const config: WorldConfig = {
    topology: drawSpec(nodes, random),
    latency: {
      perPair: { kind: 'log-normal', median: random.between(1, 60) * MS, sigma: 0.6 },
      jitter: { kind: 'log-normal', median: random.between(1, 20) * MS, sigma: 0.5 },
    },
    bandwidth: slow ? { upBytesPerSecond: 50_000, downBytesPerSecond: 200_000 } : {},
    linkFaults:
      random.below(2) === 0 ? {} : { loss: { kind: 'independent', probability: random.below(100) / 1_000 } },
    clocks: {
      ...{ skewUsMax: random.below(2) * 3_600 * SECOND, driftPpbMax: random.below(2) * 100_000 },
      jump: { probability: random.below(2) * 0.3, usMax: 3_600 * SECOND, horizonUs: faultsUs },
    },
    fsyncUs: { kind: 'log-normal', median: random.between(1, 20) * MS, sigma: 0.7 },
    isGossiping: random.below(3) > 0,
    members,
    isPreloaded: random.below(4) === 0,
    phases: { faultsUs, convergeUsMax: 120 * SECOND },
    workload: {
      lists: random.below(60),
      edits: random.below(60),
      boards: 1 + random.below(3),
      untilUs: faultsUs,
    },
    faults: {
      ...{ powerCuts: maybe(12), offUs: exponential(10 * SECOND) },
      ...{ absences: maybe(12), absentUs: exponential(20 * SECOND) },
      ...{
        partitions: maybe(4),
        oneWayCuts: maybe(4),
        cutUs: exponential(20 * SECOND),
        noticeUs: 30 * SECOND,
      },
      ...{ rots: maybe(8), fullDisks: maybe(3), slowDisks: maybe(3), slowness: 20 + random.below(200) },
      ...{ diskUs: exponential(15 * SECOND), restores: maybe(2), clones },
    },
    adversaries,
  }
  const drawn = {
    ...config,
    faults: { ...config.faults, troubledReturns: maybe(8) },
    adversaries: { ...adversaries, areLasting: random.below(2) === 0 },
  }
  // Drawn last: what was drawn before stays what it was.
  const hasAssets = random.below(2) === 1
  const assets = hasAssets ? { count: 1 + random.below(6), bytesMax: 16_384 } : null
  const listed =
    assets === null
      ? drawn
      : {
          ...drawn,
          workload: { ...drawn.workload, assets },
          faults: { ...drawn.faults, assetRots: random.below(4) },
        }
  if (random.below(2) === 0) return listed
  const authority = drawAuthority(listed, random)
  // Whoever is closed leaves a hole in the mesh: only in a full one all others still reach each other.
  return { ...listed, authority, topology: { kind: 'full', nodes: nodes + authority.joiners } }
}

/** Draws who decides, by which rules, and how much they quarrel. */
function drawAuthority({ members, adversaries }: WorldConfig, random: RandomStream): AuthorityConfig {
  const stewards = 1 + random.below(Math.min(members, 7))
  const quorum = random.below(3) === 0 ? 'majority' : 'two-thirds'
  // One is borne by two thirds of two stewards or more.
  const isBorne = quorum === 'two-thirds' && stewards > 1 && adversaries.forkers > 0
  return {
    ...{ stewards, quorum, recovery: random.pick(['member-quorum', 'kits'] as const) },
    ...{ doubleSigners: isBorne ? random.below(2) : 0, withholders: random.below(3) === 0 ? 1 : 0 },
    ...{ admitters: 1 + random.below(Math.min(members, 7)), joiners: random.below(4) },
    ...{ proposals: random.below(16), suspensions: random.below(5), leaves: random.below(3) },
    ...{ recoveries: random.below(8), approval: random.between(50, 100) / 100 },
    considerUs: { kind: 'exponential', mean: random.between(1, 20) * SECOND },
    ...{ lookEveryUs: 30 * SECOND, lineUsMax: null, script: [] },
  }
}

function drawSpec(nodes: number, random: RandomStream): TopologySpec {
  const kind = random.below(3)
  if (kind === 0 || nodes < 6) return { kind: 'full', nodes }
  if (kind === 1) return { kind: 'small-world', nodes, degree: 4, rewire: 0.3 }
  return { kind: 'random-regular', nodes, degree: 4 }
}
