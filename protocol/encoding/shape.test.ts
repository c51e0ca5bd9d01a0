import { expect, test } from 'vitest'
import { isBytes, isCount, isMapOf, isName } from './shape.ts'

test('a count is an integer from 0 to 2^53 - 1', () => {
  for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) expect(isCount(value)).toBe(true)
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN, Infinity, '1', null, true, undefined])
    expect(isCount(value)).toBe(false)
})

test('bytes are of exactly that length', () => {
  expect(isBytes(new Uint8Array(32), 32)).toBe(true)
  for (const value of [new Uint8Array(31), new Uint8Array(33), '0'.repeat(32), [], undefined])
    expect(isBytes(value, 32)).toBe(false)
})

test('a map has these keys and no others', () => {
  expect(isMapOf({ a: 1, b: 2 }, ['b', 'a'])).toBe(true)
  for (const value of [{ a: 1 }, { a: 1, b: 2, c: 3 }, { a: 1, c: 2 }, null, [], new Uint8Array(2), 'ab'])
    expect(isMapOf(value, ['a', 'b'])).toBe(false)
  expect(isMapOf({ a: 1 }, ['toString'])).toBe(false)
})

test('a name keeps its length limit in UTF-16 units', () => {
  expect(isName('a'.repeat(64), 64)).toBe(true)
  expect(isName('a'.repeat(65), 64)).toBe(false)
  expect(isName('😀'.repeat(32), 64)).toBe(true)
  expect(isName('😀'.repeat(32) + 'a', 64)).toBe(false)
  expect(isName('', 64)).toBe(false)
})

test('a name has no blank at either end and nothing that hides or turns text', () => {
  for (const name of ['Ada Lovelace', 'Zoë', '北市场', 'a\u00a0b', '😀', 'a.b-c_d'])
    expect(isName(name, 64)).toBe(true)
  const refused = [' a', 'a ', '\u00a0a', 'a\u3000', 'a\nb', 'a\0b', 'a\u0085b', 'a\u202eb', 'a\u200bb']
  refused.push('a\u200db', 'a\u2028b', 'a\u2029b', '\ufeffa', 'a\ud800b', 'a\u{e0041}b', 'a\u00adb')
  for (const name of refused) expect(isName(name, 64)).toBe(false)
  for (const value of [null, 1, new Uint8Array(3), ['a'], undefined]) expect(isName(value, 64)).toBe(false)
})

test('the hidden characters are those of Unicode, spelled out so that engines of any age agree', () => {
  const different: number[] = []
  for (let point = 0; point < 0xe1000; point += 1) {
    if (point === 0x20000) point = 0xe0000 // ideographs and unassigned planes
    const text = `a${String.fromCodePoint(point)}b`
    if (isName(text, 64) === /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) different.push(point)
  }
  expect(different).toEqual([])
})
