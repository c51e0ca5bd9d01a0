import { attack } from './hostile.ts'
import { keepOnce } from './history-generator.ts'
import { honestStewards, recordFor } from './keeper.ts'
import { receive, tipOf } from './mesh.ts'
import type { Mesh, Node } from './mesh.ts'

export interface HealOptions {
  /** Acts of hostile devices while the others try to agree. */
  attacks: number
  /** Whether everything that was withheld, or is on lost devices, turns up. */
  reveals: boolean
  passesMax: number
}

export interface Healed {
  passes: number
  /** Whether somebody still has reason for a seal. */
  isPending: boolean
  /** Whether honest stewards in touch are a quorum, so that nothing may stay pending. */
  hasQuorum: boolean
}

/** Everybody is in touch; keepers take turns, 10 s a pass, until none has reason for a seal. */
export function heal(mesh: Mesh, options: HealOptions): Healed {
  const { draw, nodes } = mesh
  let attacks = options.attacks
  let passes = 0
  for (const node of nodes) mesh.parts.set(node.device, 0)
  for (; passes < options.passesMax; passes += 1) {
    mesh.time += 1
    if (options.reveals) for (const node of nodes) node.withheld.clear()
    for (const node of draw.shuffled(nodes.filter((it) => !it.isLost && it.head !== null))) {
      meet(mesh, node, options.reveals)
      if (!node.isHostile) keepOnce(mesh, node)
      else if (attacks > 0 && draw.chance(60)) {
        attacks -= 1
        attack(mesh, node)
      }
    }
    for (const node of nodes) if (!node.isLost) meet(mesh, node, options.reveals)
    if (attacks === 0 || !nodes.some((it) => it.isHostile)) if (!isPending(mesh)) break
  }
  return { passes, isPending: isPending(mesh), hasQuorum: hasHonestQuorum(mesh) }
}

/** Gives a node all that others show. */
function meet(mesh: Mesh, node: Node, takesLost: boolean): void {
  for (const other of mesh.nodes)
    if (other !== node && (takesLost || !other.isLost))
      receive(
        node,
        [...other.store].filter((it) => !other.withheld.has(it)),
      )
}

function isPending(mesh: Mesh): boolean {
  const [first] = mesh.nodes.filter((it) => !it.isHostile && !it.isLost && it.head !== null)
  if (first === undefined) return false
  const tip = tipOf(mesh, first.store)
  return honestStewards(mesh, tip).some(
    (node) => recordFor(mesh, node, tipOf(mesh, node.store), Infinity, false) !== null,
  )
}

function hasHonestQuorum(mesh: Mesh): boolean {
  const [first] = mesh.nodes.filter((it) => !it.isHostile && !it.isLost && it.head !== null)
  if (first === undefined) return false
  const tip = tipOf(mesh, first.store)
  return honestStewards(mesh, tip).length >= mesh.oracle.quorum(tip)
}
