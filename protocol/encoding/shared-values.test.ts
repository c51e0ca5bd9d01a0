import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asciiBytes } from './bytes.ts'
import { SharedValues } from './shared-values.ts'

test('a row holds the bytes that were asked for, and is the earlier view where one holds the same', () => {
  const shared = new SharedValues()
  const bytes = Uint8Array.from({ length: 96 }, (_, i) => i % 32)
  const first = shared.row(bytes, 0, 32)
  expect(first).toEqual(bytes.subarray(0, 32))
  expect(shared.row(bytes, 32, 64)).toBe(first)
  expect(shared.row(bytes.slice(), 64, 96)).toBe(first)
  // The same place, other bytes behind the first.
  const other = Uint8Array.from(first)
  other[31] = 0
  expect(shared.row(other, 0, 32)).toEqual(other)
  expect(shared.row(bytes, 0, 32)).toEqual(first)
})

test('whatever rows and texts are asked for in whatever order, each is what its bytes say', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 6 })
  fc.assert(
    fc.property(
      fc.array(word),
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 4, max: 2 })),
      (words, rows) => {
        const shared = new SharedValues()
        for (const text of words) {
          const bytes = asciiBytes(`.${text}.`)
          const known = shared.text(bytes, 1, 1 + text.length)
          expect(known ?? text).toBe(text)
          if (known === undefined) shared.keep(text)
          expect(shared.text(bytes, 1, 1 + text.length)).toBe(text)
        }
        for (const row of rows) expect(shared.row(Uint8Array.of(9, ...row, 9), 1, 5)).toEqual(row)
      },
    ),
  )
})
