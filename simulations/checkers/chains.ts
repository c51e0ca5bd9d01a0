import { equalBytes } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** Every chain has all its commits, each after what it acknowledges, and the disk holds what the replica tells of. */
export const chains: Checker = (world) =>
  world.nodes.flatMap((node) => {
    const problem = problemOf(node)
    if (problem === null) return []
    const detail = `node ${node.number}: ${problem}`
    return [violation(world, { checker: 'chains', kind: 'correctness', detail, nodes: [node.number] })]
  })

function problemOf({ replica, disk }: SimNode): string | null {
  if (replica === null) return null
  const { history } = replica
  for (let order = 0; order < history.length; order += 1) {
    const seq = history.seqOf(order)
    const prev = history.prevOf(order)
    if (seq > 0 && (prev < 0 || prev >= order || history.seqOf(prev) !== seq - 1))
      return `commit ${order} has seq ${seq} and does not follow ${seq - 1} of its chain`
    if (history.seenOf(order).some((head) => head < 0 || head >= order))
      return `commit ${order} acknowledges what comes after it`
    const entry = disk.at(order)
    if (entry !== null && !equalBytes(entry.record.id, history.idOf(order)))
      return `place ${order} of the disk holds another commit than the replica`
  }
  return disk.length > history.length ? `the disk holds ${disk.length - history.length} commits more` : null
}
