import { fromHex } from '#protocol/encoding'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** No chain of a device that follows the protocol cites an epoch although it knows one that follows it. */
export const citedEpochs: Checker = (world) => {
  if (!world.isGoverned) return []
  return world.nodes.flatMap((node) => {
    const seq = outdatedOf(node)
    if (seq < 0) return []
    const detail = `commit ${seq} of node ${node.number} cites an epoch of which it knows a descendant`
    return [violation(world, { checker: 'cited-epochs', kind: 'correctness', detail, nodes: [node.number] })]
  })
}

/** Seq of the first such commit of the own chain; -1 for none. */
function outdatedOf({ replica, device }: SimNode): number {
  if (replica === null) return -1
  const { history, epochs, authority } = replica
  const tree = authority.epochs
  const own = history.findDevice(fromHex(device) ?? new Uint8Array(32))
  let first = -1
  for (const end of own < 0 ? [] : history.endsOf(own))
    for (let order = end; order >= 0; order = history.prevOf(order)) {
      const cited = tree.find(epochs.idOf(order))
      if (cited === null || cited.children.length === 0) continue
      const at = order
      // The signature that commits a seal cites its parent.
      if (tree.isOutdated(cited, (earlier) => earlier !== at && history.knows(at, earlier)))
        first = history.seqOf(order)
    }
  return first
}
