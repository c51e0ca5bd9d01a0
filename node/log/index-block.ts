import type { Act } from '#protocol/evaluation'
import { RowIndex } from '#protocol/history'
import { readActs, skipActs, writeActs } from './index-acts.ts'

/** What the store keeps of a commit beside its record, so that a node opens without reading the records. */
export interface IndexRow {
  /** Commit id, 32 bytes. */
  id: Uint8Array
  /** Device key, 32 bytes. */
  device: Uint8Array
  seq: number
  /** Order of the commit before on the chain; -1 for a first commit. */
  prev: number
  /** Orders of the acknowledged heads. */
  seen: readonly number[]
  /** Its own signature was checked. */
  isSigned: boolean
  /** It is the first of its block in the log. */
  isBlockStart: boolean
  /** Documents that it has sections of. */
  documents: readonly string[]
  /** Epoch that it cites; null for the founding one. */
  epoch: Uint8Array | null
  /** Bit i is set when the payload of section i was not here when the row was written. */
  missing: number
  /** What it does for the books. */
  acts: readonly Act[]
}

/** Rows of consecutive commits. */
export interface IndexBlock {
  /** Order of the first row's commit. */
  first: number
  rows: readonly IndexRow[]
}

/**
 * Bytes of a block: version, first order, number of rows; tables of the keys (of devices and epochs) and document names
 * in it; then the rows: id, place of the device, seq, prev plus one, flags with the missing payloads above them, place of
 * the epoch unless it is the founding one, the lists with their lengths, and what it does for the books (`writeActs`). Numbers are 4 bytes, big endian. The store
 * puts a hash behind it.
 *
 * @param rowAt - the row at a place from 0; asked for once each; it may be one object, filled anew
 */
export function encodeIndexBlock(first: number, count: number, rowAt: (at: number) => IndexRow): Uint8Array {
  const devices = new RowIndex(0)
  const documents = new Map<string, number>()
  const ids = new Uint8Array(32 * count)
  const words = new WordWriter(count)
  const keyAt = (key: Uint8Array): number => {
    const known = devices.find(key)
    return known < 0 ? devices.add(key) : known
  }
  const nameAt = (name: string): number => {
    const known = documents.get(name)
    if (known === undefined) documents.set(name, documents.size)
    return known ?? documents.size - 1
  }
  for (let i = 0; i < count; i += 1) {
    const row = rowAt(i)
    ids.set(row.id, 32 * i)
    words.put(keyAt(row.device))
    words.put(row.seq)
    words.put(row.prev + 1)
    const flags = (row.isSigned ? SIGNED : 0) | (row.isBlockStart ? BLOCK_START : 0)
    const parts = (row.epoch === null ? 0 : EPOCH) | (row.acts.length === 0 ? 0 : ACTS)
    words.put(flags | parts | (row.missing << MISSING_SHIFT))
    if (row.epoch !== null) words.put(keyAt(row.epoch))
    words.put(row.seen.length)
    for (const seen of row.seen) words.put(seen)
    words.put(row.documents.length)
    for (const name of row.documents) words.put(nameAt(name))
    if (row.acts.length > 0) writeActs(row.acts, words, { keyAt, nameAt })
  }
  const names = Buffer.from([...documents.keys()].join('\n'), 'latin1')
  const idsAt = HEAD_BYTES + 32 * devices.length
  const namesAt = idsAt + ids.length
  const bytes = new Uint8Array(namesAt + names.length + words.length)
  const view = new DataView(bytes.buffer)
  const head = [VERSION, first, count, devices.length, names.length, words.length / 4]
  for (const [i, word] of head.entries()) view.setUint32(4 * i, word)
  for (let i = 0; i < devices.length; i += 1) bytes.set(devices.rows.at(i) ?? NO_KEY, HEAD_BYTES + 32 * i)
  bytes.set(ids, idsAt)
  bytes.set(names, namesAt)
  bytes.set(words.bytes, namesAt + names.length)
  return bytes
}

/** The block, or null when the bytes are no block that begins at `first`. Ids and keys are views. Never throws. */
export function decodeIndexBlock(bytes: Uint8Array, first: number): IndexBlock | null {
  const cursor = IndexCursor.over(bytes, first)
  if (cursor === null) return null
  const rows: IndexRow[] = []
  while (cursor.next()) rows.push({ ...cursor.row, id: cursor.row.id.slice(), seen: [...cursor.row.seen] })
  return cursor.isDone ? { first, rows } : null
}

/**
 * Reads the rows of a block one after the other into one and the same object: a node that opens reads a million of them,
 * and what it would make for each would stay in its memory for a while.
 */
export class IndexCursor {
  /** Rows of the block. */
  readonly count: number
  /** What `next` read last. It and its lists are filled anew by the next call. */
  readonly row: IndexRow & { seen: number[] }
  readonly #ids: Uint8Array
  readonly #devices: Uint8Array[] = []
  readonly #lists: DocumentLists
  readonly #words: WordReader
  readonly #places: number[] = []
  #at = 0
  #isOff = false

  private constructor(bytes: Uint8Array, view: DataView, namesAt: number, wordsAt: number) {
    this.count = view.getUint32(8)
    const idsAt = namesAt - 32 * this.count
    this.#ids = bytes.subarray(idsAt, namesAt)
    for (let at = HEAD_BYTES; at < idsAt; at += 32) this.#devices.push(bytes.subarray(at, at + 32))
    const names = Buffer.from(bytes.buffer, bytes.byteOffset + namesAt, wordsAt - namesAt)
    this.#lists = new DocumentLists(names.toString('latin1').split('\n'))
    this.#words = new WordReader(
      new DataView(bytes.buffer, bytes.byteOffset + wordsAt, bytes.length - wordsAt),
    )
    const row = { id: new Uint8Array(32), device: NO_KEY, seq: 0, prev: -1, seen: [], documents: [] }
    this.row = {
      ...row,
      epoch: null,
      isSigned: false,
      isBlockStart: false,
      missing: 0,
      acts: NO_ACTS,
    }
  }

  /** A cursor before the first row; null when the bytes are no block that begins at `first`. Never throws. */
  static over(bytes: Uint8Array, first: number): IndexCursor | null {
    if (bytes.length < HEAD_BYTES) return null
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (view.getUint32(0) !== VERSION || view.getUint32(4) !== first) return null
    const namesAt = HEAD_BYTES + 32 * view.getUint32(12) + 32 * view.getUint32(8)
    const wordsAt = namesAt + view.getUint32(16)
    return wordsAt + 4 * view.getUint32(20) === bytes.length
      ? new IndexCursor(bytes, view, namesAt, wordsAt)
      : null
  }

  /** True when all rows were read and there was nothing else in the block. */
  get isDone(): boolean {
    return !this.#isOff && this.#at === this.count && this.#words.isDone
  }

  /**
   * Reads the next row; false at the end, and where the block makes no sense.
   *
   * @param areActsKnown - passes over what the commit does
   */
  next(areActsKnown: boolean = false): boolean {
    if (this.#isOff || this.#at === this.count) return false
    const { row } = this
    const words = this.#words
    const device = this.#devices[words.next()]
    row.seq = words.next()
    row.prev = words.next() - 1
    const flags = words.next()
    row.isSigned = (flags & SIGNED) !== 0
    row.isBlockStart = (flags & BLOCK_START) !== 0
    const epoch = (flags & EPOCH) === 0 ? null : this.#devices[words.next()]
    row.missing = flags >>> MISSING_SHIFT
    words.list(row.seen)
    const documents = this.#lists.of(words.list(this.#places))
    const acts = (flags & ACTS) === 0 ? NO_ACTS : this.#acts(areActsKnown)
    row.acts = acts ?? NO_ACTS
    if (acts === null) this.#isOff = true
    else this.#isOff = words.isOff || device === undefined || documents === null || epoch === undefined
    if (this.#isOff || device === undefined || documents === null || epoch === undefined) return false
    row.epoch = epoch
    row.device = device
    row.documents = documents
    const idAt = 32 * this.#at
    for (let i = 0; i < 32; i += 1) row.id[i] = this.#ids[idAt + i] ?? 0
    this.#at += 1
    return true
  }

  #acts(areKnown: boolean): readonly Act[] | null {
    const words = this.#words
    if (areKnown) return skipActs(words) ? NO_ACTS : null
    return readActs(words, { keys: this.#devices, names: this.#lists.names })
  }
}

/** The documents of rows, from their places in the table of names. */
class DocumentLists {
  readonly names: readonly string[]
  readonly #single: string[][]

  constructor(names: readonly string[]) {
    this.names = names
    this.#single = names.map((name) => [name])
  }

  /** Null when a place is not in the table. */
  of(places: readonly number[]): readonly string[] | null {
    if (places.length === 1) return this.#single[places[0] ?? -1] ?? null
    const documents: string[] = []
    for (const place of places) {
      const name = this.names[place]
      if (name === undefined) return null
      documents.push(name)
    }
    return documents
  }
}

/** Numbers of 4 bytes, one after the other. */
class WordWriter {
  /** Bytes written. */
  length = 0
  #view: DataView<ArrayBuffer>

  /** `rows`: how many are expected, with a head and a document each. */
  constructor(rows: number) {
    this.#view = new DataView(new ArrayBuffer(4 * (ROW_WORDS + 2) * (rows + 1)))
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.length)
  }

  put(word: number): void {
    if (this.length === this.#view.byteLength) {
      const larger = new Uint8Array(2 * this.length)
      larger.set(this.bytes)
      this.#view = new DataView(larger.buffer)
    }
    this.#view.setUint32(this.length, word)
    this.length += 4
  }
}

/** Reads numbers of 4 bytes; past the end it gives zeros and says so. */
class WordReader {
  isOff = false
  #at = 0
  readonly #view: DataView

  constructor(view: DataView) {
    this.#view = view
  }

  get isDone(): boolean {
    return !this.isOff && this.#at === this.#view.byteLength
  }

  next(): number {
    if (this.#at + 4 > this.#view.byteLength) {
      this.isOff = true
      return 0
    }
    this.#at += 4
    return this.#view.getUint32(this.#at - 4)
  }

  skip(count: number): void {
    this.#at += 4 * count
    if (this.#at > this.#view.byteLength) this.isOff = true
  }

  /** Reads a list into `values`, in the place of what is there. */
  list(values: number[]): number[] {
    values.length = 0
    for (let left = this.next(); left > 0 && !this.isOff; left -= 1) values.push(this.next())
    return values
  }
}

const VERSION = 2
const HEAD_BYTES = 24
const SIGNED = 1
const BLOCK_START = 2
const EPOCH = 4
const ACTS = 8
/** Bits of the flags below those of the sections, of which a commit has at most 16. */
const MISSING_SHIFT = 8
/** Words of a row beside those of its lists. */
const ROW_WORDS = 6
const NO_KEY: Uint8Array = new Uint8Array(32)
const NO_ACTS: readonly Act[] = []
