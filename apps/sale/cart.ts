import { isAmount, sumOf, timesOf } from '#apps/page'
import type { Quote, SaleLine } from './sale-calls.ts'

/** Tickets of one class in a cart. */
export interface TicketLine {
  kind: 'tickets'
  key: string
  event: string
  class: string
  name: string
  /** Gate group printed on them; null: as the node chooses. */
  group: string | null
  count: number
  /** Keys of the buyers' phones, hex: so many of the tickets are bound to one each. */
  holders: readonly string[]
  quote: Quote
}

/** Goods in a cart. */
export interface GoodsLine {
  kind: 'goods'
  key: string
  unit: string
  name: string
  count: number
  currency: string | null
  /** Of one piece, as typed. */
  price: string
}

/** One line of a cart. */
export type CartLine = TicketLine | GoodsLine

/** What one line costs; null without a price. */
export function priceOf(line: CartLine): { currency: string; amount: string } | null {
  if (line.kind === 'tickets')
    return { currency: line.quote.currency, amount: timesOf(line.quote.amount, line.count) }
  if (line.currency === null || !isAmount(line.price)) return null
  return { currency: line.currency, amount: timesOf(line.price, line.count) }
}

/** What a cart costs, a sum for each currency. */
export function totalOf(lines: readonly CartLine[]): { currency: string; amount: string }[] {
  const amounts = new Map<string, string[]>()
  for (const line of lines) {
    const price = priceOf(line)
    if (price !== null) amounts.set(price.currency, [...(amounts.get(price.currency) ?? []), price.amount])
  }
  return [...amounts].map(([currency, parts]) => ({ currency, amount: sumOf(parts) }))
}

/** A cart as the node takes it. */
export function saleLines(lines: readonly CartLine[]): SaleLine[] {
  return lines.flatMap((line): SaleLine[] => {
    if (line.kind === 'tickets') {
      const { event, class: ticketClass, group, quote, holders } = line
      const common = { event, class: ticketClass, ...(group === null ? {} : { group }), quote: quote.quote }
      const unbound = line.count - holders.length
      const bound = holders.map((holder) => ({ ...common, count: 1, holder }))
      return unbound === 0 ? bound : [...bound, { ...common, count: unbound }]
    }
    const price = priceOf(line)
    return [{ unit: line.unit, amount: String(line.count), ...(price === null ? {} : { price }) }]
  })
}
