import { expect, test } from 'vitest'
import { OUTSIDE_BYTES_PER_DAY_MAX, OUTSIDE_SENT_BYTES_PER_DAY_MAX, Outsiders } from './outsiders.ts'

test('a device outside is served once in a while', () => {
  const outsiders = new Outsiders()
  const may = (device: string, atMs: number): boolean => outsiders.mayServe(device, atMs)
  expect([may('a', 0), may('a', 1), may('b', 1), may('a', 2_000)]).toEqual([true, false, true, true])
})

test('what a device outside hands in, and what it is sent, is limited for a day', () => {
  const [inMax, outMax] = [OUTSIDE_BYTES_PER_DAY_MAX, OUTSIDE_SENT_BYTES_PER_DAY_MAX]
  for (const [most, one] of [
    [
      { bytesIn: inMax - 1, bytesOut: 0 },
      { bytesIn: 1, bytesOut: 0 },
    ],
    [
      { bytesIn: 0, bytesOut: outMax - 1 },
      { bytesIn: 0, bytesOut: 1 },
    ],
  ] as const) {
    const outsiders = new Outsiders()
    expect(outsiders.mayServe('a', 0)).toBe(true)
    outsiders.note('a', most)
    expect(outsiders.mayServe('a', 10_000)).toBe(true)
    outsiders.note('a', one)
    expect(outsiders.mayServe('a', 20_000)).toBe(false)
    expect(outsiders.mayServe('b', 20_000)).toBe(true)
    expect(outsiders.mayServe('a', 86_400_000)).toBe(true)
  }
})
