import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { dayOf, dayText, timeText } from './calendar.ts'

const LAST_MS = Date.UTC(9998, 11, 30)

it('days and times are those of the calendar, in UTC', () => {
  const times = fc.integer({ min: 0, max: LAST_MS })
  fc.assert(
    fc.property(times, (timeMs) => {
      const iso = new Date(timeMs).toISOString()
      expect([dayText(dayOf(timeMs)), timeText(timeMs)]).toEqual([iso.slice(0, 10), iso])
    }),
    { numRuns: 2_000 },
  )
  for (const iso of ['1970-01-01', '2000-02-29', '2026-12-31', '2100-03-01', '9998-12-30'])
    expect(dayText(dayOf(Date.parse(iso)))).toBe(iso)
})

it('a clock outside 1970 to 9998 counts as the nearest day inside', () => {
  const times = [-1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY, LAST_MS + 86_400_000]
  expect(times.map((timeMs) => dayText(dayOf(timeMs)))).toEqual([
    '1970-01-01',
    '9998-12-30',
    '9998-12-30',
    '9998-12-30',
  ])
  expect(timeText(Number.MAX_SAFE_INTEGER)).toBe('9998-12-30T23:59:59.999Z')
  expect(timeText(-5)).toBe('1970-01-01T00:00:00.000Z')
})
