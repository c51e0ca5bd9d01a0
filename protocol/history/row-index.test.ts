import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { toHex } from '../encoding/index.ts'
import { RowIndex } from './row-index.ts'

test('rows are found by their bytes under every seed, and numbered in the order of their coming', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (seed, draw) => {
      const random = seededRandom(draw)
      const index = new RowIndex(seed)
      const numbers = new Map<string, number>()
      for (let i = 0; i < 500; i += 1) {
        const row = random.bytes(32)
        // Half of them differ from others only behind the bytes that are hashed.
        if (i % 2 === 1) row.set(new Uint8Array(16).fill(3))
        expect(index.find(row)).toBe(-1)
        numbers.set(toHex(row), i)
        expect(index.add(row)).toBe(i)
      }
      for (let i = 0; i < 500; i += 1) {
        const row = index.rows.at(i) ?? new Uint8Array(32)
        expect([numbers.get(toHex(row)), index.find(row)]).toEqual([i, i])
        expect(index.find(row.with(31, (row[31] ?? 0) ^ 1))).toBe(-1)
      }
      expect(index.length).toBe(500)
    }),
    { numRuns: 5 },
  )
})

test('an empty index finds nothing', () => {
  expect(new RowIndex(1).find(new Uint8Array(32))).toBe(-1)
})

test('rows that are appended are found like those that are added, in any mixture', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.constantFrom('add', 'append', 'find'), { maxLength: 200 }),
      (seed, steps) => {
        const random = seededRandom(seed)
        const index = new RowIndex(seed)
        const rows: Uint8Array[] = []
        for (const step of steps) {
          if (step === 'find') {
            const at = rows.length === 0 ? -1 : random.below(rows.length)
            expect(index.find(rows[at] ?? random.bytes(32))).toBe(at)
            continue
          }
          const row = random.bytes(32)
          expect(step === 'add' ? index.add(row) : index.append(row)).toBe(rows.length)
          rows.push(row)
        }
        expect(rows.map((row) => index.find(row))).toEqual([...rows.keys()])
        expect(index.find(random.bytes(32))).toBe(-1)
      },
    ),
  )
})
