import { actSection } from '#protocol/authority'
import type { AuthorityEntry, Change } from '#protocol/authority'
import { BallotTurns } from '#protocol/replica'
import type { MemoryMesh, MemoryNode } from '#simulations/mesh'
import { must } from './coop-actors.ts'

/** Passes of all keepers before a test gives up: a seal takes two and as many commits as there are stewards. */
const PASSES_MAX = 60

/** Writes an act on a node's chain; returns the commit's id. */
export function act(node: MemoryNode, entry: AuthorityEntry): Uint8Array {
  return must(node.author([actSection(entry)])).commit.id
}

/** Device key of a node, hex. */
export function deviceOf(node: MemoryNode): string {
  return node.replica.device ?? ''
}

/** Recovery key of a node's member. */
export function memberOf(node: MemoryNode): Uint8Array {
  return Buffer.from(node.replica.standing?.member ?? '', 'hex')
}

/** A co-op whose nodes' keepers are run by the test. */
export class Stewards {
  readonly #mesh: MemoryMesh
  readonly #keepers = new Map<MemoryNode, BallotTurns>()

  constructor(mesh: MemoryMesh) {
    this.#mesh = mesh
  }

  /** Lets the keepers of these nodes write until nobody wants to, with everything delivered that links carry. */
  keep(nodes: readonly MemoryNode[], passMs: number = 1_000): void {
    let idle = 0
    for (let pass = 0; pass < PASSES_MAX && idle < 3; pass += 1) {
      this.#mesh.nowMs += passMs
      this.#mesh.settle()
      idle += 1
      for (const node of nodes) if (this.#step(node)) idle = 0
    }
    this.#mesh.settle()
  }

  /** Proposes, has these stewards approve, and lets everybody's keepers go on. Returns the proposal. */
  decide(
    changes: readonly Change[],
    { by, wills, nodes }: { by: MemoryNode; wills: readonly MemoryNode[]; nodes: readonly MemoryNode[] },
  ): Uint8Array {
    const proposal = act(by, { t: 'propose', changes: [...changes], reason: 'a test' })
    this.#mesh.settle()
    for (const steward of wills) act(steward, { t: 'approve', proposal })
    this.keep(nodes)
    return proposal
  }

  #step(node: MemoryNode): boolean {
    let keeper = this.#keepers.get(node)
    if (keeper === undefined) this.#keepers.set(node, (keeper = new BallotTurns(node.replica)))
    // Nobody says when the last seal was: to the keeper it is of now, and no bare one is due.
    const inTouch = new Set([...node.sessions.keys()].map(deviceOf))
    const { act: next } = keeper.next(inTouch, this.#mesh.nowMs)
    if (next === null) return false
    act(node, next)
    return true
  }
}

/** Connects every node with every other. */
export function connectAll(mesh: MemoryMesh, nodes: readonly MemoryNode[]): void {
  for (const [i, node] of nodes.entries()) for (const other of nodes.slice(i + 1)) mesh.connect(node, other)
}
