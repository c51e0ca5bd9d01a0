import { violation } from './checker.ts'
import type { Checker } from './checker.ts'
import { areDisksOld, safePasses } from './door-view.ts'

/** Never are more people in the hall than it holds, but for those let in by a word; where a cheat gave room twice, nobody says. */
export const roomCapacity: Checker = (world) => {
  const { trade, books } = world
  const room = trade?.doors?.room ?? null
  if (trade === null || trade.doors === null || room === null || areDisksOld(world)) return []
  if (trade.cheats.size > 0 || books.forkedDevices().size > 0) return []
  let inside = 0
  for (const { way, hasRoom } of safePasses(world, trade.doors))
    inside += way === 'out' ? -1 : hasRoom ? 1 : 0
  if (inside <= Number(room.supply)) return []
  const detail = `${inside} people are in a hall for ${room.supply}`
  return [violation(world, { checker: 'room-capacity', kind: 'correctness', detail, nodes: [] })]
}
