import { toHex } from '#protocol/encoding'
import type { EventTally } from '#protocol/event'
import { violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'
import { eventOf } from './door-view.ts'
import type { SimNode } from '../peers/index.ts'

/** Nodes with equal commits and seals say the same of an event: every figure. */
export const equalStatistics: Checker = (world) => {
  const doors = world.trade?.doors ?? null
  if (doors === null) return []
  const first = new Map<string, { node: SimNode; says: string }>()
  const found: Violation[] = []
  for (const node of world.nodes) {
    const { replica, disk, unsyncedBytes } = node
    const state = eventOf(node, doors)
    if (replica === null || state === null || disk.damaged.size > 0 || unsyncedBytes > 0) continue
    const set = `${toHex(replica.heads.root())} ${replica.authority.epochs.tip.name}`
    const says = saidOf(state.tally())
    const other = first.get(set)
    if (other === undefined) first.set(set, { node, says })
    else if (other.says !== says) {
      const nodes = [other.node.number, node.number]
      const detail = `nodes ${nodes.join(' and ')} hold the same commits, and say ${other.says} and ${says}`
      found.push(violation(world, { checker: 'equal-statistics', kind: 'correctness', detail, nodes }))
    }
  }
  return found
}

/** All figures in one form: those of 0 are left out of lists. */
function saidOf(tally: EventTally): string {
  return JSON.stringify(tally, (_, value: unknown) =>
    value instanceof Map ? [...value].filter(([, count]) => count !== 0).sort() : value,
  )
}
