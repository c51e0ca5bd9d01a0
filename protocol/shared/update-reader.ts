import type { UpdateRefusal } from './byte-reader.ts'
import { ByteReader, UpdateRefused } from './byte-reader.ts'
import {
  CLOCK_MAX,
  UPDATE_BYTES_MAX,
  UPDATE_DELETES_MAX,
  UPDATE_STRUCTS_MAX,
  UPDATE_WRITERS_MAX,
} from './update-limits.ts'
import { ValueScan } from './value-scan.ts'

/** Name of one unit of content: the writer's clientID and its clock. */
export type StructId = { readonly writer: number; readonly clock: number }

/** What a struct holds: text, JSON values, or the place of something already deleted when it was sent. */
export type StructContent = 'text' | 'values' | 'deleted'

/** One item of an update. */
export type ParsedStruct = {
  readonly clock: number
  /** Clocks it takes: UTF-16 units of text, number of values, or units deleted. At least 1. */
  readonly length: number
  readonly content: StructContent
  /** Its left and right neighbours when it was written. */
  readonly origin: StructId | null
  readonly rightOrigin: StructId | null
  /** Name of its root type; null exactly if a neighbour is named, from which it then inherits root and key. */
  readonly root: string | null
  /** Map key; null if it has none or inherits it. */
  readonly key: string | null
}

/** Consecutive structs of one writer, each beginning at the clock where the one before it ends. */
export type ParsedWriter = { readonly writer: number; readonly structs: readonly ParsedStruct[] }

/** `length` clocks of one writer from `clock` on. Ranges of one writer ascend and do not overlap. */
export type DeleteRange = { readonly writer: number; readonly clock: number; readonly length: number }

/** A well-formed update: its shape, without its texts and values. */
export type ParsedUpdate = {
  readonly writers: readonly ParsedWriter[]
  readonly deletes: readonly DeleteRange[]
  readonly structCount: number
  readonly valueCount: number
}

/** What reading yields. */
export type ReadUpdateResult =
  | { readonly ok: true; readonly update: ParsedUpdate }
  | { readonly ok: false; readonly refusal: UpdateRefusal }

/**
 * Reads a Yjs V1 update in time linear in its length, holding it to the limits of `update-limits.ts` and to
 * what a flat document of maps, texts and arrays can contain: no GC or Skip structs, no nested types, no
 * binary, embedded or formatting content, JSON values only. Never throws.
 *
 * @param spans - takes three offsets for each struct, in the order of the bytes: where it begins, where its neighbours
 *   end, where it ends
 */
export function readUpdate(bytes: Uint8Array, spans: number[] | null = null): ReadUpdateResult {
  if (bytes.length > UPDATE_BYTES_MAX) return { ok: false, refusal: 'bytes-too-many' }
  try {
    return { ok: true, update: new UpdateReader(bytes, spans).update() }
  } catch (error) {
    if (error instanceof UpdateRefused) return { ok: false, refusal: error.refusal }
    throw error
  }
}

/** Bits of a struct's first byte (Yjs `Item.write`): the low five name the content. */
const CONTENT_BITS = 0x1f
const HAS_KEY_BIT = 0x20
const HAS_RIGHT_ORIGIN_BIT = 0x40
const HAS_ORIGIN_BIT = 0x80

class UpdateReader {
  readonly #reader: ByteReader
  readonly #values: ValueScan
  readonly #spans: number[] | null
  #structCount = 0

  constructor(bytes: Uint8Array, spans: number[] | null) {
    this.#reader = new ByteReader(bytes)
    this.#spans = spans
    this.#values = new ValueScan(this.#reader)
  }

  update(): ParsedUpdate {
    const writers = this.#writers()
    const deletes = this.#deletes()
    if (!this.#reader.isAtEnd) throw new UpdateRefused('bytes-trailing')
    return { writers, deletes, structCount: this.#structCount, valueCount: this.#values.count }
  }

  #writers(): ParsedWriter[] {
    const writers: ParsedWriter[] = []
    const seen = new Set<number>()
    const count = this.#writerCount()
    for (let index = 0; index < count; index += 1) {
      const structCount = this.#reader.varUint()
      if (structCount === 0) throw new UpdateRefused('writer-empty')
      this.#structCount += structCount
      if (this.#structCount > UPDATE_STRUCTS_MAX) throw new UpdateRefused('structs-too-many')
      const writer = this.#unseenWriter(seen)
      writers.push({ writer, structs: this.#structs(structCount) })
    }
    return writers
  }

  #structs(count: number): ParsedStruct[] {
    const structs: ParsedStruct[] = []
    let clock = this.#reader.varUint()
    for (let index = 0; index < count; index += 1) {
      const struct = this.#struct(clock)
      structs.push(struct)
      clock += struct.length
    }
    return structs
  }

  #struct(clock: number): ParsedStruct {
    this.#spans?.push(this.#reader.position)
    const info = this.#reader.byte()
    const content = contentOf(info & CONTENT_BITS)
    const origin = (info & HAS_ORIGIN_BIT) === 0 ? null : this.#id()
    const rightOrigin = (info & HAS_RIGHT_ORIGIN_BIT) === 0 ? null : this.#id()
    this.#spans?.push(this.#reader.position)
    let root: string | null = null
    let key: string | null = null
    if (origin === null && rightOrigin === null) {
      // Yjs takes any number but 1 for "the parent is an item", which a flat document does not have.
      if (this.#reader.varUint() !== 1) throw new UpdateRefused('parent-item')
      root = this.#reader.string()
      if ((info & HAS_KEY_BIT) !== 0) key = this.#reader.string()
    }
    const length = this.#contentLength(content)
    if (length === 0) throw new UpdateRefused('struct-empty')
    requireClock(clock, length)
    this.#spans?.push(this.#reader.position)
    return { clock, length, content, origin, rightOrigin, root, key }
  }

  #contentLength(content: StructContent): number {
    if (content === 'text') return this.#reader.stringUnits()
    const length = this.#reader.varUint()
    if (content === 'values') this.#values.pass(length)
    return length
  }

  #id(): StructId {
    return { writer: this.#reader.varUint(), clock: this.#reader.varUint() }
  }

  #deletes(): DeleteRange[] {
    const deletes: DeleteRange[] = []
    const seen = new Set<number>()
    const count = this.#writerCount()
    for (let index = 0; index < count; index += 1) {
      const writer = this.#unseenWriter(seen)
      const rangeCount = this.#reader.varUint()
      if (rangeCount === 0) throw new UpdateRefused('writer-empty')
      if (deletes.length + rangeCount > UPDATE_DELETES_MAX) throw new UpdateRefused('deletes-too-many')
      let free = 0
      for (let range = 0; range < rangeCount; range += 1) {
        const clock = this.#reader.varUint()
        const length = this.#reader.varUint()
        if (length === 0) throw new UpdateRefused('delete-empty')
        if (clock < free) throw new UpdateRefused('delete-disordered')
        requireClock(clock, length)
        deletes.push({ writer, clock, length })
        free = clock + length
      }
    }
    return deletes
  }

  #writerCount(): number {
    const count = this.#reader.varUint()
    if (count > UPDATE_WRITERS_MAX) throw new UpdateRefused('writers-too-many')
    return count
  }

  #unseenWriter(seen: Set<number>): number {
    const writer = this.#reader.varUint()
    if (seen.has(writer)) throw new UpdateRefused('writer-repeated')
    seen.add(writer)
    return writer
  }
}

/** Both are below 2^53, so their sum is off by one at most, far above the limit. */
function requireClock(clock: number, length: number): void {
  if (clock + length > CLOCK_MAX) throw new UpdateRefused('clock-too-large')
}

/** Numbers from Yjs `contentRefs`, and 0 and 10 from `readClientsStructRefs`. */
function contentOf(reference: number): StructContent {
  switch (reference) {
    case 1:
      return 'deleted'
    case 4:
      return 'text'
    case 8:
      return 'values'
    case 0:
      throw new UpdateRefused('struct-gc')
    case 10:
      throw new UpdateRefused('struct-skip')
    case 2: // legacy JSON
    case 3: // binary
    case 5: // embed
    case 6: // format
    case 7: // nested type
    case 9: // subdocument
      throw new UpdateRefused('content-refused')
    default:
      throw new UpdateRefused('content-unknown')
  }
}
