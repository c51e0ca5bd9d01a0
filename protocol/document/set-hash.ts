import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import type { Sha256 } from '../identity/index.ts'

const WORDS = 8

/**
 * Hash of a set of rows that follows each change: the sum, modulo 2^256, of the SHA-256 of its rows, whatever the order in
 * which they came and went (an additive multiset hash: Clarke et al., _Incremental Multiset Hash Functions_, 2003). It
 * tells replicas apart that should hold the same. Whoever chooses many rows can make two sets with one sum, so nothing
 * that a cheat gains by may rest on it.
 */
export class SetHash {
  /** Number of rows. */
  size = 0
  readonly #sha256: Sha256
  /** Eight 32-bit numbers, the lowest first. */
  readonly #sum = new Uint32Array(WORDS)

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Goes on from the size and the sum of another set, which is taken for this one. */
  resume(size: number, sum: Uint8Array): void {
    const view = new DataView(sum.buffer, sum.byteOffset, sum.byteLength)
    for (let i = 0; i < WORDS; i += 1) this.#sum[i] = view.getUint32(4 * i, true)
    this.size = size
  }

  /** Hash of a row, 32 bytes. */
  hashOf(row: Value): Uint8Array {
    return this.#sha256(encodeCanonical(row))
  }

  /** Adds a row that is not in the set. `hash`: its own, if it is known. */
  add(row: Value, hash: Uint8Array = this.hashOf(row)): void {
    this.size += 1
    this.#move(hash, 1)
  }

  /** Takes out a row that was added, given as it was then. */
  remove(row: Value): void {
    this.size -= 1
    this.#move(this.hashOf(row), -1)
  }

  /** The sum, 32 bytes, little endian. */
  sum(): Uint8Array {
    const bytes = new Uint8Array(4 * WORDS)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < WORDS; i += 1) view.setUint32(4 * i, this.#sum[i] ?? 0, true)
    return bytes
  }

  #move(hash: Uint8Array, sign: 1 | -1): void {
    const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength)
    let carry = 0
    for (let i = 0; i < WORDS; i += 1) {
      const total = (this.#sum[i] ?? 0) + sign * view.getUint32(4 * i, true) + carry
      this.#sum[i] = total
      // -1, 0 or 1: both terms are below 2^32.
      carry = Math.floor(total / 2 ** 32)
    }
  }
}
