import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import { expect, test, vi } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { fromHex, toHex } from '../encoding/index.ts'
import type { Crypto, Signer } from './crypto-port.ts'
import { portableSigner, portableVerify } from './portable-signer.ts'
import { KEY_CACHE_MAX, SignatureRule, isCanonicalSignature } from './signature-rule.ts'

const { Point } = ed25519
type Point = InstanceType<typeof Point>
const ORDER = Point.Fn.ORDER
const PRIME = Point.Fp.ORDER

const message = new TextEncoder().encode('two tickets for the late show')
const seed = new Uint8Array(32).fill(7)
const signer = nodeSigner(seed)
const signature = signer.sign(message)

/** The three verifiers that hosts use or might use; behind the rule they must never differ. */
const verifiers: Record<string, Crypto> = {
  node: nodeCrypto(),
  tweetnacl: { sha256: nodeCrypto().sha256, verify: portableVerify },
  noble: {
    sha256: nodeCrypto().sha256,
    verify: (key, text, signed) => ed25519.verify(signed, text, key, { zip215: false }),
  },
}

function verdicts(key: Uint8Array, signed: Uint8Array, text: Uint8Array = message): boolean[] {
  return Object.values(verifiers).map((crypto) => new SignatureRule(crypto).verify(key, text, signed))
}

const ALL_GOOD = [true, true, true]
const ALL_BAD = [false, false, false]

/** The eight points of small order, from the curve: multiples of one point of order 8. */
const smallPoints: Point[] = []
for (let y = 2n; smallPoints.length === 0; y += 1n) {
  const found = pointOfY(y)
  const point = found?.multiplyUnsafe(ORDER - 1n).add(found)
  if (point !== undefined && !point.multiplyUnsafe(4n).is0()) {
    for (let i = 0n; i < 8n; i += 1n) smallPoints.push(point.multiplyUnsafe(i))
  }
}

test('the eight points of small order are those that the library lists', () => {
  expect(smallPoints.map((it) => it.toHex()).sort()).toEqual([...ED25519_TORSION_SUBGROUP].sort())
})

test('an honest signature passes every verifier', () => {
  expect(verdicts(signer.publicKey, signature)).toEqual(ALL_GOOD)
  expect(portableSigner(seed)).toMatchObject({ publicKey: signer.publicKey })
  expect(portableSigner(seed).sign(message)).toEqual(signature)
})

test('a changed bit of key, message or signature fails every verifier', () => {
  for (const bit of [0, 7, 100, 248, 255]) {
    expect(verdicts(flipped(signer.publicKey, bit), signature)).toEqual(ALL_BAD)
    expect(verdicts(signer.publicKey, flipped(signature, bit))).toEqual(ALL_BAD)
    expect(verdicts(signer.publicKey, flipped(signature, 256 + bit))).toEqual(ALL_BAD)
  }
  expect(verdicts(signer.publicKey, signature, flipped(message, 3))).toEqual(ALL_BAD)
})

test('S + L is refused, which tweetnacl alone accepts', () => {
  const s = fromLittleEndian(signature.subarray(32))
  const malleated = joined(signature.subarray(0, 32), littleEndian(s + ORDER))
  expect(portableVerify(signer.publicKey, message, malleated)).toBe(true)
  expect(verdicts(signer.publicKey, malleated)).toEqual(ALL_BAD)
})

test('S must lie below the group order, to the last unit', () => {
  const r = signature.subarray(0, 32)
  expect(isCanonicalSignature(joined(r, littleEndian(ORDER - 1n)))).toBe(true)
  for (const s of [ORDER, ORDER + 1n, 2n ** 253n, 2n ** 256n - 1n])
    expect(isCanonicalSignature(joined(r, littleEndian(s)))).toBe(false)
})

test('signatures and keys of other lengths are refused and nothing throws', () => {
  for (const length of [0, 1, 31, 33, 63, 65, 128]) {
    expect(verdicts(signer.publicKey, new Uint8Array(length))).toEqual(ALL_BAD)
    expect(verdicts(new Uint8Array(length).fill(9), signature)).toEqual(ALL_BAD)
  }
})

test('every small-order R and key is refused, whichever sign bit it carries', () => {
  for (const point of smallPoints) {
    for (const sign of [0, 0x80]) {
      const encoded = point.toBytes()
      encoded[31] = ((encoded[31] ?? 0) & 0x7f) | sign
      expect(isCanonicalSignature(joined(encoded, signature.subarray(32)))).toBe(false)
      expect(new SignatureRule(nodeCrypto()).isGoodKey(encoded)).toBe(false)
      // With a key of small order and S = 0 a single signature would fit many messages.
      expect(verdicts(encoded, joined(encoded, new Uint8Array(32)))).toEqual(ALL_BAD)
    }
  }
})

test('a key with a part of small order is refused, though its signatures can be made to verify', () => {
  for (const small of smallPoints.slice(1)) {
    const key = Point.fromBytes(signer.publicKey).add(small).toBytes()
    expect(new SignatureRule(nodeCrypto()).isGoodKey(key)).toBe(false)
    expect(verdicts(key, signature)).toEqual(ALL_BAD)
  }
})

test('an R with a part of small order fails every verifier', () => {
  for (const small of smallPoints.slice(1, 3)) {
    const r = Point.fromBytes(signature.subarray(0, 32)).add(small).toBytes()
    expect(verdicts(signer.publicKey, joined(r, signature.subarray(32)))).toEqual(ALL_BAD)
  }
})

test('coordinates at or above the prime are refused, below it are not', () => {
  const rule = new SignatureRule(nodeCrypto())
  for (let y = PRIME; y < 2n ** 255n; y += 1n) {
    for (const sign of [0n, 2n ** 255n]) {
      expect(rule.isGoodKey(littleEndian(y + sign))).toBe(false)
      expect(isCanonicalSignature(joined(littleEndian(y + sign), signature.subarray(32)))).toBe(false)
    }
  }
  expect(isCanonicalSignature(joined(littleEndian(PRIME - 2n), signature.subarray(32)))).toBe(true)
})

test('a key that is no point of the curve is refused', () => {
  let y = 2n
  while (pointOfY(y) !== null) y += 1n
  expect(verdicts(littleEndian(y), signature)).toEqual(ALL_BAD)
})

test('keys and signatures that come in a Node Buffer are left as they are', () => {
  // Both need the sign bit, the one that the rule masks while it looks at y.
  const withSignBit = findSigner(
    (it) => (it.publicKey[31] ?? 0) >= 0x80 && (it.sign(message)[31] ?? 0) >= 0x80,
  )
  const key = Buffer.from(withSignBit.publicKey)
  const signed = Buffer.from(withSignBit.sign(message))
  const before = toHex(key) + toHex(signed)
  expect(new SignatureRule(nodeCrypto()).verify(key, message, signed)).toBe(true)
  expect(toHex(key) + toHex(signed)).toBe(before)
})

test('the verdict on a key is remembered, for at most 20,000 keys', () => {
  const rule = new SignatureRule(nodeCrypto())
  expect(rule.isGoodKey(signer.publicKey)).toBe(true)
  const startedMs = performance.now()
  for (let i = 0; i < 10_000; i += 1) rule.isGoodKey(signer.publicKey)
  expect(performance.now() - startedMs).toBeLessThan(5_000) // 10,000 checks of the curve would take 10 s and more
  // Filling the memory for real costs 5 s of curve arithmetic; so its size is what is pretended here.
  const size = vi.spyOn(Map.prototype, 'size', 'get').mockReturnValue(KEY_CACHE_MAX - 1)
  const clear = vi.spyOn(Map.prototype, 'clear')
  try {
    rule.isGoodKey(littleEndian(3n))
    expect(clear).not.toHaveBeenCalled()
    size.mockReturnValue(KEY_CACHE_MAX)
    rule.isGoodKey(littleEndian(4n))
    expect(clear).toHaveBeenCalledTimes(1)
  } finally {
    size.mockRestore()
    clear.mockRestore()
  }
  expect(rule.isGoodKey(signer.publicKey)).toBe(true)
})

test('cases that split libraries in the field are refused by all verifiers alike', () => {
  // C. Cremers, D. Jackson et al. and H. de Valence found them; rebuilt here from small points rather than copied.
  for (const r of smallPoints.slice(0, 3)) {
    for (const a of smallPoints.slice(0, 3)) {
      for (const s of [0n, 1n]) {
        const mixed = Point.BASE.multiply(3n).add(a).toBytes()
        expect(verdicts(mixed, joined(r.toBytes(), littleEndian(s)))).toEqual(ALL_BAD)
      }
    }
  }
})

function findSigner(isWanted: (signer: Signer) => boolean): Signer {
  for (let i = 0; ; i += 1) {
    const found = nodeSigner(new Uint8Array(32).fill(i))
    if (isWanted(found)) return found
  }
}

function pointOfY(y: bigint): Point | null {
  try {
    return Point.fromBytes(littleEndian(y), true)
  } catch {
    return null
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  const at = bit >> 3
  changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7))
  return changed
}

function joined(r: Uint8Array, s: Uint8Array): Uint8Array {
  return Uint8Array.of(...r, ...s)
}

function littleEndian(number: bigint): Uint8Array {
  const hex = number.toString(16).padStart(64, '0')
  return (fromHex(hex) ?? new Uint8Array()).reverse()
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)
}
