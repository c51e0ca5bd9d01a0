/** Connections of keys that are not on the roster at once; more wait outside. */
export const STRANGERS_MAX = 8
/** The same of suspended devices. A guess: they come to hear why, or for a new key, and are gone in 10 s. */
export const SUSPENDED_VISITORS_MAX = 8
/** Connections of one suspended device: mostly two copies of its folder run, and neither may keep the other out. */
export const VISITS_PER_DEVICE_MAX = 2

/** Connections of keys that may use the join door and nothing else: unknown ones and suspended ones, counted apart. */
export class Visitors {
  /** By connection id. */
  readonly #inside = new Map<string, Visitor>()
  /** When each suspended device (hex) came of late, ms. */
  readonly #visits = new Map<string, number[]>()

  /**
   * True while one more may come in. Where suspended devices have filled all places, who comes more often makes room for who
   * comes less: some that come again and again cannot keep the others out.
   *
   * @param suspended - the device (hex) of a suspended key, null for an unknown one
   */
  hasRoom(suspended: string | null, nowMs: number): boolean {
    const inside = [...this.#inside.values()]
    if (suspended === null) return inside.filter((it) => it.device === null).length < STRANGERS_MAX
    const isFew = inside.filter((it) => it.device === suspended).length < VISITS_PER_DEVICE_MAX
    const isFull = inside.filter((it) => it.device !== null).length >= SUSPENDED_VISITORS_MAX
    return isFew && (!isFull || this.#outdoneBy(suspended, nowMs) !== null)
  }

  /**
   * Lets a connection in; false when there is no room.
   *
   * @param cut - ends the connection, when another device's is to have its place
   */
  enter(connection: string, visitor: Visitor, nowMs: number): boolean {
    const { device } = visitor
    if (!this.hasRoom(device, nowMs)) return false
    if (device !== null) {
      const isFull = [...this.#inside.values()].filter((it) => it.device !== null).length
      const outdone = isFull >= SUSPENDED_VISITORS_MAX ? this.#outdoneBy(device, nowMs) : null
      if (outdone !== null) {
        this.#inside.get(outdone)?.cut()
        this.#inside.delete(outdone)
      }
      this.#visits.set(device, [...this.#recent(device, nowMs), nowMs])
    }
    this.#inside.set(connection, visitor)
    return true
  }

  leave(connection: string): void {
    this.#inside.delete(connection)
  }

  /** The connection of the device inside that came most often, if that is more often than this one with its next visit. */
  #outdoneBy(device: string, nowMs: number): string | null {
    let most = this.#recent(device, nowMs).length + 1
    let found: string | null = null
    for (const [connection, other] of this.#inside) {
      if (other.device === null) continue
      const count = this.#recent(other.device, nowMs).length
      if (count <= most) continue
      most = count
      found = connection
    }
    return found
  }

  #recent(device: string, nowMs: number): number[] {
    // Of no more than would tell one that comes often from one that comes all the time.
    const visits = (this.#visits.get(device) ?? []).filter((it) => nowMs - it < VISITS_COUNTED_MS)
    return visits.slice(-VISITS_COUNTED_MAX)
  }
}

/** A connection that was let in. */
export interface Visitor {
  /** The device (hex) when it is suspended, null when it is unknown. */
  device: string | null
  cut: () => void
}

/** How long a visit is remembered. A guess: in that time an honest device outside comes 20 times. */
const VISITS_COUNTED_MS = 600_000
/** Visits of a device that are kept. A guess: above what an honest one makes in that time. */
const VISITS_COUNTED_MAX = 64
