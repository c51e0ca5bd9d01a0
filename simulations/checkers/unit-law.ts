import { violation } from './checker.ts'
import type { CheckedWorld, Checker, Violation } from './checker.ts'
import type { SimNode } from '../peers/index.ts'
import { booksOf } from './trade-view.ts'

/** On every replica, at every look, a unit sums up: what was issued and replaced is used, returned, written back, held or on its way. */
export const unitLaw: Checker = (world) => {
  const { trade } = world
  if (trade === null) return []
  return world.nodes.flatMap((node) => trade.units.flatMap(({ unit }) => problemsOf(world, node, unit)))
}

function problemsOf(world: CheckedWorld, node: SimNode, unit: string): Violation[] {
  const totals = booksOf(node)?.totals(unit)
  if (totals === undefined) return []
  const { issued, replaced, used, returned, writtenBack, held, deficits, inFlight, loss } = totals
  const came = issued + replaced
  const went = used + returned + writtenBack + held - deficits + inFlight
  const details: string[] = []
  if (came !== went) details.push(`${came} came and ${went} are accounted for`)
  if (loss !== replaced - writtenBack)
    details.push(`loss accounts bear ${loss}, not ${replaced - writtenBack}`)
  return details.map((it) =>
    violation(world, {
      ...{ checker: 'unit-law', kind: 'correctness', nodes: [node.number] },
      detail: `node ${node.number}, ${unit.slice(0, 14)}: ${it}`,
    }),
  )
}
