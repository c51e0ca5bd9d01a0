import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/**
 * Numbers for all devices that are mentioned anywhere, also those that have not written yet. Local to a
 * replica.
 */
export class DeviceTable {
  readonly #numbers = new Map<string, number>()
  readonly #keys: string[] = []
  /** Keys that the map knows of; the others wait until one is looked for. */
  #indexed = 0

  get length(): number {
    return this.#keys.length
  }

  /** Number of a device key; a new one gets the next. */
  add(key: string): number {
    const known = this.find(key)
    return known >= 0 ? known : this.append(key)
  }

  /** As `add`, of a key that nobody mentioned yet. */
  append(key: string): number {
    return this.#keys.push(key) - 1
  }

  /** Number of a device key; -1 when nobody mentioned it. */
  find(key: string): number {
    for (; this.#indexed < this.#keys.length; this.#indexed += 1)
      this.#numbers.set(this.#keys[this.#indexed] ?? '', this.#indexed)
    return this.#numbers.get(key) ?? -1
  }

  save(out: SnapshotWriter): void {
    out.list(this.#keys, (key) => out.text(key))
  }

  load(from: SnapshotReader): void {
    from.each(() => this.add(from.text()))
  }

  /** Key of a number that `add` gave out. */
  keyOf(device: number): string {
    const key = this.#keys[device]
    if (key === undefined) throw new RangeError(`no device ${device}`)
    return key
  }
}
