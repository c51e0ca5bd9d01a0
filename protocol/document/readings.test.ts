import { expect, test } from 'vitest'
import { Readings, readOnce } from './index.ts'

test('bytes are read once by each reader, also what cannot be read', () => {
  const readings = new Readings()
  let reads = 0
  const lengthOf = (bytes: Uint8Array): number | null => {
    reads += 1
    return bytes.length > 2 ? null : bytes.length
  }
  const firstOf = (bytes: Uint8Array): number => bytes[0] ?? 0
  const short = Uint8Array.of(7)
  const long = new Uint8Array(3)
  for (let i = 0; i < 2; i += 1) {
    expect([readings.of(lengthOf, short), readings.of(lengthOf, long)]).toEqual([1, null])
    expect(readings.of(firstOf, short)).toBe(7)
  }
  expect(reads).toBe(2)
  expect(readOnce(undefined, lengthOf, short)).toBe(1)
  expect(reads).toBe(3)
})
