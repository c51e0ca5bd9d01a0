import { toHex } from '#protocol/encoding'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'
import type { SimNode } from '../peers/index.ts'
import { bookedCommits, booksOf, honestDevices } from './trade-view.ts'
import type { TradeView } from './trade-view.ts'

/** What a device that follows the protocol has accepted is its own for ever, wherever the commit is that accepted it. */
export const acceptedRights: Checker = (world) => {
  const { trade } = world
  if (trade === null) return []
  const honest = honestDevices(world)
  return world.nodes.flatMap((node) => {
    const problem = problemOf(node, trade, honest)
    if (problem === null) return []
    const detail = `node ${node.number}: ${problem}`
    return [
      violation(world, { checker: 'accepted-rights', kind: 'correctness', detail, nodes: [node.number] }),
    ]
  })
}

function problemOf(node: SimNode, trade: TradeView, honest: ReadonlySet<string>): string | null {
  const books = booksOf(node)
  const { history } = node.replica ?? {}
  if (books === null || history === undefined) return null
  for (const { order, record, device, acts } of bookedCommits(node, trade) ?? []) {
    for (const [act, it] of acts.entries()) {
      if (it.kind !== 'transfer' || !honest.has(it.to)) continue
      const name = `${toHex(record.id)}/${act}`
      const [by] = books.acceptedBy({ order, act })
      const before = trade.accepted.get(name)
      if (before === undefined) {
        if (by === undefined) continue
        trade.accepted.set(name, toHex(history.idOf(by)))
        trade.reached('rights-accepted')
      }
      const known = before === undefined ? by : orderOf(node, before)
      if (known === undefined || known < 0) continue
      const what = `${it.amount} from ${device.slice(0, 12)} to ${it.to.slice(0, 12)}`
      if (by !== known) return `${what} was accepted, and is no longer`
      if (!books.isCounted({ order, act })) return `${what} was accepted, and does not count`
    }
  }
  return null
}

function orderOf({ replica }: SimNode, commit: string): number {
  return (
    replica?.history.find(Uint8Array.from(commit.match(/../g) ?? [], (it) => Number.parseInt(it, 16))) ?? -1
  )
}
