import type { Links } from './branches.ts'
import type { Shift } from './standings.ts'

/** What one step changed of other commits. The commit just appended is never listed. */
export interface Changes {
  /** Devices, by the graph's numbers, of which commits became good or are good no longer; ascending. */
  readonly regraded: readonly number[]
  /** Orders of commits with transfers that count now; ascending. */
  readonly counted: readonly number[]
  /** Orders of commits with transfers that no longer count; ascending. */
  readonly uncounted: readonly number[]
}

/** Gathers what one step changes. */
export class ChangeLog {
  readonly #links: Links
  /** The commit being appended; -1 for none. */
  readonly #appended: number
  #regraded: Set<number> | null = null
  #counted: Set<number> | null = null
  #uncounted: Set<number> | null = null

  constructor(links: Links, appended: number) {
    this.#links = links
    this.#appended = appended
  }

  /** Notes the device of the branch if any of the branch's commits lies between the old and the new limit. */
  regrade({ branch, goodBefore, goodAfter }: Shift): void {
    const last = branch.end === this.#appended ? branch.last - 1 : branch.last
    const low = Math.max(Math.min(goodBefore, goodAfter) + 1, branch.base)
    if (low <= Math.min(Math.max(goodBefore, goodAfter), last))
      (this.#regraded ??= new Set()).add(this.#links.deviceOf(branch.end))
  }

  recount(order: number, isCounted: boolean): void {
    if (order === this.#appended) return
    if (isCounted) (this.#counted ??= new Set()).add(order)
    else (this.#uncounted ??= new Set()).add(order)
  }

  changes(): Changes {
    // Most commits change nothing, and a million of them are taken up in a row.
    if (this.#regraded === null && this.#counted === null && this.#uncounted === null) return NO_CHANGES
    return {
      regraded: ascending(this.#regraded),
      counted: ascending(this.#counted),
      uncounted: ascending(this.#uncounted),
    }
  }
}

const NO_CHANGES: Changes = { regraded: [], counted: [], uncounted: [] }

function ascending(numbers: Iterable<number> | null): number[] {
  return [...(numbers ?? [])].sort((a, b) => a - b)
}
