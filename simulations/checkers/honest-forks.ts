import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** A device that follows the protocol, and of which no image was put back or copied, never signs two histories. */
export const honestForks: Checker = (world) => {
  const forked = world.books.forkedDevices()
  if (forked.size === 0) return []
  const excused = new Set(world.nodes.filter((node) => node.isRestored).map((node) => node.device))
  return world.nodes.flatMap((node) => {
    if (!forked.has(node.device) || excused.has(node.device)) return []
    const detail = `node ${node.number} signed two commits of one seq, and its disk was never restored or copied`
    return [violation(world, { checker: 'honest-forks', kind: 'correctness', detail, nodes: [node.number] })]
  })
}
