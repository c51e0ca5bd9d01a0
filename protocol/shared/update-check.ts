import type { Stretch } from '../document/index.ts'
import type { UpdateRefusal } from './byte-reader.ts'
import type { ListItem, ListOrder } from './list-order.ts'
import { ListView, isSameUnit } from './list-order.ts'
import { MAP_KEY_UNITS_MAX, UPDATE_REPEATS_MAX } from './update-limits.ts'
import type { DeleteRange, ParsedStruct, ParsedUpdate, StructId } from './update-reader.ts'
import { isPrototypeName } from './value-scan.ts'
import { WireNames } from './wire-names.ts'
import type { RootKind, WriterEntry, WriterIndex } from './writer-index.ts'
import { Place, Segments } from './writer-index.ts'

/** What a shared document may contain. */
export type DocumentRules = {
  /** Kind of the root type of that name; null if it is not on the document's list. */
  root(name: string): RootKind | null
}

/** Whose content an author may delete or, in a map, replace. */
export type DeleteRight = 'none' | 'own' | 'any'

/** The commit that carries an update, as far as the gate must know it. */
export type UpdateAuthor = {
  /** The device, in hex. */
  readonly device: string
  /** Order of the commit. */
  readonly order: number
  /** Id of the commit, 32 bytes. */
  readonly commit: Uint8Array
  /** The part of the device's chain that the commit is on. */
  readonly stretch: Stretch
  /** The clientID of the session that wrote the section; see `writerClientId`. */
  readonly writer: number
  readonly canDelete: DeleteRight
  /** Ids of commits that the update names, ascending, without repeats; see `WireNames`. */
  readonly commits: readonly Uint8Array[]
  /** Whether this commit relies on that one; it does on all before it on its own chain. */
  relies(order: number): boolean
  /** Order of a stored commit by its id; -1 for none. */
  find(commit: Uint8Array): number
}

/** Why an update is not for this document, this author, or this point of its history. Stable names. */
export type GateRefusal =
  | UpdateRefusal
  | 'update-empty'
  | 'writer-shared'
  | 'stretches-too-many'
  | 'writer-foreign'
  | 'clock-gap'
  | 'clock-replay'
  | 'origin-unknown'
  | 'origin-ambiguous'
  | 'origins-apart'
  | 'origins-not-adjacent'
  | 'right-origin-in-map'
  | 'repeats-too-many'
  | 'root-unlisted'
  | 'key-missing'
  | 'key-refused'
  | 'key-unexpected'
  | 'content-misplaced'
  | 'delete-unknown'
  | 'delete-ambiguous'
  | 'delete-not-allowed'
  | 'delete-foreign'
  | 'commit-unused'

/** Why an update is refused, and where. */
export type Fault = { readonly refusal: GateRefusal; readonly detail: string }

/** What the author must have seen of a list, and its last item, not yet in the list. */
type ListTrial = { readonly view: ListView; waiting: ListItem | null }

/** One run of `UpdateGate.check`. */
export class UpdateCheck {
  readonly #rules: DocumentRules
  readonly #index: WriterIndex
  readonly #author: UpdateAuthor
  /** The author's clientID here; that of its session while none is known. */
  readonly #writer: number
  /** Null while every clientID is the same here as on the wire. */
  readonly #names: WireNames | null
  /** What the author's session wrote before, here or on an earlier stretch. */
  readonly #before: WriterEntry | null
  readonly #structs: ParsedStruct[] = []
  readonly #deletes: DeleteRange[] = []
  readonly #newPlaces = new Map<string, Map<string | null, Place>>()
  /** Lists that are being tried out. */
  readonly #trials = new Map<ListOrder, ListTrial>()
  readonly #placesWritten = new Set<Place>()
  #repeatCount = 0
  /** The update's own structs, as far as they were judged. */
  readonly segments: Segments
  /** The update as it is named here; null where that is how it was written. */
  renamed: ParsedUpdate | null = null

  constructor(rules: DocumentRules, index: WriterIndex, author: UpdateAuthor) {
    this.#rules = rules
    this.#index = index
    this.#author = author
    const { writer, device, stretch } = author
    this.#writer = index.ways.numberOf(writer, device, stretch.rank) ?? writer
    this.#before = index.entryOn(writer, author)
    this.segments = new Segments(this.#before?.segments.end ?? 0)
    const isPlain = index.isPlain && stretch.rank === 0 && author.commits.length === 0
    const parts = { author, writer: this.#writer, knows: this.#knows, staged: this.segments }
    this.#names = isPlain ? null : new WireNames(index, parts)
  }

  get isRenamed(): boolean {
    return this.renamed !== null
  }

  run(update: ParsedUpdate): Fault | null {
    if (update.structCount === 0 && update.deletes.length === 0) return fault('update-empty', 'no change')
    const numbering = this.#numberingFault()
    if (numbering !== null) return numbering
    const found = this.#writersFault(update) ?? this.#deletesFault(update.deletes)
    if (found !== null || this.#names === null) return found
    if (!this.#names.isListUsed) return fault('commit-unused', `${this.#author.commits.length} commits`)
    const writers = update.writers.length === 0 ? [] : [{ writer: this.#writer, structs: this.#structs }]
    this.renamed = { ...update, writers, deletes: this.#deletes }
    return null
  }

  #numberingFault(): Fault | null {
    const { ways } = this.#index
    const { writer, device, stretch } = this.#author
    const { rank } = stretch
    if (ways.isNew(writer, device, rank)) return fault('writer-shared', `writer ${writer}`)
    return ways.numberOf(writer, device, rank) === null
      ? fault('stretches-too-many', `stretch ${rank}`)
      : null
  }

  #writersFault(update: ParsedUpdate): Fault | null {
    const found = this.#structsFault(update)
    for (const list of this.#trials.keys()) list.rollBack()
    return found
  }

  #structsFault(update: ParsedUpdate): Fault | null {
    for (const { writer, structs } of update.writers) {
      if (writer !== this.#author.writer) return fault('writer-foreign', `writer ${writer}`)
      const first = structs[0]?.clock ?? 0
      const next = this.segments.end
      if (first !== next) {
        return fault(first > next ? 'clock-gap' : 'clock-replay', `clock ${first}, expected ${next}`)
      }
      for (const struct of structs) {
        const refusal = this.#structRefusal(struct)
        if (refusal !== null) return fault(refusal, `struct at clock ${struct.clock}`)
      }
    }
    return null
  }

  #structRefusal(written: ParsedStruct): GateRefusal | null {
    const struct = this.#names === null ? written : this.#names.struct(written)
    if (typeof struct === 'string') return `origin-${struct}`
    if (this.#names !== null) this.#structs.push(struct)
    const place = this.#placeOfStruct(struct)
    if (typeof place === 'string') return place
    if (!fits(struct, place.kind)) return 'content-misplaced'
    const refusal =
      place.list === null ? this.#entryRefusal(struct, place) : this.#itemRefusal(struct, place.list)
    if (refusal !== null) return refusal
    if (this.#placesWritten.has(place)) this.#repeatCount += 1
    else this.#placesWritten.add(place)
    if (this.#repeatCount > UPDATE_REPEATS_MAX) return 'repeats-too-many'
    this.segments.append(struct.length, this.#author.order, place)
    return null
  }

  #placeOfStruct(struct: ParsedStruct): Place | GateRefusal {
    const { origin, rightOrigin } = struct
    if (struct.root !== null) return this.#placeByName(struct.root, struct.key)
    const left = origin === null ? null : this.#placeOfId(origin)
    const right = rightOrigin === null ? null : this.#placeOfId(rightOrigin)
    if (left === undefined || right === undefined) return 'origin-unknown'
    if (left !== null && right !== null && left !== right) return 'origins-apart'
    return left ?? right ?? 'origin-unknown'
  }

  #placeByName(root: string, key: string | null): Place | GateRefusal {
    const kind = this.#rules.root(root)
    if (kind === null) return 'root-unlisted'
    if (kind !== 'map') {
      if (key !== null) return 'key-unexpected'
    } else {
      if (key === null) return 'key-missing'
      if (key.length < 1 || key.length > MAP_KEY_UNITS_MAX || isPrototypeName(key)) return 'key-refused'
    }
    return this.#index.place(root, key) ?? this.#newPlace(root, kind, key)
  }

  #newPlace(root: string, kind: RootKind, key: string | null): Place {
    let keys = this.#newPlaces.get(root)
    if (keys === undefined) {
      keys = new Map()
      this.#newPlaces.set(root, keys)
    }
    let place = keys.get(key)
    if (place === undefined) {
      place = new Place(root, kind, key)
      keys.set(key, place)
    }
    return place
  }

  /** Undefined if the author cannot know that struct, be it that it does not exist. */
  #placeOfId({ writer, clock }: StructId): Place | undefined {
    if (writer === this.#writer && clock >= this.segments.start) {
      const own = this.segments.indexOf(clock)
      return own < 0 ? undefined : this.segments.placeAt(own)
    }
    const entry = this.#index.writer(writer)
    if (entry === undefined) return undefined
    const index = entry.segments.indexOf(clock)
    if (index < 0 || !this.#knows(entry.segments.orderAt(index))) return undefined
    return entry.segments.placeAt(index)
  }

  /** The neighbours of a list item must have been neighbours; `ListOrder` says why. */
  #itemRefusal(struct: ParsedStruct, list: ListOrder): GateRefusal | null {
    let trial = this.#trials.get(list)
    if (trial === undefined) {
      trial = { view: new ListView(list, this.#lastBefore), waiting: null }
      this.#trials.set(list, trial)
      list.begin()
    }
    // The last item of an update need not be tried out: nothing stands on it.
    if (trial.waiting !== null) list.insert(trial.waiting)
    const { view } = trial
    const writer = this.#writer
    const isGap = trial.waiting !== null && sharesGap(trial.waiting, struct)
    if (struct.clock > 0) view.addUnit({ writer, clock: struct.clock - 1 })
    view.addUnit(struct.origin)
    view.addUnit(struct.rightOrigin)
    if (!isGap && !list.isGap(struct.origin, struct.rightOrigin, view)) return 'origins-not-adjacent'
    trial.waiting = { ...struct, writer }
    return null
  }

  /**
   * In a map, Yjs deletes the value that a newer one replaces even if the update does not say so, and an item
   * without an origin may replace one that its author has seen. So writing a key is judged as deleting all
   * that the author knows to be there. Right neighbours, which Yjs never gives to an entry, would make its
   * winner depend on the order of arrival.
   */
  #entryRefusal(struct: ParsedStruct, place: Place): GateRefusal | null {
    if (struct.rightOrigin !== null) return 'right-origin-in-map'
    if (this.#author.canDelete === 'any') return null
    if (this.#author.canDelete === 'own') {
      return place.isWrittenByOthers(this.#author.device, this.#knows) ? 'delete-foreign' : null
    }
    if (this.#placesWritten.has(place) || place.isWritten(this.#knows)) return 'delete-not-allowed'
    return null
  }

  #deletesFault(ranges: readonly DeleteRange[]): Fault | null {
    for (const range of ranges) {
      const refusal = this.#deleteRefusal(range)
      if (refusal !== null) return fault(refusal, `writer ${range.writer}, clock ${range.clock}`)
    }
    return null
  }

  #deleteRefusal(range: DeleteRange): GateRefusal | null {
    const { canDelete } = this.#author
    if (canDelete === 'none') return 'delete-not-allowed'
    if (this.#names === null) {
      if (!this.#isKnown(range)) return 'delete-unknown'
      return canDelete === 'any' || this.#isOwn(range) ? null : 'delete-foreign'
    }
    const ranges = this.#names.range(range)
    if (typeof ranges === 'string') return `delete-${ranges}`
    this.#deletes.push(...ranges)
    return canDelete === 'any' || ranges.every((it) => this.#isOwn(it)) ? null : 'delete-foreign'
  }

  #isOwn({ writer }: DeleteRange): boolean {
    return writer === this.#writer || this.#index.writer(writer)?.stretch.device === this.#author.device
  }

  #isKnown({ writer, clock, length }: DeleteRange): boolean {
    const end = clock + length
    if (writer === this.#writer && end > this.segments.start) {
      if (end > this.segments.end) return false
      return (
        clock >= this.segments.start || this.#isKnown({ writer, clock, length: this.segments.start - clock })
      )
    }
    const segments = this.#index.writer(writer)?.segments
    return segments !== undefined && end <= segments.knownEnd(this.#knows)
  }

  /** The last unit that a session wrote before the stretch of a clientID. */
  readonly #lastBefore = (writer: number): StructId | null => {
    if (this.#names === null) return null
    const entry = this.#index.writer(writer)
    const before = entry === undefined && writer === this.#writer ? this.#before : (entry?.before ?? null)
    return before === null ? null : { writer: before.writer, clock: before.segments.end - 1 }
  }

  readonly #knows = (order: number): boolean => order === this.#author.order || this.#author.relies(order)
}

/**
 * Whether the next item of a list goes between the item just found good and one of that item's neighbours,
 * as in typing. Then it needs no search, for its writer need not have seen anything more.
 */
function sharesGap(last: ListItem, next: ParsedStruct): boolean {
  const end = { writer: last.writer, clock: last.clock + last.length - 1 }
  if (isSameUnit(next.origin, end)) return isSameUnit(next.rightOrigin, last.rightOrigin)
  return isSameUnit(next.rightOrigin, last) && isSameUnit(next.origin, last.origin)
}

/** A map has one value a key; something written and deleted at once has no value anywhere. */
function fits(struct: ParsedStruct, kind: RootKind): boolean {
  if (struct.content === 'deleted') return true
  if (kind === 'text') return struct.content === 'text'
  return struct.content === 'values' && (kind === 'array' || struct.length === 1)
}

function fault(refusal: GateRefusal, detail: string): Fault {
  return { refusal, detail }
}
