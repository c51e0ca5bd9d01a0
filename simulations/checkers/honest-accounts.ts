import { violation } from './checker.ts'
import type { Checker, Violation } from './checker.ts'
import { bookedCommits, booksOf, honestDevices } from './trade-view.ts'

/** A device that follows the protocol never has less than nothing, and nothing that it wrote in the ledger is void: on no replica. */
export const honestAccounts: Checker = (world) => {
  const { trade } = world
  if (trade === null) return []
  const honest = honestDevices(world)
  const found: Violation[] = []
  for (const node of world.nodes) {
    const books = booksOf(node)
    const problem = (what: string): void => {
      const detail = `node ${node.number}: ${what}`
      found.push(
        violation(world, { checker: 'honest-accounts', kind: 'correctness', detail, nodes: [node.number] }),
      )
    }
    const below = books?.balances().find((it) => it.holding < 0n && honest.has(it.device))
    if (below !== undefined) problem(`${below.device.slice(0, 12)} has ${below.holding} on ${below.account}`)
    for (const { order, device, record } of bookedCommits(node, trade) ?? []) {
      if (!honest.has(device) || books?.isVoid(order) !== true) continue
      problem(`commit ${record.header.seq} of ${device.slice(0, 12)} is void`)
      break
    }
  }
  return found
}
