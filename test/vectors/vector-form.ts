import type { Value } from '#protocol/encoding'
import { fromHex, toHex } from '#protocol/encoding'

/**
 * A value as JSON can say it: `null`, booleans, integers, texts and lists are themselves, bytes are `{ hex }`, a map
 * is `{ map: [[key, value], …] }` in the order of its encoding.
 */
export type Tagged =
  | null
  | boolean
  | number
  | string
  | { hex: string }
  | { map: [string, Tagged][] }
  | Tagged[]

/** Bytes of a vector: hexadecimal, or pieces of which each is repeated. */
export type Hex = string | { hex: string; times: number }[]

/** One vector: its name says what it shows. */
export type Vector = { name: string; [field: string]: unknown }

/** A vector file: what it is about, then lists of vectors. */
export type VectorFile = { about: string[]; [list: string]: Vector[] | string[] }

/** The JSON form of a value. */
export function tagged(value: Value): Tagged {
  if (value instanceof Uint8Array) return { hex: toHex(value) }
  if (Array.isArray(value)) return value.map(tagged)
  if (typeof value !== 'object' || value === null) return value
  return { map: Object.entries(value).map(([key, it]) => [key, tagged(it)]) }
}

/** The bytes of a vector. */
export function bytesOf(hex: Hex): Uint8Array {
  const text = typeof hex === 'string' ? hex : hex.map((it) => it.hex.repeat(it.times)).join('')
  const bytes = fromHex(text)
  if (bytes === null) throw new Error(`not hexadecimal: ${text.slice(0, 80)}`)
  return bytes
}

/** 32 bytes of one number: keys and hashes that are easy to see in a dump. */
export function filled(fill: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(fill)
}
