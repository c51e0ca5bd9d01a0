import type { TopologySpec } from '../network/index.ts'
import type { WorldConfig } from '../world/index.ts'

/** Phases are not made shorter than this, in microseconds: nothing could happen in them. */
const PHASE_US_MIN = 2_000_000

/**
 * Worlds that are smaller by one thing each, the largest steps first: what a failure does not need. `untilUs`: when it
 * failed; a failure of liveness keeps its time to converge, since without it every run fails.
 */
export function* smallerWorlds(
  world: WorldConfig,
  failure: { isLiveness: boolean; untilUs: number },
): Iterable<WorldConfig> {
  const { faults, adversaries, workload, phases } = world
  const readers = readersOf(world)
  for (const name of ['forkers', 'colluders', 'liars', 'stallers', 'flooders'] as const) {
    for (const count of fewer(adversaries[name]))
      yield fitted({ ...world, adversaries: { ...adversaries, [name]: count } }, readers)
  }
  if (adversaries.areLasting === true) yield { ...world, adversaries: { ...adversaries, areLasting: false } }
  for (const name of COUNTED_FAULTS) {
    for (const count of fewer(faults[name] ?? 0))
      yield fitted({ ...world, faults: { ...faults, [name]: count } }, readers)
  }
  yield* quieterWorlds(world, readers)
  const { trade, ...idle } = world
  if (trade !== undefined) {
    yield idle
    for (const name of ['customers', 'cheatActs', 'units'] as const)
      for (const count of fewer(trade[name]))
        if (count > 0 || name !== 'units') yield { ...world, trade: { ...trade, [name]: count } }
    if (trade.marks !== null) yield { ...world, trade: { ...trade, marks: null } }
  }
  const { churn, ...settled } = faults
  if (churn !== undefined) {
    yield { ...world, faults: settled }
    for (const nodes of fewer(churn.nodes))
      if (nodes > 0) yield { ...world, faults: { ...faults, churn: { ...churn, nodes } } }
  }
  const { assets, ...listed } = workload
  if (assets !== undefined) {
    yield { ...world, workload: listed }
    for (const count of fewer(assets.count))
      yield { ...world, workload: { ...workload, assets: { ...assets, count } } }
    for (const assetRots of fewer(faults.assetRots ?? 0)) yield { ...world, faults: { ...faults, assetRots } }
  }
  const { venues = [], ...unplaced } = world
  if (venues.length > 0) yield unplaced
  for (const i of venues.keys())
    if (venues.length > 1) yield { ...world, venues: venues.filter((_, at) => at !== i) }
  for (const name of ['edits', 'lists'] as const) {
    for (const count of fewer(workload[name])) yield { ...world, workload: { ...workload, [name]: count } }
  }
  for (const members of fewer(world.members)) if (members > 0) yield fitted({ ...world, members }, readers)
  for (const count of fewer(readers)) yield fitted(world, count)
  if (world.topology.kind !== 'full') yield { ...world, topology: full(nodesOf(world.topology)) }
  if (Object.keys(world.linkFaults).length > 0) yield { ...world, linkFaults: {} }
  if (Object.keys(world.bandwidth).length > 0) yield { ...world, bandwidth: {} }
  if (world.isGossiping) yield { ...world, isGossiping: false }
  if (!world.isPreloaded) yield { ...world, isPreloaded: true }
  const { clocks } = world
  if (clocks.skewUsMax > 0 || clocks.driftPpbMax > 0 || clocks.jump !== undefined)
    yield { ...world, clocks: { skewUsMax: 0, driftPpbMax: 0 } }
  const { faultsUs, convergeUsMax } = phases
  const untilUs = Math.ceil(failure.untilUs / 1_000_000) * 1_000_000
  for (const shorterUs of [untilUs, Math.ceil(faultsUs / 2)]) {
    if (shorterUs >= PHASE_US_MIN && shorterUs < faultsUs) yield shorter(world, shorterUs)
  }
  if (!failure.isLiveness && convergeUsMax > PHASE_US_MIN)
    yield { ...world, phases: { faultsUs, convergeUsMax: Math.ceil(convergeUsMax / 2) } }
}

/** Worlds in which people want less of each other. */
function* quieterWorlds(world: WorldConfig, readers: number): Iterable<WorldConfig> {
  const { authority, ...ungoverned } = world
  if (authority === undefined) return
  yield fitted({ ...ungoverned, isPreloaded: true }, readers)
  for (const name of COUNTED_ACTS)
    for (const count of fewer(authority[name] ?? 0))
      yield fitted({ ...world, authority: { ...authority, [name]: count } }, readers)
  for (const stewards of fewer(authority.stewards))
    if (stewards > authority.doubleSigners) yield { ...world, authority: { ...authority, stewards } }
}

const COUNTED_ACTS = [
  ...(['proposals', 'suspensions', 'leaves', 'recoveries'] as const),
  ...(['joiners', 'doubleSigners', 'withholders'] as const),
] as const

const COUNTED_FAULTS = [
  ...(['powerCuts', 'absences', 'partitions', 'oneWayCuts', 'rots'] as const),
  ...(['fullDisks', 'slowDisks', 'restores', 'clones', 'troubledReturns'] as const),
] as const

/** None, half, one less: whatever is fewer. */
function fewer(count: number): number[] {
  return [...new Set([0, Math.floor(count / 2), count - 1])].filter((it) => it >= 0 && it < count)
}

function shorter(world: WorldConfig, faultsUs: number): WorldConfig {
  const { workload, phases, clocks } = world
  const jump = clocks.jump === undefined ? {} : { jump: { ...clocks.jump, horizonUs: faultsUs } }
  return {
    ...world,
    phases: { ...phases, faultsUs },
    workload: { ...workload, untilUs: Math.min(workload.untilUs, faultsUs) },
    clocks: { ...clocks, ...jump },
  }
}

function othersOf({ adversaries, faults, authority }: WorldConfig): number {
  const { forkers, colluders, liars, stallers, flooders } = adversaries
  const joiners = authority?.joiners ?? 0
  return forkers + 2 * colluders + liars + stallers + flooders + faults.clones + joiners
}

function readersOf(world: WorldConfig): number {
  return Math.max(0, nodesOf(world.topology) - world.members - othersOf(world))
}

/** The world with as many places as it needs: members, others, and these readers. */
function fitted(world: WorldConfig, readers: number): WorldConfig {
  const nodes = world.members + othersOf(world) + readers
  const venues = (world.venues ?? []).map((it) => ({ ...it, nodes: it.nodes.filter((node) => node < nodes) }))
  return {
    ...{ ...world, topology: resized(world.topology, nodes) },
    ...(world.venues === undefined ? {} : { venues }),
  }
}

/** A topology of the same kind where it can have this size, else a full mesh. */
function resized(topology: TopologySpec, nodes: number): TopologySpec {
  switch (topology.kind) {
    case 'small-world':
      return nodes > topology.degree ? { ...topology, nodes } : full(nodes)
    case 'random-regular':
      return nodes > topology.degree && (nodes * topology.degree) % 2 === 0
        ? { ...topology, nodes }
        : full(nodes)
    case 'full':
    case 'transit-stub':
    case 'geographic':
    case 'islands':
      return full(nodes)
  }
}

function full(nodes: number): TopologySpec {
  return { kind: 'full', nodes }
}

/** Places of a topology. */
export function nodesOf(topology: TopologySpec): number {
  switch (topology.kind) {
    case 'full':
    case 'random-regular':
    case 'small-world':
      return topology.nodes
    case 'transit-stub': {
      const { transitDomains, transitNodes, stubsPerTransitNode, stubNodes } = topology
      return transitDomains * transitNodes * (1 + stubsPerTransitNode * stubNodes)
    }
    case 'geographic':
      return 'centres' in topology.places ? topology.places.nodes : topology.places.length
    case 'islands':
      return topology.sizes.reduce((sum, size) => sum + size, 0)
  }
}
