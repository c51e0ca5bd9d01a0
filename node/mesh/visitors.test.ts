import { expect, test } from 'vitest'
import { STRANGERS_MAX, SUSPENDED_VISITORS_MAX, VISITS_PER_DEVICE_MAX, Visitors } from './visitors.ts'

function fill(visitors: Visitors, count: number, suspended: (i: number) => string | null): boolean[] {
  return Array.from({ length: count }, (_, i) =>
    visitors.enter(`${suspended(i) ?? 'unknown'} ${i}`, suspended(i)),
  )
}

test('unknown and suspended keys are counted apart: neither can shut the other out', () => {
  const visitors = new Visitors()
  expect(fill(visitors, STRANGERS_MAX + 1, () => null)).toEqual([...Array(STRANGERS_MAX).fill(true), false])
  const devices = fill(visitors, SUSPENDED_VISITORS_MAX + 1, (i) => `device ${i}`)
  expect(devices).toEqual([...Array(SUSPENDED_VISITORS_MAX).fill(true), false])
  visitors.leave('unknown 0')
  expect([visitors.hasRoom(null), visitors.hasRoom('another device')]).toEqual([true, false])
})

test('both copies of a suspended device come in, and no third of it', () => {
  const visitors = new Visitors()
  const visits = fill(visitors, VISITS_PER_DEVICE_MAX + 1, () => 'till')
  expect(visits).toEqual([...Array(VISITS_PER_DEVICE_MAX).fill(true), false])
  expect(visitors.hasRoom('stall')).toBe(true)
})
