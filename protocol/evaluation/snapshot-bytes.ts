/** Writes numbers of 7 bits a byte, the low ones first: one way to write each. */
export class SnapshotWriter {
  #bytes = new Uint8Array(BYTES_FIRST)
  #length = 0

  /** All that was written. */
  result(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** A whole number from 0 to 2^53 - 1. */
  count(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#byte(128 + (rest % 128))
      rest = Math.floor(rest / 128)
    }
    this.#byte(rest)
  }

  /** A count, or -1. */
  place(value: number): void {
    this.count(value + 1)
  }

  /** An amount of either sign. */
  amount(value: bigint): void {
    let rest = value < 0n ? -2n * value - 1n : 2n * value
    while (rest > NUMBER_MAX) {
      this.#byte(128 + Number(rest & 127n))
      rest >>= 7n
    }
    this.count(Number(rest))
  }

  text(value: string): void {
    this.count(value.length)
    for (let i = 0; i < value.length; i += 1) this.count(value.charCodeAt(i))
  }

  bytes(value: Uint8Array): void {
    this.count(value.length)
    this.#makeRoom(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  list<T>(values: readonly T[], write: (value: T, at: number) => void): void {
    this.count(values.length)
    for (const [at, value] of values.entries()) write(value, at)
  }

  #byte(value: number): void {
    this.#makeRoom(1)
    this.#bytes[this.#length] = value
    this.#length += 1
  }

  #makeRoom(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#length + count))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

/** Reads what `SnapshotWriter` wrote. Past the end, or where it makes no sense, it gives zeros and says that it is off. */
export class SnapshotReader {
  readonly #bytes: Uint8Array
  #at = 0
  #isOff = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isOff(): boolean {
    return this.#isOff
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  count(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte()
      value += (byte & 127) * factor
      if (byte < 128) {
        const isWhole = value <= Number.MAX_SAFE_INTEGER && (byte > 0 || factor === 1)
        return isWhole ? value : this.#off()
      }
      if (factor >= 2 ** 49) return this.#off()
    }
  }

  place(): number {
    return this.count() - 1
  }

  /** A count below a limit. */
  below(limit: number): number {
    const value = this.count()
    return value < limit ? value : this.#off()
  }

  amount(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte()
      value |= BigInt(byte & 127) << shift
      const isLast = byte < 128
      if ((isLast && byte === 0 && shift > 0n) || shift > AMOUNT_BITS_MAX) return BigInt(this.#off())
      if (isLast) break
    }
    return (value & 1n) === 1n ? -((value + 1n) >> 1n) : value >> 1n
  }

  text(): string {
    let text = ''
    for (let left = this.size(); left > 0; left -= 1) text += String.fromCharCode(this.below(0x1_0000))
    return text
  }

  bytes(): Uint8Array {
    const length = this.size()
    const value = this.#bytes.slice(this.#at, this.#at + length)
    this.#at += length
    return value
  }

  list<T>(read: () => T): T[] {
    const values: T[] = []
    this.each(() => values.push(read()))
    return values
  }

  /** Reads the items of a list one by one, until it is off. */
  each(read: () => void): void {
    for (let left = this.size(); left > 0 && !this.#isOff; left -= 1) read()
  }

  /** Number of items that follow: each takes a byte at least. */
  size(): number {
    const size = this.count()
    return size <= this.#bytes.length - this.#at ? size : this.#off()
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) return this.#off()
    this.#at += 1
    return byte
  }

  #off(): number {
    this.#isOff = true
    return 0
  }
}

const BYTES_FIRST = 4_096
const NUMBER_MAX = BigInt(Number.MAX_SAFE_INTEGER)
/** A sum of 2^64 amounts fits. */
const AMOUNT_BITS_MAX = 128n
