import type { Stretch } from '../document/index.ts'
import type { DeleteRange, ParsedStruct, StructId } from './update-reader.ts'
import { SESSION_IDS, STRETCH_RANK_MAX, sessionOf } from './writer-id.ts'
import type { Knows, Segments, WriterEntry, WriterIndex } from './writer-index.ts'

/** The author of a section, as far as its references depend on it. */
export type NamingAuthor = {
  readonly device: string
  readonly stretch: Stretch
  readonly writer: number
  /** Commits that the update names, 32 bytes each. */
  readonly commits: readonly Uint8Array[]
  find(commit: Uint8Array): number
}

/** What an update may mean by a number, in words of refusals. */
type Unnamed = 'unknown' | 'ambiguous'

/** An entry and the clock up to which a way leads along it; then the way goes on with `entry.before`. */
type Way = { readonly entry: WriterEntry; readonly end: number }

/**
 * Finds what the numbers of a section's update mean here. A clientID whose last nine bits are set means a session as
 * the author's own chain wrote under it, or else on the only way that has the clock, of those that the author relies on.
 * One with a lower number there names a commit of the section's list that wrote under the session: it means the chain
 * up to that commit. Clocks are always those of the chain. None of this depends on what else is stored.
 */
export class WireNames {
  readonly #index: WriterIndex
  readonly #author: NamingAuthor
  readonly #knows: Knows
  readonly #staged: Segments
  /** The author's clientID here. */
  readonly #writer: number
  readonly #ends = new Map<WriterEntry, number>()
  readonly #ways = new Map<number, Way | null>()
  readonly #used = new Set<number>()

  constructor(
    index: WriterIndex,
    parts: { author: NamingAuthor; writer: number; knows: Knows; staged: Segments },
  ) {
    this.#index = index
    this.#writer = parts.writer
    this.#author = parts.author
    this.#knows = parts.knows
    this.#staged = parts.staged
  }

  /** True when every commit of the list was named. */
  get isListUsed(): boolean {
    return this.#used.size === this.#author.commits.length
  }

  /** The struct with its neighbours as they are named here. */
  struct(struct: ParsedStruct): ParsedStruct | Unnamed {
    const origin = struct.origin === null ? null : this.#unit(struct.origin)
    if (typeof origin === 'string') return origin
    const rightOrigin = struct.rightOrigin === null ? null : this.#unit(struct.rightOrigin)
    if (typeof rightOrigin === 'string') return rightOrigin
    return { ...struct, origin, rightOrigin }
  }

  /** The ranges that a deleted one is here: one for each stretch. */
  range({ writer, clock, length }: DeleteRange): DeleteRange[] | Unnamed {
    const end = clock + length
    const ranges: DeleteRange[] = []
    for (let at = clock; at < end;) {
      const part = this.#partAt(writer, at)
      if (typeof part === 'string') return part
      const until = Math.min(end, part.end)
      ranges.push({ writer: part.writer, clock: at, length: until - at })
      at = until
    }
    return ranges
  }

  #unit({ writer, clock }: StructId): StructId | Unnamed {
    const part = this.#partAt(writer, clock)
    return typeof part === 'string' ? part : { writer: part.writer, clock }
  }

  /** The clientID here of the unit of that name, and how far the following ones have it too. */
  #partAt(named: number, clock: number): { writer: number; end: number } | Unnamed {
    if (named === this.#author.writer && clock >= this.#staged.start)
      return clock < this.#staged.end ? { writer: this.#writer, end: this.#staged.end } : 'unknown'
    const session = sessionOf(named)
    if (named !== session) return alongWay(this.#wayTo(named, session), clock)
    const entry = this.#index.entryOn(session, this.#author)
    if (entry === null) return this.#onOnlyWay(session, clock)
    return alongWay({ entry, end: this.#knownEnd(entry) }, clock)
  }

  #onOnlyWay(session: number, clock: number): { writer: number; end: number } | Unnamed {
    let found: WriterEntry | null = null
    let end = Infinity
    for (const entry of this.#index.entriesOf(session)) {
      const knownEnd = this.#knownEnd(entry)
      const { start } = entry.segments
      if (clock >= knownEnd) continue
      if (clock < start) {
        if (start < knownEnd) end = Math.min(end, start)
        continue
      }
      if (found !== null) return 'ambiguous'
      found = entry
      end = Math.min(end, knownEnd)
    }
    return found === null ? 'unknown' : { writer: found.writer, end }
  }

  #wayTo(named: number, session: number): Way | null {
    const place = named % SESSION_IDS
    let way = this.#ways.get(named)
    if (way === undefined) {
      const commit = this.#author.commits[place]
      const order = commit === undefined ? -1 : this.#author.find(commit)
      way = order < 0 || !this.#knows(order) ? null : this.#wayOf(order, session)
      this.#ways.set(named, way)
      if (way !== null) this.#used.add(place)
    }
    return way
  }

  #wayOf(order: number, session: number): Way | null {
    for (const entry of this.#index.entriesOf(session)) {
      const end = entry.segments.endOf(order)
      if (end >= 0) return { entry, end }
    }
    return null
  }

  #knownEnd(entry: WriterEntry): number {
    let end = this.#ends.get(entry)
    if (end === undefined) {
      end = entry.segments.knownEnd(this.#knows)
      this.#ends.set(entry, end)
    }
    return end
  }
}

function alongWay(way: Way | null, clock: number): { writer: number; end: number } | Unnamed {
  if (way === null || clock >= way.end) return 'unknown'
  let { entry, end } = way
  while (clock < entry.segments.start && entry.before !== null) {
    end = entry.segments.start
    entry = entry.before
  }
  return { writer: entry.writer, end }
}

/** An update in the names of the wire. */
export type WireUpdate = {
  readonly structs: readonly ParsedStruct[]
  readonly deletes: readonly DeleteRange[]
}

/**
 * Gives references the names that `WireNames` reads: a plain one on the first stretch of a device that is alone in a
 * session, else one of the commit that wrote the newest unit named on that stretch.
 */
export class CommitNames {
  readonly #index: WriterIndex
  /** By entry that is named by commits: the order of the newest one named. */
  readonly #newest = new Map<WriterEntry, number>()
  #places: ReadonlyMap<WriterEntry, number> = new Map()
  /** The commits to list, ascending; after `choose`. */
  commits: readonly Uint8Array[] = []

  constructor(index: WriterIndex) {
    this.#index = index
  }

  /** Notes that the unit before clock `end` of a writer is named. */
  note(writer: number, end: number): void {
    const entry = this.#index.writer(writer)
    if (entry === undefined || !this.#index.isNamedByCommit(entry)) return
    const { segments } = entry
    const at = segments.indexOf(end + segments.start - 1)
    if (at >= 0) this.#newest.set(entry, Math.max(this.#newest.get(entry) ?? -1, segments.orderAt(at)))
  }

  /** Chooses the names once all is noted; false when more commits were needed than one update may name. */
  choose(compare: (a: Uint8Array, b: Uint8Array) => number): boolean {
    const named = [...this.#newest].map(([entry, order]) => ({
      entry,
      commit: this.#index.commitOf(order) ?? NONE,
    }))
    if (named.length > STRETCH_RANK_MAX) return false
    named.sort((a, b) => compare(a.commit, b.commit))
    this.#places = new Map(named.map(({ entry }, place) => [entry, place]))
    this.commits = named.map((it) => it.commit)
    return true
  }

  /** The unit as the wire names it. */
  of(id: StructId): StructId {
    const entry = this.#index.writer(id.writer)
    const place = entry === undefined ? undefined : this.#places.get(entry)
    if (entry === undefined || place === undefined) return id
    const session = sessionOf(entry.writer)
    return { writer: session - STRETCH_RANK_MAX + place, clock: id.clock + entry.segments.start }
  }
}

const NONE: Uint8Array = new Uint8Array(0)
