import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import { Symbol, isAmount, shownAmount } from '#apps/page'
import type { EventView, Price, TicketClass } from '#apps/page'
import type { CartLine, GoodsLine } from './cart.ts'
import type { StockItem } from './sale-calls.ts'
import type { SaleTexts } from './texts.ts'

/** The price of a class at `nowMs`: of the first window that is open; null when none is. */
export function priceAt({ prices }: TicketClass, nowMs: number): Price | null {
  return (
    prices.find((it) => (it.fromMs ?? nowMs) <= nowMs && (it.untilMs ?? Number.POSITIVE_INFINITY) > nowMs) ??
    null
  )
}

/** Groups of which this device holds a bucket: only their tickets can be sold here. */
export function groupsHere(view: EventView): string[] {
  return view.groups.filter((it) => it.buckets.some(({ state }) => state === 'here')).map((it) => it.group)
}

interface Common {
  texts: SaleTexts
  locale: string
  isLocked: boolean
}

/** The classes of one event. */
export function TicketOffers(
  props: Common & {
    view: EventView
    nowMs: number
    cart: readonly CartLine[]
    group: string | null
    onGroup: (group: string) => void
    onAdd: (ticketClass: TicketClass) => void
    onRemove: (ticketClass: TicketClass) => void
  },
): JSX.Element {
  const { view, texts, locale, nowMs } = props
  const groups = groupsHere(view)
  const count = (value: number): string => new Intl.NumberFormat(locale).format(value)
  return (
    <section class="offers" aria-label={view.name}>
      <header class="offers-head">
        <h2>{view.name}</h2>
        {groups.length > 1 && (
          <div class="segments" role="group" aria-label={texts.gate}>
            {groups.map((it) => (
              <button
                key={it}
                type="button"
                class="segment"
                aria-pressed={it === props.group}
                onClick={() => props.onGroup(it)}
              >
                {it}
              </button>
            ))}
          </div>
        )}
      </header>
      {groups.length === 0 && <p class="note note-warning">{texts.noBucket}</p>}
      <ul class="plain offer-list">
        {view.classes.map((it) => {
          const price = priceAt(it, nowMs)
          const inCart = props.cart.find((line) => line.key === it.class)?.count ?? 0
          const canAdd = !props.isLocked && groups.length > 0 && price !== null && inCart < it.seats.here
          const until =
            price?.untilMs == null
              ? ''
              : ` ${texts.until(new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short' }).format(price.untilMs))}`
          return (
            <Offer
              key={it.class}
              texts={texts}
              name={it.name}
              price={
                price === null
                  ? texts.noPrice
                  : Number(price.amount) === 0
                    ? texts.free
                    : `${shownAmount(price.amount, locale)} ${price.currency}`
              }
              note={until}
              stock={it.seats.here === 0 ? texts.soldOut : texts.here(count(it.seats.here))}
              isOut={it.seats.here === 0}
              elsewhere={it.seats.elsewhere > 0 ? texts.elsewhere(count(it.seats.elsewhere)) : ''}
              inCart={inCart}
              canAdd={canAdd}
              isLocked={props.isLocked}
              onAdd={() => props.onAdd(it)}
              onRemove={() => props.onRemove(it)}
            />
          )
        })}
      </ul>
    </section>
  )
}

/** Goods from stock; their prices are typed here and remembered. */
export function GoodsOffers(
  props: Common & {
    items: readonly StockItem[]
    cart: readonly CartLine[]
    currency: string | null
    prices: Readonly<Record<string, string>>
    onPrice: (unit: string, price: string) => void
    onAdd: (item: StockItem) => void
    onRemove: (item: StockItem) => void
  },
): JSX.Element {
  const { texts, currency } = props
  return (
    <section class="offers" aria-label={texts.goods}>
      <h2>{texts.goods}</h2>
      <ul class="plain offer-list">
        {props.items.map((it) => {
          const inCart = props.cart.find((line): line is GoodsLine => line.key === it.unit)?.count ?? 0
          const price = props.prices[it.unit] ?? ''
          return (
            <Offer
              key={it.unit}
              texts={texts}
              name={it.name}
              price={currency === null ? '' : `${price === '' ? '–' : price} ${currency}`}
              note=""
              stock={Number(it.here) > 0 ? texts.here(it.here) : texts.soldOut}
              isOut={Number(it.here) <= 0}
              elsewhere={Number(it.elsewhere) > 0 ? texts.elsewhere(it.elsewhere) : ''}
              inCart={inCart}
              canAdd={
                !props.isLocked &&
                inCart + 1 <= Number(it.here) &&
                (currency === null || price === '' || isAmount(price))
              }
              isLocked={props.isLocked}
              onAdd={() => props.onAdd(it)}
              onRemove={() => props.onRemove(it)}
              priceField={
                currency === null ? null : (
                  <PriceField
                    label={texts.price(it.name)}
                    currency={currency}
                    value={price}
                    onValue={(value) => props.onPrice(it.unit, value)}
                  />
                )
              }
            />
          )
        })}
      </ul>
    </section>
  )
}

function PriceField(props: {
  label: string
  currency: string
  value: string
  onValue: (value: string) => void
}): JSX.Element {
  const id = useId()
  return (
    <span class="price-field">
      <label for={id} class="visually-hidden">
        {props.label}
      </label>
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        maxLength={12}
        placeholder="0.00"
        value={props.value}
        aria-invalid={props.value !== '' && !isAmount(props.value)}
        data-testid="goods-price"
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
      <span aria-hidden="true">{props.currency}</span>
    </span>
  )
}

function Offer(props: {
  texts: SaleTexts
  name: string
  price: string
  note: string
  stock: string
  isOut: boolean
  elsewhere: string
  inCart: number
  canAdd: boolean
  isLocked: boolean
  onAdd: () => void
  onRemove: () => void
  priceField?: JSX.Element | null
}): JSX.Element {
  const { texts, name, inCart } = props
  return (
    <li class={`offer ${inCart > 0 ? 'is-chosen' : ''}`} data-testid="offer">
      <button
        type="button"
        class="offer-add"
        aria-disabled={!props.canAdd}
        data-testid="offer-add"
        onClick={() => {
          if (props.canAdd) props.onAdd()
        }}
      >
        <span class="offer-name">{name}</span>
        <span class="offer-price">
          {props.price}
          {props.note !== '' && <span class="muted">{props.note}</span>}
        </span>
        <span class="offer-stock">
          <span class={props.isOut ? 'badge badge-warning' : 'badge badge-ok'}>{props.stock}</span>
          {props.elsewhere !== '' && <span class="muted">{props.elsewhere}</span>}
        </span>
        <span class="visually-hidden">{texts.add(name)}</span>
      </button>
      <div class="offer-foot">
        {props.priceField}
        {inCart > 0 && (
          <span class="stepper">
            <button
              type="button"
              class="button icon-button"
              aria-label={texts.remove(name)}
              aria-disabled={props.isLocked}
              data-testid="offer-remove"
              onClick={() => {
                if (!props.isLocked) props.onRemove()
              }}
            >
              <Symbol name="minus" />
            </button>
            <b data-testid="offer-count">{inCart}</b>
            <button
              type="button"
              class="button icon-button"
              aria-label={texts.add(name)}
              aria-disabled={!props.canAdd}
              onClick={() => {
                if (props.canAdd) props.onAdd()
              }}
            >
              <Symbol name="plus" />
            </button>
          </span>
        )}
      </div>
    </li>
  )
}
