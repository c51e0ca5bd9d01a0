import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import { Symbol, shownAmount } from '#apps/page'
import type { EventView, TicketClass } from '#apps/page'
import { ClassForm } from './class-form.tsx'
import { draftOfRule } from './class-rules.ts'
import { usePage } from './page-context.ts'
import { useNews } from './use-news.ts'

/** Classes of tickets, and the form for one. */
export function ClassesPanel(props: { view: EventView; onChanged: () => Promise<void> }): JSX.Element {
  const { view } = props
  const { calls, texts } = usePage()
  const { value: node } = useNews(useCallback(() => calls.node(), [calls]))
  /** Unit of the class whose form is open; `new` for another one. */
  const [open, setOpen] = useState<string | null>(null)
  const currencies = node?.currencies ?? []
  const done = async (): Promise<void> => {
    setOpen(null)
    await props.onChanged()
  }
  const formOf = (known: TicketClass | null): JSX.Element => (
    <ClassForm
      key={known?.class ?? 'new'}
      view={view}
      known={known}
      currencies={currencies}
      onDone={done}
      onClose={() => setOpen(null)}
    />
  )
  return (
    <section class="card stack" data-testid="classes">
      <h2>{texts.classes.title}</h2>
      <p class="muted">{texts.classes.lead}</p>
      {view.classes.length > 0 && (
        <ul class="plain rows">
          {view.classes.map((it) => (
            <li key={it.class} class="row row-acts" data-testid="class">
              <ClassText ticketClass={it} />
              {open !== it.class && (
                <span class="actions">
                  <button
                    type="button"
                    class="button"
                    aria-label={`${texts.classes.change}: ${it.name}`}
                    data-testid="class-change"
                    onClick={() => setOpen(it.class)}
                  >
                    {texts.classes.change}
                  </button>
                </span>
              )}
              {open === it.class && formOf(it)}
            </li>
          ))}
        </ul>
      )}
      {open === 'new' ? (
        formOf(null)
      ) : (
        <button type="button" class="button" data-testid="class-new" onClick={() => setOpen('new')}>
          <Symbol name="plus" />
          {texts.classes.add}
        </button>
      )}
    </section>
  )
}

function ClassText({ ticketClass: it }: { ticketClass: TicketClass }): JSX.Element {
  const { texts, words, locale } = usePage()
  const { kind, entries } = draftOfRule(it.rule, it.reentry)
  const prices = [
    ...new Set(it.prices.map((price) => `${shownAmount(price.amount, locale)} ${price.currency}`)),
  ]
  return (
    <span class="row-main">
      <strong>{it.name}</strong>
      <span class="muted">
        {texts.classes.seats(words.count(it.sold), words.count(it.seats.capacity), words.count(it.admitted))}
      </span>
      <span class="muted">
        {[
          prices.length === 0 ? texts.classes.noPrice : prices.join(', '),
          texts.rules.short[kind](entries),
          ...(it.policy === 'open' ? [texts.classes.policies.open] : []),
          ...it.zones,
        ].join(' · ')}
      </span>
    </span>
  )
}
