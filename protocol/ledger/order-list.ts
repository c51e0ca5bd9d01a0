import { concatBytes } from '../encoding/index.ts'
import { SnapshotReader, SnapshotWriter } from '../evaluation/index.ts'
import { CountList } from '../history/index.ts'

/**
 * Ascending orders of commits. Of those that were saved a byte or two each is kept until somebody asks for them: a ledger that
 * opens has a million, and most are never looked at.
 */
export class OrderList {
  /** Saved ones: their differences, as `SnapshotWriter` writes counts. */
  #packed: Uint8Array = NONE
  /** The last of the packed, and of all; -1 for none. */
  #packedLast = -1
  #last = -1
  /** Those behind the packed. */
  #tail = new CountList()
  /** All of them, once somebody asked. */
  #all: CountList | null = null

  /** Adds an order at the end; the last one again changes nothing. */
  push(order: number): void {
    if (order === this.#last) return
    this.#tail.push(order)
    this.#all?.push(order)
    this.#last = order
  }

  /** All of them. */
  all(): CountList {
    if (this.#packed.length === 0) return this.#tail
    if (this.#all === null) {
      const all = new CountList()
      const from = new SnapshotReader(this.#packed)
      for (let last = -1; !from.isAtEnd && !from.isOff;) all.push((last += from.count()))
      for (let at = 0; at < this.#tail.length; at += 1) all.push(this.#tail.at(at) ?? 0)
      this.#all = all
    }
    return this.#all
  }

  save(out: SnapshotWriter): void {
    const tail = new SnapshotWriter()
    let before = this.#packedLast
    for (let at = 0; at < this.#tail.length; at += 1) {
      const order = this.#tail.at(at) ?? 0
      tail.count(order - before)
      before = order
    }
    out.place(this.#last)
    out.bytes(concatBytes(this.#packed, tail.result()))
  }

  /** What `save` wrote. */
  static load(from: SnapshotReader): OrderList {
    const list = new OrderList()
    list.#last = from.place()
    list.#packedLast = list.#last
    list.#packed = from.bytes()
    return list
  }
}

const NONE: Uint8Array = new Uint8Array()
