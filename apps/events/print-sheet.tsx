import type { JSX } from 'preact'
import { createPortal } from 'preact/compat'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { QrSquare, Symbol } from '#apps/page'
import { usePage } from './page-context.ts'

/** A ticket as it is printed. */
export interface PrintedTicket {
  text: string
  number: string
  group: string
  code: string
  className: string
  details: string | null
}

/** Tickets with their QR codes, as they come out of the printer. They stand in the place of the page until it is closed. */
export function PrintSheet(props: {
  tickets: readonly PrintedTicket[]
  title: string
  onBack: (() => void) | null
  onNext: (() => void) | null
  onClose: () => void
}): JSX.Element {
  const { texts } = usePage()
  const { onBack, onNext } = props
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => {
    const page = document.getElementById('app')
    const before = document.activeElement
    const { scrollY } = window
    if (page !== null) page.hidden = true
    scrollTo(0, 0)
    heading.current?.focus()
    return () => {
      if (page !== null) page.hidden = false
      scrollTo(0, scrollY)
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return createPortal(
    <main class="print-sheet" data-testid="print-sheet">
      <header class="print-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {texts.tickets.sheet}
          </h1>
          <p class="number">{props.title}</p>
        </div>
        <div class="actions">
          {onBack !== null && (
            <button type="button" class="button" onClick={onBack}>
              {texts.back}
            </button>
          )}
          {onNext !== null && (
            <button type="button" class="button" data-testid="print-next" onClick={onNext}>
              {texts.next}
            </button>
          )}
          <button type="button" class="button button-primary" onClick={() => print()}>
            <Symbol name="print" />
            {texts.tickets.printNow}
          </button>
          <button type="button" class="button" data-testid="print-close" onClick={props.onClose}>
            {texts.close}
          </button>
        </div>
      </header>
      <ol class="plain tickets-printed">
        {props.tickets.map((it) => (
          <li key={it.text} class="ticket-printed" data-testid="printed" data-text={it.text}>
            <QrSquare text={it.text} label={texts.tickets.qr(it.number)} ecc="M" />
            <div>
              <p class="printed-class">{it.className}</p>
              <p>{texts.tickets.gate(it.group)}</p>
              <p class="number">{it.number}</p>
              {it.details !== null && <p>{it.details}</p>}
              <code>{it.code}</code>
            </div>
          </li>
        ))}
      </ol>
    </main>,
    document.body,
  )
}
