import type { EventView, NodeLink } from '#apps/page'

/** A price that the node honours until `untilMs`. */
export interface Quote {
  quote: string
  currency: string
  amount: string
  untilMs: number
}

/** Goods of which this device holds some. */
export interface StockItem {
  unit: string
  code: string
  name: string
  /** What can be sold here without the mesh, by the unit's scale. */
  here: string
  elsewhere: string
}

/** A currency of the co-op; `scale`: places after the point. */
export interface Currency {
  code: string
  scale: number
}

/** One line of a sale, as it is sent. */
export type SaleLine =
  | { event: string; class: string; count: number; group?: string; quote?: string; holder?: string }
  | { unit: string; amount: string; price?: { currency: string; amount: string } }

/** A ticket that was sold. */
export interface SoldTicket {
  text: string
  /** `North 12`: gate group and number there. */
  number: string
  group: string
  code: string
  className: string
  /** Id of its event's document. */
  event: string
}

/** The node's answer to a sale. */
export interface Sold {
  tickets: SoldTicket[]
  total: { currency: string; amount: string }[]
  commit: string
}

/** How long a sale may take: it may issue many tickets, and may fetch seats from another gate. A guess. */
const SALE_TIMEOUT_MS = 20_000

interface LedgerUnit {
  id: string
  code: string
  kind: string
  scale: number
  name: string
}

interface LedgerRights {
  unit: string
  here: string
  reachable: string
  elsewhere: string
}

/** Calls of the node that a stall makes. Every failure is a CallFailure. */
export class SaleCalls {
  readonly #link: NodeLink

  constructor(link: NodeLink) {
    this.#link = link
  }

  async events(): Promise<EventView[]> {
    return ((await this.#link.get('/v1/ticketing/events')) as { events: EventView[] }).events
  }

  /** Goods that this device can sell, and the co-op's currencies. */
  async stock(): Promise<{ items: StockItem[]; currencies: Currency[] }> {
    const [units, rights] = (await Promise.all([
      this.#link.get('/v1/ledger/units'),
      this.#link.get('/v1/ledger/rights'),
    ])) as [{ units: LedgerUnit[] }, { rights: LedgerRights[] }]
    const items = units.units.flatMap((it) => {
      const right = rights.rights.find(({ unit }) => unit === it.id)
      if (it.kind !== 'stock' || right === undefined) return []
      const { id: unit, code, name } = it
      return [{ unit, code, name: name === '' ? code : name, here: right.here, elsewhere: right.elsewhere }]
    })
    const currencies = units.units
      .filter((it) => it.kind === 'money')
      .map(({ code, scale }) => ({ code, scale }))
    return { items, currencies }
  }

  async quote(event: string, ticketClass: string): Promise<Quote> {
    const path = `/v1/ticketing/events/${encodeURIComponent(event)}/quotes`
    return (await this.#link.post(path, { class: ticketClass })) as Quote
  }

  /** @param id - 32 hexadecimal digits: what is sent twice under one id is sold once */
  async sell(lines: readonly SaleLine[], id: string): Promise<Sold> {
    return (await this.#link.post(
      '/v1/ticketing/sales',
      { id, lines, method: 'cash' },
      SALE_TIMEOUT_MS,
    )) as Sold
  }
}
