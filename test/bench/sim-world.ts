import { nodeCrypto } from '#node/crypto'
import { Simulator } from '#simulations/kernel'
import { World } from '#simulations/world'
import type { WorldConfig } from '#simulations/world'
import { printFigure } from './figure.ts'

const SECOND = 1_000_000
const NODES_LIGHT = Number(process.env['BENCH_NODES'] ?? 10_000)
const NODES_REAL = Number(process.env['BENCH_REPLICAS'] ?? 250)
/** Devices whose commits the many light nodes hold. */
const LIGHT_MEMBERS = 16
const REAL_TIMES_LEAST = 10
/** Seconds in which all write: so few at a time that a thousand acknowledge each other in one commit each. */
const WRITES_WITHIN = 4

function configOf(
  nodes: number,
  init: { members: number; degree: number; lists: number; isGossiping: boolean },
): WorldConfig {
  const { members, degree, lists, isGossiping } = init
  const second = { kind: 'constant', value: SECOND } as const
  return {
    topology: { kind: 'random-regular', nodes, degree },
    latency: {
      perPair: { kind: 'log-normal', median: 20_000, sigma: 0.5 },
      jitter: { kind: 'constant', value: 0 },
    },
    ...{ bandwidth: {}, linkFaults: {}, clocks: { skewUsMax: 0, driftPpbMax: 0 } },
    fsyncUs: { kind: 'constant', value: 5_000 },
    ...{ isGossiping, members, isPreloaded: true },
    phases: { faultsUs: 600 * SECOND, convergeUsMax: 60 * SECOND },
    workload: { lists, edits: 0, boards: 1, untilUs: WRITES_WITHIN * SECOND },
    faults: {
      ...{ powerCuts: 0, offUs: second, absences: 0, absentUs: second, partitions: 0, oneWayCuts: 0 },
      ...{ cutUs: second, noticeUs: SECOND, rots: 0, fullDisks: 0, slowDisks: 0, slowness: 1 },
      ...{ diskUs: second, restores: 0, clones: 0 },
    },
    adversaries: { forkers: 0, colluders: 0, liars: 0, stallers: 0, flooders: 0 },
  }
}

/** Real replicas in virtual time: how many fit the memory, and how fast a co-op of a thousand runs. */
export function benchSimWorld(): Promise<void> {
  if (NODES_LIGHT > 0) light()
  if (NODES_REAL > 0) real()
  return Promise.resolve()
}

function light(): void {
  const config = configOf(NODES_LIGHT, {
    members: LIGHT_MEMBERS,
    degree: 4,
    lists: LIGHT_MEMBERS,
    isGossiping: false,
  })
  const before = process.memoryUsage().rss
  const { world, seconds } = run(config, 60 * SECOND)
  const megabytes = process.memoryUsage().rss / 1_048_576
  const agreed = new Set(world.nodes.map((node) => String(node.replica?.heads.root()))).size
  const perNode = (process.memoryUsage().rss - before) / NODES_LIGHT / 1_024
  printFigure(
    `${NODES_LIGHT} nodes, ${LIGHT_MEMBERS} of them members`,
    `${megabytes.toFixed(0)} MB`,
    `resident, ${perNode.toFixed(0)} KB a node; ${agreed} state(s) after a minute, ${seconds.toFixed(0)} s of processor time; limit 2,000 MB`,
  )
}

function real(): void {
  const config = configOf(NODES_REAL, {
    members: NODES_REAL,
    degree: 8,
    lists: NODES_REAL,
    isGossiping: true,
  })
  const { world, seconds, wall, made } = run(config, 600 * SECOND)
  const commits = world.metrics.commitsAcknowledged
  const agreed = new Set(world.nodes.map((node) => String(node.replica?.heads.root()))).size
  printFigure(
    `${NODES_REAL} replicas of degree 8, 10 minutes`,
    `${(600 / seconds).toFixed(1)} times real time`,
    `${seconds.toFixed(1)} s of processor time, ${wall.toFixed(1)} s in all; ${commits} commits, ${agreed} state(s) at the end, ${made.toFixed(0)} s more to found the co-op; limit ${REAL_TIMES_LEAST} times`,
  )
}

/** Processor time of the run and of founding, and wall time of the run, in seconds. */
function run(
  config: WorldConfig,
  forUs: number,
): { world: World; seconds: number; wall: number; made: number } {
  const start = process.cpuUsage()
  const sim = new Simulator({ seed: 1 })
  const world = new World({ sim, sha256: nodeCrypto().sha256, crypto: 'fast', config })
  world.start()
  const made = secondsSince(start)
  const begun = process.cpuUsage()
  const begunMs = performance.now()
  sim.run(forUs)
  return { world, seconds: secondsSince(begun), wall: (performance.now() - begunMs) / 1_000, made }
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000_000
}
