import { violation } from './checker.ts'
import type { Checker } from './checker.ts'
import { areDisksOld, safePasses } from './door-view.ts'

/**
 * Gates that follow the protocol admit a seat once by the bucket that they hold, whoever was cut off from whom; once more for
 * each further history of a cheat, who may have given the bucket away on each.
 */
export const noDoubleAdmission: Checker = (world) => {
  const { trade, books } = world
  if (trade === null || trade.doors === null || areDisksOld(world)) return []
  const histories = [...trade.cheats].map((it) => historiesOf(books.chains.get(it)))
  const most = Math.max(1, ...histories)
  const admitted = new Map<string, number>()
  for (const { way, mode, seat } of safePasses(world, trade.doors))
    if (way === 'in' && mode === 'held') admitted.set(seat, (admitted.get(seat) ?? 0) + 1)
  const [worst] = [...admitted].filter(([, count]) => count > most)
  if (worst === undefined) return []
  const detail = `seat ${worst[0].slice(0, 12)} was admitted ${worst[1]} times, of ${most}`
  return [violation(world, { checker: 'no-double-admission', kind: 'correctness', detail, nodes: [] })]
}

/** Histories of a device: as many as it has commits of one seq at most. */
function historiesOf(chain: ReadonlyMap<number, ReadonlySet<string>> | undefined): number {
  return Math.max(1, ...[...(chain?.values() ?? [])].map((ids) => ids.size))
}
