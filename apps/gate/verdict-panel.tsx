import type { JSX } from 'preact'
import { Symbol } from '#apps/page'
import type { Words } from '#apps/page'
import type { ShownVerdict } from './gate-desk.ts'
import { say } from './texts.ts'
import type { Texts } from './texts.ts'
import { lookOf } from './verdict.ts'

/** The verdict over the whole stage: colour, drawing, words, reason, and what to do. */
export function VerdictPanel(props: {
  shown: ShownVerdict
  texts: Texts
  words: Words
  /** Null where nobody may override: what was let in, and what the node did not answer. */
  onOverride: (() => void) | null
  /** Null where nothing can be fetched. */
  onFetch: (() => void) | null
  onDismiss: () => void
}): JSX.Element {
  const { shown, texts, words } = props
  const { verdict } = shown
  const { tone, symbol } = lookOf(verdict)
  const { title, why, todo } = say(texts, { verdict, words })
  const { ticket } = verdict
  return (
    <div
      class={`verdict verdict-${tone}`}
      key={shown.key}
      data-testid="verdict"
      data-verdict={verdict.verdict}
      data-ok={verdict.ok}
      data-took-ms={Math.round(shown.tookMs)}
    >
      {/* It scrolls where much is said on a small screen, so the keyboard must reach it. */}
      <div class="verdict-body" tabIndex={0}>
        <span class="verdict-symbol">
          <Symbol name={symbol} />
        </span>
        <p class="verdict-title">{title}</p>
        {ticket !== null && (
          <p class="verdict-ticket">
            <strong>{ticket.className}</strong>
            <span>{ticket.number}</span>
          </p>
        )}
        {ticket?.details != null && <p class="verdict-details">{ticket.details}</p>}
        {why !== '' && <p class="verdict-why">{why}</p>}
        {verdict.repeated && <p class="verdict-why">{texts.repeated}</p>}
      </div>
      <div class="verdict-foot">
        {todo !== '' && <p class="verdict-todo">{todo}</p>}
        {!verdict.ok && (
          <div class="verdict-actions">
            {props.onFetch !== null && (
              <button type="button" class="verdict-button" data-testid="fetch-in" onClick={props.onFetch}>
                {texts.scan.takeFor}
              </button>
            )}
            {props.onOverride !== null && (
              <button
                type="button"
                class="verdict-button"
                data-testid="override-open"
                onClick={props.onOverride}
              >
                {texts.override.open}
              </button>
            )}
            <button type="button" class="verdict-button" data-testid="dismiss" onClick={props.onDismiss}>
              {texts.scan.dismiss}
            </button>
          </div>
        )}
      </div>
    </div>
  )
}
