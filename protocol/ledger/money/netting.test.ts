import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AMOUNT_LIMIT, NETTING_DEBTS_MAX, NETTING_MEMBERS_MAX, netDebts } from './index.ts'
import type { Debt } from './index.ts'

function debt(debtor: string, creditor: string, amount: bigint): Debt {
  return { debtor, creditor, amount }
}

function refusalOf(debts: readonly Debt[]): string | null {
  const result = netDebts(debts)
  return result.ok ? null : result.refusal
}

describe('netting', () => {
  it('a ring of equal debts needs no payment', () => {
    const ring = [debt('ann', 'ben', 5n), debt('ben', 'cy', 5n), debt('cy', 'ann', 5n)]
    expect(netDebts(ring)).toMatchObject({ ok: true, transfers: [] })
  })

  it('the largest payer pays the largest receiver, of equal ones the first by key', () => {
    const debts = [debt('dee', 'ann', 3n), debt('cy', 'ben', 3n), debt('ann', 'ben', 1n)]
    expect(netDebts(debts)).toMatchObject({
      ok: true,
      transfers: [
        { from: 'cy', to: 'ben', amount: 3n },
        { from: 'dee', to: 'ben', amount: 1n },
        { from: 'dee', to: 'ann', amount: 2n },
      ],
    })
  })

  it('refuses by name what is no debt, and what is too much', () => {
    for (const amount of [0n, -1n, AMOUNT_LIMIT])
      expect(refusalOf([debt('ann', 'ben', amount)])).toBe('netting-amount')
    expect(refusalOf([debt('ann', 'ann', 1n)])).toBe('netting-self')
    const most = AMOUNT_LIMIT - 1n
    expect(refusalOf([debt('ann', 'ben', most), debt('ann', 'cy', 1n)])).toBe('netting-too-large')
    expect(refusalOf([debt('ann', 'ben', most), debt('cy', 'ben', 1n)])).toBe('netting-too-large')
    expect(refusalOf([debt('ann', 'ben', most), debt('ann', 'cy', 1n), debt('cy', 'ann', 1n)])).toBe(null)
    const star = Array.from({ length: NETTING_MEMBERS_MAX }, (_, i) => debt(`m${i}`, 'coop', 1n))
    expect(refusalOf(star)).toBe('netting-members')
    expect(refusalOf(star.slice(1))).toBe(null)
    const line = debt('ann', 'ben', 1n)
    expect(refusalOf(Array.from({ length: NETTING_DEBTS_MAX + 1 }, () => line))).toBe('netting-debts')
  })

  it('pays exactly the net of each in at most n - 1 payments, whatever the order of the debts', () => {
    const members = fc.nat(11).map((i) => `m${i}`)
    const amounts = fc.oneof(fc.bigInt(1n, 5n), fc.bigInt(1n, 1n << 56n))
    const debts = fc
      .array(fc.tuple(members, members, amounts), { maxLength: 60 })
      .map((list) => list.filter(([debtor, creditor]) => debtor !== creditor).map((it) => debt(...it)))
    const shuffled = debts.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const result = netDebts(list)
        if (!result.ok) throw new Error(result.refusal)
        const { transfers } = result
        const owed = new Map<string, bigint>()
        const add = (key: string, amount: bigint) => owed.set(key, (owed.get(key) ?? 0n) + amount)
        for (const { debtor, creditor, amount } of list) {
          add(debtor, -amount)
          add(creditor, amount)
        }
        expect(result.nets).toEqual(owed)
        const open = [...owed.values()].filter((net) => net !== 0n).length
        expect(transfers.length).toBeLessThanOrEqual(Math.max(0, open - 1))
        for (const { from, to, amount } of transfers) {
          if (amount <= 0n || from === to) throw new Error('no payment')
          add(from, amount)
          add(to, -amount)
        }
        for (const net of owed.values()) expect(net).toBe(0n)
        expect(netDebts(other)).toMatchObject({ ok: true, transfers })
      }),
      { numRuns: 2_000 },
    )
  })

  it('nets 100,000 debts among the most members', () => {
    let state = 7
    const draw = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 4) % below
    }
    const debts = Array.from({ length: 100_000 }, () => {
      const debtor = draw(NETTING_MEMBERS_MAX)
      const creditor = (debtor + 1 + draw(NETTING_MEMBERS_MAX - 1)) % NETTING_MEMBERS_MAX
      return debt(`m${debtor}`, `m${creditor}`, BigInt(1 + draw(1_000_000)))
    })
    const result = netDebts(debts)
    if (!result.ok) throw new Error(result.refusal)
    expect(result.nets.size).toBe(NETTING_MEMBERS_MAX)
    expect(result.transfers.length).toBeLessThan(NETTING_MEMBERS_MAX)
    for (const { from, to, amount } of result.transfers) {
      result.nets.set(from, (result.nets.get(from) ?? 0n) + amount)
      result.nets.set(to, (result.nets.get(to) ?? 0n) - amount)
    }
    expect([...result.nets.values()].every((net) => net === 0n)).toBe(true)
  })
})
