import type { Line } from './line.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** A line with a number of its own among all lines. */
export interface NumberedLine extends Line {
  readonly parent: NumberedLine | null
  readonly index: number
}

/** Where the value of one line changes, and to what. Most lines have one step. */
interface Steps<T> {
  readonly first: number
  value: T
  /** All steps, ascending, where there are several. */
  more: ManySteps<T> | null
}

interface ManySteps<T> {
  readonly from: number[]
  readonly values: T[]
}

function allOf<T>({ first, value, more }: Steps<T>): ManySteps<T> {
  return more ?? { from: [first], values: [value] }
}

/** What steps are kept in, by the number of their line. */
interface LineStore<T> extends Iterable<[number, T]> {
  get(line: number): T | undefined
  set(line: number, steps: T): unknown
}

/** A store for values that most lines have: a place for each line, and no look-up. */
class EveryLine<T> implements LineStore<T> {
  readonly #kept: (T | undefined)[] = []

  get(line: number): T | undefined {
    return this.#kept[line]
  }

  set(line: number, steps: T): void {
    this.#kept[line] = steps
  }

  *[Symbol.iterator](): Iterator<[number, T]> {
    for (const [line, steps] of this.#kept.entries()) if (steps !== undefined) yield [line, steps]
  }
}

/**
 * A value that changes now and then along the paths of a tree of lines, kept as the places where it changed:
 * nothing for a commit that changes nothing. A line starts with its parent's value.
 */
export class PathSteps<T> {
  readonly #lines: LineStore<Steps<T>>

  /** `isEverywhere`: most lines have a value. Default: some have. */
  constructor(isEverywhere: boolean = false) {
    this.#lines = isEverywhere ? new EveryLine() : new Map()
  }

  /** Value at position `at` on the path of `line`; undefined before the first one. */
  at(line: NumberedLine, at: number): T | undefined {
    let limit = at
    for (let part: NumberedLine | null = line; part !== null; part = part.parent) {
      const steps = this.#lines.get(part.index)
      if (steps !== undefined && steps.first <= limit) {
        const { more } = steps
        return more === null ? steps.value : more.values[lastAtMost(more.from, limit)]
      }
      limit = Math.min(limit, part.base - 1)
    }
    return undefined
  }

  /** Notes the value from position `at` of `line` on; positions of one line never descend. */
  set(line: NumberedLine, at: number, value: T): void {
    const steps = this.#lines.get(line.index)
    if (steps === undefined) this.#lines.set(line.index, { first: at, value, more: null })
    else if (steps.more === null) {
      if (steps.first === at) steps.value = value
      else steps.more = { from: [steps.first, at], values: [steps.value, value] }
    } else {
      const { from, values } = steps.more
      if (from.at(-1) === at) {
        values[values.length - 1] = value
      } else {
        from.push(at)
        values.push(value)
      }
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
    out.list([...this.#lines], ([line, steps]) => {
      const { from, values } = allOf(steps)
      out.count(line)
      out.list(from, (at, step) => {
        out.count(at)
        write(values[step] as T)
      })
    })
  }

  /** `lines`: how many there are. */
  load(from: SnapshotReader, read: () => T, lines: number): void {
    from.each(() => {
      const line = from.below(lines)
      const [places, values]: [number[], T[]] = [[], []]
      from.each(() => {
        places.push(from.count())
        values.push(read())
      })
      const [first] = places
      if (first === undefined) return
      const more = places.length === 1 ? null : { from: places, values }
      this.#lines.set(line, { first, value: values[0] as T, more })
    })
  }

  #firstOn(
    line: NumberedLine,
    after: number,
    end: number,
    passes: (value: T) => boolean,
  ): number | undefined {
    const known = this.#lines.get(line.index)
    if (known === undefined) return undefined
    const steps = allOf(known)
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
