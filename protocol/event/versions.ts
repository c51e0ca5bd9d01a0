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
  readonly #byKey = new Map<string, Version<T>[]>()

  add(key: string, version: Version<T>): void {
    const known = this.#byKey.get(key)
    if (known === undefined) this.#byKey.set(key, [version])
    else {
      known.push(version)
      known.sort((a, b) => b.version - a.version || (a.commit < b.commit ? 1 : -1))
    }
  }

  get size(): number {
    return this.#byKey.size
  }

  /** What stands; undefined for what was never said, or by nothing that is shown. */
  newest(key: string, isShown: (order: number) => boolean): Version<T> | undefined {
    return this.#byKey.get(key)?.find((it) => isShown(it.order))
  }

  /** All that was said of a thing, what stands first. */
  all(key: string): readonly Version<T>[] {
    return this.#byKey.get(key) ?? []
  }

  /** Keys, sorted. */
  keys(): string[] {
    return [...this.#byKey.keys()].sort()
  }
}
