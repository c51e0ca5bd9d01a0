import type { Seal, SealTree } from './seal-tree.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** What a commit knows of epochs: those that any commit of its past cites, with their lines, and what they record. */
export interface Knowledge {
  /**
   * Known seals that no other known seal has as an ancestor, ascending by number. One, unless the line has
   * siblings.
   */
  readonly tips: readonly Seal[]
  /** By device number, the seq at which its chain parts by the fork proofs of known seals. */
  readonly forks: ReadonlyMap<number, number>
}

/** Makes knowledge. Equal knowledge is one object, so that a million commits that know the same share it. */
export class KnowledgePool {
  /** What a chain knows before its first commit. */
  readonly nothing: Knowledge = { tips: [], forks: new Map() }
  readonly #seals: SealTree
  readonly #made = new Map<string, Knowledge>()
  #first: Knowledge | null = null

  constructor(seals: SealTree) {
    this.#seals = seals
  }

  /** What every commit knows, as long as all know the same; null before the first and once they do not. */
  get only(): Knowledge | null {
    return this.#made.size === 1 ? this.#first : null
  }

  /** True when `seal` or one of its descendants is known. */
  knows(knowledge: Knowledge, seal: Seal): boolean {
    return knowledge.tips.some((tip) => this.#seals.isAtOrBefore(seal, tip))
  }

  /** True when a descendant of `seal` is known: nobody who knows it may cite `seal` any more. */
  isOutdated(knowledge: Knowledge, seal: Seal): boolean {
    return knowledge.tips.some((tip) => tip !== seal && this.#seals.isAtOrBefore(seal, tip))
  }

  both(one: Knowledge, other: Knowledge): Knowledge {
    if (one === other || other === this.nothing) return one
    if (one === this.nothing) return other
    const tips = [
      ...one.tips.filter((tip) => !this.isOutdated(other, tip)),
      ...other.tips.filter((tip) => !this.knows(one, tip)),
    ]
    const forks = new Map(one.forks)
    for (const [device, seq] of other.forks) lower(forks, device, seq)
    return this.#make(tips, forks)
  }

  /** Adds a seal with its line, and the fork proofs that they record. */
  withSeal(knowledge: Knowledge, seal: Seal): Knowledge {
    if (this.knows(knowledge, seal)) return knowledge
    const forks = new Map(knowledge.forks)
    for (let at: Seal | null = seal; at !== null && !this.knows(knowledge, at); at = at.parent)
      for (const [device, seq] of at.forkProofs) lower(forks, device, seq)
    const tips = knowledge.tips.filter((tip) => !this.#seals.isAtOrBefore(tip, seal))
    return this.#make([...tips, seal], forks)
  }

  /** Knowledge whose last seals are these. */
  of(tips: readonly Seal[]): Knowledge {
    return tips.reduce((knowledge, tip) => this.withSeal(knowledge, tip), this.nothing)
  }

  save(out: SnapshotWriter, { tips }: Knowledge): void {
    out.list(tips, ({ index }) => out.count(index))
  }

  load(from: SnapshotReader): Knowledge {
    return this.of(from.list(() => this.#seals.read(from)))
  }

  #make(unsorted: readonly Seal[], forks: ReadonlyMap<number, number>): Knowledge {
    const tips = [...unsorted].sort((a, b) => a.index - b.index)
    const name = tips.map((tip) => tip.index).join()
    let knowledge = this.#made.get(name)
    if (knowledge === undefined) {
      knowledge = { tips, forks }
      this.#first ??= knowledge
      this.#made.set(name, knowledge)
    }
    return knowledge
  }
}

function lower(forks: Map<number, number>, device: number, seq: number): void {
  forks.set(device, Math.min(seq, forks.get(device) ?? Infinity))
}
