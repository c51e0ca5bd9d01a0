import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSnappy, readVarint } from './snappy.ts'

const text = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()

test('literals and copies of each kind are put together, also copies that overlap what they write', () => {
  expect(text(readSnappy(Uint8Array.of(3, 8, 97, 98, 99)))).toBe('abc')
  // "ab", then eight bytes from two back.
  expect(text(readSnappy(Uint8Array.of(10, 4, 97, 98, 0b000_100_01, 2)))).toBe('ababababab')
  expect(text(readSnappy(Uint8Array.of(6, 4, 97, 98, (3 << 2) | 2, 2, 0)))).toBe('ababab')
  expect(text(readSnappy(Uint8Array.of(6, 4, 97, 98, (3 << 2) | 3, 2, 0, 0, 0)))).toBe('ababab')
  const long = Buffer.alloc(70, 120)
  expect(text(readSnappy(Uint8Array.of(70, 60 << 2, 69, ...long)))).toBe('x'.repeat(70))
})

test('what is no Snappy block is refused', () => {
  const wrong = [
    [],
    [3, 8, 97, 98],
    [4, 8, 97, 98, 99],
    [2, 8, 97, 98, 99],
    [3, 1, 5],
    [255, 255, 255, 255, 255, 255],
  ]
  for (const bytes of wrong) expect(readSnappy(Uint8Array.from(bytes)), String(bytes)).toBeNull()
})

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      // A length of 64 MiB costs time and shows nothing.
      bytes[0] = (bytes[0] ?? 0) & 127
      readSnappy(bytes)
      readVarint(bytes, 0)
    }),
  )
})
