import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCanonical } from '../encoding/index.ts'
import { nodeCrypto } from '#node/crypto'
import { SetHash } from './set-hash.ts'

const { sha256 } = nodeCrypto()

/** The same with numbers of any size. */
function plainSum(rows: Iterable<string>): bigint {
  let sum = 0n
  for (const row of rows) {
    const hash = Buffer.from(sha256(encodeCanonical(row)))
    sum += BigInt(`0x${hash.reverse().toString('hex')}`)
  }
  return sum % 2n ** 256n
}

const asNumber = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)

test('it is the sum of what is in the set, however that came and went', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 12 })), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (moves) => {
      const hash = new SetHash(sha256)
      const rows = new Set<string>()
      for (const [isAdded, number] of moves) {
        const row = `row ${number}`
        if (isAdded === rows.has(row)) continue
        if (isAdded) rows.add(row)
        else rows.delete(row)
        if (isAdded) hash.add(row)
        else hash.remove(row)
      }
      expect(hash.size).toBe(rows.size)
      expect(asNumber(hash.sum())).toBe(plainSum(rows))
    }),
  )
})

test('nothing of rows that went stays', () => {
  const hash = new SetHash(sha256)
  for (const row of ['a', 'b', 'c']) hash.add(row)
  for (const row of ['b', 'c', 'a']) hash.remove(row)
  expect(hash.sum()).toEqual(new Uint8Array(32))
})
