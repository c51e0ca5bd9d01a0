import type { JSX } from 'preact'
import { useCallback, useEffect, useLayoutEffect } from 'preact/hooks'
import { FailureNote } from './failure-note.tsx'
import { GatesPanel } from './gates-panel.tsx'
import { ClassesPanel } from './classes-panel.tsx'
import { LogPanel } from './log-panel.tsx'
import { OverviewPanel } from './overview-panel.tsx'
import { usePage } from './page-context.ts'
import { PARTS, eventAddress } from './route.ts'
import type { Part } from './route.ts'
import { TicketsPanel } from './tickets-panel.tsx'
import { useNews } from './use-news.ts'
import { ZonesPanel } from './zones-panel.tsx'

/** One event: how it goes, what it is, its tickets, and who came. */
export function EventScreen({ event, part }: { event: string; part: Part }): JSX.Element {
  const { calls, texts, locale } = usePage()
  const { value: view, failure, refresh } = useNews(useCallback(() => calls.event(event), [calls, event]))
  const name = view?.name
  useEffect(() => {
    document.title = `${name ?? texts.list.title} · Coopmesh`
  }, [name, texts])
  const isKnown = view !== null
  // The heading that had the focus has gone with the drawing before the first answer.
  useLayoutEffect(() => {
    if (isKnown && document.activeElement === document.body) document.querySelector('h1')?.focus()
  }, [isKnown])
  if (view === null)
    return (
      <div class="stack">
        <h1 tabIndex={-1} class="visually-hidden">
          {texts.list.title}
        </h1>
        <FailureNote failure={failure} />
        {failure === null && (
          <p role="status" class="muted">
            {texts.loading}
          </p>
        )}
      </div>
    )
  const when = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' })
  return (
    <div class="stack">
      <header class="event-head">
        <h1 tabIndex={-1}>{view.name}</h1>
        <p class="muted">
          {when.formatRange(view.startsMs, view.endsMs)}
          {view.place !== '' && ` · ${view.place}`}
        </p>
      </header>
      <nav class="segments parts" aria-label={texts.parts.label}>
        {PARTS.map((it) => (
          <a
            key={it}
            href={eventAddress(event, it)}
            class="segment"
            aria-current={it === part ? 'page' : undefined}
            data-testid={`part-${it}`}
          >
            {texts.parts[it]}
          </a>
        ))}
      </nav>
      <FailureNote failure={failure} />
      {part === 'overview' && <OverviewPanel view={view} />}
      {part === 'setup' && (
        <>
          <ClassesPanel view={view} onChanged={refresh} />
          <GatesPanel view={view} onChanged={refresh} />
          <ZonesPanel view={view} onChanged={refresh} />
        </>
      )}
      {part === 'tickets' && <TicketsPanel view={view} onChanged={refresh} />}
      {part === 'log' && <LogPanel view={view} onChanged={refresh} />}
    </div>
  )
}
