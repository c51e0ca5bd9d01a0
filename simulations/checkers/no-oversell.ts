import { accountKey } from '#protocol/ledger'
import { toHex } from '#protocol/encoding'
import { violation } from './checker.ts'
import type { CheckedWorld, Checker } from './checker.ts'
import { actsIn, booksOf } from './trade-view.ts'
import type { TradeView } from './trade-view.ts'

/**
 * Where nobody wrote two histories, what was handed to customers is at most the supply and what seals replaced: by what devices said
 * that they sold, whoever knows of it.
 */
export const noOversell: Checker = (world) => {
  const { trade } = world
  if (trade === null || world.books.forkedDevices().size > 0 || trade.cheats.size > 0) return []
  if (world.nodes.some((it) => it.isRestored)) return []
  const sold = soldIn(world, trade)
  return trade.units.flatMap(({ unit, supply }) => {
    const replaced = world.nodes
      .map((node) => booksOf(node)?.totals(unit).replaced ?? 0n)
      .reduce((most, it) => (it > most ? it : most), 0n)
    const items = sold.get(unit) ?? 0n
    if (items <= supply + replaced) return []
    const detail = `${items} of ${unit.slice(0, 14)} were sold, of ${supply} and ${replaced} that seals replaced`
    return [violation(world, { checker: 'no-oversell', kind: 'correctness', detail, nodes: [] })]
  })
}

/** By unit: what devices that follow the protocol consumed and were told is safe, less what they restored. */
export function soldIn(
  { books, nodes }: Pick<CheckedWorld, 'books' | 'nodes'>,
  trade: TradeView,
): Map<string, bigint> {
  const honest = new Set(nodes.map((it) => it.device))
  const used = new Map(trade.units.map(({ unit }) => [accountKey(unit, 'used'), unit]))
  const sold = new Map<string, bigint>()
  for (const { record } of books.acknowledgements) {
    for (const act of actsIn(record, trade.sha256)) {
      if (act.kind !== 'fact' || !honest.has(toHex(record.header.device))) continue
      const [into, from] = [used.get(act.into ?? ''), used.get(act.unit)]
      if (into !== undefined) sold.set(into, (sold.get(into) ?? 0n) + act.amount)
      if (from !== undefined) sold.set(from, (sold.get(from) ?? 0n) - act.amount)
    }
  }
  return sold
}
