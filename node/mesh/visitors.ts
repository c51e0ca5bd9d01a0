/** Connections of keys that are not on the roster at once; more wait outside. */
export const STRANGERS_MAX = 8
/** The same of suspended devices. A guess: they come to hear why, or for a new key, and are gone in 10 s. */
export const SUSPENDED_VISITORS_MAX = 8
/** Connections of one suspended device: mostly two copies of its folder run, and neither may keep the other out. */
export const VISITS_PER_DEVICE_MAX = 2

/** Connections of keys that may use the join door and nothing else: unknown ones and suspended ones, counted apart. */
export class Visitors {
  /** By connection id: the device (hex) when it is suspended, null when it is unknown. */
  readonly #inside = new Map<string, string | null>()

  /** True while one more may come in. `suspended`: the device (hex) of a suspended key, null for an unknown one. */
  hasRoom(suspended: string | null): boolean {
    const inside = [...this.#inside.values()]
    if (suspended === null) return inside.filter((it) => it === null).length < STRANGERS_MAX
    const isFew = inside.filter((it) => it === suspended).length < VISITS_PER_DEVICE_MAX
    return isFew && inside.filter((it) => it !== null).length < SUSPENDED_VISITORS_MAX
  }

  /** Lets a connection in; false when there is no room. */
  enter(connection: string, suspended: string | null): boolean {
    if (!this.hasRoom(suspended)) return false
    this.#inside.set(connection, suspended)
    return true
  }

  leave(connection: string): void {
    this.#inside.delete(connection)
  }
}
