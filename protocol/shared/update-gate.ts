import type { UpdateRefusal } from './byte-reader.ts'
import type { ListItem, ListOrder } from './list-order.ts'
import { ListView, isSameUnit } from './list-order.ts'
import { MAP_KEY_UNITS_MAX, UPDATE_REPEATS_MAX } from './update-limits.ts'
import type { DeleteRange, ParsedStruct, ParsedUpdate, StructId } from './update-reader.ts'
import { readUpdate } from './update-reader.ts'
import { isPrototypeName } from './value-scan.ts'
import type { RootKind } from './writer-index.ts'
import { Place, Segments, WriterIndex } from './writer-index.ts'

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
  /** Number of the commit on the device's chain. */
  readonly seq: number
  /** The clientID of the session that wrote the section; see `writerClientId`. */
  readonly writer: number
  readonly canDelete: DeleteRight
  /**
   * Whether this commit has commit `seq` of another device in its causal past. If it has one, it has all
   * earlier ones of that device. Not asked about the author's own device: there all up to `seq` count.
   */
  acknowledges(device: string, seq: number): boolean
}

/** Why an update is not for this document, this author, or this point of its history. Stable names. */
export type GateRefusal =
  | UpdateRefusal
  | 'update-empty'
  | 'writer-foreign'
  | 'writer-taken'
  | 'clock-gap'
  | 'clock-replay'
  | 'origin-unknown'
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
  | 'delete-not-allowed'
  | 'delete-foreign'

/** An update that passed `UpdateGate.check`, for `UpdateGate.admit`. */
export class CheckedUpdate {
  /** Length in bytes. */
  readonly byteCount: number
  /** Items it adds. */
  readonly structCount: number
  /** JSON values within them. */
  readonly valueCount: number
  /** Ranges it deletes. */
  readonly deleteCount: number
  /** Clocks it adds: UTF-16 units of text, values, and units written and deleted at once. */
  readonly unitCount: number
  /** Its items, all of one writer. */
  readonly structs: readonly ParsedStruct[]
  /** Where they go. */
  readonly segments: Segments

  constructor(byteCount: number, update: ParsedUpdate, segments: Segments) {
    this.byteCount = byteCount
    this.structCount = update.structCount
    this.valueCount = update.valueCount
    this.deleteCount = update.deletes.length
    this.unitCount = segments.end - segments.start
    this.structs = update.writers[0]?.structs ?? []
    this.segments = segments
  }
}

/** A verdict; `detail` says where, for a log, and is as stable a function of the input as the verdict. */
export type CheckResult =
  | { readonly ok: true; readonly checked: CheckedUpdate }
  | { readonly ok: false; readonly refusal: GateRefusal; readonly detail: string }

/**
 * Decides for one shared document which Yjs updates may reach Yjs. A verdict is a pure function of the bytes,
 * the author, and the admitted structs which the author acknowledges: whatever else was admitted does not
 * matter. (The one exception, 'writer-taken', needs a collision of 53-bit writer ids.) Structs that exist
 * unacknowledged and structs that do not exist are therefore one refusal.
 *
 * Sections of one device are checked and admitted in the order of its chain, and those of other devices
 * which a commit acknowledges before it.
 */
export class UpdateGate {
  readonly #rules: DocumentRules
  readonly #index = new WriterIndex()

  constructor(rules: DocumentRules) {
    this.#rules = rules
  }

  /** Judges an update and changes nothing. Never throws, whatever the bytes. */
  check(bytes: Uint8Array, author: UpdateAuthor): CheckResult {
    const read = readUpdate(bytes)
    if (!read.ok) return { ok: false, refusal: read.refusal, detail: `${bytes.length} bytes` }
    const check = new UpdateCheck(this.#rules, this.#index, author)
    const fault = check.run(read.update)
    if (fault !== null) return { ok: false, ...fault }
    return { ok: true, checked: new CheckedUpdate(bytes.length, read.update, check.staged) }
  }

  /**
   * Records an update that `check` passed for the same author, before anything else of its writer is
   * recorded. The caller then applies the same bytes to Yjs.
   *
   * @throws Error if the writer's clock has moved on since: a mistake of the caller.
   */
  admit(checked: CheckedUpdate, author: UpdateAuthor): void {
    const next = this.nextClock(author.writer)
    if (checked.segments.start !== next) {
      throw new Error(`checked at clock ${checked.segments.start}, admitted at ${next}`)
    }
    if (checked.unitCount === 0) return
    this.#index.record(author.writer, author.device, checked.segments, checked.structs)
  }

  /** The clock that a writer's next struct must have. */
  nextClock(writer: number): number {
    return this.#index.writer(writer)?.segments.end ?? 0
  }

  /** All writers with their next clocks; equals Yjs's state vector after the same updates. */
  nextClocks(): Map<number, number> {
    return this.#index.nextClocks()
  }

  /** Stretches in the index, for gauging memory. Measured: 25 bytes each in typing, 250 in scattered edits. */
  get segmentCount(): number {
    return this.#index.segmentCount
  }
}

type Fault = { readonly refusal: GateRefusal; readonly detail: string }

/** What the author must have seen of a list, and its last item, not yet in the list. */
type ListTrial = { readonly view: ListView; waiting: ListItem | null }

/** One run of `UpdateGate.check`. */
class UpdateCheck {
  readonly #rules: DocumentRules
  readonly #index: WriterIndex
  readonly #author: UpdateAuthor
  readonly #newPlaces = new Map<string, Map<string | null, Place>>()
  /** Lists that are being tried out. */
  readonly #trials = new Map<ListOrder, ListTrial>()
  readonly #placesWritten = new Set<Place>()
  #repeatCount = 0
  /** The update's own structs, as far as they were judged. */
  readonly staged: Segments

  constructor(rules: DocumentRules, index: WriterIndex, author: UpdateAuthor) {
    this.#rules = rules
    this.#index = index
    this.#author = author
    this.staged = new Segments(index.writer(author.writer)?.segments.end ?? 0)
  }

  run(update: ParsedUpdate): Fault | null {
    if (update.structCount === 0 && update.deletes.length === 0) return fault('update-empty', 'no change')
    const owner = this.#index.writer(this.#author.writer)
    if (owner !== undefined && owner.device !== this.#author.device) {
      return fault('writer-taken', `writer ${this.#author.writer}`)
    }
    return this.#writersFault(update) ?? this.#deletesFault(update.deletes)
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
      const next = this.staged.end
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

  #structRefusal(struct: ParsedStruct): GateRefusal | null {
    const place = this.#placeOfStruct(struct)
    if (typeof place === 'string') return place
    if (!fits(struct, place.kind)) return 'content-misplaced'
    const refusal =
      place.list === null ? this.#entryRefusal(struct, place) : this.#itemRefusal(struct, place.list)
    if (refusal !== null) return refusal
    if (this.#placesWritten.has(place)) this.#repeatCount += 1
    else this.#placesWritten.add(place)
    if (this.#repeatCount > UPDATE_REPEATS_MAX) return 'repeats-too-many'
    this.staged.append(struct.length, this.#author.seq, place)
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
    if (writer === this.#author.writer && clock >= this.staged.start) {
      const own = this.staged.indexOf(clock)
      return own < 0 ? undefined : this.staged.placeAt(own)
    }
    const entry = this.#index.writer(writer)
    if (entry === undefined) return undefined
    const index = entry.segments.indexOf(clock)
    if (index < 0 || !this.#knows(entry.device, entry.segments.seqAt(index))) return undefined
    return entry.segments.placeAt(index)
  }

  /** The neighbours of a list item must have been neighbours; `ListOrder` says why. */
  #itemRefusal(struct: ParsedStruct, list: ListOrder): GateRefusal | null {
    let trial = this.#trials.get(list)
    if (trial === undefined) {
      trial = { view: new ListView(list), waiting: null }
      this.#trials.set(list, trial)
      list.begin()
    }
    // The last item of an update need not be tried out: nothing stands on it.
    if (trial.waiting !== null) list.insert(trial.waiting)
    const { view } = trial
    const { writer } = this.#author
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

  #deleteRefusal({ writer, clock, length }: DeleteRange): GateRefusal | null {
    if (this.#author.canDelete === 'none') return 'delete-not-allowed'
    const isOwnWriter = writer === this.#author.writer
    const entry = this.#index.writer(writer)
    const knownEnd = isOwnWriter ? this.staged.end : (entry?.segments.end ?? 0)
    if (clock + length > knownEnd) return 'delete-unknown'
    if (isOwnWriter && clock >= this.staged.start) return null
    if (entry === undefined) return 'delete-unknown'
    const { segments, device } = entry
    for (let at = segments.indexOf(clock); at < segments.count; at += 1) {
      if (segments.startAt(at) >= clock + length) break
      if (!this.#knows(device, segments.seqAt(at))) return 'delete-unknown'
    }
    if (device !== this.#author.device && this.#author.canDelete !== 'any') return 'delete-foreign'
    return null
  }

  readonly #knows = (device: string, seq: number): boolean =>
    device === this.#author.device ? seq <= this.#author.seq : this.#author.acknowledges(device, seq)
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
