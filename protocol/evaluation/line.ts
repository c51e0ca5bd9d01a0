/**
 * One stretch of a tree whose branches part: commits of a chain, or seals. Positions count on from those of
 * the parent, whose own ones up to `base - 1` come before.
 */
export interface Line {
  readonly parent: Line | null
  /** First position that is on this line only. */
  readonly base: number
}

/**
 * Highest position of `line` itself on the path that ends at `at` on `end`; -1 when the path does not touch
 * it.
 */
export function reachOn(line: Line, end: Line, at: number): number {
  let limit = at
  for (let part: Line | null = end; part !== null; part = part.parent) {
    if (part === line) return limit
    limit = part.base - 1
  }
  return -1
}

/** Highest position that the path of `line` shares with the path that ends at `at` on `end`; -1 when none. */
export function sharedReach(line: Line, end: Line, at: number): number {
  let limit = Infinity
  for (let part: Line | null = line; part !== null; part = part.parent) {
    const reach = reachOn(part, end, at)
    if (reach >= 0) return Math.min(limit, reach)
    limit = part.base - 1
  }
  return -1
}
