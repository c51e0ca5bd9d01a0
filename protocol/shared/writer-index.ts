import type { Stretch } from '../document/index.ts'
import { ListOrder } from './list-order.ts'
import type { ParsedStruct } from './update-reader.ts'
import { sessionOf } from './writer-id.ts'
import { WriterWays } from './writer-ways.ts'
import type { DeviceStretch } from './writer-ways.ts'

/** What a root type may hold: one value a key, a text, or a list of values. */
export type RootKind = 'map' | 'text' | 'array'

/** Whether an author relies on the commit of that order. */
export type Knows = (order: number) => boolean

/**
 * A list of items within a document: a root of kind 'text' or 'array', or one key of a root of kind 'map'.
 * Neighbours of an item are always in its own place.
 */
export class Place {
  readonly root: string
  readonly kind: RootKind
  /** Null unless the kind is 'map'. */
  readonly key: string | null
  /** Order of its items; null for a key, where who comes last depends on writers and origins alone. */
  readonly list: ListOrder | null
  // Nearly every key has one device: the second is what makes the map worth its memory. Each stretch is one object.
  #first: DeviceStretch | null = null
  #order = 0
  #others: Map<DeviceStretch, number> | null = null

  constructor(root: string, kind: RootKind, key: string | null) {
    this.root = root
    this.kind = kind
    this.key = key
    this.list = kind === 'map' ? null : new ListOrder()
  }

  /** Whether anybody but `device` has written here as far as `knows` tells. */
  isWrittenByOthers(device: string, knows: Knows): boolean {
    if (this.#first === null) return false
    if (this.#first.device !== device && knows(this.#order)) return true
    if (this.#others === null) return false
    for (const [other, order] of this.#others) if (other.device !== device && knows(order)) return true
    return false
  }

  /** Whether anybody has written here as far as `knows` tells. */
  isWritten(knows: Knows): boolean {
    return this.isWrittenByOthers('', knows)
  }

  /** Notes that a stretch wrote here; only its first commit counts, for later ones imply it. */
  note(stretch: DeviceStretch, order: number): void {
    if (this.#first === null) {
      this.#first = stretch
      this.#order = order
    } else if (this.#first !== stretch) {
      this.#others ??= new Map()
      if (!this.#others.has(stretch)) this.#others.set(stretch, order)
    }
  }
}

/**
 * Consecutive clocks of one writer: for each segment the commit that wrote it and its place. Neighbouring
 * segments of one commit and place are one, so typing costs three numbers a commit.
 */
export class Segments {
  readonly #starts: number[] = []
  readonly #orders: number[] = []
  readonly #places: Place[] = []
  readonly start: number
  #end: number

  constructor(start: number) {
    this.start = start
    this.#end = start
  }

  /** The clock that comes next. */
  get end(): number {
    return this.#end
  }

  /** Number of segments. */
  get count(): number {
    return this.#starts.length
  }

  /** Adds `length` clocks at the end. */
  append(length: number, order: number, place: Place): void {
    const last = this.#starts.length - 1
    if (last < 0 || this.#orders[last] !== order || this.#places[last] !== place) {
      this.#starts.push(this.#end)
      this.#orders.push(order)
      this.#places.push(place)
    }
    this.#end += length
  }

  /** Index of the segment that holds `clock`, or -1. */
  indexOf(clock: number): number {
    if (clock < this.start || clock >= this.#end) return -1
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.startAt(middle) <= clock) low = middle
      else high = middle - 1
    }
    return low
  }

  startAt(index: number): number {
    return this.#starts[index] as number
  }

  endAt(index: number): number {
    return this.#starts[index + 1] ?? this.#end
  }

  orderAt(index: number): number {
    return this.#orders[index] as number
  }

  placeAt(index: number): Place {
    return this.#places[index] as Place
  }

  /** The clock behind the last segment of a commit; -1 if it wrote none. */
  endOf(order: number): number {
    const end = this.#countUntil((it) => it <= order)
    return end > 0 && this.#orders[end - 1] === order ? this.endAt(end - 1) : -1
  }

  /** The clock behind the segments that `knows` tells of: of the commits of one chain, those up to some place. */
  knownEnd(knows: Knows): number {
    const last = this.#orders.at(-1)
    if (last === undefined || knows(last)) return this.#end
    const known = this.#countUntil(knows)
    return known === 0 ? this.start : this.endAt(known - 1)
  }

  /** Number of segments at the beginning for whose commits a question is answered with yes. */
  #countUntil(isBefore: (order: number) => boolean): number {
    let low = 0
    let high = this.#orders.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(this.#orders[middle] as number)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * What one session wrote on one stretch of its device. `writer` is its clientID here, see `WriterWays`. Clocks are those
 * of the chain; in Yjs they count from 0 on each stretch.
 *
 * So any two items stand in the order in which they would stand without the division. Yjs asks of two concurrent items
 * whether the clientID of the one that is there is lower. Two sessions differ in the upper bits, or else they collide,
 * and the one of the lower device key has the higher clientIDs wherever both are stored. Of one chain the earlier
 * item has the higher clientID, which is as little lower as an equal one. Of two that parted, the one on the way of
 * lower rank has the higher one, and whatever else is stored, ranks keep their order.
 */
export type WriterEntry = {
  readonly writer: number
  readonly stretch: DeviceStretch
  readonly segments: Segments
  /** What the session wrote on an earlier stretch of the same chain, if anything. */
  readonly before: WriterEntry | null
}

/** Whose section is recorded. */
export type SectionAuthor = {
  readonly device: string
  readonly stretch: Stretch
  /** The clientID that the session writes under. */
  readonly writer: number
  readonly order: number
  readonly commit: Uint8Array
}

/** Everything that passed the gate of one document: who wrote which clocks, where. Holds no content. */
export class WriterIndex {
  readonly ways: WriterWays
  readonly #writers = new Map<number, WriterEntry>()
  /** By session, entries under another clientID than its own. */
  readonly #renamed = new Map<number, WriterEntry[]>()
  /** Ids of commits that others name what they wrote by, by order. */
  readonly #commits = new Map<number, Uint8Array>()
  readonly #stretches = new Map<string, DeviceStretch[]>()
  readonly #places = new Map<string, Map<string | null, Place>>()

  constructor(ways: WriterWays) {
    this.ways = ways
  }

  /** True while every clientID here is the one that its session writes under, and means one device. */
  get isPlain(): boolean {
    return this.#renamed.size === 0 && this.ways.isPlain
  }

  /** Whether others must name what is in an entry by the commits that wrote it: it is not the first stretch of one device. */
  isNamedByCommit({ writer, stretch }: WriterEntry): boolean {
    return stretch.rank > 0 || this.ways.isShared(sessionOf(writer))
  }

  /** The entry of that clientID. */
  writer(writer: number): WriterEntry | undefined {
    return this.#writers.get(writer)
  }

  /** All that was written under a session, on whichever stretch of whichever device. */
  entriesOf(session: number): WriterEntry[] {
    const first = this.#writers.get(session)
    const others = this.#renamed.get(session) ?? []
    return first === undefined ? others : [first, ...others]
  }

  /** The last entry of a session on the chain of a device that leads to the end of a stretch. */
  entryOn(session: number, author: Pick<SectionAuthor, 'device' | 'stretch'>): WriterEntry | null {
    const { device } = author
    for (let part: Stretch | null = author.stretch; part !== null; part = part.parent) {
      const writer = this.ways.numberOf(session, device, part.rank)
      const entry = writer === null ? undefined : this.#writers.get(writer)
      if (entry !== undefined && entry.stretch.device === device) return entry
    }
    return null
  }

  /** Id of a commit that others name what it wrote by. */
  commitOf(order: number): Uint8Array | undefined {
    return this.#commits.get(order)
  }

  place(root: string, key: string | null): Place | undefined {
    return this.#places.get(root)?.get(key)
  }

  /** Each writer with the clock it writes next in Yjs: the state vector of the same updates. */
  nextClocks(): Map<number, number> {
    const clocks = new Map<number, number>()
    for (const [writer, { segments }] of this.#writers) clocks.set(writer, segments.end - segments.start)
    return clocks
  }

  /** Segments held, over all writers. */
  get segmentCount(): number {
    let count = 0
    for (const entry of this.#writers.values()) count += entry.segments.count
    return count
  }

  /** Takes over staged segments, which begin where those of the writer end, and the structs within them. */
  record(author: SectionAuthor, staged: Segments, structs: readonly ParsedStruct[]): void {
    const entry = this.#entryFor(author)
    if (this.isNamedByCommit(entry)) this.#commits.set(author.order, author.commit.slice())
    for (let index = 0; index < staged.count; index += 1) {
      const place = this.#intern(staged.placeAt(index))
      const order = staged.orderAt(index)
      if (place.kind === 'map') place.note(entry.stretch, order)
      entry.segments.append(staged.endAt(index) - staged.startAt(index), order, place)
    }
    for (const struct of structs) {
      const place = entry.segments.placeAt(entry.segments.indexOf(struct.clock))
      place.list?.insert({ ...struct, writer: entry.writer })
    }
  }

  #entryFor(author: SectionAuthor): WriterEntry {
    const { device, stretch, writer: session } = author
    const writer = this.ways.numberOf(session, device, stretch.rank)
    if (writer === null) throw new Error(`no clientID is left under ${session}`)
    const known = this.#writers.get(writer)
    if (known !== undefined) return known
    const before = this.entryOn(session, author)
    const segments = new Segments(before?.segments.end ?? 0)
    const entry = { writer, stretch: this.#stretchOf(device, stretch.rank), segments, before }
    this.#writers.set(writer, entry)
    if (writer !== session) {
      const others = this.#renamed.get(session)
      if (others === undefined) this.#renamed.set(session, [entry])
      else others.push(entry)
    }
    return entry
  }

  #stretchOf(device: string, rank: number): DeviceStretch {
    let own = this.#stretches.get(device)
    if (own === undefined) {
      own = []
      this.#stretches.set(device, own)
    }
    return (own[rank] ??= { device, rank })
  }

  /** The place on record under that name, be it this one. */
  #intern(place: Place): Place {
    let keys = this.#places.get(place.root)
    if (keys === undefined) {
      keys = new Map()
      this.#places.set(place.root, keys)
    }
    const known = keys.get(place.key)
    if (known !== undefined) return known
    keys.set(place.key, place)
    return place
  }
}
