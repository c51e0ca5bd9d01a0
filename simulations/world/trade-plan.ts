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

/** How much each member is sought after: whole parts of the most popular one's. */
export function popularityOf(
  { rush }: TradeConfig,
  { roles, random }: { roles: Roles; random: RandomStreams },
): Map<number, number> {
  const ranked = [...roles.members]
  random.stream('trade.popularity').shuffle(ranked)
  return new Map(
    ranked.map((place, rank) => [place, Math.max(1, Math.round(WHOLE / pow(rank + 1, rush)))]),
  )
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
  const acts = random.stream('plan.cheat')
  for (const node of [...roles.forkers, ...roles.colluders.flat()]) {
    for (let i = 0; i < trade.cheatActs; i += 1) {
      const atUs = trade.fromUs + acts.below(Math.max(1, phases.faultsUs - trade.fromUs))
      plan.push({ what: 'cheat', atUs, node, peer: -1, forUs: 0 })
    }
  }
  return plan
}
