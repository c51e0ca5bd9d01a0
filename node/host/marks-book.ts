import { decodeAmount, encodeAmount, isUnitId } from '#protocol/ledger'
import type { Marks } from '#protocol/ledger'
import { decodeCanonical, encodeCanonical } from '#protocol/encoding'
import type { Store } from '#node/store'

const KEY = 'm/marks'

/** Marks by which this device keeps units at hand while it is meshed; a setting of this folder. */
export class MarksBook {
  readonly #store: Store
  #marks: Map<string, Marks>

  private constructor(store: Store, marks: Map<string, Marks>) {
    this.#store = store
    this.#marks = marks
  }

  /** Reads the marks; those that cannot be read are none. */
  static async open(store: Store): Promise<MarksBook> {
    const read = await store.read(KEY)
    return new MarksBook(store, read.state === 'whole' ? decodeMarks(read.value) : new Map())
  }

  /** Units with marks, in the order of their ids. */
  get all(): [unit: string, marks: Marks][] {
    return [...this.#marks].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Marks of a unit; null without any. */
  of(unit: string): Marks | null {
    return this.#marks.get(unit) ?? null
  }

  /** Sets the marks of a unit, or takes them away. */
  async set(unit: string, marks: Marks | null): Promise<void> {
    const next = new Map(this.#marks)
    if (marks === null) next.delete(unit)
    else next.set(unit, marks)
    const rows = [...next].map(([id, { low, high }]) => [id, encodeAmount(low), encodeAmount(high)])
    await this.#store.write([{ type: 'put', key: KEY, value: encodeCanonical(rows) }])
    this.#marks = next
  }
}

function decodeMarks(value: Uint8Array): Map<string, Marks> {
  const decoded = decodeCanonical(value)
  const marks = new Map<string, Marks>()
  for (const row of decoded.ok && Array.isArray(decoded.value) ? decoded.value : []) {
    const [unit, rawLow, rawHigh] = Array.isArray(row) ? row : []
    const [low, high] = [decodeAmount(rawLow), decodeAmount(rawHigh)]
    if (isUnitId(unit) && low !== null && high !== null) marks.set(unit, { low, high })
  }
  return marks
}
