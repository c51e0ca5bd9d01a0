import { expect, test } from 'vitest'
import { OUTSIDE_BYTES_PER_DAY_MAX, Outsiders } from './outsiders.ts'

test('a device outside is served once in a while', () => {
  const outsiders = new Outsiders()
  const may = (device: string, atMs: number): boolean => outsiders.mayServe(device, atMs)
  expect([may('a', 0), may('a', 1), may('b', 1), may('a', 2_000)]).toEqual([true, false, true, true])
})

test('what a device outside hands in is limited for a day', () => {
  const outsiders = new Outsiders()
  expect(outsiders.mayServe('a', 0)).toBe(true)
  outsiders.note('a', OUTSIDE_BYTES_PER_DAY_MAX - 1)
  expect(outsiders.mayServe('a', 10_000)).toBe(true)
  outsiders.note('a', 1)
  expect(outsiders.mayServe('a', 20_000)).toBe(false)
  expect(outsiders.mayServe('b', 20_000)).toBe(true)
  expect(outsiders.mayServe('a', 86_400_000)).toBe(true)
})
