import { accountKey } from '#protocol/ledger'
import { fromHex } from '#protocol/encoding'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'
import type { SimNode } from '../peers/index.ts'
import { bookedCommits, booksOf, honestDevices } from './trade-view.ts'
import type { TradedUnit, TradeView } from './trade-view.ts'

/**
 * What one other device accepted from k cheats is at most what these ever had and k relay limits, and what all others did, as
 * much for each history. Without a relay limit several of them are bounded by nothing; one is.
 */
export const cheatGain: Checker = (world) => {
  const { trade } = world
  if (trade === null) return []
  const honest = honestDevices(world)
  return world.nodes.flatMap((node) =>
    trade.units.flatMap((unit) => {
      const problem = problemOf(node, unit, { trade, honest })
      if (problem === null) return []
      const detail = `node ${node.number}, ${unit.unit.slice(0, 14)}: ${problem}`
      return [violation(world, { checker: 'cheat-gain', kind: 'correctness', detail, nodes: [node.number] })]
    }),
  )
}

function problemOf(
  node: SimNode,
  { unit, relayMax }: TradedUnit,
  { trade, honest }: { trade: TradeView; honest: ReadonlySet<string> },
): string | null {
  const books = booksOf(node)
  const commits = bookedCommits(node, trade)
  const cheats = new Set<string>()
  let had = 0n
  /** By accepted it. */
  const gave = new Map<string, bigint>()
  for (const { order, device, acts } of commits ?? []) {
    if (!honest.has(device)) cheats.add(device)
    for (const [act, it] of acts.entries()) {
      if (it.kind === 'fact' && !honest.has(device)) {
        if (it.into === unit && it.unit === accountKey(unit, 'issuable')) had += it.amount
      }
      if (it.kind !== 'transfer' || it.unit !== unit || honest.has(device) === honest.has(it.to)) continue
      const isAccepted = (books?.acceptedBy({ order, act }).length ?? 0) > 0
      if (!honest.has(it.to)) had += it.amount
      else if (isAccepted) gave.set(it.to, (gave.get(it.to) ?? 0n) + it.amount)
    }
  }
  const { history } = node.replica ?? {}
  if (history === undefined || cheats.size === 0) return null
  if (relayMax === null && cheats.size > 1) return null
  const lines = [...cheats].map((it) => {
    const number = history.findDevice(fromHex(it) ?? new Uint8Array(32))
    return number < 0 ? 1 : history.branchesOf(number).length
  })
  const most = BigInt(Math.max(1, ...lines))
  const bound = had + (cheats.size > 1 ? BigInt(cheats.size) * (relayMax ?? 0n) : 0n)
  const all = [...gave.values()].reduce((sum, it) => sum + it, 0n)
  const richest = [...gave].find(([, amount]) => amount > bound)
  if (richest === undefined && all <= most * bound) return null
  const who =
    richest === undefined ? `all others accepted ${all}` : `${richest[0].slice(0, 12)} accepted ${richest[1]}`
  return `${cheats.size} cheats of up to ${most} histories had ${had}, and ${who}`
}
