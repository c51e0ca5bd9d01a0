import type { CommitRecord } from '#protocol/commit'
import type { MemoryNode, SeededRandom } from '#simulations/mesh'
import { listSection } from './coop-actors.ts'
import { Pen, headOf } from './pen.ts'

/** A member that writes several histories and shows different ones to different people. */
export class Forker {
  readonly #pen: Pen
  readonly #coop: Uint8Array
  readonly #sha256: (bytes: Uint8Array) => Uint8Array
  #count = 0
  /** Every branch so far, from its first commit. */
  readonly branches: CommitRecord[][] = []

  constructor(coop: Uint8Array, actor: { pen: Pen; sha256: (bytes: Uint8Array) => Uint8Array }) {
    this.#coop = coop
    this.#pen = actor.pen
    this.#sha256 = actor.sha256
  }

  /**
   * Parts from one of its branches after its first `kept` commits and goes on for `count`. With `seen`, the first of
   * them acknowledges these commits, as the first of a chain must its admission.
   */
  fork(
    from: readonly CommitRecord[],
    kept: number,
    count: number,
    seen: readonly CommitRecord[] = [],
  ): CommitRecord[] {
    const pen = new Pen(this.#coop, this.#pen.signer)
    pen.written.push(...from.slice(0, kept))
    for (let i = 0; i < count; i += 1) {
      this.#count += 1
      const heads = i === 0 && seen.length > 0 ? [headOf(seen)] : []
      pen.write({ seen: heads, timeMs: this.#count }, [listSection(`lie ${this.#count}`, this.#sha256)])
    }
    this.branches.push(pen.written)
    return pen.written
  }

  /** Another branch, drawn at random: from the start, from anywhere, or an old one that goes on. */
  any(random: SeededRandom, admission: CommitRecord): CommitRecord[] {
    const from = this.branches[random.below(this.branches.length)] ?? []
    const kept = random.below(3) === 0 ? from.length : random.below(from.length + 1)
    return this.fork(from, kept, 1 + random.below(3), kept === 0 ? [admission] : [])
  }
}

/** Hands commits to a node as if a peer had; true when it took all of them. */
export function show(node: MemoryNode, records: readonly CommitRecord[]): boolean {
  const result = node.replica.ingest(records)
  node.write(result.stored)
  return result.refused.length === 0
}
