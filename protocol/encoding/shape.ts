import type { Value } from './canonical.ts'

/** A map of our formats. */
export type ValueMap = { [key: string]: Value }

/** True for an integer of 0 to 2^53 - 1. */
export function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** True for exactly `length` bytes. */
export function isBytes(value: Value | undefined, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}

/** True for a map that holds these keys and no others. */
export function isMapOf(value: Value | undefined, keys: readonly string[]): value is ValueMap {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return false
  const present = Object.keys(value)
  return present.length === keys.length && keys.every((key) => Object.hasOwn(value, key))
}

/**
 * True for a name that people can tell apart: 1 to `lengthMax` UTF-16 units, no control, format or bidirectional
 * characters, no blank at either end.
 */
export function isName(value: Value | undefined, lengthMax: number): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > lengthMax) return false
  return value.trim() === value && !HIDDEN.test(value)
}

/** `text` with each of its control, format and bidirectional characters replaced, as texts that others open need it. */
export function replaceHidden(text: string, replacement: (character: string) => string): string {
  return HIDDEN.test(text) ? text.replaceAll(EACH_HIDDEN, replacement) : text
}

/**
 * Controls, format characters, surrogates without partner, line and paragraph separators as of Unicode 17
 * (categories Cc, Cf, Cs, Zl, Zp). Spelled out, because a verdict must not change with the engine's Unicode tables.
 */
const HIDDEN: RegExp = new RegExp(
  `[${[
    '\\u{0}-\\u{1f}\\u{7f}-\\u{9f}\\u{ad}\\u{600}-\\u{605}\\u{61c}\\u{6dd}\\u{70f}\\u{890}-\\u{891}\\u{8e2}',
    '\\u{180e}\\u{200b}-\\u{200f}\\u{2028}-\\u{202e}\\u{2060}-\\u{2064}\\u{2066}-\\u{206f}\\u{d800}-\\u{dfff}',
    '\\u{feff}\\u{fff9}-\\u{fffb}\\u{110bd}\\u{110cd}\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}',
    '\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}',
  ].join('')}]`,
  'u',
)
const EACH_HIDDEN: RegExp = new RegExp(HIDDEN.source, 'gu')
