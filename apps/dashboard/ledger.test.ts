import { expect, test } from 'vitest'
import { actsFor, entryOf } from './act-draft.ts'
import type { ActDraft } from './act-draft.ts'
import { debtsOf, paymentsText } from './debt-draft.ts'
import { withNewest, withOlder } from './ledger-pages.ts'
import { amountText, isZero, minorText } from './ledger-text.ts'
import type { Balance, Entry, SplitRule, Unit, UnitKind } from './ledger-types.ts'
import { RequestId } from '#apps/page'
import {
  draftOf,
  newParty,
  nextVersion,
  partiesOf,
  percentText,
  trialOf,
  valueProblem,
} from './split-draft.ts'
import type { PartyDraft, Way } from './split-draft.ts'
import { EMPTY_UNIT, codeProblem, namesake, unitOf } from './unit-draft.ts'

const DRAFT: ActDraft = { type: 'consume', amount: ' 3 ', to: '', memo: '', ref: ' ', reverses: '' }

function entry(order: number, state: Entry['state'] = 'counted'): Entry {
  return { commit: `commit ${order}`, index: 0, order, state } as Entry
}

function unit(kind: UnitKind): Unit {
  return { id: `${kind}-x`, code: 'X', kind } as Unit
}

function balance(some: Partial<Balance>): Balance {
  return { issuable: '0', loss: '0', ...some } as Balance
}

test('amounts are grouped and have their code; those without end are said so', () => {
  expect(amountText('1234567.50', 'EUR')).toBe('1\u202f234\u202f567.50\u00a0EUR')
  expect(amountText('12', 'POSTER')).toBe('12\u00a0POSTER')
  expect(amountText('9223372036854775807', 'POSTER')).toBe('any number of POSTER')
  expect([isZero('0.00'), isZero('0'), isZero('0.01')]).toEqual([true, true, false])
})

test('a draft is an entry as soon as it has an amount, and somebody who gets it', () => {
  expect(entryOf('u', DRAFT, null)).toEqual({ type: 'consume', unit: 'u', amount: '3' })
  expect(entryOf('u', { ...DRAFT, amount: ' ' }, null)).toBeNull()
  expect(entryOf('u', { ...DRAFT, type: 'transfer' }, null)).toBeNull()
  expect(entryOf('u', { ...DRAFT, type: 'transfer', memo: ' lunch ' }, 'stall')).toEqual({
    ...{ type: 'transfer', unit: 'u', amount: '3', to: 'stall', memo: 'lunch' },
  })
  // What an entry takes back is said of a restore alone.
  const back = { ...DRAFT, reverses: 'ab/0' }
  expect(entryOf('u', { ...back, type: 'restore' }, null)).toMatchObject({ reverses: 'ab/0' })
  expect(entryOf('u', back, null)).not.toHaveProperty('reverses')
})

test('the likeliest act comes first, and what makes no sense is not offered', () => {
  expect(actsFor(unit('stock'), balance({ issuable: '9' }), '0')[0]).toBe('issue')
  expect(actsFor(unit('stock'), balance({ issuable: '9' }), '5')[0]).toBe('consume')
  expect(actsFor(unit('stock'), null, '0')).not.toContain('draw')
  expect(actsFor(unit('money'), null, '0')).toContain('draw')
  expect(actsFor(unit('stock'), balance({ loss: '4' }), '5')).toContain('write-back')
})

test('a request keeps its id until it is answered, and another one has another id', () => {
  const ids = new RequestId()
  const first = ids.of({ amount: '1' })
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(ids.of({ amount: '1' })).toBe(first)
  const other = ids.of({ amount: '2' })
  expect(other).not.toBe(first)
  ids.done()
  expect(ids.of({ amount: '2' })).not.toBe(other)
})

test('older pages go below; the newest one is put in front unless there is a gap', () => {
  const page = { entries: [entry(9), entry(8, 'on-the-way')], next: 8, looked: 2 }
  const shown = withOlder(page, { entries: [entry(7), entry(6)], next: 6, looked: 2 })
  expect(shown).toMatchObject({ next: 6, looked: 4 })
  const newer = withNewest(shown, { entries: [entry(10), entry(9), entry(8)], next: 8, looked: 3 })
  expect(newer.entries.map((it) => it.order)).toEqual([10, 9, 8, 7, 6])
  expect(newer.next).toBe(6)
  expect(newer.entries.every((it) => it.state === 'counted')).toBe(true)
  const gap = { entries: [entry(30), entry(20)], next: 20, looked: 2 }
  expect(withNewest(shown, gap)).toBe(gap)
  const whole = { entries: [entry(10)], next: null, looked: 1 }
  expect(withNewest(shown, whole)).toBe(whole)
})

test('a unit is asked for as typed, without what its kind does not have', () => {
  expect(unitOf(EMPTY_UNIT)).toBeNull()
  const draft = { ...EMPTY_UNIT, code: ' poster-a2 ', supply: '50', scale: '2', relayMax: '5' }
  expect(unitOf(draft)).toEqual({ code: 'POSTER-A2', kind: 'stock', scale: 2, supply: '50', relayMax: '5' })
  expect(unitOf({ ...draft, kind: 'money' })).not.toHaveProperty('supply')
  expect(unitOf({ ...draft, kind: 'seat' })).not.toHaveProperty('scale')
  expect(unitOf({ ...draft, expires: 'never' })).toBeNull()
  expect([codeProblem(''), codeProblem('eur'), codeProblem('€')]).toEqual([
    null,
    null,
    expect.stringContaining('POSTER-A2'),
  ])
  expect(namesake('x', [unit('stock')])?.id).toBe('stock-x')
  expect(namesake('y', [unit('stock')])).toBeNull()
})

test('parts of a split are read as typed, and what cannot be read is said beside it', () => {
  const party = (way: Way, value: string): PartyDraft => ({ ...newParty(0, 'nora'), way, value })
  const read = (way: Way, value: string): unknown =>
    partiesOf({ id: 'door', unit: 'u', amount: '100', parties: [party(way, value)] })?.[0] ?? null
  expect(['30', '12.5', '0.01', '100.00'].map((it) => read('points', it))).toMatchObject([
    ...[{ points: 3_000 }, { points: 1_250 }, { points: 1 }, { points: 10_000 }],
  ])
  expect(['', '1.005', '12,5', '-1', '1e1'].map((it) => read('points', it))).toEqual(Array(5).fill(null))
  expect(read('share', '2')).toEqual({ key: 'nora', way: 'share', weight: 2 })
  expect(read('share', '1.5')).toBeNull()
  // Amounts are the node's to read.
  expect(read('fixed', ' 12.50 ')).toEqual({ key: 'nora', way: 'fixed', amount: '12.50' })
  expect(read('usage', '')).toEqual({ key: 'nora', way: 'usage' })
  expect(valueProblem(party('points', '12,5'))).toContain('such as 12.5')
  expect(valueProblem(party('points', ''))).toBeNull()
})

test('a rule that is changed starts from what it is, in amounts of the unit, and is the next version', () => {
  const rule: SplitRule = {
    ...{ id: 'door', version: 4 },
    parties: [
      { key: 'a', way: 'fixed', amount: '5' },
      { key: 'b', way: 'points', points: 1_250 },
      { key: 'c', way: 'usage' },
    ],
  }
  const draft = draftOf(rule, { ...unit('money'), scale: 2 })
  expect(draft.parties.map((it) => it.value)).toEqual(['0.05', '12.5', ''])
  expect(nextVersion(' door ', [rule])).toBe(5)
  expect(nextVersion('bar', [rule])).toBe(1)
  expect(trialOf(draft, 5)).toEqual({
    rule: {
      id: 'door',
      version: 5,
      parties: [{ ...rule.parties[0], amount: '0.05' }, ...rule.parties.slice(1)],
    },
    ...{ unit: 'money-x', amount: '100', usage: { c: '1' } },
  })
  expect(trialOf({ ...draft, amount: ' ' }, 5)).toBeNull()
  expect([10_000, 3_333, 2_000, 1_005, 1].map(percentText)).toEqual(['100', '33.33', '20', '10.05', '0.01'])
  expect([minorText('5', 2), minorText('1250', 0), minorText('-5', 0)]).toEqual(['0.05', '1250', '-5'])
})

test('debts that are not filled in are left out; payments can be sent to the others', () => {
  const debt = { row: 0, debtor: 'nora', creditor: 'ada', amount: ' 3 ' }
  expect(debtsOf([debt, { ...debt, row: 1, amount: '' }])).toEqual([
    { debtor: 'nora', creditor: 'ada', amount: '3' },
  ])
  expect(debtsOf([{ ...debt, amount: '' }])).toBeNull()
  expect(debtsOf([{ ...debt, creditor: '' }])).toBeNull()
  const payments = [{ from: 'n', to: 'a', amount: '3.00' }]
  const text = paymentsText({ code: 'EUR', payments, balances: [], commit: null }, (it) => it.toUpperCase())
  expect(text).toBe('N pays A 3.00 EUR')
})
