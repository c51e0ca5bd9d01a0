import type { Links } from './branches.ts'
import type { Shift } from './standings.ts'

/**
 * Commits whose place in documents or books changed, by order, ascending. The commit just appended is never
 * listed.
 */
export interface Changes {
  /** Visible now. */
  readonly shown: readonly number[]
  /** No longer visible. */
  readonly hidden: readonly number[]
  /** With transfers that count now. */
  readonly counted: readonly number[]
  /** With transfers that no longer count. */
  readonly uncounted: readonly number[]
}

/** Gathers what one step changes. */
export class ChangeLog {
  readonly #links: Links
  /** The commit being appended; -1 for none. */
  readonly #appended: number
  readonly #shown: number[] = []
  readonly #hidden: number[] = []
  readonly #counted = new Set<number>()
  readonly #uncounted = new Set<number>()

  constructor(links: Links, appended: number) {
    this.#links = links
    this.#appended = appended
  }

  /** Finds the commits of the branch between the old and the new limit. */
  moveVisible({ branch, visibleBefore, visibleAfter }: Shift): void {
    const low = Math.max(Math.min(visibleBefore, visibleAfter), branch.base - 1)
    const high = Math.max(visibleBefore, visibleAfter)
    const moved = visibleAfter > visibleBefore ? this.#shown : this.#hidden
    if (low === high) return
    for (let seq = branch.last, order = branch.end; seq > low; seq -= 1) {
      if (seq <= high && order !== this.#appended) moved.push(order)
      order = this.#links.prevOf(order)
    }
  }

  recount(order: number, isCounted: boolean): void {
    if (order !== this.#appended) (isCounted ? this.#counted : this.#uncounted).add(order)
  }

  changes(): Changes {
    return {
      shown: this.#shown.sort(ascending),
      hidden: this.#hidden.sort(ascending),
      counted: [...this.#counted].sort(ascending),
      uncounted: [...this.#uncounted].sort(ascending),
    }
  }
}

function ascending(a: number, b: number): number {
  return a - b
}
