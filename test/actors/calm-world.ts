import { expect } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import type { IntakeResult } from '#protocol/replica'
import type { Violation } from '#simulations/checkers'
import { Simulator } from '#simulations/kernel'
import type { SimNode } from '#simulations/peers'
import { World } from '#simulations/world'
import type { Decision, WorldConfig } from '#simulations/world'

const { sha256 } = nodeCrypto()
const SECOND = 1_000_000

/** Six members who write for a minute while nothing goes wrong. */
export const CALM: WorldConfig = {
  topology: { kind: 'full', nodes: 6 },
  latency: { perPair: { kind: 'constant', value: 5_000 }, jitter: { kind: 'constant', value: 0 } },
  bandwidth: {},
  linkFaults: {},
  clocks: { skewUsMax: 0, driftPpbMax: 0 },
  fsyncUs: { kind: 'constant', value: 5_000 },
  isGossiping: false,
  members: 6,
  isPreloaded: true,
  phases: { faultsUs: 60 * SECOND, convergeUsMax: 60 * SECOND },
  workload: { lists: 20, edits: 10, boards: 1, untilUs: 50 * SECOND },
  faults: {
    ...{ powerCuts: 0, offUs: { kind: 'constant', value: SECOND } },
    ...{ absences: 0, absentUs: { kind: 'constant', value: SECOND } },
    ...{ partitions: 0, oneWayCuts: 0, cutUs: { kind: 'constant', value: SECOND }, noticeUs: SECOND },
    ...{ rots: 0, fullDisks: 0, slowDisks: 0, slowness: 1, diskUs: { kind: 'constant', value: SECOND } },
    ...{ restores: 0, clones: 0 },
  },
  adversaries: { forkers: 0, colluders: 0, liars: 0, stallers: 0, flooders: 0 },
}

/** More of them, so that some are outside the core under seed 7. */
export const LARGER: Partial<WorldConfig> = { topology: { kind: 'full', nodes: 8 }, members: 8 }

/** What a replica says that takes nothing in. */
export const takeNothing = (): IntakeResult => ({
  ...{ stored: [], waiting: [], released: [], late: [], duplicates: 0 },
  ...{ refused: [], dropped: [] },
})

/** A calm world of which `plant` spoils something: at its beginning, when half of its time is over, or when it heals. */
export function spoilt(
  plant: {
    seed?: number
    before?: (world: World) => void
    amid?: (world: World) => void
    healed?: (world: World) => void
  },
  changes: Partial<WorldConfig> = {},
  decisions?: readonly Decision[],
): { world: World; found: Violation[] } {
  const sim = new Simulator({ seed: plant.seed ?? 5 })
  const config = { ...CALM, ...changes }
  const given = decisions === undefined ? {} : { decisions }
  const world = new World({ sim, sha256, crypto: 'fast', config, ...given })
  plant.before?.(world)
  world.start()
  sim.run(config.phases.faultsUs / 2)
  plant.amid?.(world)
  sim.run(config.phases.faultsUs)
  const running = world.check('running')
  world.heal()
  plant.healed?.(world)
  sim.run(config.phases.faultsUs + config.phases.convergeUsMax + 160 * SECOND)
  return { world, found: [...running, ...world.check('end')] }
}

/** Checkers that found something, each once. */
export function names(found: readonly Violation[]): string[] {
  return [...new Set(found.map((it) => it.checker))].sort()
}

/** The node that is so many places behind the first. */
export function nodeOf(world: World, at: number): SimNode {
  return world.nodes[at] ?? expect.fail('no such node')
}
