import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { AMOUNT_MAX } from '#protocol/evaluation'
import type { Act } from '#protocol/evaluation'
import { openSealed, sealValue } from '../store/sealed-value.ts'
import { BLOCK_CACHE_BYTES, BlockCache } from './block-cache.ts'
import { IndexCursor, decodeIndexBlock, encodeIndexBlock as encodeRows } from './index-block.ts'
import type { IndexBlock } from './index-block.ts'
import { decodeLogBlock, encodeLogBlock, salvageLogBlock } from './log-block.ts'

const plain = (bytes: Uint8Array): number[] => [...bytes]
const records = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 })
const order = fc.nat(0xffff_ffff)
const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
const unit = fc.stringMatching(/^[a-z]{1,8}-[a-z2-7]{26}[-+~=!]?$/)
const amount = fc.bigInt({ min: 1n, max: AMOUNT_MAX })
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('transfer' as const), to: id.map(toHex), unit, amount }),
  fc.record({
    kind: fc.constant('transfer' as const),
    to: id.map(toHex),
    unit,
    amount,
    expiresMs: fc.maxSafeNat(),
  }),
  fc.record({ kind: fc.constant('fact' as const), unit, amount }),
  fc.record({ kind: fc.constant('fact' as const), unit, amount, into: unit }),
  fc.record({
    kind: fc.constant('define' as const),
    unit,
    supply: fc.bigInt({ min: 0n, max: AMOUNT_MAX }),
    relayMax: fc.option(fc.bigInt({ min: 0n, max: AMOUNT_MAX })),
    definition: fc.uint8Array({ maxLength: 40 }),
  }),
)
const row = fc.record({
  ...{
    id,
    device: id,
    seq: order,
    prev: fc.integer({ min: -1, max: 0xffff_fffe }),
    seen: fc.array(order, { maxLength: 4 }),
  },
  ...{ isSigned: fc.boolean(), isBlockStart: fc.boolean(), epoch: fc.option(id), missing: fc.nat(0xffff) },
  acts: fc.array(act, { maxLength: 3 }),
  documents: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}(\/[a-z0-9]{1,8})?$/), { maxLength: 3 }),
})
const indexBlock = fc.record({ first: order, rows: fc.array(row, { maxLength: 6 }) })

const NONE = new Uint8Array(0)
function encodeIndexBlock({ first, rows }: IndexBlock): Uint8Array {
  return encodeRows(first, rows.length, (at) => {
    const row = rows[at]
    if (row === undefined) throw new RangeError(`no row ${at}`)
    return row
  })
}

/** The block with plain numbers, so that views compare by content. */
function shown(block: IndexBlock | null): unknown {
  return block?.rows.map((it) => ({
    ...it,
    id: plain(it.id),
    device: plain(it.device),
    epoch: plain(it.epoch ?? NONE),
  }))
}

test('a block of the log gives back its records, for its own place alone', () => {
  fc.assert(
    fc.property(order, records, (first, list) => {
      const bytes = encodeLogBlock({ first, records: list })
      expect(decodeLogBlock(bytes, first)?.records.map(plain)).toEqual(list.map(plain))
      expect(decodeLogBlock(bytes, first ^ 1)).toBeNull()
      expect(salvageLogBlock(bytes).map(plain)).toEqual(list.map(plain))
    }),
  )
})

test('a block of the index gives back its rows, for its own place alone', () => {
  fc.assert(
    fc.property(indexBlock, (block) => {
      const bytes = encodeIndexBlock(block)
      expect(shown(decodeIndexBlock(bytes, block.first))).toEqual(shown(block))
      expect(decodeIndexBlock(bytes, block.first ^ 1)).toBeNull()
    }),
  )
})

test('where acts are passed over, a row says the same beside', () => {
  fc.assert(
    fc.property(indexBlock, ({ first, rows }) => {
      const cursor = IndexCursor.over(encodeIndexBlock({ first, rows }), first)
      for (const row of rows) {
        expect(cursor?.next(true)).toBe(true)
        expect(shown({ first, rows: cursor === null ? [] : [cursor.row] })).toEqual(
          shown({ first, rows: [{ ...row, acts: [] }] }),
        )
      }
      expect([cursor?.next(true), cursor?.isDone]).toEqual([false, true])
    }),
  )
})

test('a flipped bit or a cut in a sealed block is noticed wherever it is', () => {
  let count = 0
  fc.assert(
    fc.property(indexBlock, records, fc.nat(), fc.nat(7), (block, list, place, bit) => {
      for (const value of [encodeIndexBlock(block), encodeLogBlock({ first: block.first, records: list })]) {
        const sealed = sealValue('c/00000000', value)
        const at = place % sealed.length
        expect(openSealed('c/00000000', sealed.subarray(0, at))).toBeNull()
        sealed[at] = (sealed[at] ?? 0) ^ (1 << bit)
        expect(openSealed('c/00000000', sealed)).toBeNull()
        count += 1
      }
    }),
  )
  expect(count).toBeGreaterThanOrEqual(200)
})

test('of a block with one flipped bit in a record all other records are salvaged', () => {
  fc.assert(
    fc.property(records, fc.nat(), (list, choice) => {
      const bytes = encodeLogBlock({ first: 5, records: list })
      const which = choice % list.length
      const before = list.slice(0, which).reduce((sum, it) => sum + it.length, 12 + 4 * list.length)
      if ((list[which]?.length ?? 0) === 0) return
      bytes[before] = (bytes[before] ?? 0) ^ 1
      const found = salvageLogBlock(bytes).map(plain)
      for (const [i, record] of list.entries()) if (i !== which) expect(found[i]).toEqual(plain(record))
    }),
  )
})

test('arbitrary bytes are no block and never throw, nor do blocks with any byte changed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), order, (bytes, first) => {
      expect(decodeLogBlock(bytes, first)).toBeNull()
      expect(decodeIndexBlock(bytes, first)).toBeNull()
      expect(salvageLogBlock(bytes).length).toBeLessThan(60)
    }),
  )
  fc.assert(
    fc.property(indexBlock, fc.nat(), fc.nat(255), (block, place, byte) => {
      const bytes = encodeIndexBlock(block)
      bytes[place % bytes.length] = byte
      decodeIndexBlock(bytes, block.first)
      for (let cursor = IndexCursor.over(bytes, block.first); cursor?.next(true) === true;);
      salvageLogBlock(bytes)
    }),
  )
})

test('the cache of blocks stays below its limit, and keeps a single larger block', () => {
  const cache = new BlockCache()
  const large = [new Uint8Array(BLOCK_CACHE_BYTES / 3)]
  for (let first = 0; first < 5; first += 1) cache.set(first, large)
  expect(cache.bytes).toBeLessThanOrEqual(BLOCK_CACHE_BYTES)
  expect([0, 1, 2, 3, 4].map((it) => cache.get(it) !== undefined)).toEqual([false, false, true, true, true])
  cache.set(9, [new Uint8Array(BLOCK_CACHE_BYTES + 1)])
  expect(cache.get(9)).toBeDefined()
  expect(cache.get(4)).toBeUndefined()
  cache.set(9, [null])
  expect(cache.bytes).toBe(0)
})
