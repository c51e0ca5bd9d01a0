import { expect, test } from 'vitest'
import { STRANGERS_MAX, SUSPENDED_VISITORS_MAX, VISITS_PER_DEVICE_MAX, Visitors } from './visitors.ts'

const cut = (): void => undefined

function fill(visitors: Visitors, count: number, suspended: (i: number) => string | null): boolean[] {
  return Array.from({ length: count }, (_, i) =>
    visitors.enter(`${suspended(i) ?? 'unknown'} ${i}`, { device: suspended(i), cut }, 0),
  )
}

test('unknown and suspended keys are counted apart: neither can shut the other out', () => {
  const visitors = new Visitors()
  expect(fill(visitors, STRANGERS_MAX + 1, () => null)).toEqual([...Array(STRANGERS_MAX).fill(true), false])
  const devices = fill(visitors, SUSPENDED_VISITORS_MAX + 1, (i) => `device ${i}`)
  expect(devices).toEqual([...Array(SUSPENDED_VISITORS_MAX).fill(true), false])
  visitors.leave('unknown 0')
  expect([visitors.hasRoom(null, 0), visitors.hasRoom('another device', 0)]).toEqual([true, false])
})

test('both copies of a suspended device come in, and no third of it', () => {
  const visitors = new Visitors()
  const visits = fill(visitors, VISITS_PER_DEVICE_MAX + 1, () => 'till')
  expect(visits).toEqual([...Array(VISITS_PER_DEVICE_MAX).fill(true), false])
  expect(visitors.hasRoom('stall', 0)).toBe(true)
})

test('suspended devices that come again and again make room for one that comes seldom', () => {
  const visitors = new Visitors()
  const cutOff: string[] = []
  const enter = (device: string, visit: number, nowMs: number): boolean =>
    visitors.enter(`${device} ${visit}`, { device, cut: () => cutOff.push(device) }, nowMs)
  // Eight that are in at once, each for the third time.
  for (let visit = 0; visit < 3; visit += 1)
    for (let i = 0; i < SUSPENDED_VISITORS_MAX; i += 1) {
      visitors.leave(`pest ${i} ${visit - 1}`)
      expect(enter(`pest ${i}`, visit, visit)).toBe(true)
    }
  expect(enter('venue', 0, 10)).toBe(true)
  expect(cutOff).toEqual(['pest 0'])
  // The one that had to go does not get the place back at once.
  expect(enter('pest 0', 3, 11)).toBe(false)
  expect(enter('stall', 0, 12)).toBe(true)
  expect(cutOff).toEqual(['pest 0', 'pest 1'])
  // What was long ago counts no longer.
  expect(visitors.hasRoom('market', 700_000)).toBe(false)
})
