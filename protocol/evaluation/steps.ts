import type { Line } from './line.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** A line with a number of its own among all lines. */
export interface NumberedLine extends Line {
  readonly parent: NumberedLine | null
  readonly index: number
}

/**
 * A value that changes now and then along the paths of a tree of lines, kept as the places where it changed:
 * nothing for a commit that changes nothing. A line starts with its parent's value.
 */
export class PathSteps<T> {
  readonly #lines = new Map<number, { from: number[]; values: T[] }>()

  /** Value at position `at` on the path of `line`; undefined before the first one. */
  at(line: NumberedLine, at: number): T | undefined {
    let limit = at
    for (let part: NumberedLine | null = line; part !== null; part = part.parent) {
      const steps = this.#lines.get(part.index)
      if (steps !== undefined) {
        const step = lastAtMost(steps.from, limit)
        if (step >= 0) return steps.values[step]
      }
      limit = Math.min(limit, part.base - 1)
    }
    return undefined
  }

  /** Notes the value from position `at` of `line` on; positions of one line never descend. */
  set(line: NumberedLine, at: number, value: T): void {
    const steps = this.#lines.get(line.index)
    if (steps === undefined) {
      this.#lines.set(line.index, { from: [at], values: [value] })
    } else if (steps.from.at(-1) === at) {
      steps.values[steps.values.length - 1] = value
    } else {
      steps.from.push(at)
      steps.values.push(value)
    }
  }

  /**
   * First position behind `after` on the path that ends at `to` whose value passes; Infinity when there is
   * none.
   */
  firstBetween(line: NumberedLine, after: number, to: number, passes: (value: T) => boolean): number {
    let first = Infinity
    let end = to
    for (let part: NumberedLine | null = line; part !== null; part = part.parent) {
      first = this.#firstOn(part, after, end, passes) ?? first
      end = Math.min(end, part.base - 1)
      if (after >= end) break
    }
    return first
  }

  /** Writes all steps, by line. */
  save(out: SnapshotWriter, write: (value: T) => void): void {
    out.list([...this.#lines], ([line, { from, values }]) => {
      out.count(line)
      out.list(from, (at, step) => {
        out.count(at)
        write(values[step] as T)
      })
    })
  }

  load(from: SnapshotReader, read: () => T): void {
    from.each(() => {
      const line = from.count()
      const [places, values]: [number[], T[]] = [[], []]
      from.each(() => {
        places.push(from.count())
        values.push(read())
      })
      this.#lines.set(line, { from: places, values })
    })
  }

  #firstOn(
    line: NumberedLine,
    after: number,
    end: number,
    passes: (value: T) => boolean,
  ): number | undefined {
    const steps = this.#lines.get(line.index)
    if (steps === undefined) return undefined
    const start = Math.max(after + 1, line.base)
    for (let step = Math.max(0, lastAtMost(steps.from, start)); step < steps.from.length; step += 1) {
      const at = Math.max(start, steps.from[step] ?? 0)
      if (at > end) return undefined
      if (passes(steps.values[step] as T)) return at
    }
    return undefined
  }
}

/** Index of the last of the first `length` numbers of an ascending list that is at most `limit`; -1 when there is none. */
export function lastAtMost(
  ascending: ArrayLike<number>,
  limit: number,
  length: number = ascending.length,
): number {
  // Most questions are about the newest.
  if ((ascending[length - 1] ?? Infinity) <= limit) return length - 1
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
