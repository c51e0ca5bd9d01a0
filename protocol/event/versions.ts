/** A statement that newer ones replace. */
export interface Version<T> {
  entry: T
  version: number
  /** Commit that makes it: order in this replica's log, and id in hex. */
  order: number
  commit: string
}

/**
 * What was said of each of several things, by key. Of all that is shown the highest version stands; of two the one of the
 * higher commit id. So equal commits give one state, in any order of arrival.
 */
export class Versions<T> {
  /** By key: what was said in the order of the log, and with what stands last. */
  readonly #byKey = new Map<string, { said: Version<T>[]; sorted: Version<T>[] }>()

  add(key: string, version: Version<T>): void {
    const known = this.#byKey.get(key)
    if (known === undefined) {
      this.#byKey.set(key, { said: [version], sorted: [version] })
      return
    }
    known.said.push(version)
    let at = known.sorted.length
    // Mostly it is the newest.
    if (isBefore(version, known.sorted[at - 1])) at = placeOf(version, known.sorted)
    known.sorted.splice(at, 0, version)
  }

  get size(): number {
    return this.#byKey.size
  }

  /** What stands; undefined for what was never said, or by nothing that is shown. */
  newest(key: string, isShown: (order: number) => boolean): Version<T> | undefined {
    return this.#byKey.get(key)?.sorted.findLast((it) => isShown(it.order))
  }

  /** All that was said of a thing, in the order of the log. */
  all(key: string): readonly Version<T>[] {
    return this.#byKey.get(key)?.said ?? []
  }

  /** The highest version of a thing; -1 for none. */
  highest(key: string): number {
    return this.#byKey.get(key)?.sorted.at(-1)?.version ?? -1
  }

  /** Keys, sorted. */
  keys(): string[] {
    return [...this.#byKey.keys()].sort()
  }
}

function isBefore(one: Version<unknown>, other: Version<unknown> | undefined): boolean {
  if (other === undefined) return false
  return one.version === other.version ? one.commit < other.commit : one.version < other.version
}

/** Number of those that come before it. */
function placeOf(version: Version<unknown>, sorted: readonly Version<unknown>[]): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(version, sorted[middle])) high = middle
    else low = middle + 1
  }
  return low
}
