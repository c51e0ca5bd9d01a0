import { expect, test } from 'vitest'
import { asin, cos, exp, ln, pow, sin } from './portable-math.ts'
import { RandomStreams } from './random-streams.ts'

test('elementary functions agree with the engine to the promised error', () => {
  const random = new RandomStreams(21).stream('math')
  for (let i = 0; i < 50_000; i += 1) {
    const power = random.unit() * 1_400 - 700
    expect(Math.abs(exp(power) / Math.exp(power) - 1)).toBeLessThan(4e-16)
    const positive = exp(power)
    const logarithm = Math.log(positive)
    expect(Math.abs(ln(positive) - logarithm)).toBeLessThan(4e-16 * Math.max(1, Math.abs(logarithm)))
    const angle = random.unit() * 2_000 - 1_000
    expect(Math.abs(sin(angle) - Math.sin(angle))).toBeLessThan(1e-15)
    expect(Math.abs(cos(angle / 250) - Math.cos(angle / 250))).toBeLessThan(1e-15)
    const ratio = random.unit() * 2 - 1
    expect(Math.abs(asin(ratio) - Math.asin(ratio))).toBeLessThan(2e-15)
    expect(Math.abs(pow(positive, 0.3) / positive ** 0.3 - 1)).toBeLessThan(2e-13)
  }
})

test('the ends of the ranges', () => {
  expect([ln(1), ln(0), ln(-1), ln(Infinity)]).toEqual([0, -Infinity, Number.NaN, Infinity])
  expect(ln(5e-324)).toBeCloseTo(Math.log(5e-324), 12)
  expect([exp(0), exp(710), exp(-709), exp(Number.NaN)]).toEqual([1, Infinity, 0, Number.NaN])
  expect([sin(0), cos(0), asin(0)]).toEqual([0, 1, 0])
  expect(asin(1)).toBeCloseTo(Math.PI / 2, 14)
})
