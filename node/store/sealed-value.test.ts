import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSealed, sealValue } from './sealed-value.ts'

test('a sealed value opens under its key alone', () => {
  const sealed = sealValue('a/one', Uint8Array.of(1, 2, 3))
  expect(openSealed('a/one', sealed)).toEqual(Uint8Array.of(1, 2, 3))
  expect(openSealed('a/two', sealed)).toBeNull()
  expect(openSealed('h/x', sealValue('h/x', new Uint8Array()))).toEqual(new Uint8Array())
})

test('any flipped bit, cut or added byte of a sealed value is noticed', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(),
      fc.nat(7),
      (key, value, place, bit) => {
        const sealed = sealValue(key, value)
        const flipped = sealed.slice()
        const at = place % sealed.length
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        expect(openSealed(key, flipped)).toBeNull()
        expect(openSealed(key, sealed.subarray(0, at))).toBeNull()
        expect(openSealed(key, Uint8Array.of(...sealed, 0))).toBeNull()
      },
    ),
  )
})
