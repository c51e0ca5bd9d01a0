import { MOVES, accountKey } from '#protocol/ledger'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'
import type { SimNode } from '../peers/index.ts'
import { bookedCommits, booksOf } from './trade-view.ts'
import type { TradeView } from './trade-view.ts'

/**
 * Balances, added up anew from the bytes of all commits and the seals of the line, are what the books say. One node a look,
 * all in the end.
 */
export const recount: Checker = (world, at) => {
  const { trade, nodes, nowUs } = world
  if (trade === null || nodes.length === 0) return []
  const looked = at === 'end' ? nodes : [nodes[Math.floor(nowUs / 1_000) % nodes.length] as SimNode]
  return looked.flatMap((node) => {
    const problem = problemOf(node, trade)
    if (problem === null) return []
    const detail = `node ${node.number}: ${problem}`
    return [violation(world, { checker: 'recount', kind: 'correctness', detail, nodes: [node.number] })]
  })
}

function problemOf(node: SimNode, trade: TradeView): string | null {
  const books = booksOf(node)
  const rows = books === null ? null : counted(node, trade)
  if (books === null || rows === null) return null
  // What chains took of seals that lost is in the books and in no seal of the line.
  if (trade.units.some(({ unit }) => books.totals(unit).issuedAside > 0n)) return null
  for (const { account, device, holding, inFlight } of books.balances()) {
    const own = rows.get(`${account} ${device}`) ?? [0n, 0n]
    if (own[0] !== holding || own[1] !== inFlight)
      return `${device.slice(0, 12)} has ${holding} and ${inFlight} on its way on ${account}, by hand ${own[0]} and ${own[1]}`
    rows.delete(`${account} ${device}`)
  }
  for (const [name, [holding, inFlight]] of rows)
    if (holding !== 0n || inFlight !== 0n) return `${name} has ${holding} and ${inFlight} that the books lack`
  return null
}

/** By account and device: what it has, and what is on its way to it. */
function counted(node: SimNode, trade: TradeView): Map<string, [bigint, bigint]> | null {
  const books = booksOf(node)
  const commits = bookedCommits(node, trade)
  if (books === null || commits === null || node.replica === null) return null
  const rows = new Map<string, [bigint, bigint]>()
  const add = (account: string, device: string, held: bigint, inFlight = 0n): void => {
    const [a, b] = rows.get(`${account} ${device}`) ?? [0n, 0n]
    rows.set(`${account} ${device}`, [a + held, b + inFlight])
  }
  const defined = new Set<string>()
  for (const { order, device, acts } of commits) {
    if (books.isVoid(order)) continue
    for (const [act, it] of acts.entries()) {
      const { unit } = it
      if (it.kind === 'define') {
        if (!defined.has(unit)) add(accountKey(unit, MOVES.issue[0]), device, it.supply)
        defined.add(unit)
      } else if (it.kind === 'fact') {
        add(unit, device, -it.amount)
        if (it.into !== undefined) add(it.into, device, it.amount)
      } else if (books.isCounted({ order, act })) {
        const isAccepted = books.acceptedBy({ order, act }).length > 0
        add(unit, device, -it.amount)
        add(unit, it.to, isAccepted ? it.amount : 0n, isAccepted ? 0n : it.amount)
      }
    }
  }
  for (let at = node.replica.authority.epochs.tip; at.parent !== null; at = at.parent)
    for (const { device, unit, amount } of at.facts.allowances) add(unit, device, amount)
  return rows
}
