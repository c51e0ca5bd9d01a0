/** Fixed-size byte rows in one growing buffer: 32 bytes a commit id, without an object for each. */
export class RowList {
  length = 0
  readonly #rowBytes: number
  #buffer: Uint8Array

  constructor(rowBytes: number) {
    this.#rowBytes = rowBytes
    this.#buffer = new Uint8Array(rowBytes * 4)
  }

  push(row: Uint8Array): void {
    const at = this.length * this.#rowBytes
    if (at + this.#rowBytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.ceil(this.#buffer.length * 1.5) + this.#rowBytes)
      larger.set(this.#buffer)
      this.#buffer = larger
    }
    this.#buffer.set(row, at)
    this.length += 1
  }

  /** A view of row `index`; undefined outside the list. */
  at(index: number): Uint8Array | undefined {
    if (index < 0 || index >= this.length) return undefined
    return this.#buffer.subarray(index * this.#rowBytes, (index + 1) * this.#rowBytes)
  }
}

/** A growing list of unsigned 32-bit numbers, 4 bytes each. */
export class CountList {
  length = 0
  #buffer = new Uint32Array(4)

  push(value: number): void {
    if (this.length === this.#buffer.length) {
      const larger = new Uint32Array(Math.ceil(this.#buffer.length * 1.5))
      larger.set(this.#buffer)
      this.#buffer = larger
    }
    this.#buffer[this.length] = value
    this.length += 1
  }

  at(index: number): number | undefined {
    return index >= 0 && index < this.length ? this.#buffer[index] : undefined
  }

  /** Index of the last value that is at most `limit`, in an ascending list; -1 when there is none. */
  lastAtMost(limit: number): number {
    // Most questions are about the newest.
    if (this.length > 0 && (this.#buffer[this.length - 1] ?? 0) <= limit) return this.length - 1
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#buffer[middle] ?? 0) <= limit) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
