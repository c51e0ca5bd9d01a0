import type { Branch } from './branch.ts'
import { Past } from './past.ts'
import type { PastSource, PastVector } from './past.ts'

/** What trust is judged from. */
export interface TrustSource extends PastSource {
  readonly past: Past
  readonly forks: ReadonlyMap<number, number>
  deviceOf(order: number): number
  branchesOf(device: number): readonly Branch[]
}

/**
 * Which of the heads that commits list they rely on. A commit whose own past shows that a device's chain has parted
 * lists what lies behind that place as proof, and relies on none of it. That never changes, so it is judged once, when
 * the commit comes in, or given by who also knows of epochs; only heads that are not relied on take room.
 */
export class Trust {
  readonly #source: TrustSource
  /** By commit: heads that it does not rely on, each with the last commit before it that it relies on; -1 for none. */
  readonly #distrusted = new Map<number, ReadonlyMap<number, number>>()
  #reliance: Past | null = null

  constructor(source: TrustSource) {
    this.#source = source
  }

  /** What commits rely on. While they rely on all that they know, that is their past. */
  get past(): Past {
    return this.#reliance ?? this.#source.past
  }

  headOf(order: number, head: number): number {
    return this.#distrusted.get(order)?.get(head) ?? head
  }

  /** Judges the heads of the newest commit. */
  note(order: number, seen: readonly number[]): void {
    const { forks } = this.#source
    if (forks.size === 0 || !seen.some((head) => forks.has(this.#source.deviceOf(head)))) return
    const known = this.#source.past.vector(order)
    const distrusted = new Map<number, number>()
    for (const head of seen) {
      const branch = this.#source.branchOf(head)
      if (!forks.has(branch.device)) continue
      const forkSeq = forkSeqIn(known, this.#source.branchesOf(branch.device))
      if (this.#source.seqOf(head) >= forkSeq) distrusted.set(head, branch.at(forkSeq - 1))
    }
    if (distrusted.size > 0) this.cut(order, distrusted)
  }

  /** Notes which heads a commit does not rely on, each with the last commit before it that it relies on; -1 for none. */
  cut(order: number, distrusted: ReadonlyMap<number, number>): void {
    this.#distrusted.set(order, distrusted)
    this.#reliance ??= new Past({
      branches: this.#source.branches,
      branchOf: (it) => this.#source.branchOf(it),
      seqOf: (it) => this.#source.seqOf(it),
      seenOf: (it) => this.#reliedOn(it),
      everySeen: (it, passes) =>
        this.#distrusted.has(it) ? this.#reliedOn(it).every(passes) : this.#source.everySeen(it, passes),
    })
  }

  #reliedOn(order: number): readonly number[] {
    const seen = this.#source.seenOf(order)
    const distrusted = this.#distrusted.get(order)
    if (distrusted === undefined) return seen
    return seen.map((head) => distrusted.get(head) ?? head).filter((head) => head >= 0)
  }
}

/** The lowest seq of which a past holds two commits of the device with these branches; Infinity for none. */
export function forkSeqIn(past: PastVector, branches: readonly Branch[]): number {
  let lowest = Infinity
  /** Places behind which a branch of the past begins. */
  const starts = new Set<number>()
  for (const branch of branches) {
    const { parent, base } = branch
    if (base >= lowest || !past.knows(branch, base)) continue
    const start = parent === null ? -1 : parent.at(base - 1)
    if (starts.has(start) || (parent !== null && past.knows(parent, base))) lowest = base
    starts.add(start)
  }
  return lowest
}
