import { toHex } from '#protocol/encoding'
import { VIOLATIONS_MAX, violation } from './checker.ts'
import type { CheckedWorld, Checker, Violation } from './checker.ts'

/** What a node said is safe is still there: in the author's log, and in the end in those of the whole core. */
export const acknowledgedWrites: Checker = (world, at) => {
  const found: Violation[] = []
  const byNumber = new Map(world.nodes.map((node) => [node.number, node]))
  const core = new Set(at === 'end' ? world.core : [])
  for (const { node: number, record } of world.books.acknowledgements) {
    const node = byNumber.get(number)
    if (node === undefined || node.isRestored || world.rotted.has(toHex(record.id))) continue
    const holders = core.has(node) && world.convergedUs !== null ? world.core : [node]
    for (const holder of holders) {
      if (holder.replica === null || holder.replica.history.find(record.id) >= 0) continue
      if (isBeingRecovered(world, holder)) continue
      const detail =
        `commit ${record.header.seq} of node ${number} (${toHex(record.id).slice(0, 12)}) was acknowledged, ` +
        `and node ${holder.number} does not have it`
      found.push(
        violation(world, {
          ...{ checker: 'acknowledged-writes', kind: 'correctness', detail },
          nodes: [number, holder.number],
        }),
      )
      if (found.length >= VIOLATIONS_MAX) return found
    }
  }
  return found
}

/** Commits that lost their place to a damaged one before them are still on the disk. */
function isBeingRecovered(world: CheckedWorld, node: CheckedWorld['nodes'][number]): boolean {
  return node.disk.loose.length > 0 || (node.isOwnChainShort && world.rotted.size > 0)
}
