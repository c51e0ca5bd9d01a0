import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/**
 * Numbers for all devices that are mentioned anywhere, also those that have not written yet. Local to a
 * replica.
 */
export class DeviceTable {
  readonly #numbers = new Map<string, number>()
  readonly #keys: string[] = []

  get length(): number {
    return this.#keys.length
  }

  /** Number of a device key; a new one gets the next. */
  add(key: string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.#keys.length)
    return this.#keys.push(key) - 1
  }

  /** Number of a device key; -1 when nobody mentioned it. */
  find(key: string): number {
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
