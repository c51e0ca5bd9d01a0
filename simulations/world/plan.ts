import { sampleWhole } from '../kernel/index.ts'
import type { Distribution, RandomStreams } from '../kernel/index.ts'
import type { Topology } from '../network/index.ts'
import { planAssembly } from './assembly-plan.ts'
import type { Roles } from './roles.ts'
import { planTrade } from './trade-plan.ts'
import type { Decision, WorldConfig } from './world-config.ts'

/** Share of the phase of faults in which members join. */
const JOIN_SHARE = 0.25
/** How long a node that came back is taken to catch up. A guess: dialling and some requests. */
const CATCH_UP_US = 6_000_000

/** Absences that churn draws of one node at most: a guess that ends laws whose draws are mostly next to nothing. */
const CHURN_MAX = 10_000

/** Draws all that will happen, in the order of time. Each kind has a stream of its own. */
export function drawPlan(
  config: WorldConfig,
  world: { roles: Roles; topology: Topology; random: RandomStreams },
): Decision[] {
  const { roles, topology, random } = world
  const { faults, workload, phases } = config
  const plan: Omit<Decision, 'key'>[] = []
  const cheats = [...roles.forkers, ...roles.colluders.flat()]
  const writers = [...roles.members, ...cheats]
  const honest = [...roles.members, ...roles.readers]
  const draw = (
    what: Decision['what'],
    count: number,
    among: { nodes: readonly number[]; fromUs?: number; untilUs?: number; lasts?: Distribution },
  ): void => {
    const stream = random.stream(`plan.${what}`)
    const { nodes, fromUs = 0, untilUs = phases.faultsUs, lasts } = among
    for (let i = 0; i < count && nodes.length > 0; i += 1) {
      const atUs = fromUs + stream.below(Math.max(1, untilUs - fromUs))
      const node = stream.pick(nodes)
      const forUs = lasts === undefined ? 0 : Math.max(1, sampleWhole(lasts, stream, phases.faultsUs))
      plan.push({ what, atUs, node, peer: -1, forUs })
    }
  }
  const isHeld = config.isPreloaded || config.authority !== undefined
  const joinUntilUs = isHeld ? 0 : Math.floor(phases.faultsUs * JOIN_SHARE)
  const joining = [...writers.slice(1), ...roles.liars, ...roles.stallers, ...roles.flooders]
  const joins = random.stream('plan.join')
  for (const node of isHeld ? [] : joining)
    plan.push({ what: 'join', atUs: joins.below(joinUntilUs + 1), node, peer: -1, forUs: 0 })
  draw('list', workload.lists, { nodes: writers, untilUs: workload.untilUs })
  draw('edit', workload.edits, { nodes: writers, untilUs: workload.untilUs })
  draw('power-cut', faults.powerCuts, { nodes: honest, lasts: faults.offUs })
  draw('absence', faults.absences, { nodes: honest, lasts: faults.absentUs })
  draw('partition', faults.partitions, { nodes: [-1], lasts: faults.cutUs })
  draw('one-way-cut', faults.oneWayCuts, { nodes: honest, lasts: faults.cutUs })
  draw('rot', faults.rots, { nodes: honest, fromUs: joinUntilUs })
  draw('full-disk', faults.fullDisks, { nodes: honest, lasts: faults.diskUs })
  draw('slow-disk', faults.slowDisks, { nodes: honest, lasts: faults.diskUs })
  draw('asset', workload.assets?.count ?? 0, { nodes: roles.members, untilUs: workload.untilUs })
  draw('asset-rot', faults.assetRots ?? 0, { nodes: honest, fromUs: joinUntilUs })
  // The founder admits all others; without it nobody could join, and nothing would be tested.
  const members = roles.members.slice(1)
  const images = random.stream('plan.restore')
  for (let i = 0; i < faults.restores && members.length > 0; i += 1) {
    const node = images.pick(members)
    const atUs = joinUntilUs + images.below(Math.max(1, phases.faultsUs - joinUntilUs))
    plan.push({ what: 'image', atUs, node, peer: -1, forUs: 0 })
    const laterUs = atUs + images.below(Math.max(1, phases.faultsUs - atUs))
    plan.push({ what: 'restore', atUs: laterUs, node, peer: -1, forUs: 0 })
  }
  const clones = random.stream('plan.clone')
  for (const spare of members.length === 0 ? [] : roles.spares) {
    const atUs = joinUntilUs + clones.below(Math.max(1, phases.faultsUs - joinUntilUs))
    plan.push({ what: 'clone', atUs, node: clones.pick(members), peer: spare, forUs: 0 })
  }
  const returns = random.stream('plan.troubled-return')
  const ends = plan.filter(({ what }) => ['absence', 'partition', 'power-cut'].includes(what))
  for (let i = 0; i < (faults.troubledReturns ?? 0) && ends.length > 0; i += 1) {
    const { node: away, atUs, forUs } = returns.pick(ends)
    const what = returns.pick(['power-cut', 'full-disk', 'slow-disk', 'partition'] as const)
    const node = what === 'partition' ? -1 : away < 0 ? returns.pick(honest) : away
    const lastsUs = sampleWhole(what === 'full-disk' ? faults.diskUs : faults.offUs, returns, phases.faultsUs)
    const laterUs = Math.min(phases.faultsUs, atUs + forUs) + returns.below(CATCH_UP_US)
    if (laterUs < phases.faultsUs)
      plan.push({ what, atUs: laterUs, node, peer: -1, forUs: Math.max(1, lastsUs) })
  }
  const forks = random.stream('plan.fork')
  const parted = plan.filter(({ what, atUs }) => what === 'partition' && atUs >= joinUntilUs)
  // Where they spend, the plan of the trade says when.
  for (const node of config.trade === undefined ? cheats : []) {
    const anyUs = joinUntilUs + forks.below(Math.max(1, Math.floor((phases.faultsUs - joinUntilUs) / 2)))
    // Each side of a partition then sees one history for a while.
    const cut = parted.length > 0 && (faults.troubledReturns ?? 0) > 0 ? forks.pick(parted) : null
    const atUs =
      cut === null ? anyUs : cut.atUs + forks.below(Math.min(cut.forUs, phases.faultsUs - cut.atUs))
    plan.push({ what: 'fork', atUs, node, peer: -1, forUs: 0 })
  }
  plan.push(...churnOf(config, honest, random))
  plan.push(...planAssembly(config, { roles, random }))
  plan.push(...planTrade(config, { roles, random }))
  const one = random.stream('plan.one-way-peer')
  return plan
    .map((it): Omit<Decision, 'key'> =>
      it.what === 'one-way-cut' ? { ...it, peer: one.pick([...topology.peersOf(it.node)]) } : it,
    )
    .map((it, key) => ({ key, ...it }))
    .sort((a, b) => a.atUs - b.atUs || a.key - b.key)
}

/** Comings and goings of some honest places: sessions and absences in turn, each drawn from its law. */
function churnOf(
  { faults, phases }: WorldConfig,
  honest: readonly number[],
  random: RandomStreams,
): Omit<Decision, 'key'>[] {
  const { churn } = faults
  if (churn === undefined) return []
  const absences: Omit<Decision, 'key'>[] = []
  const places = [...honest]
  random.stream('plan.churn').shuffle(places)
  for (const node of places.slice(0, churn.nodes)) {
    const stream = random.stream('plan.churn', node)
    const next = (law: Distribution): number => Math.max(1, sampleWhole(law, stream, phases.faultsUs))
    let atUs = next(churn.onlineUs)
    for (let i = 0; i < CHURN_MAX && atUs < phases.faultsUs; i += 1) {
      const forUs = next(churn.offlineUs)
      absences.push({ what: 'absence', atUs, node, peer: -1, forUs })
      atUs += forUs + next(churn.onlineUs)
    }
  }
  return absences
}
