import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { readEntries } from './entries.ts'

test('a payload is a list of maps with a type each, as many as announced', () => {
  expect(readEntries(encodeCanonical([{ t: 'a' }, { t: 'b', n: 1 }]), 2)).toEqual([
    { t: 'a' },
    { t: 'b', n: 1 },
  ])
  for (const count of [0, 1, 3])
    expect(readEntries(encodeCanonical([{ t: 'a' }, { t: 'b' }]), count)).toBe(null)
})

test('anything else is no list of entries', () => {
  const bad: Value[] = [
    { t: 'a' },
    [null],
    [1],
    ['t'],
    [[]],
    [new Uint8Array(1)],
    [{}],
    [{ t: 1 }],
    [{ T: 'a' }],
  ]
  for (const value of bad) expect(readEntries(encodeCanonical(value), 1)).toBe(null)
  expect(readEntries(Uint8Array.of(0x81, 0xff), 1)).toBe(null)
  expect(readEntries(new Uint8Array(), 0)).toBe(null)
})
