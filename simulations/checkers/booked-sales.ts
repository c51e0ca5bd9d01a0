import { toHex } from '#protocol/encoding'
import { accountKey } from '#protocol/ledger'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker } from './checker.ts'
import { actsIn, bookedCommits, booksOf, honestDevices } from './trade-view.ts'
import type { TradeView } from './trade-view.ts'

/**
 * What devices that follow the protocol sold is in the books of all who store it, though they were removed, closed or suspended
 * meanwhile; and once all agree, all store what was safe when a customer took it along.
 */
export const bookedSales: Checker = (world, at) => {
  const { trade } = world
  if (trade === null) return []
  const honest = honestDevices(world)
  const isOver = at === 'end' && world.convergedUs !== null
  return world.nodes.flatMap((node) => {
    const isLast = isOver && world.reachable.includes(node)
    const problem = unbooked(node, trade, honest) ?? (isLast ? unstored(node, world, honest) : null)
    if (problem === null) return []
    const detail = `node ${node.number}: ${problem}`
    return [violation(world, { checker: 'booked-sales', kind: 'correctness', detail, nodes: [node.number] })]
  })
}

/** What the books say that an honest device used, where its commits say something else. */
function unbooked(node: SimNode, trade: TradeView, honest: ReadonlySet<string>): string | null {
  const books = booksOf(node)
  const commits = bookedCommits(node, trade)
  if (books === null || commits === null) return null
  const sold = new Map<string, Map<string, bigint>>()
  const add = (account: string, device: string, amount: bigint): void => {
    const of = sold.get(device) ?? new Map<string, bigint>()
    sold.set(device, of.set(account, (of.get(account) ?? 0n) + amount))
  }
  for (const { device, acts } of commits) {
    for (const act of honest.has(device) ? acts : []) {
      if (act.kind !== 'fact') continue
      if (act.into !== undefined) add(act.into, device, act.amount)
      add(act.unit, device, -act.amount)
    }
  }
  for (const device of honest)
    for (const { unit } of trade.units) {
      const account = accountKey(unit, 'used')
      const [said, did] = [books.holding(device, account), sold.get(device)?.get(account) ?? 0n]
      if (said !== did)
        return `${device.slice(0, 12)} sold ${did} of ${unit.slice(0, 14)}, booked are ${said}`
    }
  return null
}

/** A sale that was safe at an honest device and is not stored here. */
function unstored(
  { replica, disk }: SimNode,
  { books, trade, rotted }: CheckedWorld,
  honest: ReadonlySet<string>,
): string | null {
  if (replica === null || trade === null || disk.damaged.size > 0) return null
  for (const { record } of books.acknowledgements) {
    const { device, seq } = record.header
    if (!honest.has(toHex(device)) || rotted.has(toHex(record.id))) continue
    if (actsIn(record, trade.sha256).length === 0 || replica.history.find(record.id) >= 0) continue
    return `commit ${seq} of ${toHex(device).slice(0, 12)} sold something and is not here`
  }
  return null
}
