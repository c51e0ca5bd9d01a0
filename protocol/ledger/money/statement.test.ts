import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawnRows } from '../../../test/actors/ledger-rows.ts'
import { ALL_TIME, Statement, postingsOf } from './index.ts'
import type { LedgerRow, LedgerRowType, Period, StatementLine } from './index.ts'

const [ANN, BEN] = ['a1', 'b1'].map((device) => ({ device, member: device.charAt(0) })) as [Holder, Holder]

type Holder = { device: string; member: string }

let index = 0
function row(type: LedgerRowType, amount: bigint, more: Partial<LedgerRow> = {}): LedgerRow {
  index += 1
  return {
    ...{
      commit: 'c0',
      index,
      timeMs: 0,
      ...ANN,
      type,
      unit: 'eur',
      amount,
      isCounted: true,
      isAccepted: false,
    },
    ...more,
  }
}

function statement(
  rows: Iterable<LedgerRow>,
  member: string | null = null,
  period: Period = ALL_TIME,
): Statement {
  const made = new Statement({ member, period })
  for (const it of rows) made.add(it)
  return made
}

function brief(lines: readonly StatementLine[]): string[] {
  return lines.map(
    ({ account, opening, up, down, closing }) =>
      `${account.kind} ${account.device} ${opening} +${up} -${down} ${closing}`,
  )
}

describe('the postings of an entry', () => {
  it('move its amount between two accounts', () => {
    const to = BEN
    const moves: Record<LedgerRowType, string> = {
      issue: 'held a1 5, issued a1 -5',
      withdraw: 'issued a1 5, held a1 -5',
      consume: 'used a1 5, held a1 -5',
      restore: 'held a1 5, used a1 -5',
      return: 'returned a1 5, held a1 -5',
      draw: 'held a1 5, credit a1 -5',
      repay: 'credit a1 5, held a1 -5',
      'write-back': 'loss a1 5, held a1 -5',
      transfer: 'in-flight b1 5, held a1 -5',
      replace: 'held a1 5, loss b1 -5',
    }
    for (const [type, moved] of Object.entries(moves) as [LedgerRowType, string][]) {
      const postings = postingsOf(row(type, 5n, { to }))
      expect(
        postings.map(({ account, amount }) => `${account.kind} ${account.device} ${amount}`).join(', '),
      ).toBe(moved)
      expect(postingsOf(row(type, 5n, { to, isCounted: false }))).toEqual([])
    }
    const accepted = postingsOf(row('transfer', 5n, { to, isAccepted: true }))
    expect(accepted[0]).toEqual({ account: { kind: 'held', ...BEN }, amount: 5n })
    expect(() => postingsOf(row('transfer', 5n))).toThrow('without another side')
  })
})

describe('a statement', () => {
  const rows = [
    row('issue', 100n, { timeMs: 10 }),
    row('transfer', 30n, { timeMs: 20, to: BEN, isAccepted: true }),
    row('transfer', 7n, { timeMs: 30, to: BEN }),
    row('consume', 4n, { timeMs: 20, ...BEN }),
    row('consume', 1n, { timeMs: 29, ...BEN }),
    row('return', 9n, { timeMs: 25, isCounted: false }),
    row('consume', 50n, { timeMs: 40 }),
  ]

  it('has opening balance, movements and closing balance of a period, whatever order the rows come in', () => {
    const period = { fromMs: 20, untilMs: 40 }
    const expected = [
      'held a1 100 +0 -37 63',
      'held b1 0 +30 -5 25',
      'in-flight b1 0 +7 -0 7',
      'used b1 0 +5 -0 5',
      'issued a1 -100 +0 -0 -100',
    ]
    expect(brief(statement(rows, null, period).lines())).toEqual(expected)
    expect(brief(statement(rows.toReversed(), null, period).lines())).toEqual(expected)
    expect(brief(statement(rows, 'b', period).lines())).toEqual(
      expected.filter((line) => line.includes('b1')),
    )
    const made = new Statement({ member: 'b', period })
    const movements = rows.map((it) => made.add(it)).filter((it) => it !== null)
    expect(movements.map((it) => [it.row.type, it.postings.length])).toEqual([
      ['transfer', 1],
      ['transfer', 1],
      ['consume', 2],
      ['consume', 2],
    ])
  })

  it('sums up to the books of each unit', () => {
    const more = [
      ...rows,
      row('draw', 20n),
      row('replace', 8n, { ...BEN, to: ANN }),
      row('write-back', 3n),
      row('consume', 1_000n, BEN),
      row('issue', 5n, { unit: 'tee' }),
    ]
    expect(statement(more).books()).toEqual([
      {
        ...{ unit: 'eur', issued: 100n, credit: 20n, loss: 5n, used: 1_055n, returned: 0n },
        ...{ held: 30n, deficits: 967n, inFlight: 7n, isBalanced: true },
      },
      {
        ...{ unit: 'tee', issued: 5n, credit: 0n, loss: 0n, used: 0n, returned: 0n },
        ...{ held: 5n, deficits: 0n, inFlight: 0n, isBalanced: true },
      },
    ])
  })

  it('laws: postings sum to zero, opening + up - down = closing, members sum to the co-op, periods follow on each other', () => {
    fc.assert(
      fc.property(drawnRows(), fc.nat(100), fc.nat(100), (drawn, one, other) => {
        const { rows, members } = drawn
        const [fromMs, untilMs] = [Math.min(one, other), Math.max(one, other)].map((part) =>
          drawn.atPart(part / 100),
        ) as [number, number]
        const coop = statement(rows, null, { fromMs, untilMs })
        const next = statement(rows, null, { fromMs: untilMs, untilMs: Infinity })
        const sums = new Map<string, bigint>()
        const closings = new Map<string, bigint>()
        for (const { account, unit, opening, up, down, closing } of coop.lines()) {
          if (opening + up - down !== closing) throw new Error('does not sum up')
          sums.set(unit, (sums.get(unit) ?? 0n) + closing)
          closings.set(`${account.kind} ${account.device} ${unit}`, closing)
        }
        for (const sum of sums.values()) expect(sum).toBe(0n)
        for (const { isBalanced } of coop.books()) expect(isBalanced).toBe(true)
        for (const { account, unit, opening } of next.lines())
          expect(opening).toBe(closings.get(`${account.kind} ${account.device} ${unit}`) ?? 0n)
        const apart = members.flatMap((member) => statement(rows, member, { fromMs, untilMs }).lines())
        const inOrder = (lines: readonly StatementLine[]) =>
          lines.map((line) => JSON.stringify(line, bigintText)).sort()
        expect(inOrder(apart)).toEqual(inOrder(coop.lines()))
      }),
      { numRuns: 60 },
    )
  })
})

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
