import { ListOrder } from './list-order.ts'
import type { ParsedStruct } from './update-reader.ts'

/** What a root type may hold: one value a key, a text, or a list of values. */
export type RootKind = 'map' | 'text' | 'array'

/** Whether an author's chain has taken commit `seq` of `device` into account. */
export type Knows = (device: string, seq: number) => boolean

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
  // Nearly every key has one device: the second is what makes the map worth its memory.
  #device: string | null = null
  #seq = 0
  #others: Map<string, number> | null = null

  constructor(root: string, kind: RootKind, key: string | null) {
    this.root = root
    this.kind = kind
    this.key = key
    this.list = kind === 'map' ? null : new ListOrder()
  }

  /** Whether anybody but `device` has written here as far as `knows` tells. */
  isWrittenByOthers(device: string, knows: Knows): boolean {
    if (this.#device === null) return false
    if (this.#device !== device && knows(this.#device, this.#seq)) return true
    if (this.#others === null) return false
    for (const [other, seq] of this.#others) if (other !== device && knows(other, seq)) return true
    return false
  }

  /** Whether anybody has written here as far as `knows` tells. */
  isWritten(knows: Knows): boolean {
    return this.isWrittenByOthers('', knows)
  }

  /** Notes that `device` wrote here; only its first commit counts, for later ones imply it. */
  note(device: string, seq: number): void {
    if (this.#device === null) {
      this.#device = device
      this.#seq = seq
    } else if (this.#device !== device) {
      this.#others ??= new Map()
      if (!this.#others.has(device)) this.#others.set(device, seq)
    }
  }
}

/**
 * Consecutive clocks of one writer: for each stretch the commit that wrote it and its place. Neighbouring
 * stretches of one commit and place are one, so typing costs three numbers a commit.
 */
export class Segments {
  readonly #starts: number[] = []
  readonly #seqs: number[] = []
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

  /** Number of stretches. */
  get count(): number {
    return this.#starts.length
  }

  /** Adds `length` clocks at the end. */
  append(length: number, seq: number, place: Place): void {
    const last = this.#starts.length - 1
    if (last < 0 || this.#seqs[last] !== seq || this.#places[last] !== place) {
      this.#starts.push(this.#end)
      this.#seqs.push(seq)
      this.#places.push(place)
    }
    this.#end += length
  }

  /** Index of the stretch that holds `clock`, or -1. */
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

  seqAt(index: number): number {
    return this.#seqs[index] as number
  }

  placeAt(index: number): Place {
    return this.#places[index] as Place
  }
}

/** The device a writer belongs to, and all it wrote. */
export type WriterEntry = { readonly device: string; readonly segments: Segments }

/** Everything that passed the gate of one document: who wrote which clocks, where. Holds no content. */
export class WriterIndex {
  readonly #writers = new Map<number, WriterEntry>()
  readonly #places = new Map<string, Map<string | null, Place>>()

  writer(writer: number): WriterEntry | undefined {
    return this.#writers.get(writer)
  }

  place(root: string, key: string | null): Place | undefined {
    return this.#places.get(root)?.get(key)
  }

  /** Each writer with the clock it writes next: Yjs's state vector of the same updates. */
  nextClocks(): Map<number, number> {
    const clocks = new Map<number, number>()
    for (const [writer, entry] of this.#writers) clocks.set(writer, entry.segments.end)
    return clocks
  }

  /** Stretches held, over all writers. */
  get segmentCount(): number {
    let count = 0
    for (const entry of this.#writers.values()) count += entry.segments.count
    return count
  }

  /** Takes over staged segments, which begin where those of the writer end, and the structs within them. */
  record(writer: number, device: string, staged: Segments, structs: readonly ParsedStruct[]): void {
    let entry = this.#writers.get(writer)
    if (entry === undefined) {
      entry = { device, segments: new Segments(0) }
      this.#writers.set(writer, entry)
    }
    for (let index = 0; index < staged.count; index += 1) {
      const place = this.#intern(staged.placeAt(index))
      const seq = staged.seqAt(index)
      if (place.kind === 'map') place.note(device, seq)
      entry.segments.append(staged.endAt(index) - staged.startAt(index), seq, place)
    }
    for (const struct of structs) {
      const place = entry.segments.placeAt(entry.segments.indexOf(struct.clock))
      place.list?.insert({ ...struct, writer })
    }
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
