import type { JSX } from 'preact'
import { render } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { LanguageSwitch, StaffPage, Words, localeOf } from '#apps/page'
import type { StaffParts } from '#apps/page'
import { EventCalls } from './event-calls.ts'
import { EventForm } from './event-form.tsx'
import { EventScreen } from './event-screen.tsx'
import { EventsList } from './events-list.tsx'
import { PageContext } from './page-context.ts'
import type { PageContextValue } from './page-context.ts'
import { eventAddress, readRoute } from './route.ts'
import type { Route } from './route.ts'
import { EVENT_TEXTS } from './texts.ts'

function Events({ link, language, onLanguage, onAccessRefused }: StaffParts): JSX.Element {
  const route = useRoute()
  const calls = useMemo(() => new EventCalls(link), [link])
  const page = useMemo((): PageContextValue => {
    const locale = localeOf(language)
    const words = new Words(locale)
    return { calls, texts: EVENT_TEXTS[language], words, locale, language, onAccessRefused }
  }, [calls, language])
  const { texts } = page
  return (
    <PageContext.Provider value={page}>
      <header class="events-head">
        <nav class="events-nav" aria-label={texts.nav.label}>
          <a href="/" class="button button-quiet">
            {texts.nav.node}
          </a>
          <a href="#/" class="button button-quiet" aria-current={route.kind === 'list' ? 'page' : undefined}>
            {texts.nav.events}
          </a>
        </nav>
        <LanguageSwitch label={texts.nav.language} language={language} onLanguage={onLanguage} />
      </header>
      <main class="events-main" id="main">
        {route.kind === 'list' && <EventsList />}
        {route.kind === 'new' && (
          <EventForm
            onMade={(event) => {
              location.hash = eventAddress(event, 'setup')
            }}
          />
        )}
        {route.kind === 'event' && <EventScreen key={route.event} event={route.event} part={route.part} />}
      </main>
    </PageContext.Provider>
  )
}

/** The route of the address; going elsewhere moves the focus to the new heading. */
function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  const isFirst = useRef(true)
  useEffect(() => {
    const read = (): void => setHash(location.hash)
    addEventListener('hashchange', read)
    return () => removeEventListener('hashchange', read)
  }, [])
  useLayoutEffect(() => {
    if (!isFirst.current) {
      scrollTo(0, 0)
      document.querySelector('h1')?.focus()
    }
    isFirst.current = false
  }, [hash])
  return readRoute(hash)
}

const root = document.getElementById('app')
if (root !== null) render(<StaffPage>{(parts) => <Events {...parts} />}</StaffPage>, root)
