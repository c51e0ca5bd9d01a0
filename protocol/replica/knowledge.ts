import { CountList } from './growable.ts'

/**
 * What each commit of one chain knows of the other chains, inherited from everything it acknowledged: the causal
 * past as one number per chain. Kept as steps, so that the past of any commit, not only of the newest, can be asked.
 */
export class Knowledge {
  readonly #steps = new Map<number, { at: CountList; heads: CountList }>()

  /** Highest seq of chain `other` in the causal past of this chain's commit `seq`; -1 when there is none. */
  of(other: number, seq: number): number {
    const steps = this.#steps.get(other)
    if (steps === undefined) return -1
    return steps.heads.at(steps.at.lastAtMost(seq)) ?? -1
  }

  /** Notes that commit `seq` of this chain, and all after it, know `head` of chain `other`. */
  learn(other: number, seq: number, head: number): void {
    const steps = this.#steps.get(other)
    if (steps === undefined) {
      const first = { at: new CountList(), heads: new CountList() }
      first.at.push(seq)
      first.heads.push(head)
      this.#steps.set(other, first)
      return
    }
    if (head <= (steps.heads.at(steps.heads.length - 1) ?? -1)) return
    steps.at.push(seq)
    steps.heads.push(head)
  }

  /** Takes over what `source`'s commit `head` knows, as knowledge of this chain's commit `seq`. */
  inherit(source: Knowledge, head: number, seq: number): void {
    for (const [other, steps] of source.#steps) {
      const known = steps.heads.at(steps.at.lastAtMost(head))
      if (known !== undefined) this.learn(other, seq, known)
    }
  }
}
