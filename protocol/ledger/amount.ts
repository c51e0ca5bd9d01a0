import type { Value } from '../encoding/index.ts'
import { AMOUNT_MAX, isAmount } from '../evaluation/index.ts'

/** Bytes of an amount of 1 to `AMOUNT_MAX`: big endian, as few as it needs. */
export function encodeAmount(amount: bigint): Uint8Array {
  if (!isAmount(amount)) throw new RangeError(`an amount is 1 to ${AMOUNT_MAX}, not ${amount}`)
  const hex = amount.toString(16)
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  )
}

/** The amount, or null for bytes that no `encodeAmount` gives. */
export function decodeAmount(value: Value | undefined): bigint | null {
  if (!(value instanceof Uint8Array) || value.length === 0 || value.length > 8 || value[0] === 0) return null
  // Small amounts, which are most, without a detour over larger integers.
  let high = 0
  let low = 0
  for (const byte of value) {
    high = ((high << 8) | (low >>> 24)) >>> 0
    low = ((low << 8) | byte) >>> 0
  }
  const amount = high < 0x20_0000 ? BigInt(high * 2 ** 32 + low) : (BigInt(high) << 32n) | BigInt(low)
  return isAmount(amount) ? amount : null
}
