import type { Choices } from '../evaluation/choices.ts'
import { founded, keepOnce } from './history-generator.ts'
import type { HistoryOptions } from './history-generator.ts'
import { exchange, tipOf, writeValid } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'
import { recover } from './people.ts'
import type { Commit } from './world.ts'

/**
 * A ballot is under way when most stewards are lost, with what they wrote last; the members recover, at several
 * attempts, and one of them is lost after it voted.
 */
export function generateRecovery(draw: Choices, options: HistoryOptions): Mesh {
  const mesh = founded(draw, options)
  const stewards = mesh.nodes.filter((it) => tipOf(mesh, it.store).stewards.has(it.member))
  startBallot(mesh, stewards)
  const lost = draw.shuffled(stewards).slice(draw.below(2))
  if (draw.chance(90)) for (const node of lost) node.isLost = true
  const members = mesh.nodes.filter((it) => !stewards.includes(it))
  let isVoterLost = false
  for (let step = 60 + draw.below(120); step > 0; step -= 1) {
    const [node, other] = draw.shuffled(mesh.nodes.filter((it) => !it.isLost)) as [Node, Node]
    const turn = draw.below(100)
    if (turn < 55) exchange(mesh, node, other)
    else if (turn < 75) recover(mesh, node)
    else if (turn < 95) {
      mesh.time += draw.pick([1, 6])
      keepOnce(mesh, node, true)
    } else if (!isVoterLost && members.includes(node)) {
      isVoterLost = node.isLost = draw.chance(70)
    }
  }
  return mesh
}

function startBallot(mesh: Mesh, stewards: readonly Node[]): void {
  const { draw } = mesh
  const [first] = stewards
  if (first === undefined) return
  writeValid(mesh, first, { t: 'propose', changes: [['slots', first.device, 1]] })
  const proposal = (first.head as Commit).id
  for (const node of stewards) {
    exchange(mesh, first, node)
    writeValid(mesh, node, { t: 'approve', proposal })
    exchange(mesh, node, first)
  }
  for (let step = draw.below(25); step > 0; step -= 1) {
    const [node, other] = [draw.pick(stewards), draw.pick(stewards)]
    if (draw.chance(50)) exchange(mesh, node, other)
    else keepOnce(mesh, node)
    if (draw.chance(20)) mesh.time += 1
  }
}
