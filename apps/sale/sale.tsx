import type { JSX } from 'preact'
import { render } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import {
  AccessForm,
  CallFailure,
  LanguageSwitch,
  NodeLink,
  currentLanguage,
  forgetAccessCode,
  keepAccessCode,
  keepLanguage,
  keepValue,
  keptValue,
  localeOf,
  newRequestId,
  takeAccessCode,
} from '#apps/page'
import type { EventView, Language, TicketClass } from '#apps/page'
import { CartPanel } from './cart-panel.tsx'
import type { SaleState } from './cart-panel.tsx'
import { saleLines, totalOf } from './cart.ts'
import type { CartLine, TicketLine } from './cart.ts'
import { canonicalAmount, shownAmount } from './money.ts'
import { GoodsOffers, TicketOffers, groupsHere } from './offers.tsx'
import { SaleCalls } from './sale-calls.ts'
import type { Currency, Sold, StockItem } from './sale-calls.ts'
import { SoldScreen } from './sold-screen.tsx'
import { SALE_TEXTS } from './texts.ts'

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

function App(): JSX.Element {
  const [code, setCode] = useState(takeAccessCode)
  const [isRefused, setRefused] = useState(false)
  const [language, setLanguage] = useState<Language>(currentLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const calls = useMemo(() => (code === null ? null : new SaleCalls(new NodeLink(code))), [code])
  if (calls === null)
    return (
      <AccessForm
        language={language}
        isRefused={isRefused}
        onCode={(it) => {
          keepAccessCode(it)
          setCode(it)
        }}
      />
    )
  return (
    <Till
      calls={calls}
      language={language}
      onLanguage={(it) => {
        keepLanguage(it)
        setLanguage(it)
      }}
      onAccessRefused={() => {
        forgetAccessCode()
        setRefused(true)
        setCode(null)
      }}
    />
  )
}

function Till(props: {
  calls: SaleCalls
  language: Language
  onLanguage: (language: Language) => void
  onAccessRefused: () => void
}): JSX.Element {
  const { calls, language } = props
  const texts = SALE_TEXTS[language]
  const locale = localeOf(language)
  const [events, setEvents] = useState<EventView[] | null>(null)
  const [stock, setStock] = useState<{ items: StockItem[]; currencies: Currency[] } | null>(null)
  const [isAway, setAway] = useState(false)
  const [pending, setPending] = useState<Pending | null>(keptPending)
  const [lines, setLines] = useState<CartLine[]>(pending?.lines ?? [])
  const [received, setReceived] = useState(pending?.received ?? '')
  const [state, setState] = useState<SaleState>(pending === null ? 'open' : 'unanswered')
  const [problem, setProblem] = useState<{ message: string; next: string } | null>(null)
  const [sold, setSold] = useState<Sold | null>(null)
  const [groups, setGroups] = useState<Record<string, string>>({})
  const [prices, setPrices] = useState(keptPrices)
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    let isOver = false
    const load = async (): Promise<void> => {
      try {
        const [events, stock] = await Promise.all([calls.events(), calls.stock()])
        if (isOver) return
        setEvents(events)
        setStock(stock)
        setAway(false)
      } catch (thrown) {
        if (!(thrown instanceof CallFailure)) throw thrown
        if (isOver) return
        if (thrown.status === 401) props.onAccessRefused()
        else if (thrown.status === 0) setAway(true)
        else setProblem({ message: thrown.message, next: thrown.next })
      }
    }
    void load()
    const timer = setInterval(() => void load(), POLL_MS)
    return () => {
      isOver = true
      clearInterval(timer)
    }
  }, [calls, asked])
  const isLocked = state !== 'open'
  const currency = stock?.currencies[0] ?? null
  const cart = useRef<HTMLDivElement>(null)
  const total = totalOf(lines)
  const fail = (thrown: unknown): void => {
    if (!(thrown instanceof CallFailure)) throw thrown
    if (thrown.status === 401) props.onAccessRefused()
    else if (thrown.status === 0) setProblem({ message: texts.failed, next: texts.nodeAway })
    else setProblem({ message: thrown.message, next: thrown.next })
  }
  const change = (key: string, by: number): void => {
    setProblem(null)
    setLines((last) =>
      last.flatMap((it) =>
        it.key !== key ? [it] : it.count + by > 0 ? [{ ...it, count: it.count + by }] : [],
      ),
    )
  }
  const quoting = useRef(new Set<string>())
  const addTickets = async (view: EventView, ticketClass: TicketClass): Promise<void> => {
    const key = ticketClass.class
    if (lines.some((it) => it.key === key)) return change(key, 1)
    // A second tap while the first asks for the price.
    if (quoting.current.has(key)) return
    quoting.current.add(key)
    setProblem(null)
    try {
      const quote = await calls.quote(view.event, key)
      const group = groups[view.event] ?? groupsHere(view)[0] ?? null
      const line: TicketLine = {
        kind: 'tickets',
        key,
        event: view.event,
        class: key,
        name: ticketClass.name,
        group,
        count: 1,
        quote,
      }
      setLines((last) => [...last, line])
    } catch (thrown) {
      fail(thrown)
    } finally {
      quoting.current.delete(key)
    }
  }
  const addGoods = (item: StockItem): void => {
    if (lines.some((it) => it.key === item.unit)) return change(item.unit, 1)
    const price = canonicalAmount(prices[item.unit] ?? '', currency?.scale ?? 0)
    setProblem(null)
    setLines((last) => [
      ...last,
      {
        kind: 'goods',
        key: item.unit,
        unit: item.unit,
        name: item.name,
        count: 1,
        currency: currency?.code ?? null,
        price,
      },
    ])
  }
  /** Asks for the price of now where the held one has run out; true when a line changed. */
  const renewQuotes = async (): Promise<boolean> => {
    const isOver = (it: CartLine): it is TicketLine => it.kind === 'tickets' && it.quote.untilMs <= Date.now()
    if (!lines.some(isOver)) return false
    const renewed = await Promise.all(
      lines.map(async (it) => (isOver(it) ? { ...it, quote: await calls.quote(it.event, it.class) } : it)),
    )
    setLines(renewed)
    return true
  }
  const sell = async (): Promise<void> => {
    setProblem(null)
    setState('selling')
    let sale = pending
    try {
      if (sale === null && (await renewQuotes())) {
        setState('open')
        setProblem({ message: texts.quoteRenewed, next: '' })
        return
      }
      sale ??= { id: newRequestId(), lines: [...lines], received }
      // Before it is sent: a page that is closed meanwhile asks again under the same id.
      setPending(sale)
      keepValue(PENDING, sale)
      setSold(await calls.sell(saleLines(sale.lines), sale.id))
      settle()
      setState('open')
    } catch (thrown) {
      if (sale !== null && thrown instanceof CallFailure && isUnsure(thrown)) return setState('unanswered')
      settle()
      setState('open')
      fail(thrown)
      setAsked((it) => it + 1)
    }
  }
  const settle = (): void => {
    setPending(null)
    keepValue(PENDING, null)
  }
  const next = (): void => {
    setSold(null)
    setLines([])
    setReceived('')
    setProblem(null)
    setAsked((it) => it + 1)
  }
  if (sold !== null)
    return <SoldScreen texts={texts} locale={locale} sold={sold} received={received} onNext={next} />
  const items = stock?.items.filter((it) => Number(it.here) > 0 || Number(it.elsewhere) > 0) ?? []
  const isEmpty = events?.every((it) => it.classes.length === 0) === true && items.length === 0
  return (
    <div class="till">
      <header class="till-head">
        <h1>{texts.title}</h1>
        <LanguageSwitch label={texts.language} language={language} onLanguage={props.onLanguage} />
      </header>
      <main class="till-main">
        <div class="till-offers">
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
            .map((view) => (
              <TicketOffers
                key={view.event}
                texts={texts}
                locale={locale}
                isLocked={isLocked || isAway}
                view={view}
                nowMs={Date.now()}
                cart={lines}
                group={groups[view.event] ?? groupsHere(view)[0] ?? null}
                onGroup={(group) => {
                  if (isLocked) return
                  setGroups((last) => ({ ...last, [view.event]: group }))
                  setLines((last) =>
                    last.map((it) =>
                      it.kind === 'tickets' && it.event === view.event ? { ...it, group } : it,
                    ),
                  )
                }}
                onAdd={(it) => void addTickets(view, it)}
                onRemove={(it) => change(it.class, -1)}
              />
            ))}
          {items.length > 0 && (
            <GoodsOffers
              texts={texts}
              locale={locale}
              isLocked={isLocked || isAway}
              items={items}
              cart={lines}
              currency={currency?.code ?? null}
              prices={prices}
              onPrice={(unit, price) => {
                const all = { ...prices, [unit]: price }
                setPrices(all)
                keepValue(PRICES, all)
                setLines((last) =>
                  last.map((it) =>
                    it.kind === 'goods' && it.unit === unit
                      ? { ...it, price: canonicalAmount(price, currency?.scale ?? 0) }
                      : it,
                  ),
                )
              }}
              onAdd={addGoods}
              onRemove={(it) => change(it.unit, -1)}
            />
          )}
          {lines.length > 0 && (
            <button
              type="button"
              class="button button-primary to-cart"
              onClick={() => cart.current?.scrollIntoView({ block: 'start' })}
            >
              {texts.cart}
              {total.map((it) => ` · ${shownAmount(it.amount, locale)} ${it.currency}`)}
            </button>
          )}
        </div>
        <div class="till-cart" ref={cart}>
          <CartPanel
            texts={texts}
            locale={locale}
            lines={lines}
            state={state}
            received={received}
            problem={problem}
            onReceived={setReceived}
            onClear={() => {
              setLines([])
              setReceived('')
              setProblem(null)
            }}
            onSell={() => void sell()}
          />
        </div>
      </main>
    </div>
  )
}

/** True when the sale may have been written all the same. */
function isUnsure(failure: CallFailure): boolean {
  return failure.status === 0 || failure.status >= 500
}

function keptPending(): Pending | null {
  const kept = keptValue(PENDING)
  if (typeof kept !== 'object' || kept === null) return null
  const { id, lines, received } = kept as Partial<Pending>
  return typeof id === 'string' && Array.isArray(lines) && typeof received === 'string'
    ? { id, lines, received }
    : null
}

function keptPrices(): Record<string, string> {
  const kept = keptValue(PRICES)
  if (typeof kept !== 'object' || kept === null) return {}
  return Object.fromEntries(
    Object.entries(kept).filter((it): it is [string, string] => typeof it[1] === 'string'),
  )
}

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
