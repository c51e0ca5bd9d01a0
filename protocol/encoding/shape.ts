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
  return value.trim() === value && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)
}
