import { ed25519 } from '@noble/curves/ed25519.js'
import { toHex } from '../encoding/index.ts'
import type { Crypto } from './crypto-port.ts'

/** Keys whose verdict is remembered. Above the devices of any co-op we plan for; 64 bytes each. */
export const KEY_CACHE_MAX = 20_000

/** The order L of the base point, little endian (RFC 8032, section 5.1). */
const ORDER = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n)
/** The field prime p, little endian. */
const PRIME = littleEndian(2n ** 255n - 19n)
/**
 * The y coordinates of the eight points of small order, little endian: 0, 1, -1 and the two of order 8 (computed
 * from the curve equation in the tests).
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  littleEndian(0n),
  littleEndian(1n),
  littleEndian(2n ** 255n - 20n),
  littleEndian(2707385501144840649318225287225658788936804267575313519463743609750303402022n),
  littleEndian(55188659117513257062467267217118295137698188065244968500265048394206261417927n),
]

/**
 * The one rule for every signature of the co-op. Verifiers disagree on edge cases, and a commit that one replica
 * accepts and another refuses splits the co-op; so these are refused before any library is asked: wrong lengths,
 * S at or above the group order, R not canonical or of small order, a key that is not canonical, of small order
 * or outside the prime-order group.
 */
export class SignatureRule {
  readonly #crypto: Crypto
  readonly #goodKeys = new Map<string, boolean>()

  constructor(crypto: Crypto) {
    this.#crypto = crypto
  }

  /** True when `signature` is `publicKey`'s over `message`. Never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (!isCanonicalSignature(signature) || !this.isGoodKey(publicKey)) return false
    return this.#crypto.verify(publicKey, message, signature)
  }

  /** As `verify`, of what says an id: for hosts whose records are objects that several replicas share. */
  verifyId(
    publicKey: Uint8Array,
    { id, messageOf }: { id: Uint8Array; messageOf: (id: Uint8Array) => Uint8Array },
    signature: Uint8Array,
  ): boolean {
    return this.verify(publicKey, messageOf(id), signature)
  }

  /** True for a key that may sign: 32 bytes, canonical, in the prime-order group and not of small order. */
  isGoodKey(publicKey: Uint8Array): boolean {
    if (publicKey.length !== 32) return false
    const name = toHex(publicKey)
    const known = this.#goodKeys.get(name)
    if (known !== undefined) return known
    const isGood = isPrimeOrderPoint(publicKey)
    if (this.#goodKeys.size >= KEY_CACHE_MAX) this.#goodKeys.clear()
    this.#goodKeys.set(name, isGood)
    return isGood
  }
}

/** The part of the rule that needs the signature alone. */
export function isCanonicalSignature(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false
  return isBelow(signature.subarray(32), ORDER) && isCanonicalLargePoint(signature.subarray(0, 32))
}

function isPrimeOrderPoint(key: Uint8Array): boolean {
  if (!isCanonicalLargePoint(key)) return false
  try {
    return ed25519.Point.fromBytes(key, false).isTorsionFree()
  } catch {
    return false // not on the curve
  }
}

function isCanonicalLargePoint(encoded: Uint8Array): boolean {
  const y = Uint8Array.from(encoded) // not slice(): of a Node Buffer that would be a view, and we write into it
  y[31] = (y[31] ?? 0) & 0x7f
  return isBelow(y, PRIME) && !SMALL_ORDER_Y.some((small) => small.every((byte, i) => byte === y[i]))
}

function isBelow(number: Uint8Array, limit: Uint8Array): boolean {
  for (let i = 31; i >= 0; i -= 1) {
    const difference = (number[i] ?? 0) - (limit[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function littleEndian(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn))
}
