import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/**
 * What devices wrote that are closed, suspended or left comes to the others in the end: they sold, and that is no less so.
 * Of a chain that has parted nobody takes more.
 */
export const handedIn: Checker = (world, at) => {
  if (at !== 'end' || world.convergedUs === null) return []
  return notHandedIn(world).map(({ outsider, inside, length, held }) => {
    const detail = `node ${outsider.number} is outside and wrote ${length} commits; node ${inside.number} has ${held} of them`
    const nodes = [outsider.number, inside.number]
    return violation(world, { checker: 'handed-in', kind: 'liveness', detail, nodes })
  })
}

/** Nodes outside of whose own chains some of those inside lack commits. */
export function notHandedIn({
  outsiders,
  reachable,
}: {
  readonly outsiders: readonly SimNode[]
  readonly reachable: readonly SimNode[]
}): { outsider: SimNode; inside: SimNode; length: number; held: number }[] {
  return outsiders.flatMap((outsider) => {
    const length = outsider.replica?.lengthOf(outsider.device) ?? 0
    const lacking = reachable.find((it) => (it.replica?.lengthOf(outsider.device) ?? 0) < length)
    if (lacking === undefined) return []
    return [{ outsider, inside: lacking, length, held: lacking.replica?.lengthOf(outsider.device) ?? 0 }]
  })
}
