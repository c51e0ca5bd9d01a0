import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AMOUNT_LIMIT, SCALE_MAX, formatAmount, isAmount, parseAmount, showAmount } from './index.ts'

describe('amounts as text', () => {
  it('are read by the scale of the unit', () => {
    for (const [text, scale, amount] of [
      ['12.50', 2, 1250n],
      ['12.5', 2, 1250n],
      ['12', 2, 1200n],
      [' 0.01 ', 2, 1n],
      ['007', 0, 7n],
      ['999999999999999999', 0, 999_999_999_999_999_999n],
      ['0.000000000000000001', 18, 1n],
      ['0000000000000000000000001', 0, 1n],
    ] as const)
      expect(parseAmount(text, scale), text).toEqual({ ok: true, amount })
    expect(parseAmount('0.00', 2, 'allowed')).toEqual({ ok: true, amount: 0n })
  })

  it('are refused by name, with what to write instead', () => {
    for (const [text, scale, refusal, message] of [
      ['', 2, 'amount-empty', 'write an amount such as 12.50'],
      ['  ', 0, 'amount-empty', 'write an amount such as 12'],
      ['12.505', 2, 'amount-fraction', 'at most 2 decimal places'],
      ['1.5', 0, 'amount-fraction', 'a whole number'],
      ['12.500', 2, 'amount-fraction', 'at most 2 decimal places'],
      ['1.23', 1, 'amount-fraction', 'at most 1 decimal place,'],
      ['-1', 2, 'amount-sign', 'without a sign'],
      ['+1', 2, 'amount-sign', 'without a sign'],
      ['−1', 2, 'amount-sign', 'without a sign'],
      ['1e3', 2, 'amount-exponent', 'in full'],
      ['1E-2', 2, 'amount-exponent', 'in full'],
      ['1,000', 2, 'amount-separator', 'a point before the decimal places'],
      ['12,50', 2, 'amount-separator', 'such as 12.50'],
      ['1 000', 2, 'amount-separator', 'no separators'],
      ['1\u202f000', 2, 'amount-separator', 'no separators'],
      ['1.000.000', 2, 'amount-separator', 'no separators'],
      ["1'000", 2, 'amount-separator', 'no separators'],
      ['1_000', 2, 'amount-separator', 'no separators'],
      ['1000000000000000000', 0, 'amount-digits', 'at most 18 digits'],
      ['10000000000000000.00', 2, 'amount-digits', 'at most 18 digits'],
      ['9'.repeat(1_000_000), 0, 'amount-digits', 'at most 18 digits'],
      ['0', 2, 'amount-zero', 'at least 0.01'],
      ['.5', 2, 'amount-text', 'both sides of the point'],
      ['5.', 2, 'amount-text', 'both sides of the point'],
      ['.', 2, 'amount-text', 'both sides of the point'],
      ['12 EUR', 2, 'amount-text', 'without the unit'],
      ['0x10', 2, 'amount-text', 'digits'],
      ['١٢', 2, 'amount-text', 'digits'],
      ['1\u00002', 2, 'amount-text', 'digits'],
      ['\u202e12', 2, 'amount-text', 'digits'],
      ['Infinity', 2, 'amount-text', 'digits'],
      ['12', 19, 'amount-scale', '0 to 18'],
      ['12', 0.5, 'amount-scale', '0 to 18'],
    ] as const) {
      const result = parseAmount(text, scale)
      expect(result, text.slice(0, 40)).toMatchObject({ ok: false, refusal })
      if (!result.ok) expect(result.message).toContain(message)
    }
  })

  it('are written so that they are read back, whatever the scale', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 10n ** 18n - 1n), fc.nat(SCALE_MAX), (amount, scale) => {
        expect(parseAmount(formatAmount(amount, scale), scale)).toEqual({ ok: true, amount })
        expect(formatAmount(-amount, scale)).toBe(`-${formatAmount(amount, scale)}`)
      }),
    )
    expect([formatAmount(5n, 2), formatAmount(0n, 2), formatAmount(7n, 0)]).toEqual(['0.05', '0.00', '7'])
  })

  it('any text yields an amount of the ledger or a refusal', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.,+eE -]{0,30}$/))
    fc.assert(
      fc.property(texts, fc.nat(SCALE_MAX), (text, scale) => {
        const result = parseAmount(text, scale)
        if (result.ok) expect(isAmount(result.amount)).toBe(true)
        else expect(result.message).not.toBe('')
      }),
      { numRuns: 2_000 },
    )
  })

  it('are shown to people in groups, with the code of the unit', () => {
    const eur = { code: 'EUR', scale: 2 }
    expect(showAmount(123_456_789n, eur)).toBe('1\u202f234\u202f567.89\u00a0EUR')
    expect(showAmount(-5n, eur)).toBe('\u22120.05\u00a0EUR')
    expect(showAmount(1_000n, { code: 'cups', scale: 0 })).toBe('1\u202f000\u00a0cups')
    expect(showAmount(999n, { code: 'cups', scale: 0 })).toBe('999\u00a0cups')
  })

  it('end below 2^63', () => {
    expect([isAmount(0n), isAmount(1n), isAmount(AMOUNT_LIMIT - 1n), isAmount(AMOUNT_LIMIT)]).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})
