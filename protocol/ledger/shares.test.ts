import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  GRANTS_A_MINUTE_MAX,
  GRANT_EVERY_MS,
  NO_PING_PONG_MS,
  OpenRights,
  grantOf,
  sharesOf,
} from './shares.ts'
import type { Ask, Flow } from './shares.ts'

const amount = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const sharers = fc.uniqueArray(
  fc.record({ device: fc.stringMatching(/^[a-f]{1,3}$/), held: amount, used: amount }),
  { minLength: 1, maxLength: 12, selector: (it) => it.device },
)

test('shares sum to what there is, whatever the order of the devices', () => {
  fc.assert(
    fc.property(fc.constantFrom('even' as const, 'forecast' as const), sharers, (rule, all) => {
      const shares = sharesOf(rule, all)
      const sum = (of: Iterable<bigint>): bigint => [...of].reduce((total, it) => total + it, 0n)
      expect(sum(shares.values())).toBe(sum(all.map((it) => it.held)))
      expect(new Map(sharesOf(rule, all.toReversed()))).toEqual(shares)
      if (rule === 'even') {
        const found = [...shares.values()].sort((a, b) => (a < b ? -1 : 1))
        expect((found.at(-1) ?? 0n) - (found[0] ?? 0n)).toBeLessThanOrEqual(1n)
      }
    }),
  )
})

test('by forecast who used most gets most, and who used nothing gets something', () => {
  const shares = sharesOf('forecast', [
    { device: 'a', held: 90n, used: 8n },
    { device: 'b', held: 0n, used: 0n },
    { device: 'c', held: 10n, used: 0n },
  ])
  expect([...shares]).toEqual([
    ['a', 82n],
    ['b', 9n],
    ['c', 9n],
  ])
})

const ask: Ask = { unit: 'stock-a', amount: 10n, reason: 'low', device: 'b' }
const own = {
  spendable: 100n,
  marks: { low: 20n, high: 60n },
  share: 50n,
  isOfMember: false,
  lately: [],
  nowMs: 1_000_000,
}

test('a device keeps its high mark, its share, and gives a person what there is', () => {
  expect(grantOf(ask, own)).toEqual({ amount: 10n })
  expect(grantOf({ ...ask, amount: 70n }, own)).toEqual({ amount: 40n })
  expect(grantOf({ ...ask, amount: 70n, reason: 'even' }, own)).toEqual({ amount: 50n })
  expect(grantOf({ ...ask, amount: 200n, reason: 'person' }, own)).toEqual({
    amount: 100n,
  })
  expect(grantOf(ask, { ...own, spendable: 60n })).toEqual({ amount: 0n, why: 'nothing-to-spare' })
})

test('it gives by itself not too often, and nothing back that it was given just now', () => {
  const given = { atMs: own.nowMs - GRANT_EVERY_MS + 1, unit: 'stock-a', device: 'b', isReceived: false }
  expect(grantOf(ask, { ...own, lately: [given] })).toEqual({ amount: 0n, why: 'too-soon' })
  expect(grantOf({ ...ask, reason: 'person' }, { ...own, lately: [given] })).toEqual({ amount: 10n })
  expect(grantOf(ask, { ...own, lately: [{ ...given, device: 'c' }] })).toEqual({ amount: 10n })
  const got = { ...given, isReceived: true, atMs: own.nowMs - NO_PING_PONG_MS + 1 }
  expect(grantOf(ask, { ...own, lately: [got] })).toEqual({ amount: 0n, why: 'ping-pong' })
  expect(grantOf(ask, { ...own, nowMs: own.nowMs + NO_PING_PONG_MS, lately: [got] })).toEqual({ amount: 10n })
})

test('whoever asks again and again gets some a minute, of whatever unit and for whatever reason', () => {
  const given = Array.from({ length: GRANTS_A_MINUTE_MAX }, (_, i) => {
    return { atMs: own.nowMs - 59_999 + i, unit: `stock-${i}`, device: 'b', isReceived: false }
  })
  for (const reason of ['person', 'low', 'even', 'forecast'] as const) {
    const again = { ...ask, reason, unit: 'stock-new' }
    expect(grantOf(again, { ...own, lately: given })).toEqual({ amount: 0n, why: 'too-soon' })
    expect(grantOf(again, { ...own, lately: given.slice(1) }).amount).toBe(10n)
    expect(grantOf(again, { ...own, lately: given, nowMs: own.nowMs + 1 }).amount).toBe(10n)
    expect(grantOf({ ...again, device: 'c' }, { ...own, lately: given }).amount).toBe(10n)
  }
})

test('money goes to no device of another member that asks for it', () => {
  for (const reason of ['person', 'low', 'even', 'forecast'] as const) {
    const asked = { ...ask, reason, unit: 'money-a' }
    expect(grantOf(asked, own)).toEqual({ amount: 0n, why: 'not-shared' })
    expect(grantOf(asked, { ...own, isOfMember: true }).amount).toBe(10n)
  }
})

test('two devices that ask and grant by marks come to rest', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 300n),
      fc.bigInt(0n, 300n),
      fc.bigInt(1n, 60n),
      fc.bigInt(0n, 60n),
      (a, b, low, gap) => {
        const marks = { low, high: low + gap }
        const held = new Map([
          ['a', a],
          ['b', b],
        ])
        let moves = 0
        for (let round = 0; round < 50; round += 1)
          for (const [device, other] of [
            ['a', 'b'],
            ['b', 'a'],
          ] as const) {
            const has = held.get(device) ?? 0n
            if (has >= low) continue
            const granted = grantOf(
              { unit: 'u', amount: marks.high - has, reason: 'low', device },
              { ...own, spendable: held.get(other) ?? 0n, marks, share: 0n },
            ).amount
            if (granted === 0n) continue
            moves += 1
            held.set(other, (held.get(other) ?? 0n) - granted)
            held.set(device, has + granted)
          }
        // Even with nobody remembering what was given just now.
        expect(moves).toBeLessThanOrEqual(2)
      },
    ),
  )
})

test('what expired and was not used goes home, and what leaves counts against what expires first', () => {
  const flows: Flow[] = [
    { kind: 'in', amount: 10n, expiresMs: null, grant: 'stock' },
    { kind: 'in', amount: 5n, expiresMs: 100, grant: 'early' },
    { kind: 'in', amount: 5n, expiresMs: 200, grant: 'late' },
    { kind: 'out', amount: 7n, grant: null },
  ]
  const rights = new OpenRights()
  for (const flow of flows) rights.take(flow)
  expect([99, 150, 200].map((nowMs) => [...rights.expired(nowMs)])).toEqual([[], [], [['late', 3n]]])
  rights.take({ kind: 'out', amount: 3n, grant: 'late' })
  expect([...rights.expired(200)]).toEqual([])
})
