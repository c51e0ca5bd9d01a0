import { CallFailure, keepValue, keptValue, newRequestId, canonicalAmount } from '#apps/page'
import type { EventView, TicketClass } from '#apps/page'
import { saleLines } from './cart.ts'
import type { CartLine, TicketLine } from './cart.ts'
import type { Currency, SaleCalls, Sold, StockItem } from './sale-calls.ts'

/** How often the node is asked what there is to sell. */
const POLL_MS = 2_000
/** Where a sale whose answer is missing waits for the next visit. */
const PENDING = 'sale-pending'
/** Where the prices of goods are kept. */
const PRICES = 'sale-prices'

/** A sale that was sent: the same until it is answered. */
interface Pending {
  id: string
  lines: CartLine[]
  received: string
}

/** What stands in the way. `away`: the node was silent before anything was sent. `renewed`: a held price had run out. */
export type TillProblem =
  | { kind: 'refused'; message: string; next: string }
  | { kind: 'away' }
  | { kind: 'renewed' }

/** All that the page of a stall shows. */
export interface TillState {
  /** Null before the first answer. */
  events: EventView[] | null
  items: StockItem[]
  currency: Currency | null
  isAway: boolean
  isAccessRefused: boolean
  lines: readonly CartLine[]
  /** Cash, as typed. */
  received: string
  /** `unanswered`: sent, and nobody knows yet whether it was written; the cart is locked until the node says. */
  sale: 'open' | 'selling' | 'unanswered'
  problem: TillProblem | null
  sold: Sold | null
  /** Gate group that is chosen, by event. */
  groups: Readonly<Record<string, string>>
  /** Prices of goods as typed, by unit. */
  prices: Readonly<Record<string, string>>
}

/** The work at one stall: a cart, and sales that are written once whatever happens to their answers. */
export class TillDesk {
  readonly #calls: SaleCalls
  readonly #onState: (state: TillState) => void
  readonly #quoting = new Set<string>()
  #pending: Pending | null = keptPending()
  #state: TillState
  #timer: ReturnType<typeof setTimeout> | null = null
  #isStopped = false

  constructor(calls: SaleCalls, onState: (state: TillState) => void) {
    this.#calls = calls
    this.#onState = onState
    this.#state = {
      ...{ events: null, items: [], currency: null, isAway: false, isAccessRefused: false },
      lines: this.#pending?.lines ?? [],
      received: this.#pending?.received ?? '',
      sale: this.#pending === null ? 'open' : 'unanswered',
      ...{ problem: null, sold: null, groups: {}, prices: keptPrices() },
    }
  }

  /** What is shown before the node has answered. */
  get state(): TillState {
    return this.#state
  }

  /** Asks for news until it is stopped. */
  start(): void {
    void this.#poll()
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /** One more ticket of a class; the first asks for its price, which then is held. */
  async addTicket(event: string, { class: key, name }: TicketClass, group: string | null): Promise<void> {
    if (this.#has(key)) return this.change(key, 1)
    // A second tap while the first asks for the price.
    if (this.#quoting.has(key)) return
    this.#quoting.add(key)
    this.#update({ problem: null })
    try {
      const quote = await this.#calls.quote(event, key)
      const line: TicketLine = {
        kind: 'tickets',
        key,
        event,
        class: key,
        name,
        group,
        count: 1,
        holders: [],
        quote,
      }
      if (this.#state.sale === 'open') this.#update({ lines: [...this.#state.lines, line] })
    } catch (thrown) {
      this.#fail(thrown)
    } finally {
      this.#quoting.delete(key)
    }
  }

  /** One more piece of goods. */
  addPiece({ unit, name }: StockItem): void {
    if (this.#has(unit)) return this.change(unit, 1)
    const currency = this.#state.currency?.code ?? null
    const price = this.#priceOf(this.#state.prices[unit] ?? '')
    const line: CartLine = { kind: 'goods', key: unit, unit, name, count: 1, currency, price }
    this.#update({ lines: [...this.#state.lines, line], problem: null })
  }

  /** More or fewer of a line; one of which there are none is gone. */
  change(key: string, by: number): void {
    const lines = this.#state.lines.map((it) => (it.key === key ? counted(it, it.count + by) : it))
    this.#update({ lines: lines.filter((it) => it.count > 0), problem: null })
  }

  /** Binds one more ticket of a line to a phone. */
  bind(key: string, holder: string): void {
    const lines = this.#state.lines.map((it) =>
      it.key === key && it.kind === 'tickets'
        ? { ...it, holders: [...it.holders, holder].slice(0, it.count) }
        : it,
    )
    this.#update({ lines, problem: null })
  }

  /** Binds none of a line's tickets. */
  unbind(key: string): void {
    const lines = this.#state.lines.map((it) =>
      it.key === key && it.kind === 'tickets' ? { ...it, holders: [] } : it,
    )
    this.#update({ lines })
  }

  /** The gate group on tickets of an event, those in the cart too. */
  chooseGroup(event: string, group: string): void {
    if (this.#state.sale !== 'open') return
    const lines = this.#state.lines.map((it) =>
      it.kind === 'tickets' && it.event === event ? { ...it, group } : it,
    )
    this.#update({ lines, groups: { ...this.#state.groups, [event]: group } })
  }

  /** The price of goods, as typed; it is remembered. */
  setPrice(unit: string, typed: string): void {
    const prices = { ...this.#state.prices, [unit]: typed }
    keepValue(PRICES, prices)
    const price = this.#priceOf(typed)
    const lines = this.#state.lines.map((it) =>
      it.kind === 'goods' && it.unit === unit && this.#state.sale === 'open' ? { ...it, price } : it,
    )
    this.#update({ prices, lines })
  }

  setReceived(received: string): void {
    this.#update({ received })
  }

  /** Nothing in the cart; also the next customer. */
  clear(): void {
    this.#update({ lines: [], received: '', problem: null, sold: null })
  }

  /** Sells what is in the cart, or asks what became of the sale that was not answered. */
  async sell(): Promise<void> {
    if (this.#state.sale === 'selling') return
    this.#update({ sale: 'selling', problem: null })
    try {
      if (this.#pending === null && (await this.#renewQuotes()))
        return this.#update({ sale: 'open', problem: { kind: 'renewed' } })
      const { lines, received } = this.#state
      this.#pending ??= { id: newRequestId(), lines: [...lines], received }
      // Before it is sent: a page that is closed meanwhile asks again under the same id.
      keepValue(PENDING, this.#pending)
      const sold = await this.#calls.sell(saleLines(this.#pending.lines), this.#pending.id)
      this.#settle()
      this.#update({ sale: 'open', sold })
    } catch (thrown) {
      if (this.#pending !== null && isUnsure(thrown)) return this.#update({ sale: 'unanswered' })
      this.#settle()
      this.#update({ sale: 'open' })
      this.#fail(thrown)
    }
  }

  /** Asks for the price of now where the held one has run out; true when a line changed. */
  async #renewQuotes(): Promise<boolean> {
    const isOver = (it: CartLine): it is TicketLine => it.kind === 'tickets' && it.quote.untilMs <= Date.now()
    if (!this.#state.lines.some(isOver)) return false
    const renewed = this.#state.lines.map(async (it) =>
      isOver(it) ? { ...it, quote: await this.#calls.quote(it.event, it.class) } : it,
    )
    this.#update({ lines: await Promise.all(renewed) })
    return true
  }

  #settle(): void {
    this.#pending = null
    keepValue(PENDING, null)
  }

  #has(key: string): boolean {
    return this.#state.lines.some((it) => it.key === key)
  }

  #priceOf(typed: string): string {
    return canonicalAmount(typed, this.#state.currency?.scale ?? 0)
  }

  #fail(thrown: unknown): void {
    if (!(thrown instanceof CallFailure)) throw thrown
    const { status, message, next } = thrown
    if (status === 401) this.#update({ isAccessRefused: true })
    else this.#update({ problem: status === 0 ? { kind: 'away' } : { kind: 'refused', message, next } })
  }

  async #poll(): Promise<void> {
    try {
      const [events, { items, currencies }] = await Promise.all([this.#calls.events(), this.#calls.stock()])
      this.#update({ events, items, currency: currencies[0] ?? null, isAway: false })
    } catch (thrown) {
      if (thrown instanceof CallFailure && thrown.status === 0) this.#update({ isAway: true })
      else this.#fail(thrown)
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#poll(), POLL_MS)
  }

  #update(change: Partial<TillState>): void {
    if (this.#isStopped) return
    this.#state = { ...this.#state, ...change }
    this.#onState(this.#state)
  }
}

/** A line with another count: fewer tickets than phones leaves the last phones out. */
function counted(line: CartLine, count: number): CartLine {
  return line.kind === 'tickets'
    ? { ...line, count, holders: line.holders.slice(0, Math.max(0, count)) }
    : { ...line, count }
}

/** True when the sale may have been written all the same. */
function isUnsure(thrown: unknown): boolean {
  return thrown instanceof CallFailure && (thrown.status === 0 || thrown.code === 'internal')
}

function keptPending(): Pending | null {
  const kept = keptValue(PENDING)
  if (typeof kept !== 'object' || kept === null) return null
  const { id, lines, received } = kept as Partial<Pending>
  return typeof id === 'string' && Array.isArray(lines) && typeof received === 'string'
    ? {
        id,
        lines: lines.map((it) => (it.kind === 'tickets' ? { ...it, holders: it.holders ?? [] } : it)),
        received,
      }
    : null
}

function keptPrices(): Record<string, string> {
  const kept = keptValue(PRICES)
  if (typeof kept !== 'object' || kept === null) return {}
  return Object.fromEntries(
    Object.entries(kept).filter((it): it is [string, string] => typeof it[1] === 'string'),
  )
}
