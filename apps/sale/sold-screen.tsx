import type { JSX } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { readTicketText } from '#protocol/tickets'
import { QrSquare, Symbol, changeOf, shownAmount } from '#apps/page'
import { ticketLink } from '#apps/ticket'
import type { Sold, SoldTicket } from './sale-calls.ts'
import type { SaleTexts } from './texts.ts'

/** What was sold: change, and each ticket as a QR code for the customer's phone or for paper. */
export function SoldScreen(props: {
  texts: SaleTexts
  locale: string
  sold: Sold
  received: string
  /** Address of the door for phones; null without one. */
  base: string | null
  /** Name of an event by the id of its document. */
  eventName: (event: string) => string
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
            <SoldCode ticket={ticket} texts={texts} base={props.base} event={props.eventName(ticket.event)} />
            <p class="ticket-gate">{texts.group(ticket.group)}</p>
            <code>{ticket.code}</code>
          </li>
        ))}
      </ol>
    </main>
  )
}

/** The code of a ticket; of one that is bound to a phone, the link that opens it there. */
function SoldCode(props: {
  ticket: SoldTicket
  texts: SaleTexts
  base: string | null
  event: string
}): JSX.Element {
  const { ticket, texts, base, event } = props
  const name = `${ticket.className} ${ticket.number}`
  const read = useMemo(() => readTicketText(ticket.text), [ticket.text])
  if (base === null || !read.ok || read.decoded.ticket.holder === null)
    return <QrSquare text={ticket.text} label={texts.qrLabel(name)} ecc="M" />
  const { className, group, code } = ticket
  const link = ticketLink(base, { ticket: read.decoded.bytes, seed: null, event, className, group, code })
  return (
    <>
      <span data-testid="bound-link" data-link={link}>
        <QrSquare text={link} label={texts.boundQr(name)} ecc="L" />
      </span>
      <p>{texts.boundNext}</p>
    </>
  )
}
