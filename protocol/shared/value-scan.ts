import type { ByteReader } from './byte-reader.ts'
import { UpdateRefused } from './byte-reader.ts'
import { UPDATE_VALUES_MAX, VALUE_DEPTH_MAX } from './update-limits.ts'

/** Names that reach an object's prototype when a careless reader assigns or looks them up. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Whether a map key or property could reach an object's prototype. */
export function isPrototypeName(name: string): boolean {
  return PROTOTYPE_NAMES.has(name)
}

/**
 * Passes over the JSON values of one update and keeps count of them. Tags are those of lib0's "any"
 * encoding, counted down from 127 (lib0 `encoding.writeAny`); what JSON cannot hold is refused.
 */
export class ValueScan {
  readonly #reader: ByteReader
  #count = 0

  constructor(reader: ByteReader) {
    this.#reader = reader
  }

  /** Values passed so far, containers and nested ones counted. */
  get count(): number {
    return this.#count
  }

  /** Passes over `length` values in a row. Each takes a byte, so a false length ends at the last byte. */
  pass(length: number): void {
    for (let index = 0; index < length; index += 1) this.#value(0)
  }

  #value(depth: number): void {
    this.#count += 1
    if (this.#count > UPDATE_VALUES_MAX) throw new UpdateRefused('values-too-many')
    const tag = this.#reader.byte()
    switch (tag) {
      case 126: // null
      case 121: // false
      case 120: // true
        return
      case 125:
        this.#reader.varInt()
        return
      case 124:
      case 123:
        if (!Number.isFinite(this.#reader.float(tag === 124 ? 4 : 8))) {
          throw new UpdateRefused('value-not-finite')
        }
        return
      case 119:
        this.#reader.stringUnits()
        return
      case 118:
        this.#object(depth + 1)
        return
      case 117:
        this.#array(depth + 1)
        return
      default: // 127 undefined, 122 bigint, 116 bytes, and tags that nobody defined
        throw new UpdateRefused('value-refused')
    }
  }

  #array(depth: number): void {
    if (depth > VALUE_DEPTH_MAX) throw new UpdateRefused('value-too-deep')
    const length = this.#reader.varUint()
    for (let index = 0; index < length; index += 1) this.#value(depth)
  }

  #object(depth: number): void {
    if (depth > VALUE_DEPTH_MAX) throw new UpdateRefused('value-too-deep')
    const length = this.#reader.varUint()
    const names = new Set<string>()
    for (let index = 0; index < length; index += 1) {
      const name = this.#reader.string()
      if (isPrototypeName(name)) throw new UpdateRefused('property-refused')
      if (names.has(name)) throw new UpdateRefused('property-repeated')
      names.add(name)
      this.#value(depth)
    }
  }
}
