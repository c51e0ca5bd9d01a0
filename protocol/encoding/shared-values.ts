/** Places for rows and for texts. A power of two, above the devices that write in one batch. */
const SLOTS = 256

/**
 * Values that records decoded together have in common, made once: co-op, device keys, names of documents. A view or a text
 * costs more memory than the bytes that it stands for. Views keep what they were read from alive, so this lives as long as
 * a batch.
 */
export class SharedValues {
  readonly #rows: (Uint8Array | undefined)[] = Array.from({ length: SLOTS })
  readonly #texts: (string | undefined)[] = Array.from({ length: SLOTS })

  /** A view of `bytes[start, end)`, or an earlier one that holds the same. */
  row(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const slot = (bytes[start] ?? 0) % SLOTS
    const known = this.#rows[slot]
    if (known !== undefined && isSame(known, bytes, start, end)) return known
    const row = bytes.subarray(start, end)
    this.#rows[slot] = row
    return row
  }

  /** An earlier text of these ASCII codes; undefined when there is none. */
  text(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (start === end) return ''
    const known = this.#texts[slotOf(end - start, bytes[end - 1])]
    if (known?.length !== end - start) return undefined
    for (let i = 0; i < known.length; i += 1) if (known.charCodeAt(i) !== bytes[start + i]) return undefined
    return known
  }

  /** Keeps a text of ASCII codes. */
  keep(text: string): void {
    this.#texts[slotOf(text.length, text.charCodeAt(text.length - 1))] = text
  }
}

function slotOf(length: number, last: number | undefined): number {
  return (length * 31 + (last ?? 0)) % SLOTS
}

function isSame(row: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (row.length !== end - start) return false
  for (let i = 0; i < row.length; i += 1) if (row[i] !== bytes[start + i]) return false
  return true
}
