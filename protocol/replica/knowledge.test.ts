import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CountList, RowList } from './growable.ts'
import { Knowledge } from './knowledge.ts'

test('knowledge is asked for any commit of the past, and never shrinks', () => {
  const knowledge = new Knowledge()
  knowledge.learn(1, 2, 5)
  knowledge.learn(1, 4, 3) // an older head than known adds nothing
  knowledge.learn(1, 6, 9)
  expect([0, 1, 2, 3, 5, 6, 99].map((seq) => knowledge.of(1, seq))).toEqual([-1, -1, 5, 5, 5, 9, 9])
  expect(knowledge.of(2, 99)).toBe(-1)
})

test('what an acknowledged commit knew is inherited, and nothing that its chain learned later', () => {
  const source = new Knowledge()
  source.learn(3, 1, 10)
  source.learn(3, 5, 20)
  source.learn(4, 5, 1)
  const own = new Knowledge()
  own.inherit(source, 4, 0)
  expect([own.of(3, 0), own.of(4, 0)]).toEqual([10, -1])
  own.inherit(source, 5, 2)
  expect([own.of(3, 1), own.of(3, 2), own.of(4, 2)]).toEqual([10, 20, 1])
})

test('knowledge answers as a table of all steps would', () => {
  const step = fc.record({ gap: fc.nat(3), head: fc.nat(50) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(100), (steps, asked) => {
      const knowledge = new Knowledge()
      let seq = 0
      let expected = -1
      for (const { gap, head } of steps) {
        seq += gap
        knowledge.learn(7, seq, head)
        if (seq <= asked) expected = Math.max(expected, head)
      }
      expect(knowledge.of(7, asked)).toBe(expected)
    }),
  )
})

test('growing lists keep every row and number, and have nothing outside', () => {
  const rows = new RowList(2)
  const counts = new CountList()
  for (let i = 0; i < 1_000; i += 1) {
    rows.push(Uint8Array.of(i >> 8, i & 255))
    counts.push(i * 4_000_000)
  }
  for (const i of [0, 3, 4, 5, 999]) {
    expect(rows.at(i)).toEqual(Uint8Array.of(i >> 8, i & 255))
    expect(counts.at(i)).toBe(i * 4_000_000)
  }
  expect([rows.at(-1), rows.at(1_000), counts.at(-1), counts.at(1_000)]).toEqual(Array(4).fill(undefined))
  expect([counts.lastAtMost(-1), counts.lastAtMost(0), counts.lastAtMost(2 ** 33)]).toEqual([-1, 0, 999])
})
