import { toHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker } from './checker.ts'
import { partings } from './one-line.ts'

/** What was ever settled at a node stays what is settled there, at every node and for ever, and is shown. */
export const settledCommits: Checker = (world) => {
  if (!world.isGoverned) return []
  return world.nodes.flatMap((node) => {
    const problem = problemOf(node, world)
    if (problem === null) return []
    const detail = `node ${node.number}: ${problem}`
    return [
      violation(world, { checker: 'settled-commits', kind: 'correctness', detail, nodes: [node.number] }),
    ]
  })
}

function problemOf({ number, replica }: SimNode, world: CheckedWorld): string | null {
  if (replica === null || replica.epochs.length < replica.history.length) return null
  const { history, visibility, authority } = replica
  const { frontiers, tip } = authority.epochs
  const { settled } = world.books.line
  // Where lines parted with reason, what the lost one settled is settled no longer.
  const isOneLine = partings(world).length === 0
  for (let device = 0; device < history.deviceCount; device += 1) {
    const key = toHex(history.keyOf(device))
    for (let order = frontiers.at(key, tip) ?? -1; order >= 0; order = history.prevOf(order)) {
      const seq = history.seqOf(order)
      if (!visibility.isVisible(order)) return `commit ${seq} of ${key.slice(0, 12)} is settled and not shown`
      const commit = toHex(history.idOf(order))
      const before = settled.get(`${key}/${seq}`)
      if (before === undefined) settled.set(`${key}/${seq}`, { commit, node: number })
      else if (before.commit !== commit && isOneLine)
        return (
          `commit ${seq} of ${key.slice(0, 12)} is settled as ${commit.slice(0, 12)}, ` +
          `and was as ${before.commit.slice(0, 12)} at node ${before.node}`
        )
    }
  }
  return null
}
