/** Rows kept in one piece; a list grows by pieces, so that it never copies what it holds nor reserves far ahead. */
const PIECE_ROWS = 4_096

/** Fixed-size byte rows without an object for each: 32 bytes a commit id. */
export class RowList {
  length = 0
  readonly #rowBytes: number
  #pieces: Uint8Array[] = []

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes
  }

  /** Adds a row of the list's size. */
  push(row: Uint8Array): void {
    const index = this.length % PIECE_ROWS
    let piece = this.#pieces.at(-1)
    const end = (index + 1) * this.#rowBytes
    if (piece === undefined || index === 0) {
      piece = new Uint8Array(this.#rowBytes * (this.#pieces.length === 0 ? FIRST_ROWS : PIECE_ROWS))
      // Made anew: an array that grows takes room for 17 at once.
      this.#pieces = this.#pieces.concat(piece)
    } else if (end > piece.length) {
      // Only the first piece starts small: most lists of a large co-op hold a few rows.
      const larger = new Uint8Array(Math.min(piece.length * 2, PIECE_ROWS * this.#rowBytes))
      larger.set(piece)
      this.#pieces[this.#pieces.length - 1] = larger
      piece = larger
    }
    piece.set(row, index * this.#rowBytes)
    this.length += 1
  }

  /** A view of row `index`; undefined outside the list. */
  at(index: number): Uint8Array | undefined {
    if (index < 0 || index >= this.length) return undefined
    const start = (index % PIECE_ROWS) * this.#rowBytes
    return this.#pieces[(index / PIECE_ROWS) | 0]?.subarray(start, start + this.#rowBytes)
  }

  /** Copies row `index`, if there is one, to a place of other bytes. */
  copy(index: number, into: Uint8Array, at: number): void {
    const piece = index < this.length ? this.#pieces[(index / PIECE_ROWS) | 0] : undefined
    if (piece === undefined) return
    const start = (index % PIECE_ROWS) * this.#rowBytes
    for (let i = 0; i < this.#rowBytes; i += 1) into[at + i] = piece[start + i] as number
  }

  /** Four bytes of row `index` from `offset`, a little-endian number; no view is made. */
  word(index: number, offset: number): number {
    const start = (index % PIECE_ROWS) * this.#rowBytes
    return word(this.#pieces[(index / PIECE_ROWS) | 0] ?? NO_ROWS, start + offset)
  }

  /** True when row `index` holds exactly these bytes. */
  equals(index: number, row: Uint8Array): boolean {
    const piece = index < 0 ? undefined : this.#pieces[(index / PIECE_ROWS) | 0]
    if (piece === undefined || index >= this.length) return false
    const start = (index % PIECE_ROWS) * this.#rowBytes
    for (let i = 0; i < this.#rowBytes; i += 1) if (piece[start + i] !== row[i]) return false
    return true
  }
}

/** A growing list of unsigned 32-bit numbers, 4 bytes each. The first number needs no memory of its own. */
export class CountList {
  length = 0
  #first = 0
  /** The last piece, which nearly all questions are about; empty for a list of one. */
  #tail = NO_NUMBERS
  /** The full pieces before it. */
  #full: readonly Uint32Array[] = NO_PIECES

  push(value: number): void {
    const index = this.length % PIECE_ROWS
    if (this.length < 2) {
      if (this.length === 0) this.#first = value
      else {
        this.#tail = new Uint32Array(FIRST_ROWS)
        this.#tail[0] = this.#first
        this.#tail[1] = value
      }
    } else if (index === 0) {
      this.#full = this.#full.concat(this.#tail)
      this.#tail = new Uint32Array(PIECE_ROWS)
      this.#tail[0] = value
    } else {
      if (index >= this.#tail.length) {
        const larger = new Uint32Array(Math.min(this.#tail.length * 2, PIECE_ROWS))
        larger.set(this.#tail)
        this.#tail = larger
      }
      this.#tail[index] = value
    }
    this.length += 1
  }

  at(index: number): number | undefined {
    if (index < 0 || index >= this.length) return undefined
    return this.length === 1 ? this.#first : this.#pieceOf(index)[index % PIECE_ROWS]
  }

  /** Raises the value at `index` to at least `value`; the list grows with zeros as far as it must. */
  raise(index: number, value: number): void {
    while (this.length <= index) this.push(0)
    if (value > (this.at(index) ?? 0)) this.set(index, value)
  }

  /** Replaces the value at `index`, which must be in the list. */
  set(index: number, value: number): void {
    if (index < 0 || index >= this.length) throw new RangeError(`no value at ${index}`)
    if (this.length === 1) this.#first = value
    else this.#pieceOf(index)[index % PIECE_ROWS] = value
  }

  #pieceOf(index: number): Uint32Array {
    return index >= this.#full.length * PIECE_ROWS
      ? this.#tail
      : (this.#full[(index / PIECE_ROWS) | 0] ?? this.#tail)
  }
}

/** Four bytes from `at`, a little-endian number; zeros past the end. */
export function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

const NO_ROWS: Uint8Array = new Uint8Array(0)
const NO_PIECES: readonly Uint32Array[] = []
const NO_NUMBERS: Uint32Array = new Uint32Array(0)
/** Rows of a list's first piece at the start. */
const FIRST_ROWS = 4
