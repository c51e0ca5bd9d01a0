import { exp, ln, pow } from './portable-math.ts'
import type { RandomStream } from './random-stream.ts'

/**
 * How a quantity is spread; the unit is that of the quantity, mostly microseconds. Sampling inverts the distribution
 * function, one draw a sample (Devroye, *Non-Uniform Random Variate Generation*, 1986, chapter II).
 *
 * - `constant`: always `value`.
 * - `uniform`: from `least` to `most`.
 * - `normal`: mean and deviation; what falls below `least` (default 0) is `least`.
 * - `log-normal`: its median, and `sigma`, the deviation of the logarithm.
 * - `exponential`: its mean.
 * - `pareto`: from `least` upward with tail index `shape`; the mean is infinite for shapes of 1 and less.
 * - `weibull`: `scale` and `shape`; shapes below 1 have a heavy tail.
 * - `empirical`: measured quantiles, [share of samples below, value], shares rising from 0 to 1; straight lines between.
 */
export type Distribution =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'uniform'; readonly least: number; readonly most: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number; readonly least?: number }
  | { readonly kind: 'log-normal'; readonly median: number; readonly sigma: number }
  | { readonly kind: 'exponential'; readonly mean: number }
  | { readonly kind: 'pareto'; readonly least: number; readonly shape: number }
  | { readonly kind: 'weibull'; readonly scale: number; readonly shape: number }
  | { readonly kind: 'empirical'; readonly quantiles: readonly (readonly [number, number])[] }

/** One sample. Takes exactly one draw of the stream, whatever the distribution; a constant takes none. */
export function sample(distribution: Distribution, random: RandomStream): number {
  return distribution.kind === 'constant' ? distribution.value : quantile(distribution, random.open())
}

/** One sample as a whole number that is not negative: rounded, at most `most` (default: 2^53 - 1). */
export function sampleWhole(
  distribution: Distribution,
  random: RandomStream,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = Math.round(sample(distribution, random))
  return value > 0 ? Math.min(value, most) : 0
}

/** The value below which a `share` of the samples lies; 0 < share < 1. */
export function quantile(distribution: Distribution, share: number): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.value
    case 'uniform':
      return distribution.least + (distribution.most - distribution.least) * share
    case 'normal':
      return Math.max(
        distribution.least ?? 0,
        distribution.mean + distribution.deviation * standardNormalQuantile(share),
      )
    case 'log-normal':
      return distribution.median * exp(distribution.sigma * standardNormalQuantile(share))
    case 'exponential':
      return -distribution.mean * ln(1 - share)
    case 'pareto':
      return distribution.least * pow(1 - share, -1 / distribution.shape)
    case 'weibull':
      return distribution.scale * pow(-ln(1 - share), 1 / distribution.shape)
    case 'empirical':
      return between(distribution.quantiles, share)
  }
}

/** What is wrong with a distribution, in words; null when nothing is. */
export function distributionProblem(distribution: Distribution): string | null {
  const { kind } = distribution
  const bad = (name: string, value: number, rule: string): string =>
    `${kind}: ${name} is ${rule}, not ${value}`
  switch (kind) {
    case 'constant':
      return distribution.value >= 0 ? null : bad('value', distribution.value, 'a number from 0')
    case 'uniform':
      if (!(distribution.least >= 0)) return bad('least', distribution.least, 'a number from 0')
      return distribution.most >= distribution.least
        ? null
        : bad('most', distribution.most, `at least ${distribution.least}`)
    case 'normal':
      if (!(distribution.mean >= 0)) return bad('mean', distribution.mean, 'a number from 0')
      return distribution.deviation >= 0 ? null : bad('deviation', distribution.deviation, 'a number from 0')
    case 'log-normal':
      if (!(distribution.median > 0)) return bad('median', distribution.median, 'above 0')
      return distribution.sigma >= 0 ? null : bad('sigma', distribution.sigma, 'a number from 0')
    case 'exponential':
      return distribution.mean > 0 ? null : bad('mean', distribution.mean, 'above 0')
    case 'pareto':
      if (!(distribution.least > 0)) return bad('least', distribution.least, 'above 0')
      return distribution.shape > 0 ? null : bad('shape', distribution.shape, 'above 0')
    case 'weibull':
      if (!(distribution.scale > 0)) return bad('scale', distribution.scale, 'above 0')
      return distribution.shape > 0 ? null : bad('shape', distribution.shape, 'above 0')
    case 'empirical':
      return quantilesProblem(distribution.quantiles)
  }
}

function quantilesProblem(quantiles: readonly (readonly [number, number])[]): string | null {
  if (quantiles.length < 2) return 'empirical: at least two quantiles are needed'
  if (quantiles[0]?.[0] !== 0 || quantiles.at(-1)?.[0] !== 1) return 'empirical: shares go from 0 to 1'
  for (const [i, [share, value]] of quantiles.entries()) {
    if (!(value >= 0)) return `empirical: values are numbers from 0, not ${value}`
    const before = quantiles[i - 1]
    if (before !== undefined && !(share > before[0] && value >= before[1])) {
      return `empirical: shares and values rise; [${share}, ${value}] follows [${before[0]}, ${before[1]}]`
    }
  }
  return null
}

function between(quantiles: readonly (readonly [number, number])[], share: number): number {
  let low = 0
  let high = quantiles.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((quantiles[middle] as [number, number])[0] <= share) low = middle
    else high = middle
  }
  const [fromShare, from] = quantiles[low] as [number, number]
  const [toShare, to] = quantiles[high] as [number, number]
  return from + ((to - from) * (share - fromShare)) / (toShare - fromShare)
}

/**
 * The quantile of the normal distribution with mean 0 and deviation 1: P. J. Acklam's rational approximation (2003),
 * relative error below 1.2e-9. Samples are rounded to microseconds, so more digits would be lost.
 */
export function standardNormalQuantile(share: number): number {
  if (share > 0.5) return -standardNormalQuantile(1 - share)
  if (share < 0.02425) {
    const q = Math.sqrt(-2 * ln(share))
    return polynomial(TAIL_OVER, q) / (polynomial(TAIL_UNDER, q) * q + 1)
  }
  const q = share - 0.5
  const r = q * q
  return (polynomial(MIDDLE_OVER, r) * q) / (polynomial(MIDDLE_UNDER, r) * r + 1)
}

const MIDDLE_OVER = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
]
const MIDDLE_UNDER = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
]
const TAIL_OVER = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
]
const TAIL_UNDER = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416]

/** Highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0
  for (const coefficient of coefficients) sum = sum * x + coefficient
  return sum
}
