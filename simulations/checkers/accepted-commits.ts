import { toHex } from '#protocol/encoding'
import type { Epoch } from '#protocol/authority'
import type { Replica } from '#protocol/replica'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker } from './checker.ts'

/**
 * What a device that follows the protocol wrote, and another one listed that could not know of its closing (nor of a floor), stays
 * shown wherever both are, whatever was decided meanwhile; as long as the other's word is shown.
 */
export const acceptedCommits: Checker = (world) => {
  if (!world.isGoverned) return []
  const honest = honestDevices(world)
  return world.nodes.flatMap((node) => {
    const hidden = hiddenAt(node, honest)
    if (hidden === null) return []
    const detail = `node ${node.number}: ${hidden}`
    return [
      violation(world, { checker: 'accepted-commits', kind: 'correctness', detail, nodes: [node.number] }),
    ]
  })
}

/** Devices of which no copy or older image ever ran, and that wrote one history. */
function honestDevices({ nodes, books }: CheckedWorld): Set<string> {
  const forked = books.forkedDevices()
  const whole = nodes.filter((node) => !node.isRestored && !forked.has(node.device))
  return new Set(whole.map((node) => node.device))
}

function hiddenAt({ replica }: SimNode, honest: ReadonlySet<string>): string | null {
  if (replica === null || !replica.visibility.hasDoubts) return null
  if (replica.epochs.length < replica.history.length) return null
  const { history, visibility } = replica
  const nameOf = (order: number): string => toHex(history.keyOf(history.deviceOf(order)))
  for (let order = 0; order < history.length; order += 1) {
    if (!honest.has(nameOf(order)) || !visibility.isVisible(order)) continue
    for (const head of history.seenOf(order)) {
      const device = nameOf(head)
      if (!honest.has(device) || visibility.isVisible(head) || knewBetter(replica, order, device)) continue
      return (
        `commit ${history.seqOf(head)} of ${device.slice(0, 12)} is not shown, although ` +
        `${nameOf(order).slice(0, 12)} accepted it with commit ${history.seqOf(order)}`
      )
    }
  }
  return null
}

/** True when a commit's past holds a certificate of a seal that closes the device or raises the floor. */
function knewBetter({ authority, history }: Replica, order: number, device: string): boolean {
  const { epochs: tree, roster } = authority
  const concerns = (epoch: Epoch): boolean =>
    (epoch.parent !== null && epoch.facts.floor > epoch.parent.facts.floor) ||
    roster.statusOf(device, epoch) === 'closed' ||
    tree.closed.has(device, epoch)
  for (const epoch of tree.all())
    if (concerns(epoch) && tree.isKnown(epoch, (earlier) => history.knows(order, earlier))) return true
  return false
}
