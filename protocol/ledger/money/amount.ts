import { isAmount } from '../../evaluation/index.ts'

/** Digits of an amount in minor units: the most that always stays below 2^63, the bound of the ledger's amounts. */
export const AMOUNT_DIGITS_MAX = 18
/** First amount that is too large for the ledger: 2^63. */
export const AMOUNT_LIMIT: bigint = 1n << 63n
/** Most decimal places of a unit: a finer one could not hold one whole unit. */
export const SCALE_MAX = 18
/** Longest text that is looked at: all digits, a point and as many blanks around them. The margin is a guess. */
const AMOUNT_TEXT_LENGTH_MAX = 64

/** Why a text is no amount. Stable: apps translate these for people. */
export type AmountRefusal =
  | 'amount-empty'
  | 'amount-sign'
  | 'amount-exponent'
  | 'amount-separator'
  | 'amount-fraction'
  | 'amount-digits'
  | 'amount-text'
  | 'amount-zero'
  | 'amount-scale'

/** Minor units, or why there are none; the message says what to write instead. */
export type AmountResult =
  | { ok: true; amount: bigint }
  | { ok: false; refusal: AmountRefusal; message: string }

/**
 * Reads an amount as a person types it, in whole units with up to `scale` decimal places: `12.50` with scale 2 is
 * 1250n. Zero is an amount only where `zero` says so. One way of writing only, so that nothing is misread: no sign,
 * exponent, separator of thousands or decimal comma. Blanks around it are forgiven. Never throws.
 */
export function parseAmount(
  text: string,
  scale: number,
  zero: 'allowed' | 'refused' = 'refused',
): AmountResult {
  if (!isScale(scale)) return refuse('amount-scale', `a unit has 0 to ${SCALE_MAX} decimal places`)
  if (text.length > AMOUNT_TEXT_LENGTH_MAX) {
    return refuse('amount-digits', `write at most ${AMOUNT_DIGITS_MAX} digits, decimal places included`)
  }
  const written = text.trim()
  const example = `such as ${formatAmount(exampleOf(scale), scale)}`
  if (written === '') return refuse('amount-empty', `write an amount ${example}`)
  const parts = /^([0-9]*)(?:(\.)([0-9]*))?$/.exec(written)
  if (parts === null) return refuseForm(written, example)
  const [, whole = '', point = '', fraction = ''] = parts
  if (whole === '' || (point !== '' && fraction === '')) {
    return refuse('amount-text', `write digits on both sides of the point, ${example}`)
  }
  if (fraction.length > scale) {
    const why =
      scale === 0
        ? 'this unit has no smaller parts: write a whole number'
        : `that is smaller than the smallest part of this unit: write at most ${scale} decimal place${scale === 1 ? '' : 's'}`
    return refuse('amount-fraction', `${why}, ${example}`)
  }
  const digits = (whole + fraction.padEnd(scale, '0')).replace(/^0+/, '')
  if (digits.length > AMOUNT_DIGITS_MAX) {
    return refuse('amount-digits', `write at most ${AMOUNT_DIGITS_MAX} digits, decimal places included`)
  }
  const amount = digits === '' ? 0n : BigInt(digits)
  if (amount === 0n && zero === 'refused') {
    return refuse('amount-zero', `write an amount above zero, at least ${formatAmount(1n, scale)}`)
  }
  return { ok: true, amount }
}

/** The amount as `parseAmount` reads it back, with all decimal places: 1250n with scale 2 is `12.50`. A balance below zero has a `-`. */
export function formatAmount(amount: bigint, scale: number): string {
  const sign = amount < 0n ? '-' : ''
  const digits = (amount < 0n ? -amount : amount).toString().padStart(scale + 1, '0')
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/**
 * For people to read, never to be parsed: thousands apart by narrow no-break spaces, a real minus, the unit's code
 * behind a no-break space. 123456789n of EUR with scale 2 is `1 234 567.89 EUR`.
 */
export function showAmount(amount: bigint, unit: { code: string; scale: number }): string {
  const [whole = '', fraction] = formatAmount(amount < 0n ? -amount : amount, unit.scale).split('.')
  const grouped = whole.replaceAll(/\B(?=(?:[0-9]{3})+$)/g, '\u202f')
  const number = fraction === undefined ? grouped : `${grouped}.${fraction}`
  return `${amount < 0n ? '\u2212' : ''}${number}\u00a0${unit.code}`
}

/** True for a number of decimal places that a unit may have. */
export function isScale(scale: number): boolean {
  return Number.isSafeInteger(scale) && scale >= 0 && scale <= SCALE_MAX
}

function refuseForm(written: string, example: string): AmountResult {
  if (/^[-+\u2212]/u.test(written))
    return refuse('amount-sign', `write the amount without a sign, ${example}`)
  if (/^[0-9.]+[eE][-+]?[0-9]+$/.test(written)) {
    return refuse('amount-exponent', `write the amount in full, ${example}`)
  }
  if (/^[0-9][0-9.,'’_\s\u00a0\u202f]*$/u.test(written)) {
    return refuse(
      'amount-separator',
      `write no separators of thousands, and a point before the decimal places, ${example}`,
    )
  }
  return refuse('amount-text', `write digits and at most one point, without the unit, ${example}`)
}

function refuse(refusal: AmountRefusal, message: string): AmountResult {
  return { ok: false, refusal, message }
}

/** Twelve and a half, or twelve where there are no halves. */
function exampleOf(scale: number): bigint {
  return scale === 0 ? 12n : scale > 16 ? 1n : 125n * 10n ** BigInt(scale - 1)
}

export { isAmount }
