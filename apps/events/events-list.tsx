import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import { Symbol } from '#apps/page'
import type { EventView } from '#apps/page'
import { FailureNote } from './failure-note.tsx'
import { usePage } from './page-context.ts'
import { PhonesPanel } from './phones-panel.tsx'
import { eventAddress } from './route.ts'
import { useNews } from './use-news.ts'

/** Events that are shown before somebody asks for more. A guess: a season. */
const SHOWN_AT_ONCE = 30

/** All events, the latest first, and the pages for phones. */
export function EventsList(): JSX.Element {
  const { calls, texts } = usePage()
  const [shown, setShown] = useState(SHOWN_AT_ONCE)
  const { value: events, failure } = useNews(useCallback(() => calls.events(), [calls]))
  return (
    <div class="with-side">
      <section class="stack">
        <header class="title-row">
          <h1 tabIndex={-1}>{texts.list.title}</h1>
          <a href="#/new" class="button button-primary" data-testid="event-new">
            <Symbol name="plus" />
            {texts.list.make}
          </a>
        </header>
        <FailureNote failure={failure} />
        {events === null && failure === null && (
          <p role="status" class="muted">
            {texts.loading}
          </p>
        )}
        {events?.length === 0 && (
          <div class="empty" data-testid="events-empty">
            <Symbol name="ticket" />
            <p class="empty-title">{texts.list.empty}</p>
            <p>{texts.list.emptyNext}</p>
          </div>
        )}
        <ul class="plain stack" data-testid="events">
          {(events ?? []).slice(0, shown).map((it) => (
            <EventCard key={it.event} view={it} />
          ))}
        </ul>
        {(events?.length ?? 0) > shown && (
          <button type="button" class="button" onClick={() => setShown(shown + SHOWN_AT_ONCE)}>
            {texts.more}
          </button>
        )}
      </section>
      <PhonesPanel />
    </div>
  )
}

function EventCard({ view }: { view: EventView }): JSX.Element {
  const { texts, words, locale } = usePage()
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' })
  const nowMs = Date.now()
  const isNow = view.startsMs <= nowMs && nowMs < view.endsMs
  return (
    <li class="card event-card">
      <a href={eventAddress(view.event)} class="event-link" data-testid="event">
        <h2>{view.name}</h2>
        {isNow && <span class="badge badge-ok">{texts.list.now}</span>}
      </a>
      <p class="muted">
        {when.format(view.startsMs)}
        {view.place !== '' && ` · ${view.place}`}
      </p>
      <p>{texts.list.sold(words.count(view.stats.sold), words.count(view.stats.admitted))}</p>
    </li>
  )
}
