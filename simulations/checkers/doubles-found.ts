import { violation } from './checker.ts'
import type { Checker } from './checker.ts'
import { eventOf, passesIn } from './door-view.ts'
import type { ShownPass } from './door-view.ts'
import type { SimNode } from '../peers/index.ts'
import type { DoorView } from './trade-view.ts'

/** Who was let in more than once, by what a node has, is found by it: each entry beyond the first of a seat, counted once. */
export const doublesFound: Checker = (world, at) => {
  const doors = world.trade?.doors ?? null
  if (doors === null) return []
  const looked = at === 'end' ? world.nodes : world.nodes.slice(0, 1)
  return looked.flatMap((node) => {
    const passes = storedPasses(node, doors)
    const state = eventOf(node, doors)
    if (passes === null || state === null) return []
    const entries = passes.filter((it) => it.way === 'in')
    const seats = new Set(entries.map((it) => it.seat))
    const { doubles, admitted } = state.tally()
    if (doubles > 0) world.trade?.reached('double-found')
    if (doubles === entries.length - seats.size && admitted === seats.size) return []
    const detail = `node ${node.number} found ${doubles} doubles of ${admitted} seats, by hand ${entries.length - seats.size} of ${seats.size}`
    return [violation(world, { checker: 'doubles-found', kind: 'correctness', detail, nodes: [node.number] })]
  })
}

/** Passes of all commits of a node; null while parts of its disk cannot be read. */
function storedPasses({ replica, disk }: SimNode, doors: DoorView): ShownPass[] | null {
  if (replica === null || disk.damaged.size > 0 || disk.length < replica.history.length) return null
  const found: ShownPass[] = []
  for (let order = 0; order < replica.history.length; order += 1) {
    const record = disk.at(order)?.record
    if (record === undefined) return null
    found.push(...passesIn(record, doors))
  }
  return found
}
