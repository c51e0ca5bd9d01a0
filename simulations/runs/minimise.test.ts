import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { minimise } from './minimise.ts'

test('what is left still fails, and fails no more without any one of its items', () => {
  const subsets = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(subsets, (needed) => {
      const items = Array.from({ length: 60 }, (_, i) => i)
      const fails = (kept: readonly number[]): boolean => needed.every((it) => kept.includes(it))
      expect([...minimise(items, fails)].sort()).toEqual([...needed].sort())
    }),
  )
})

test('a failure that needs nothing is left with nothing, and a limit ends the search with what fails', () => {
  expect(minimise([1, 2, 3], () => true)).toEqual([])
  let runs = 0
  const fails = (kept: readonly number[]): boolean => {
    runs += 1
    return kept.includes(7)
  }
  const kept = minimise(
    Array.from({ length: 1_000 }, (_, i) => i),
    fails,
    () => runs >= 4,
  )
  expect(kept).toContain(7)
  expect(kept.length).toBeLessThan(1_000)
  expect(runs).toBeLessThan(6)
})
