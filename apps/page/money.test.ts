import { describe, expect, test } from 'vitest'
import { canonicalAmount, changeOf, isAmount, shownAmount, sumOf, timesOf, usualPayments } from './money.ts'

describe('amounts at a till', () => {
  test('are added and multiplied without a cent lost', () => {
    expect(sumOf(['0.10', '0.20', '12'])).toBe('12.30')
    expect(timesOf('33.33', 3)).toBe('99.99')
    expect(sumOf([])).toBe('0')
    expect(sumOf(['9007199254740993.01', '0.01'])).toBe('9007199254740993.02')
  })

  test('change is what was given less what is due, and below 0 where it is not enough', () => {
    expect(changeOf('20', '12.50')).toBe('7.50')
    expect(changeOf('12,50', '12.50')).toBe('0.00')
    expect(changeOf('10', '12.50')).toBe('-2.50')
    expect(changeOf('ten', '12.50')).toBe(null)
  })

  test('are read with point or comma, and nothing else is an amount', () => {
    expect(canonicalAmount(' 12,5 ', 2)).toBe('12.50')
    expect([canonicalAmount('12', 0), canonicalAmount('1.234', 2)]).toEqual(['12', '1.234'])
    for (const text of ['', '-1', '1.', '.5', '1e3', '1 000', '9'.repeat(25)])
      expect(isAmount(text), text).toBe(false)
  })

  test('are shown as people of a place write them', () => {
    expect(shownAmount('1234.50', 'de-DE')).toBe('1.234,50')
    expect(shownAmount('-2.50', 'en-GB')).toBe('-2.50')
    expect(shownAmount('9007199254740993', 'en-GB')).toBe('9,007,199,254,740,993')
  })

  test('the usual payments begin with the exact sum', () => {
    expect(usualPayments('37.50')).toEqual(['37.50', '40.00', '50.00', '100.00'])
    expect(usualPayments('0')).toEqual([])
  })
})
