import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distributionProblem, quantile, sample, sampleWhole } from './distribution.ts'
import type { Distribution } from './distribution.ts'
import { RandomStreams } from './random-streams.ts'

const SAMPLES = 200_000

/** Mean, deviation and median of each distribution by its textbook formula; infinite moments are left out. */
const CASES: { model: Distribution; mean: number; deviation: number; median: number }[] = [
  { model: { kind: 'uniform', least: 10, most: 30 }, mean: 20, deviation: 20 / Math.sqrt(12), median: 20 },
  { model: { kind: 'normal', mean: 100, deviation: 15 }, mean: 100, deviation: 15, median: 100 },
  {
    model: { kind: 'log-normal', median: 50, sigma: 0.5 },
    mean: 50 * Math.exp(0.125),
    deviation: 50 * Math.exp(0.125) * Math.sqrt(Math.exp(0.25) - 1),
    median: 50,
  },
  { model: { kind: 'exponential', mean: 70 }, mean: 70, deviation: 70, median: 70 * Math.LN2 },
  {
    model: { kind: 'pareto', least: 10, shape: 5 },
    mean: 12.5,
    deviation: 10 * Math.sqrt(5 / (16 * 3)),
    median: 10 * 2 ** 0.2,
  },
  // Gamma(1 + 1/2) = sqrt(pi)/2, Gamma(1 + 2/2) = 1.
  {
    model: { kind: 'weibull', scale: 10, shape: 2 },
    mean: 5 * Math.sqrt(Math.PI),
    deviation: 10 * Math.sqrt(1 - Math.PI / 4),
    median: 10 * Math.sqrt(Math.LN2),
  },
  // Shape 1/2, as measured session lengths: Gamma(3) = 2, Gamma(5) = 24.
  {
    model: { kind: 'weibull', scale: 10, shape: 0.5 },
    mean: 20,
    deviation: 10 * Math.sqrt(24 - 4),
    median: 10 * Math.LN2 ** 2,
  },
  {
    model: {
      kind: 'empirical',
      quantiles: [
        [0, 0],
        [0.5, 10],
        [1, 30],
      ],
    },
    mean: 12.5,
    // Half of it even from 0 to 10, half from 10 to 30.
    deviation: Math.sqrt((100 / 3 + 1_300 / 3) / 2 - 12.5 ** 2),
    median: 10,
  },
]

test.each(CASES)('$model.kind has its mean, deviation and median', ({ model, mean, deviation, median }) => {
  const random = new RandomStreams(11).stream(model.kind)
  const values = Float64Array.from({ length: SAMPLES }, () => sample(model, random)).sort()
  const average = values.reduce((sum, value) => sum + value, 0) / SAMPLES
  expect(Math.abs(average - mean)).toBeLessThan((5 * deviation) / Math.sqrt(SAMPLES))
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / SAMPLES)
  expect(Math.abs(spread / deviation - 1)).toBeLessThan(0.05)
  expect(Math.abs((values[SAMPLES / 2] ?? 0) / median - 1)).toBeLessThan(0.02)
})

test('tails follow their law: one Pareto sample in 10,000 is beyond the 0.9999 quantile', () => {
  const heavy: Distribution[] = [
    { kind: 'pareto', least: 1, shape: 1.1 },
    { kind: 'log-normal', median: 1, sigma: 2 },
    { kind: 'weibull', scale: 1, shape: 0.34 },
  ]
  for (const model of heavy) {
    const random = new RandomStreams(12).stream(model.kind)
    const limit = quantile(model, 0.9999)
    let beyond = 0
    for (let i = 0; i < SAMPLES; i += 1) if (sample(model, random) > limit) beyond += 1
    expect(Math.abs(beyond - 20)).toBeLessThan(5 * Math.sqrt(20))
  }
})

test('quantiles rise with the share, and whole samples are whole and not negative', () => {
  const random = new RandomStreams(13).stream('any')
  fc.assert(
    fc.property(
      fc.constantFrom(...CASES),
      fc.double({ min: 1e-9, max: 0.499, noNaN: true }),
      ({ model }, share) => {
        expect(quantile(model, share)).toBeLessThanOrEqual(quantile(model, share + 0.5))
        const whole = sampleWhole(model, random, 12)
        expect(Number.isSafeInteger(whole) && whole >= 0 && whole <= 12).toBe(true)
      },
    ),
  )
})

test('impossible parameters are named', () => {
  const bad: [Distribution, string][] = [
    [{ kind: 'constant', value: -1 }, 'constant: value is a number from 0, not -1'],
    [{ kind: 'uniform', least: 5, most: 4 }, 'uniform: most is at least 5, not 4'],
    [{ kind: 'normal', mean: 1, deviation: Number.NaN }, 'normal: deviation is a number from 0, not NaN'],
    [{ kind: 'log-normal', median: 0, sigma: 1 }, 'log-normal: median is above 0, not 0'],
    [{ kind: 'exponential', mean: 0 }, 'exponential: mean is above 0, not 0'],
    [{ kind: 'pareto', least: 1, shape: -2 }, 'pareto: shape is above 0, not -2'],
    [{ kind: 'weibull', scale: 0, shape: 1 }, 'weibull: scale is above 0, not 0'],
    [{ kind: 'empirical', quantiles: [[0, 1]] }, 'empirical: at least two quantiles are needed'],
    [
      {
        kind: 'empirical',
        quantiles: [
          [0, 1],
          [0.9, 2],
        ],
      },
      'empirical: shares go from 0 to 1',
    ],
    [
      {
        kind: 'empirical',
        quantiles: [
          [0, 3],
          [1, 2],
        ],
      },
      'empirical: shares and values rise; [1, 2] follows [0, 3]',
    ],
  ]
  for (const [model, problem] of bad) expect(distributionProblem(model)).toBe(problem)
  for (const { model } of CASES) expect(distributionProblem(model)).toBe(null)
})
