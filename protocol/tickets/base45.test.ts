import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { asciiBytes } from '../encoding/index.ts'
import { decodeBase45, encodeBase45 } from './base45.ts'

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'.split('')

test('the examples of RFC 9285', () => {
  const examples: [string, string][] = [
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
  ]
  for (const [plain, text] of examples) {
    expect(encodeBase45(asciiBytes(plain))).toBe(text)
    expect(decodeBase45(text)).toEqual(asciiBytes(plain))
  }
})

test('bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(decodeBase45(encodeBase45(bytes))).toEqual(bytes)
    }),
  )
})

test('a text that is read is the only one of its bytes', () => {
  const letters = fc.string({ unit: fc.constantFrom(...LETTERS) })
  fc.assert(
    fc.property(letters, (text) => {
      const bytes = decodeBase45(text)
      if (bytes !== null) expect(encodeBase45(bytes)).toBe(text)
    }),
    { numRuns: 1_000 },
  )
})

test('groups at the end of their range', () => {
  expect(decodeBase45('FGW')).toEqual(Uint8Array.of(0xff, 0xff))
  expect(decodeBase45('U5')).toEqual(Uint8Array.of(0xff))
  expect(decodeBase45('')).toEqual(new Uint8Array())
  for (const text of ['GGW', ':::', 'V5', '::', '0', '0000', 'aa0', '0\n0', '\u{130}00', '0\u{1f600}', '00_'])
    expect(decodeBase45(text), text).toBe(null)
})
