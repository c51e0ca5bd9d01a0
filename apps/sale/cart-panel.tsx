import { Symbol, changeOf, shownAmount, usualPayments } from '#apps/page'
import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import { priceOf, totalOf } from './cart.ts'
import type { CartLine, TicketLine } from './cart.ts'
import type { SaleTexts } from './texts.ts'
import type { TillState } from './till-desk.ts'

/** What is in the cart, what was paid, and the button that sells. */
export function CartPanel(props: {
  texts: SaleTexts
  locale: string
  lines: readonly CartLine[]
  state: TillState['sale']
  received: string
  problem: { message: string; next: string } | null
  /** Opens the sheet that binds tickets of a line to phones. */
  onBind: (key: string) => void
  onUnbind: (key: string) => void
  onReceived: (received: string) => void
  onClear: () => void
  onSell: () => void
}): JSX.Element {
  const { texts, lines, state, received } = props
  const id = useId()
  const total = totalOf(lines)
  const [only] = total
  const change = only === undefined || received === '' ? null : changeOf(received, only.amount)
  const isShort = change?.startsWith('-') === true
  const shown = (amount: string): string => shownAmount(amount, props.locale)
  const time = new Intl.DateTimeFormat(props.locale, { timeStyle: 'short' })
  const heldUntil = Math.min(...lines.flatMap((it) => (it.kind === 'tickets' ? [it.quote.untilMs] : [])))
  const isOpen = state === 'open'
  const isFree = lines.length > 0 && total.every((it) => Number(it.amount) === 0)
  const submit = (event: Event): void => {
    event.preventDefault()
    if (lines.length > 0 && state !== 'selling') props.onSell()
  }
  return (
    <form class="cart card" aria-label={texts.cart} onSubmit={submit} data-testid="cart">
      <header class="cart-head">
        <h2>{texts.cart}</h2>
        {lines.length > 0 && isOpen && (
          <button type="button" class="button button-quiet" data-testid="cart-clear" onClick={props.onClear}>
            {texts.clear}
          </button>
        )}
      </header>
      {lines.length === 0 && <p class="muted cart-empty">{texts.empty}</p>}
      <ul class="plain cart-lines">
        {lines.map((line) => {
          const price = priceOf(line)
          return (
            <li key={line.key} class="cart-line">
              <span>
                <b>{line.count} ×</b> {line.name}
                {line.kind === 'tickets' && line.group !== null && (
                  <span class="muted"> · {texts.group(line.group)}</span>
                )}
              </span>
              <span class="number">
                {price === null ? texts.free : `${shown(price.amount)} ${price.currency}`}
              </span>
              {line.kind === 'tickets' && (
                <BindButton
                  texts={texts}
                  line={line}
                  isLocked={!isOpen}
                  onBind={() => props.onBind(line.key)}
                  onUnbind={() => props.onUnbind(line.key)}
                />
              )}
            </li>
          )
        })}
      </ul>
      {lines.length > 0 && (
        <>
          <div class="cart-total">
            <span>{texts.total}</span>
            <span class="number" data-testid="total">
              {isFree ? texts.free : total.map((it) => `${shown(it.amount)} ${it.currency}`).join(' + ')}
            </span>
          </div>
          {Number.isFinite(heldUntil) && isOpen && (
            <p class="muted" data-testid="held">
              {texts.held(time.format(heldUntil))}
            </p>
          )}
        </>
      )}
      {only !== undefined && total.length === 1 && isOpen && !isFree && (
        <div class="cash">
          <div class="field">
            <label for={id}>
              {texts.received} ({only.currency})
            </label>
            <input
              id={id}
              inputMode="decimal"
              autoComplete="off"
              maxLength={12}
              value={received}
              data-testid="received"
              onInput={(event) => props.onReceived(event.currentTarget.value)}
            />
          </div>
          <div class="notes" role="group" aria-label={texts.received}>
            {usualPayments(only.amount).map((it) => (
              <button
                key={it}
                type="button"
                class="button"
                aria-pressed={it === received}
                data-testid="note"
                onClick={() => props.onReceived(it)}
              >
                {shown(it)}
              </button>
            ))}
          </div>
          {change !== null && (
            <p class={`change ${isShort ? 'is-short' : ''}`}>
              <span>{isShort ? texts.missing : texts.change}</span>
              <span class="number" data-testid="change">
                {shown(isShort ? change.slice(1) : change)} {only.currency}
              </span>
            </p>
          )}
        </div>
      )}
      <div role="alert">
        {state === 'unanswered' && (
          <p class="note note-warning" data-testid="unanswered">
            {texts.noAnswer}
          </p>
        )}
        {props.problem !== null && state !== 'unanswered' && (
          <div class="note note-danger" data-testid="problem">
            <div>
              <p class="note-title">{props.problem.message}</p>
              <p>{props.problem.next}</p>
            </div>
          </div>
        )}
      </div>
      <button
        type="submit"
        class="button button-primary button-wide sell"
        aria-disabled={lines.length === 0 || state === 'selling'}
        data-testid="sell"
      >
        {state === 'selling'
          ? texts.selling
          : state === 'unanswered'
            ? texts.askAgain
            : isFree
              ? texts.sellFree
              : `${texts.sell}${only === undefined ? '' : ` · ${shown(only.amount)} ${only.currency}`}`}
      </button>
    </form>
  )
}

function BindButton(props: {
  texts: SaleTexts
  line: TicketLine
  isLocked: boolean
  onBind: () => void
  onUnbind: () => void
}): JSX.Element {
  const { texts, line, isLocked } = props
  const bound = line.holders.length
  return (
    <span class="bind">
      {bound > 0 && (
        <span class="badge badge-ok" data-testid="bound">
          {texts.bound(String(bound), String(line.count))}
        </span>
      )}
      {!isLocked && bound < line.count && (
        <button type="button" class="button" data-testid="bind" onClick={props.onBind}>
          <Symbol name="key" />
          {texts.bind}
        </button>
      )}
      {!isLocked && bound > 0 && (
        <button type="button" class="button button-quiet" data-testid="unbind" onClick={props.onUnbind}>
          {texts.unbind}
        </button>
      )}
    </span>
  )
}
