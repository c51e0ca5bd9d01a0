import { toHex } from '../encoding/index.ts'
import { RowList, word } from './growable.ts'

/** Numbers 32-byte rows in the order of their first appearance and finds them again. */
export interface RowNumbers {
  /** Number of rows. */
  readonly length: number
  /** Number of the row, or -1. */
  find(row: Uint8Array): number
  /** Adds a row that is not there yet and returns its number. */
  add(row: Uint8Array): number
  /** A view of a row; undefined outside the list. */
  at(number: number): Uint8Array | undefined
  /** A row that is here in hex, made once. */
  name(number: number): string
  /** True when the row of this number holds exactly these bytes. */
  equals(number: number, row: Uint8Array): boolean
  /** One byte of the row. */
  byte(number: number, offset: number): number
  /** Copies a row to a place of other bytes. */
  copy(number: number, into: Uint8Array, at: number): void
}

/** Rows of one replica: 38 bytes a row, no strings. */
export class RowIndex implements RowNumbers {
  readonly rows: RowList = new RowList(ROW_BYTES)
  readonly #seed: number
  /** Rows that the slots know of; the others wait for the next look-up. */
  #indexed = 0
  /** Rows in hex, as far as somebody asked. */
  readonly #names: string[] = []
  /** Number of a row plus one; 0 is free. */
  #slots = new Uint32Array(16)

  /** `seed` keeps others from preparing rows that collide; any 32-bit number that they do not know. */
  constructor(seed: number) {
    this.#seed = seed
  }

  get length(): number {
    return this.rows.length
  }

  at(number: number): Uint8Array | undefined {
    return this.rows.at(number)
  }

  name(number: number): string {
    return (this.#names[number] ??= toHex(this.rows.at(number) ?? NO_ROW))
  }

  equals(number: number, row: Uint8Array): boolean {
    return this.rows.equals(number, row)
  }

  byte(number: number, offset: number): number {
    return this.rows.word(number, offset) & 0xff
  }

  copy(number: number, into: Uint8Array, at: number): void {
    this.rows.copy(number, into, at)
  }

  find(row: Uint8Array): number {
    if (this.#indexed < this.rows.length) this.#indexAll()
    const mask = this.#slots.length - 1
    for (let slot = this.#hash(word(row, 0), word(row, 4)) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] ?? 0
      if (entry === 0) return -1
      if (this.rows.equals(entry - 1, row)) return entry - 1
    }
  }

  add(row: Uint8Array): number {
    if (this.#indexed < this.rows.length) this.#indexAll()
    if ((this.rows.length + 1) * 3 > this.#slots.length * 2) this.#grow(this.rows.length + 1)
    this.#indexed = this.append(row) + 1
    this.#place(this.#hash(word(row, 0), word(row, 4)), this.#indexed)
    return this.#indexed - 1
  }

  /** Adds a row that is not there yet, to be indexed with others when the next one is looked for: faster for many. */
  append(row: Uint8Array): number {
    this.rows.push(row)
    return this.rows.length - 1
  }

  #place(hash: number, entry: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry
  }

  /** Makes room for so many rows and indexes all that are there. */
  #grow(count: number): void {
    let size = this.#slots.length
    while (count * 3 > size * 2) size *= 2
    this.#slots = new Uint32Array(size)
    this.#indexed = 0
    this.#indexAll()
  }

  #indexAll(): void {
    if (this.rows.length * 3 > this.#slots.length * 2) return this.#grow(this.rows.length)
    for (; this.#indexed < this.rows.length; this.#indexed += 1) {
      const at = this.#indexed
      this.#place(this.#hash(this.rows.word(at, 0), this.rows.word(at, 4)), at + 1)
    }
  }

  /** Mixes a row's first eight bytes, two little-endian words, with the seed (multiply-xorshift, as in MurmurHash3's finaliser). */
  #hash(first: number, second: number): number {
    let hash = this.#seed ^ first
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ second
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) >>> 0
  }
}

const ROW_BYTES = 32
const NO_ROW: Uint8Array = new Uint8Array(0)
