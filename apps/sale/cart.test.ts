import { expect, test } from 'vitest'
import { saleLines, totalOf } from './cart.ts'
import type { TicketLine } from './cart.ts'

const LINE: TicketLine = {
  ...{ kind: 'tickets', key: 'k', event: 'e', class: 'seat-a', name: 'Standing', group: 'North', count: 3 },
  holders: [],
  quote: { quote: 'q', currency: 'EUR', amount: '12.50', untilMs: 0 },
}

test('each ticket that is bound to a phone is a line of its own, the rest are one', () => {
  const common = { event: 'e', class: 'seat-a', group: 'North', quote: 'q' }
  expect(saleLines([LINE])).toEqual([{ ...common, count: 3 }])
  const holders = ['a', 'b']
  expect(saleLines([{ ...LINE, holders }])).toEqual([
    { ...common, count: 1, holder: 'a' },
    { ...common, count: 1, holder: 'b' },
    { ...common, count: 1 },
  ])
  expect(saleLines([{ ...LINE, count: 2, holders }])).toHaveLength(2)
  expect(totalOf([{ ...LINE, holders }])).toEqual([{ currency: 'EUR', amount: '37.50' }])
})
