import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker } from './checker.ts'

/** A device that a seal closed does not return on a line that goes on from that seal, and nobody keeps a whole session with it. */
export const closedDevices: Checker = (world) => {
  if (!world.isGoverned) return []
  return world.nodes.flatMap((node) => {
    const problem = returnedAt(node, world) ?? connectedTo(node, world)
    if (problem === null) return []
    const detail = `node ${node.number}: ${problem}`
    return [
      violation(world, { checker: 'closed-devices', kind: 'correctness', detail, nodes: [node.number] }),
    ]
  })
}

function returnedAt({ replica }: SimNode, { books }: CheckedWorld): string | null {
  if (replica === null) return null
  const { authority } = replica
  const { epochs: tree, roster } = authority
  const { closed } = books.line
  for (const device of authority.devices.keys()) {
    const status = roster.statusOf(device, tree.tip)
    if (status === 'closed') closed.set(device, (closed.get(device) ?? new Set()).add(tree.tip.name))
    // Of one that is removed a leave may turn up later: it is outside all the same.
    if (status !== 'active') continue
    for (const name of closed.get(device) ?? [])
      if (tree.find(name)?.isAtOrBefore(tree.tip) === true)
        return `device ${device.slice(0, 12)} was closed with ${name.slice(0, 12)} and is back`
  }
  return null
}

/** A moment in which it is to hear of it is granted. */
function connectedTo({ links, replica, unsyncedBytes }: SimNode, { nodes }: CheckedWorld): string | null {
  if (replica === null || unsyncedBytes > 0) return null
  const { roster, epochs } = replica.authority
  for (const { peer, isOutside } of links.values()) {
    const device = nodes.find(({ number }) => number === peer)?.device ?? ''
    if (isOutside || roster.statusOf(device, epochs.tip) !== 'closed') continue
    return `it has a whole session with device ${device.slice(0, 12)} at ${peer}, which is closed`
  }
  return null
}
