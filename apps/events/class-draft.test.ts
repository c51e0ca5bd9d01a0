import { describe, expect, test } from 'vitest'
import { draftOfClass, newClass, readClass } from './class-draft.ts'
import type { ClassDraft } from './class-draft.ts'
import { inputTime, msOfInput, offsetText } from './event-time.ts'

const EVENT = { utcOffsetMin: 120 }
const draft = (change: Partial<ClassDraft>): ClassDraft => ({
  ...newClass('EUR'),
  name: 'Standing',
  ...change,
})

describe('a class in its form', () => {
  test('is sent with the times of the event’s clock, and a class that is there without seats', () => {
    const prices = [
      { amount: '12,5', from: '', until: '2027-01-31T20:00' },
      { amount: '15', from: '2027-01-31T20:00', until: '' },
      { amount: '', from: '', until: '' },
    ]
    const untilMs = Date.UTC(2027, 0, 31, 18)
    const read = readClass(draft({ name: ' Standing ', seats: '200', prices, zones: ['Hall'] }), EVENT, false)
    expect(read).toMatchObject({
      ok: true,
      request: {
        ...{ name: 'Standing', seats: 200, policy: 'exclusive', zones: ['Hall'], reentry: false, rule: null },
        prices: [
          { currency: 'EUR', amount: '12.5', fromMs: null, untilMs },
          { currency: 'EUR', amount: '15', fromMs: untilMs, untilMs: null },
        ],
      },
    })
    expect(read.ok && 'exposureMax' in read.request).toBe(false)
    const known = readClass(draft({ policy: 'open', exposure: '0' }), EVENT, true)
    expect(known).toMatchObject({ ok: true, request: { policy: 'open', exposureMax: 0 } })
    expect(known.ok && 'seats' in known.request).toBe(false)
  })

  test('reads as it was written', () => {
    const written = readClass(
      draft({
        prices: [{ amount: '3.00', from: '2027-01-01T00:00', until: '2027-01-02T00:00' }],
        ...{ validFrom: '2027-01-01T10:00', validUntil: '2027-01-01T22:00', knownOnly: true },
      }),
      EVENT,
      false,
    )
    if (!written.ok) throw new Error('refused')
    const { seats = 0, exposureMax = 50, ...rest } = written.request
    const view = {
      ...{ class: 'seat-a', code: 'A', sold: 0, admitted: 0, exposureMax },
      ...{ ...rest, zones: [...rest.zones], seats: { capacity: seats, here: seats, elsewhere: 0 } },
    }
    const again = readClass(draftOfClass(view, EVENT, 'XXX'), EVENT, true)
    expect(again).toEqual({ ok: true, request: rest })
  })

  test('tells what is wrong by field', () => {
    const problems = (change: Partial<ClassDraft>, isKnown = false): unknown => {
      const read = readClass(draft(change), EVENT, isKnown)
      return read.ok ? null : read.problems
    }
    expect(problems({ name: '  ' })).toEqual({ name: 'missing' })
    expect(problems({ seats: 'many' })).toEqual({ seats: 'whole' })
    expect(problems({ seats: 'many' }, true)).toBe(null)
    expect(problems({ policy: 'open', exposure: '-1' })).toEqual({ exposure: 'whole' })
    const backwards = { from: '2027-01-02T00:00', until: '2027-01-01T00:00' }
    expect(problems({ prices: [{ amount: 'x', ...backwards }] })).toEqual({
      ...{ 'price-0': 'amount', 'price-until-0': 'ends-before' },
    })
    expect(problems({ prices: [{ amount: '1', from: '', until: '' }], currency: 'eur' })).toEqual({
      currency: 'missing',
    })
    expect(problems({ validFrom: backwards.from, validUntil: backwards.until })).toEqual({
      validUntil: 'ends-before',
    })
  })
})

test('times are those of the event’s clock, and what is no time is none', () => {
  const ms = Date.UTC(2027, 0, 31, 22, 30)
  expect(inputTime(ms, -300)).toBe('2027-01-31T17:30')
  expect(msOfInput('2027-01-31T17:30', -300)).toBe(ms)
  for (const it of ['', ':', '2027', '2027-01-31', '2027-13-41T99:99', 'tomorrow'])
    expect(msOfInput(it, 60), it).toBe(null)
  expect([offsetText(0), offsetText(330), offsetText(-210)]).toEqual(['+00:00', '+05:30', '−03:30'])
})
