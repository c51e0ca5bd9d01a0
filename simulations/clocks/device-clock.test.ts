import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RandomStreams } from '../kernel/index.ts'
import { CLOCK_CHANGES_MAX, DRIFT_PPB_MAX, DeviceClock, drawClock } from './device-clock.ts'

const YEAR_US = 31_536_000_000_000

test('a clock shows true time with its skew, drift and jumps, exactly', () => {
  const clock = new DeviceClock({
    skewUs: -500,
    driftPpb: 20_000,
    changes: [
      { atUs: 10_000_000, jumpUs: 3_600_000_000 },
      { atUs: 20_000_000, jumpUs: -7_200_000_000, driftPpb: 0 },
    ],
  })
  expect(clock.readUs(0)).toBe(-500)
  // 20 ppm: 20 us a second.
  expect(clock.readUs(1_000_000)).toBe(999_520)
  expect(clock.readUs(9_999_999)).toBe(9_999_698)
  expect(clock.readUs(10_000_000)).toBe(3_609_999_700)
  expect(clock.readUs(30_000_000)).toBe(-3_599_999_900 + 30_000_000 - 200)
  expect(clock.readMs(1_000_000)).toBe(999)
  expect(clock.readSteadyMs(1_000_000)).toBe(1_000)
  expect(clock.readSteadyMs(30_000_000)).toBe(30_000)
})

const clocks = fc
  .record({
    skewUs: fc.integer({ min: -1e9, max: 1e9 }),
    driftPpb: fc.integer({ min: -DRIFT_PPB_MAX, max: DRIFT_PPB_MAX }),
    changes: fc.array(
      fc.record({
        atUs: fc.integer({ min: 0, max: 1e9 }),
        jumpUs: fc.integer({ min: -1e8, max: 1e8 }),
        driftPpb: fc.integer({ min: -DRIFT_PPB_MAX, max: DRIFT_PPB_MAX }),
      }),
      { maxLength: 5 },
    ),
  })
  .map((init) => new DeviceClock({ ...init, changes: init.changes.sort((a, b) => a.atUs - b.atUs) }))

test('a timer goes off at the first moment at which the clock shows its time', () => {
  let waits = 0
  fc.assert(
    fc.property(
      clocks,
      fc.integer({ min: 0, max: 2e9 }),
      fc.integer({ min: -1e6, max: 1e9 }),
      (clock, fromUs, wait) => {
        const localUs = clock.readUs(fromUs) + wait
        const atUs = clock.whenShows(localUs, fromUs)
        expect(Number.isSafeInteger(atUs) && atUs >= fromUs).toBe(true)
        expect(clock.readUs(atUs)).toBeGreaterThanOrEqual(localUs)
        if (atUs === fromUs) return
        waits += 1
        expect(clock.readUs(atUs - 1)).toBeLessThan(localUs)
        // Not at any earlier moment either.
        for (let i = 1; i < 20; i += 1) {
          expect(clock.readUs(fromUs + Math.floor(((atUs - 1 - fromUs) * i) / 20))).toBeLessThan(localUs)
        }
      },
    ),
    { numRuns: 1_000 },
  )
  expect(waits).toBeGreaterThan(500)
})

test('between its jumps a clock never goes back, and drift is exact over a year', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -DRIFT_PPB_MAX, max: DRIFT_PPB_MAX }),
      fc.nat({ max: YEAR_US }),
      (driftPpb, trueUs) => {
        const clock = new DeviceClock({ driftPpb })
        expect(clock.readUs(trueUs + 1)).toBeGreaterThanOrEqual(clock.readUs(trueUs))
        const exact = BigInt(trueUs) * BigInt(1_000_000_000 + driftPpb)
        const floor = exact / 1_000_000_000n
        expect(BigInt(clock.readUs(trueUs))).toBe(floor)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('drift is exact where a double would round up to the next microsecond', () => {
  const billion = 1_000_000_000n
  for (const driftPpb of [999_999, 123_457, 7]) {
    // Euler: with this rest of a billion, what was gained lies a billionth of a microsecond below a whole one.
    let inverse = 1n
    for (let power = 399_999_999n, base = BigInt(driftPpb); power > 0n; power >>= 1n) {
      if (power % 2n === 1n) inverse = (inverse * base) % billion
      base = (base * base) % billion
    }
    const rest = billion - inverse
    for (const thousands of [1n, 999n, 31_535n]) {
      const trueUs = thousands * billion + rest
      expect((trueUs * BigInt(driftPpb)) % billion).toBe(billion - 1n)
      const shown = trueUs + (trueUs * BigInt(driftPpb)) / billion
      expect(BigInt(new DeviceClock({ driftPpb }).readUs(Number(trueUs)))).toBe(shown)
    }
  }
})

test('drawn clocks stay within their spread', () => {
  const random = new RandomStreams(1).stream('clock')
  const jump = { probability: 0.5, usMax: 5_000_000, horizonUs: 1_000_000 }
  let jumped = 0
  const skews: number[] = []
  for (let i = 0; i < 2_000; i += 1) {
    const clock = drawClock({ skewUsMax: 1_000, driftPpbMax: 50_000, jump }, random)
    const skewUs = clock.readUs(0)
    const ahead = clock.readUs(1_000_000) - 1_000_000 - skewUs
    if (Math.abs(ahead) > 100) jumped += 1
    expect(Math.abs(ahead)).toBeLessThanOrEqual(5_000_050)
    if (Math.abs(skewUs) <= 1_000) skews.push(skewUs)
  }
  expect(skews.length).toBeGreaterThan(1_990)
  expect(Math.min(...skews)).toBeLessThan(-980)
  expect(Math.max(...skews)).toBeGreaterThan(980)
  expect(Math.abs(jumped - 1_000)).toBeLessThan(120)
})

test('clocks out of range are refused', () => {
  expect(() => new DeviceClock({ driftPpb: 2_000_000 })).toThrow('driftPpb is a whole number from -1000000')
  expect(() => new DeviceClock({ skewUs: 0.5 })).toThrow('skewUs is a whole number')
  const many = Array.from({ length: CLOCK_CHANGES_MAX + 1 }, (_, atUs) => ({ atUs }))
  expect(() => new DeviceClock({ changes: many })).toThrow(`more than ${CLOCK_CHANGES_MAX} changes`)
  const changes = [{ atUs: 5 }, { atUs: 4 }]
  expect(() => new DeviceClock({ changes })).toThrow('a clock changes at 4 us, after 5 us')
})
