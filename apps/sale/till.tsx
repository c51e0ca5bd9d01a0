import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { LanguageSwitch, PHONE_BASE, PageLinks, keptValue, localeOf, shownAmount } from '#apps/page'
import type { Doors, Language } from '#apps/page'
import { BindSheet } from './bind-sheet.tsx'
import { CartPanel } from './cart-panel.tsx'
import { totalOf } from './cart.ts'
import type { TicketLine } from './cart.ts'
import { GoodsOffers, TicketOffers, groupsHere } from './offers.tsx'
import type { SaleCalls } from './sale-calls.ts'
import { SoldScreen } from './sold-screen.tsx'
import { SALE_TEXTS } from './texts.ts'
import type { SaleTexts } from './texts.ts'
import { TillDesk } from './till-desk.ts'
import type { TillState } from './till-desk.ts'

/** The page of a stall: what there is, the cart, and what was sold. */
export function Till(props: {
  calls: SaleCalls
  doors: Doors | null
  language: Language
  onLanguage: (language: Language) => void
  onAccessRefused: () => void
}): JSX.Element {
  const { calls, language } = props
  const texts = SALE_TEXTS[language]
  const locale = localeOf(language)
  const [known, setState] = useState<TillState | null>(null)
  const desk = useMemo(() => new TillDesk(calls, setState), [calls])
  const state = known ?? desk.state
  /** Key of the line whose tickets are being bound to phones. */
  const [bound, setBound] = useState<string | null>(null)
  const cart = useRef<HTMLDivElement>(null)
  useEffect(() => {
    desk.start()
    return () => desk.stop()
  }, [desk])
  useEffect(() => {
    if (state.isAccessRefused) props.onAccessRefused()
  }, [state.isAccessRefused])
  const { lines, received, sold } = state
  const base = props.doors === null ? null : phoneDoor(props.doors)
  const eventName = (event: string): string =>
    state.events?.find((it) => event === it.event || event === `event/${it.event}`)?.name ?? ''
  if (sold !== null)
    return <SoldScreen {...{ texts, locale, sold, received, base, eventName }} onNext={() => desk.clear()} />
  const binding = lines.find((it): it is TicketLine => it.kind === 'tickets' && it.key === bound)
  return (
    <div class="till">
      <header class="till-head">
        <h1>{texts.title}</h1>
        <LanguageSwitch label={texts.language} language={language} onLanguage={props.onLanguage} />
      </header>
      <main class="till-main">
        <div class="till-offers">
          <Offers desk={desk} state={state} texts={texts} locale={locale} />
          {lines.length > 0 && (
            <button
              type="button"
              class="button button-primary to-cart"
              onClick={() => cart.current?.scrollIntoView({ block: 'start' })}
            >
              {texts.cart}
              {totalOf(lines).map((it) => ` · ${shownAmount(it.amount, locale)} ${it.currency}`)}
            </button>
          )}
        </div>
        <div class="till-cart" ref={cart}>
          <CartPanel
            texts={texts}
            locale={locale}
            lines={lines}
            state={state.sale}
            received={received}
            problem={problemText(state, texts)}
            onBind={setBound}
            onUnbind={(key) => desk.unbind(key)}
            onReceived={(it) => desk.setReceived(it)}
            onClear={() => desk.clear()}
            onSell={() => void desk.sell()}
          />
        </div>
      </main>
      <footer class="till-foot">
        <PageLinks doors={props.doors} language={language} here="sale" />
      </footer>
      {binding !== undefined && (
        <BindSheet
          {...{ texts, language, base }}
          line={binding}
          event={eventName(binding.event)}
          onHolder={(holder) => desk.bind(binding.key, holder)}
          onClose={() => setBound(null)}
        />
      )}
    </div>
  )
}

/** Where phones of buyers find the ticket page: the door that this page came through, or the one that was chosen last. */
function phoneDoor({ phones, isPhone }: Doors): string | null {
  if (isPhone) return location.origin
  const chosen = keptValue(PHONE_BASE)
  return phones.find((it) => it === chosen) ?? phones[0] ?? null
}

function Offers(props: { desk: TillDesk; state: TillState; texts: SaleTexts; locale: string }): JSX.Element {
  const { desk, state, texts, locale } = props
  const { events, isAway, lines } = state
  const common = { texts, locale, cart: lines, isLocked: state.sale !== 'open' || isAway }
  const items = state.items.filter((it) => Number(it.here) > 0 || Number(it.elsewhere) > 0)
  const isEmpty = events?.every((it) => it.classes.length === 0) === true && items.length === 0
  return (
    <>
      <div role="alert">
        {isAway && (
          <p class="note note-danger" data-testid="away">
            {texts.nodeAway}
          </p>
        )}
      </div>
      {events === null && !isAway && <p role="status">{texts.loading}</p>}
      {isEmpty && <p class="note note-news">{texts.nothing}</p>}
      {(events ?? [])
        .filter((it) => it.classes.length > 0)
        .map((view) => {
          const group = state.groups[view.event] ?? groupsHere(view)[0] ?? null
          return (
            <TicketOffers
              key={view.event}
              {...common}
              view={view}
              nowMs={Date.now()}
              group={group}
              onGroup={(it) => desk.chooseGroup(view.event, it)}
              onAdd={(it) => void desk.addTicket(view.event, it, group)}
              onRemove={(it) => desk.change(it.class, -1)}
            />
          )
        })}
      {items.length > 0 && (
        <GoodsOffers
          {...common}
          items={items}
          currency={state.currency?.code ?? null}
          prices={state.prices}
          onPrice={(unit, price) => desk.setPrice(unit, price)}
          onAdd={(it) => desk.addPiece(it)}
          onRemove={(it) => desk.change(it.unit, -1)}
        />
      )}
    </>
  )
}

function problemText({ problem }: TillState, texts: SaleTexts): { message: string; next: string } | null {
  switch (problem?.kind) {
    case undefined:
      return null
    case 'refused':
      return problem
    case 'away':
      return { message: texts.failed, next: texts.nodeAway }
    case 'renewed':
      return { message: texts.quoteRenewed, next: '' }
  }
}
