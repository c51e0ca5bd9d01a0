import { STRETCH_RANK_MAX } from './writer-id.ts'

/** One stretch of one device. */
export type DeviceStretch = { readonly device: string; readonly rank: number }

/** By device and rank of its stretch. */
type Places = ReadonlyMap<string, ReadonlyMap<number, number>>

/**
 * Which stretches of which devices name each session in their sections, whatever became of those, and the clientIDs here
 * that follow from it: that of the session less the stretch's rank or, where sessions of several devices collide, less
 * the stretch's place among all of theirs, by device, then by rank. So whatever else is stored, two stretches keep
 * their order.
 *
 * Numbers stand from the beginning. A collision that was not known then is noted for whoever starts anew.
 */
export class WriterWays {
  /** By session. */
  readonly #noted = new Map<number, DeviceStretch[]>()
  /** By session of several devices: places of their stretches, from 0 without gaps. */
  readonly #shared: ReadonlyMap<number, Places>
  #isOutdated = false

  /** `outdated`: what it noted is known here from the start. */
  constructor(outdated: WriterWays | null = null) {
    this.#shared = outdated === null ? NONE : outdated.#places()
  }

  /** True once a collision was noted that was not known from the start: the numbers are not those that it asks for. */
  get isOutdated(): boolean {
    return this.#isOutdated
  }

  /** True when no collision was known from the start. */
  get isPlain(): boolean {
    return this.#shared.size === 0
  }

  /** Whether a session was known from the start to be of several devices. */
  isShared(session: number): boolean {
    return this.#shared.has(session)
  }

  /** Whether a section named a session. */
  isTaken(session: number): boolean {
    return this.#noted.has(session)
  }

  /** Whether a stretch has no number under a session: it would collide there, and that was not known from the start. */
  isNew(session: number, device: string, rank: number): boolean {
    const places = this.#placesOf(session)
    if (places !== undefined) return places.get(device)?.get(rank) === undefined
    const owner = this.#noted.get(session)?.[0]
    return owner !== undefined && owner.device !== device
  }

  /** The clientID here of a session on a stretch; null when none is left. */
  numberOf(session: number, device: string, rank: number): number | null {
    const places = this.#placesOf(session)
    const place = places === undefined ? rank : (places.get(device)?.get(rank) ?? Infinity)
    return place > STRETCH_RANK_MAX ? null : session - place
  }

  /** Takes into account that a section on a stretch names a session. */
  note(session: number, device: string, rank: number): void {
    const ways = this.#noted.get(session)
    if (ways !== undefined) {
      for (const it of ways) if (it.rank === rank && it.device === device) return
      ways.push({ device, rank })
    } else this.#noted.set(session, [{ device, rank }])
    this.#isOutdated ||= this.isNew(session, device, rank)
  }

  #placesOf(session: number): Places | undefined {
    return this.#shared.size === 0 ? undefined : this.#shared.get(session)
  }

  #places(): Map<number, Places> {
    const shared = new Map<number, Places>()
    for (const [session, ways] of this.#noted) {
      if (ways.every((it) => it.device === ways[0]?.device)) continue
      const places = new Map<string, Map<number, number>>()
      for (const [place, { device, rank }] of ways.toSorted(compareWays).entries()) {
        const own = places.get(device) ?? new Map<number, number>()
        places.set(device, own.set(rank, place))
      }
      shared.set(session, places)
    }
    return shared
  }
}

function compareWays(a: DeviceStretch, b: DeviceStretch): number {
  if (a.device === b.device) return a.rank - b.rank
  return a.device < b.device ? -1 : 1
}

const NONE: ReadonlyMap<number, Places> = new Map()
