/**
 * Elementary functions made of + - * / and the square root, which IEEE 754 fixes to the last bit. `Math.log` and its
 * like may differ between versions of an engine, and one bit can turn the order of two events around.
 */

/** ln 2 in two parts; the first has 20 zero bits at its end, so that small multiples of it are exact (fdlibm). */
const LN_2_HIGH = 0.6931471803691238
const LN_2_LOW = 1.9082149292705877e-10
/** Pi in two parts, for the same reason (fdlibm, doubled). */
const PI_HIGH = 3.1415926534682512
const PI_LOW = 1.2154201013012384e-10

const DOUBLE = new DataView(new ArrayBuffer(8))

/** The natural logarithm of `x` > 0; error below 4e-16 of the result or absolute. 0 gives -infinity, less gives NaN. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  if (x < 2.2250738585072014e-308) return ln(x * 18_014_398_509_481_984) - 54 * Math.LN2
  DOUBLE.setFloat64(0, x)
  const high = DOUBLE.getUint32(0)
  let exponent = (high >>> 20) - 1_023
  DOUBLE.setUint32(0, (high & 0x000f_ffff) | 0x3ff0_0000)
  let mantissa = DOUBLE.getFloat64(0)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent += 1
  }
  // ln m = 2 artanh((m - 1) / (m + 1)); with |s| < 0.172 eleven terms are exact to the last bit.
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let sum = 0
  for (let i = 21; i >= 3; i -= 2) sum = (sum + 1 / i) * square
  return exponent * LN_2_HIGH + (exponent * LN_2_LOW + 2 * s * sum + 2 * s)
}

/** e to the power of `x`; relative error below 4e-16. Beyond 709.78 infinity, below -708.39 zero. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY
  if (x < -708.3964185322641) return 0
  const power = Math.round(x / Math.LN2)
  const rest = x - power * LN_2_HIGH - power * LN_2_LOW
  let sum = 1
  for (let i = 14; i >= 1; i -= 1) sum = 1 + (sum * rest) / i
  // 2^1024 is no double: two steps.
  const half = power >> 1
  return sum * powerOfTwo(half) * powerOfTwo(power - half)
}

/** `base` > 0 to the power of `exponent`; relative error about |exponent * ln base| * 3e-16. */
export function pow(base: number, exponent: number): number {
  return exp(exponent * ln(base))
}

/** The sine of `x` radians, |x| up to 1,000; error below 1e-15 there. */
export function sin(x: number): number {
  const turns = Math.round(x / Math.PI)
  const rest = x - turns * PI_HIGH - turns * PI_LOW
  const square = rest * rest
  let sum = 1
  for (let i = 24; i >= 2; i -= 2) sum = 1 - (sum * square) / (i * (i + 1))
  return turns % 2 === 0 ? rest * sum : -rest * sum
}

/** The cosine of `x` radians, |x| up to 4; error below 1e-15 there. */
export function cos(x: number): number {
  return sin(x + Math.PI / 2)
}

/** The arcsine of `x` from -1 to 1, in radians; error below 2e-15. */
export function asin(x: number): number {
  // Halving the angle three times brings it below pi/16, where the series needs twelve terms.
  let s = x
  for (let i = 0; i < 3; i += 1) s = s / Math.sqrt(2 * (1 + Math.sqrt((1 - s) * (1 + s))))
  const square = s * s
  let sum = 1
  for (let i = 25; i >= 1; i -= 2) sum = 1 + (sum * square * i * i) / ((i + 1) * (i + 2))
  return 8 * s * sum
}

function powerOfTwo(exponent: number): number {
  DOUBLE.setUint32(0, (exponent + 1_023) << 20)
  DOUBLE.setUint32(4, 0)
  return DOUBLE.getFloat64(0)
}
