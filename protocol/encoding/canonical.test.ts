import * as dagCbor from '@ipld/dag-cbor'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, fromHex } from './bytes.ts'
import { DEPTH_MAX, ITEMS_MAX, decodeCanonical, encodeCanonical } from './canonical.ts'
import type { DecodeResult, EncodingRefusal, Value } from './canonical.ts'

/** Values of our formats; texts are well-formed, since a lone surrogate has no UTF-8. */
const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((it) => (it === 0 ? 0 : it)), // -0 and 0 are one integer
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 6 }), tie('value'), { noNullPrototype: false }),
  ),
})).value

function decodeHex(hex: string): DecodeResult {
  return decodeCanonical(fromHex(hex.replaceAll(' ', '')) ?? new Uint8Array())
}

function refusal(hex: string): EncodingRefusal | null {
  const result = decodeHex(hex)
  return result.ok ? null : result.refusal
}

test('what is encoded decodes to the same value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const result = decodeCanonical(encodeCanonical(value))
      expect(result.ok && plain(result.value)).toEqual(plain(value))
    }),
    { numRuns: 500 },
  )
})

test('bytes that decode are the only bytes of their value, and the library reads the same from them', () => {
  const noise = fc.uint8Array({ maxLength: 24 })
  const mutated = fc
    .tuple(anyValue, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }))
    .map(([value, changes]) => {
      const bytes = Uint8Array.from(encodeCanonical(value))
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      return bytes
    })
  const cut = fc.tuple(anyValue, fc.nat(), noise).map(([value, at, tail]) => {
    const bytes = encodeCanonical(value)
    return concatBytes(bytes.subarray(0, at % (bytes.length + 1)), tail)
  })
  let accepted = 0
  fc.assert(
    fc.property(fc.oneof(noise, mutated, cut), (bytes) => {
      const result = decodeCanonical(bytes)
      if (!result.ok) return
      accepted += 1
      expect(encodeCanonical(result.value)).toEqual(bytes)
      expect(plain(dagCbor.decode(bytes))).toEqual(plain(result.value))
    }),
    { numRuns: 2_000 },
  )
  expect(accepted).toBeGreaterThan(100)
})

test('what we refuse, the library refuses too or would write in other bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
      const ours = decodeCanonical(bytes)
      if (ours.ok || ours.refusal === 'integer-too-large') return // the library reads up to 2^64, rounded
      let theirs: unknown
      try {
        theirs = dagCbor.decode(bytes)
      } catch {
        return
      }
      const isOutside = bytes.some((byte) => byte >= 0xd8) // tags and floats, which our formats do not have
      expect(isOutside || Buffer.compare(dagCbor.encode(theirs), bytes) !== 0).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('a Node Buffer is read and written as plain bytes, whose slices are copies', () => {
  const bytes = Buffer.from('8144010203ff', 'hex')
  const result = decodeCanonical(bytes)
  const [first] = result.ok && Array.isArray(result.value) ? result.value : []
  expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype)
  const large = encodeCanonical(Array.from({ length: 100 }, () => 'abcdefgh'))
  expect(Object.getPrototypeOf(large)).toBe(Uint8Array.prototype)
})

test('cut bytes are truncated wherever the cut is', () => {
  fc.assert(
    fc.property(anyValue, fc.nat(), (value, at) => {
      const bytes = encodeCanonical(value)
      const result = decodeCanonical(bytes.subarray(0, at % bytes.length))
      expect(result).toEqual({ ok: false, refusal: 'truncated' })
    }),
    { numRuns: 500 },
  )
})

test('bytes after the value are refused', () => {
  for (const hex of ['f6 f6', '00 00', '80 00', '40 00']) expect(refusal(hex)).toBe('trailing-bytes')
})

test('longer forms of a number or length are not canonical', () => {
  const long = ['1817', '1800', '1900ff', '1a0000ffff', '1b00000000ffffffff', '3817', '5800', '7800', '980 0']
  long.push(
    'b800',
    '5903 00'.replace('03', '00'),
    'a1 7801 61 00',
    '1b0000000000000000',
    '3b00000000ffffffff',
  )
  for (const hex of long) expect(refusal(hex), hex).toBe('not-canonical')
})

test('reserved and indefinite lengths are not canonical', () => {
  for (const hex of [
    '1c',
    '1d',
    '1e',
    '1f',
    '5f ff',
    '7f ff',
    '9f ff',
    'bf ff',
    '9f 00 ff',
    'bf 61 61 00 ff',
  ])
    expect(refusal(hex), hex).toBe('not-canonical')
})

test('floats, undefined, tags and other simple values are not supported', () => {
  const hexes = [
    'f93c00',
    'fa3f800000',
    'fb3ff0000000000000',
    'f97e00',
    'f7',
    'e0',
    'f3',
    'f818',
    'f820',
    'ff',
  ]
  hexes.push('c0 00', 'd82a 45 0001551200', 'c2 41 01')
  for (const hex of hexes) expect(refusal(hex), hex).toBe('unsupported-type')
})

test('integers end at 2^53 - 1 in both directions', () => {
  expect(decodeHex('1b 001fffffffffffff')).toEqual({ ok: true, value: Number.MAX_SAFE_INTEGER })
  expect(decodeHex('3b 001ffffffffffffe')).toEqual({ ok: true, value: Number.MIN_SAFE_INTEGER })
  for (const hex of [
    '1b 0020000000000000',
    '3b 001fffffffffffff',
    '1b ffffffffffffffff',
    '3b ffffffffffffffff',
  ])
    expect(refusal(hex), hex).toBe('integer-too-large')
})

test('malformed text is refused as value and as key', () => {
  for (const hex of ['61 80', '62 c080', '63 eda080', '64 f4908080', '61 ff', '62 c3 28', 'a1 61 ff 00'])
    expect(refusal(hex), hex).toBe('bad-utf8')
})

test('map keys are texts in strict order, shorter first', () => {
  const bad = ['a1 00 00', 'a1 41 61 00', 'a1 f6 00', 'a2 61 62 00 61 61 00', 'a2 61 61 00 61 61 00']
  bad.push('a2 62 6161 00 61 62 00', 'a2 61 61 00 60 00')
  for (const hex of bad) expect(refusal(hex), hex).toBe('bad-map-keys')
  expect(decodeHex('a2 61 62 00 62 6161 01').ok).toBe(true)
})

test('a key named __proto__ is refused: it would set a prototype', () => {
  const key = Buffer.from('__proto__').toString('hex')
  expect(refusal(`a169${key}a0`)).toBe('bad-map-keys')
  expect(refusal(`a26161f669${key}f6`)).toBe('bad-map-keys')
  expect(decodeHex('a16b 636f6e7374727563746f72 f6').ok).toBe(true) // constructor is a key like others
})

test('values nest 16 deep and not 17', () => {
  const nested = (depth: number): string => '81'.repeat(depth) + 'f6'
  expect(decodeHex(nested(DEPTH_MAX)).ok).toBe(true)
  expect(refusal(nested(DEPTH_MAX + 1))).toBe('too-deep')
  expect(refusal('a16161'.repeat(DEPTH_MAX + 1) + 'f6')).toBe('too-deep')
  expect(refusal('81'.repeat(1_000_000))).toBe('too-deep')
})

test('a value has 100,000 items and not one more, the containers counted', () => {
  const list = (count: number): Uint8Array => encodeCanonical(Array.from({ length: count }, () => null))
  expect(decodeCanonical(list(ITEMS_MAX - 1)).ok).toBe(true)
  expect(decodeCanonical(list(ITEMS_MAX))).toEqual({ ok: false, refusal: 'too-many-items' })
})

test('a length beyond the input is refused before anything is kept for it', () => {
  for (const hex of [
    '5b 001fffffffffffff',
    '7b 001fffffffffffff',
    '9b 001fffffffffffff',
    'bb 001fffffffffffff',
  ])
    expect(refusal(hex), hex).toBe('truncated')
  expect(refusal('a1 7b 001fffffffffffff')).toBe('truncated')
})

/** The same value with plain prototypes and in a form that `toEqual` compares strictly. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, it]) => [key, plain(it)]))
}
