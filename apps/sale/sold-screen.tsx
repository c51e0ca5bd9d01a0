import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { QrSquare, Symbol, changeOf, shownAmount } from '#apps/page'
import type { Sold } from './sale-calls.ts'
import type { SaleTexts } from './texts.ts'

/** What was sold: change, and each ticket as a QR code for the customer's phone or for paper. */
export function SoldScreen(props: {
  texts: SaleTexts
  locale: string
  sold: Sold
  received: string
  onNext: () => void
}): JSX.Element {
  const { texts, sold, received } = props
  const next = useRef<HTMLButtonElement>(null)
  useEffect(() => next.current?.focus(), [])
  const [only] = sold.total
  const change =
    only === undefined || sold.total.length > 1 || received === '' ? null : changeOf(received, only.amount)
  return (
    <main class="sold" data-testid="sold">
      <header class="sold-head">
        <span class="sold-symbol">
          <Symbol name="check" />
        </span>
        <div>
          <h1>{texts.soldTitle}</h1>
          <p class="muted number">
            {sold.total.map((it) => `${shownAmount(it.amount, props.locale)} ${it.currency}`).join(' + ')}
            {' · '}
            {texts.commit} <code>{sold.commit.slice(0, 10)}</code>
          </p>
        </div>
        {change !== null && !change.startsWith('-') && (
          <p class="sold-change">
            <span>{texts.change}</span>
            <b class="number" data-testid="sold-change">
              {shownAmount(change, props.locale)} {only?.currency}
            </b>
          </p>
        )}
      </header>
      <div class="sold-actions">
        <button
          ref={next}
          type="button"
          class="button button-primary button-tall"
          data-testid="next-customer"
          onClick={props.onNext}
        >
          {texts.next}
          <Symbol name="next" />
        </button>
        {sold.tickets.length > 0 && (
          <button type="button" class="button button-tall" data-testid="print" onClick={() => print()}>
            <Symbol name="print" />
            {texts.print}
          </button>
        )}
      </div>
      <ol class="plain tickets">
        {sold.tickets.map((ticket) => (
          <li key={ticket.text} class="ticket" data-testid="ticket" data-text={ticket.text}>
            <h2>
              {ticket.className} <span class="number">{ticket.number}</span>
            </h2>
            <QrSquare
              text={ticket.text}
              label={texts.qrLabel(`${ticket.className} ${ticket.number}`)}
              ecc="M"
            />
            <p class="ticket-gate">{texts.group(ticket.group)}</p>
            <code>{ticket.code}</code>
          </li>
        ))}
      </ol>
    </main>
  )
}
