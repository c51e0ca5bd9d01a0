import type { JSX } from 'preact'
import { render } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { slotAt } from '#protocol/tickets'
import {
  LanguageSwitch,
  QrSquare,
  Symbol,
  currentLanguage,
  keepLanguage,
  localeOf,
  useWakeLock,
} from '#apps/page'
import type { Language } from '#apps/page'
import { isBound, makeSeed, withKeptSeed } from './kept-keys.ts'
import { KeyScreen } from './key-screen.tsx'
import { shownCode } from './shown-code.ts'
import { TICKET_TEXTS } from './texts.ts'
import { keyFragment, readKeyLink, readTicketLink, ticketLink } from './ticket-link.ts'
import type { LinkedTicket } from './ticket-link.ts'

/** A clock further off than this is told: a gate takes codes of the slot before and after, 30 s each. */
const CLOCK_OFF_MS = 45_000

function App(): JSX.Element {
  const [fragment, setFragment] = useState(ownFragment)
  const [language, setLanguage] = useState<Language>(currentLanguage)
  const [nowMs, setNowMs] = useState(Date.now)
  const [offMs, setOffMs] = useState(0)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  useEffect(() => {
    const onLink = (): void => setFragment(ownFragment())
    const tick = (): void => setNowMs(Date.now())
    const timer = setInterval(tick, 500)
    addEventListener('hashchange', onLink)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      removeEventListener('hashchange', onLink)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [])
  useEffect(() => {
    void clockOff().then(setOffMs)
  }, [])
  useWakeLock()
  const linked = useMemo(() => ownTicket(fragment), [fragment])
  const key = useMemo(() => readKeyLink(fragment), [fragment])
  // Signed once a slot, not at each tick.
  const slot = slotAt(nowMs)
  const shown = useMemo(() => (linked === null ? null : shownCode(linked, nowMs)), [linked, slot])
  const texts = TICKET_TEXTS[language]
  const choose = (it: Language): void => {
    keepLanguage(it)
    setLanguage(it)
  }
  const languages = <LanguageSwitch label={texts.language} language={language} onLanguage={choose} />
  if (key !== null && key.seed !== null)
    return (
      <main class="single">
        <KeyScreen
          texts={texts}
          event={key.event}
          seed={key.seed}
          onAnother={() => setFragment(showKey(makeSeed(), key.event))}
        />
        <footer class="pass-foot">{languages}</footer>
      </main>
    )
  const isOthers = linked !== null && isBound(linked)
  if (linked === null || shown === null)
    return (
      <main class="single">
        <div class="card stack" role="alert" data-testid="broken">
          <h1>{isOthers ? texts.otherPhone : texts.broken}</h1>
          <p>{isOthers ? texts.otherPhoneNext : texts.brokenNext}</p>
        </div>
        <footer class="pass-foot">{languages}</footer>
      </main>
    )
  const number = new Intl.NumberFormat(localeOf(language)).format(shown.number)
  const leftMs = shown.untilMs === null ? 0 : Math.max(0, shown.untilMs - nowMs)
  return (
    <main class="single">
      {shown.untilMs !== null && Math.abs(offMs) > CLOCK_OFF_MS && (
        <p class="note note-warning" role="alert" data-testid="clock-off">
          <Symbol name="clock" />
          <span>{texts.clockOff(String(Math.max(1, Math.round(Math.abs(offMs) / 60_000))))}</span>
        </p>
      )}
      <article class="pass" data-testid="pass">
        <header class="pass-head">
          <p class="pass-event">{linked.event === '' ? texts.title : linked.event}</p>
          <h1>{linked.className === '' ? texts.title : linked.className}</h1>
          <p class="pass-number">{texts.number(number)}</p>
        </header>
        <div class="pass-qr" data-testid="ticket-qr" data-text={shown.text}>
          <QrSquare text={shown.text} label={texts.qrLabel} ecc={shown.untilMs === null ? 'M' : 'L'} />
        </div>
        {shown.untilMs !== null && (
          <div class="pass-live">
            <progress max={30} value={leftMs / 1_000} aria-label={texts.live(Math.ceil(leftMs / 1_000))} />
            <p>{texts.live(Math.ceil(leftMs / 1_000))}</p>
          </div>
        )}
        {linked.group !== '' && (
          <div class="pass-gate">
            <Symbol name="enter" />
            <p>
              <strong>{texts.group(linked.group)}</strong>
              <span>{texts.groupNote}</span>
            </p>
          </div>
        )}
        <p class="muted">{shown.untilMs === null ? texts.staticNote : texts.liveNote}</p>
        {linked.code !== '' && (
          <p class="pass-code">
            <span class="muted">{texts.code}</span>
            <code data-testid="ticket-code">{linked.code}</code>
            <span class="muted">{shown.untilMs === null ? texts.codeNote : texts.liveCodeNote}</span>
          </p>
        )}
      </article>
      <footer class="pass-foot">
        {languages}
        {shown.untilMs === null && (
          <button type="button" class="button" onClick={() => print()}>
            <Symbol name="print" />
            {texts.print}
          </button>
        )}
      </footer>
    </main>
  )
}

/** The ticket of a link; one that this phone has the key of brings it along, so that a bookmark of the page is enough. */
function ownTicket(fragment: string): LinkedTicket | null {
  const read = readTicketLink(fragment)
  if (read === null) return null
  const linked = withKeptSeed(read)
  if (linked !== read) history.replaceState(null, '', ticketLink(location.origin, linked))
  return linked
}

/** The fragment of an address; where it asks for a key, one is made and stands in the address instead. */
function ownFragment(): string {
  const read = readKeyLink(location.hash)
  return read === null || read.seed !== null ? location.hash : showKey(makeSeed(), read.event)
}

function showKey(seed: Uint8Array, event: string): string {
  const fragment = keyFragment(seed, event)
  history.replaceState(null, '', fragment)
  return fragment
}

/** How far this device's clock is ahead of the node's, ms, as far as the answer's date tells; 0 without an answer. */
async function clockOff(): Promise<number> {
  try {
    const sentMs = Date.now()
    const { headers } = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' })
    const dateMs = Date.parse(headers.get('date') ?? '')
    return Number.isNaN(dateMs) ? 0 : (sentMs + Date.now()) / 2 - dateMs
  } catch {
    return 0
  }
}

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
