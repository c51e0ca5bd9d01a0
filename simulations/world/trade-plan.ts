import { pow } from '../kernel/index.ts'
import type { RandomStreams } from '../kernel/index.ts'
import type { Roles } from './roles.ts'
import type { TradeConfig } from './trade-config.ts'
import type { Decision, WorldConfig } from './world-config.ts'

/** Weights are whole parts of this, so that draws are by whole numbers. */
const WHOLE = 1_000_000

/** Places of those who sell: members, and cheats, who have a share too. */
export function sellersOf({ members, forkers, colluders }: Roles): number[] {
  return [...members, ...forkers, ...colluders.flat()]
}

/** By the streams of a run: ranks are drawn once, whoever asks first. */
const drawn = new WeakMap<RandomStreams, readonly number[]>()

/** How much each member is sought after: whole parts of the most popular one's. */
export function popularityOf(
  { rush }: TradeConfig,
  { roles, random }: { roles: Roles; random: RandomStreams },
): Map<number, number> {
  const ranked = drawn.get(random) ?? random.stream('trade.popularity').shuffle([...roles.members])
  drawn.set(random, ranked)
  return new Map(ranked.map((place, rank) => [place, Math.max(1, Math.round(WHOLE / pow(rank + 1, rush)))]))
}

/** Draws when customers come, and to whom, and when cheats spend. */
export function planTrade(
  { trade, phases }: WorldConfig,
  { roles, random }: { roles: Roles; random: RandomStreams },
): Omit<Decision, 'key'>[] {
  if (trade === undefined) return []
  const plan: Omit<Decision, 'key'>[] = []
  const popularity = [...popularityOf(trade, { roles, random })]
  const total = popularity.reduce((sum, [, weight]) => sum + weight, 0)
  const stream = random.stream('plan.customer')
  for (let i = 0; i < trade.customers; i += 1) {
    const atUs = trade.fromUs + stream.below(Math.max(1, trade.untilUs - trade.fromUs))
    let at = stream.below(total)
    const chosen = popularity.find(([, weight]) => (at -= weight) < 0)
    plan.push({ what: 'customer', atUs, node: chosen?.[0] ?? 0, peer: -1, forUs: 0 })
  }
  for (const group of [...roles.forkers.map((it) => [it]), ...roles.colluders])
    plan.push(...cheating(group, trade, { roles, faultsUs: phases.faultsUs, random }))
  return plan
}

/** One cheat or two who collude: they write two histories, mostly across a partition of which they talk to both sides, and spend there. */
function cheating(
  group: readonly number[],
  trade: TradeConfig,
  { roles, faultsUs, random }: { roles: Roles; faultsUs: number; random: RandomStreams },
): Omit<Decision, 'key'>[] {
  const [first = 0] = group
  const stream = random.stream('plan.cheat', first)
  const others = Object.values(roles)
    .flat(2)
    .filter((place) => !group.includes(place))
  stream.shuffle(others)
  const half = 1 + stream.below(Math.max(1, others.length - 1))
  const groups = [others.slice(0, half), others.slice(half)]
  const atUs = trade.fromUs + stream.below(Math.max(1, Math.floor(faultsUs / 2)))
  const forUs = 1 + stream.below(Math.max(1, Math.floor(faultsUs / 2)))
  const isAcross = stream.chance(ACROSS)
  // The second's histories may be crossed: who sees one of the first is paid of the other by way of the second.
  const isCrossed = stream.below(2) === 0
  const plan: Omit<Decision, 'key'>[] = group.map((node) => ({
    ...{ what: 'fork', atUs, node, peer: -1, forUs: 0 },
    groups: isCrossed && node !== first ? groups.toReversed() : groups,
  }))
  if (isAcross) plan.unshift({ what: 'partition', atUs, node: first, peer: -1, forUs, groups })
  for (let i = 0; i < trade.cheatActs; i += 1)
    for (const node of group) {
      const whenUs = atUs + 1 + stream.below(forUs)
      plan.push({ what: 'cheat', atUs: whenUs, node, peer: -1, forUs: 0 })
    }
  return plan
}

/** Share of cheats who wait for a partition: else all know of the fork at once. */
const ACROSS = 0.75
