import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asciiBytes, compareBytes, concatBytes, equalBytes, fromHex, toHex } from './bytes.ts'

const anyBytes = fc.uint8Array({ maxLength: 80 })

test('hexadecimal and bytes are one to one, in lower case', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
      expect(fromHex(toHex(bytes))).toEqual(bytes)
    }),
  )
  expect(fromHex('FF')).toEqual(Uint8Array.of(255))
})

test('a text that is not hexadecimal of even length has no bytes', () => {
  for (const text of ['0', '0g', ' 00', '00 ', '0x00', '-1', '+1', '０0', '00\n'])
    expect(fromHex(text)).toBe(null)
  expect(fromHex('')).toEqual(new Uint8Array())
})

test('bytes are ordered as Buffer orders them and equal only to themselves', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
    }),
  )
  expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0)
})

test('concatenation keeps order and length', () => {
  fc.assert(
    fc.property(fc.array(anyBytes), (parts) => {
      expect(concatBytes(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)))
    }),
  )
})

test('only ASCII becomes ASCII bytes', () => {
  expect(asciiBytes('a\0\u007f')).toEqual(Uint8Array.of(97, 0, 127))
  expect(() => asciiBytes('é')).toThrow(RangeError)
})
