import { expect, test } from 'vitest'
import { ReachBook } from './reach-book.ts'

test('a gate is cut off since the last of the others went out of reach, whoever looked meanwhile', () => {
  const book = new ReachBook(1_000)
  expect(book.aloneSince(['a', 'b'])).toBe(1_000)
  book.update(new Set(['a', 'b', 'c']), 2_000)
  expect(book.aloneSince(['a', 'b'])).toBe(null)
  book.update(new Set(['b', 'c']), 3_000)
  expect(book.aloneSince(['a', 'b'])).toBe(null)
  expect(book.aloneSince(['a'])).toBe(3_000)
  book.update(new Set(['c']), 4_000)
  expect(book.aloneSince(['a', 'b'])).toBe(4_000)
  // Back for a moment that nobody asked about.
  book.update(new Set(['a']), 5_000)
  book.update(new Set(), 6_000)
  expect(book.aloneSince(['a', 'b'])).toBe(6_000)
})
