import { expect, test } from 'vitest'
import { AWAY_MS, AWAY_MS_MAX, FAULTS_FREE, FaultBook, OFFENDERS_MAX } from './fault-book.ts'

test('the first faults are remembered and forgiven, the next keep a device away for longer and longer', () => {
  const book = new FaultBook()
  for (let i = 0; i < FAULTS_FREE; i += 1) book.note('a', 'malformed-frame', 'frame-shape', 1_000)
  expect(book.isAway('a', 1_000)).toBe(false)
  expect(book.of('a')).toEqual({
    count: FAULTS_FREE,
    reason: 'malformed-frame: frame-shape',
    awayUntilMs: 1_000,
  })
  book.note('a', 'wasteful', 'x', 1_000)
  expect([book.isAway('a', 999 + AWAY_MS), book.isAway('a', 1_000 + AWAY_MS)]).toEqual([true, false])
  book.note('a', 'wasteful', 'x', 1_000)
  expect(book.isAway('a', 999 + 2 * AWAY_MS)).toBe(true)
  for (let i = 0; i < 40; i += 1) book.note('a', 'wasteful', 'x', 1_000)
  expect(book.of('a')?.awayUntilMs).toBe(1_000 + AWAY_MS_MAX)
  expect(book.isAway('b', 1_000)).toBe(false)
})

test('silence and other versions are no fault', () => {
  const book = new FaultBook()
  for (const code of ['silent', 'other-version', 'other-coop'] as const) book.note('a', code, '', 0)
  expect(book.of('a')).toBe(null)
})

test('it remembers so many devices and no more', () => {
  const book = new FaultBook()
  for (let i = 0; i <= OFFENDERS_MAX; i += 1) book.note(`device ${i}`, 'flooding', '', 0)
  expect([book.of('device 0'), book.of('device 1')?.count]).toEqual([null, 1])
})
