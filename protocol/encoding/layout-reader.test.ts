import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCanonical, encodeCanonical } from './canonical.ts'
import type { Value } from './canonical.ts'
import { LayoutReader } from './layout-reader.ts'

const numbers = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]

/** What the general decoder says of bytes that stand for one count. */
function general(bytes: Uint8Array): Value | null {
  const decoded = decodeCanonical(bytes)
  return decoded.ok ? decoded.value : null
}

test('every count, byte string, text, list and null is read as it was encoded', () => {
  for (const number of numbers) {
    const reader = new LayoutReader(encodeCanonical(number))
    expect([reader.count(), reader.isDone]).toEqual([number, true])
  }
  for (const length of [0, 1, 23, 24, 255, 256, 65_536]) {
    const bytes = new Uint8Array(length).fill(7)
    const free = new LayoutReader(encodeCanonical(bytes))
    expect([free.view(), free.isDone]).toEqual([bytes, true])
    const fixed = new LayoutReader(encodeCanonical(bytes))
    expect([fixed.viewOf(length), fixed.isDone]).toEqual([bytes, true])
    const wrong = new LayoutReader(encodeCanonical(bytes))
    wrong.viewOf(length + 1)
    expect(wrong.isOff).toBe(true)
    const text = new LayoutReader(encodeCanonical('x'.repeat(length)))
    expect([text.ascii(), text.isDone]).toEqual(['x'.repeat(length), true])
    const list = new LayoutReader(encodeCanonical(Array.from({ length }, () => null)))
    expect(list.array()).toBe(length)
    for (let i = 0; i < length; i += 1) expect(list.isNull()).toBe(true)
    expect([list.isNull(), list.isDone]).toEqual([false, true])
  }
})

test('a count is read exactly when it is in its shortest form and below 2^53', () => {
  const reached = { read: 0, off: 0 }
  fc.assert(
    fc.property(
      fc.constantFrom(0, 23, 24, 25, 26, 27, 28, 31),
      fc.array(fc.constantFrom(0, 1, 23, 24, 31, 32, 255), { maxLength: 9 }),
      (head, rest) => {
        const bytes = Uint8Array.of(head, ...rest)
        const reader = new LayoutReader(bytes)
        const count = reader.count()
        const expected = general(bytes)
        expect(reader.isDone ? count : null).toBe(expected)
        reached[expected === null ? 'off' : 'read'] += 1
      },
    ),
    { numRuns: 3_000 },
  )
  expect(Math.min(reached.read, reached.off)).toBeGreaterThan(50)
})

test('after a mismatch nothing is read any more', () => {
  const reader = new LayoutReader(encodeCanonical([1, 'ä', new Uint8Array(3)]))
  expect([reader.array(), reader.count(), reader.isOff]).toEqual([3, 1, false])
  reader.ascii()
  expect([reader.isOff, reader.view().length, reader.count(), reader.isDone]).toEqual([true, 0, 0, false])
  for (const bytes of [Uint8Array.of(), Uint8Array.of(0x58), Uint8Array.of(0x43, 1, 2)]) {
    const short = new LayoutReader(bytes)
    short.view()
    expect(short.isOff).toBe(true)
  }
})

test('nothing beyond the end of the stretch is read', () => {
  const bytes = encodeCanonical([1, null, 'ab', new Uint8Array(2)])
  for (let end = 1; end < bytes.length; end += 1) {
    const reader = new LayoutReader(bytes, 0, end)
    reader.array()
    reader.count()
    reader.isNull()
    reader.ascii()
    reader.view()
    expect(reader.isOff).toBe(true)
    expect(reader.at).toBeLessThanOrEqual(end)
  }
  const inner = new LayoutReader(bytes, 1, 2)
  expect([inner.count(), inner.isDone]).toEqual([1, true])
})

test('what is read from a Buffer is plain, so that a slice of it is a copy', () => {
  const buffer = Buffer.from(encodeCanonical(new Uint8Array(4).fill(1)))
  const view = new LayoutReader(buffer).view()
  const copy = view.slice()
  buffer.fill(9)
  expect([view.constructor, copy, view]).toEqual([
    Uint8Array,
    new Uint8Array(4).fill(1),
    new Uint8Array(4).fill(9),
  ])
})
