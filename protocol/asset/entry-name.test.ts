import { describe, expect, test } from 'vitest'
import { ENTRY_NAME_BYTES_MAX, isEntryName } from './entry-name.ts'

describe('an entry name', () => {
  test.each(['a', '...', '.hidden', 'a b', '写真.jpg', '🎪', 'e\u0301', '__proto__', '\u0001'])(
    'may be %j',
    (name) => {
      expect(isEntryName(name)).toBe(true)
    },
  )

  test.each(['', '.', '..', 'a/b', '/', 'a\\b', 'a\0b', '\uD800', 'a\uDC00b', '\uFEFFa'])(
    'may not be %j',
    (name) => {
      expect(isEntryName(name)).toBe(false)
    },
  )

  test(`has at most ${ENTRY_NAME_BYTES_MAX} bytes of UTF-8`, () => {
    expect(isEntryName('a'.repeat(ENTRY_NAME_BYTES_MAX))).toBe(true)
    expect(isEntryName('a'.repeat(ENTRY_NAME_BYTES_MAX + 1))).toBe(false)
    expect(isEntryName('写'.repeat(ENTRY_NAME_BYTES_MAX / 3))).toBe(true)
    expect(isEntryName('写'.repeat(ENTRY_NAME_BYTES_MAX / 3) + 'a')).toBe(false)
  })
})
