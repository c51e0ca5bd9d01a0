import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { CallFailure, LanguageSwitch } from '#apps/page'
import type { EventView, Language, Words } from '#apps/page'
import type { GateCalls } from './gate-calls.ts'
import type { GateSetup } from './gate-desk.ts'
import type { Texts } from './texts.ts'

/** How often the events are asked for while this screen is open. */
const POLL_MS = 2_000

/** Chooses event, gate and zone, once. */
export function SetupScreen(props: {
  calls: GateCalls
  texts: Texts
  words: Words
  language: Language
  before: GateSetup | null
  /** To the other pages of the node. */
  links: JSX.Element
  onLanguage: (language: Language) => void
  onAccessRefused: () => void
  onSetup: (setup: GateSetup) => void
}): JSX.Element {
  const { calls, texts, words, before } = props
  const [events, setEvents] = useState<EventView[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [chosen, setChosen] = useState<{ event: string | null; gate: string | null; zone: string | null }>({
    event: before?.event ?? null,
    gate: before?.gate ?? null,
    zone: before?.zone ?? null,
  })
  useEffect(() => {
    const load = (): void => {
      calls
        .events()
        .then((it) => {
          setEvents(it)
          setProblem(null)
        })
        .catch((thrown: unknown) => {
          if (!(thrown instanceof CallFailure)) throw thrown
          if (thrown.status === 401) props.onAccessRefused()
          else setProblem(thrown.status === 0 ? texts.guarantee.noNode('') : thrown.message)
        })
    }
    load()
    const timer = setInterval(load, POLL_MS)
    return () => clearInterval(timer)
  }, [calls, texts])
  const event =
    events?.find((it) => it.event === chosen.event) ?? (events?.length === 1 ? events[0] : undefined)
  const gates = event?.groups.map((it) => it.group) ?? []
  const gate = gates.find((it) => it === chosen.gate) ?? (gates.length === 1 ? gates[0] : undefined)
  const zones = event?.zones.map((it) => it.zone) ?? []
  const zone = zones.find((it) => it === chosen.zone) ?? (zones.length === 1 ? (zones[0] ?? null) : null)
  // Where there are zones, a gate leads into one.
  const isWhole = event !== undefined && gate !== undefined && (zones.length === 0 || zone !== null)
  const submit = (submitted: Event): void => {
    submitted.preventDefault()
    if (isWhole) props.onSetup({ event: event.event, gate, zone })
  }
  return (
    <main class="single setup">
      <form class="card stack" onSubmit={submit}>
        <div class="setup-head">
          <div>
            <h1>{texts.setup.title}</h1>
            <p class="muted">{texts.setup.lead}</p>
          </div>
          <LanguageSwitch
            label={texts.scan.language}
            language={props.language}
            onLanguage={props.onLanguage}
          />
        </div>
        <div role="alert">{problem !== null && <p class="note note-danger">{problem}</p>}</div>
        {events === null && problem === null && <p role="status">{texts.setup.loading}</p>}
        {events?.length === 0 && <p class="note note-news">{texts.setup.noEvents}</p>}
        {events !== null && events.length > 0 && (
          <Choice title={texts.setup.event} isWide>
            {events.map((it) => (
              <Option
                key={it.event}
                name="event"
                title={it.name}
                note={[words.time(it.startsMs), it.place].filter((part) => part !== '').join(' · ')}
                isChosen={it === event}
                onChoose={() => setChosen({ event: it.event, gate: null, zone: null })}
              />
            ))}
          </Choice>
        )}
        {event !== undefined && gates.length === 0 && <p class="note note-news">{texts.setup.noGroups}</p>}
        {gates.length > 0 && (
          <Choice title={texts.setup.gate}>
            {gates.map((it) => (
              <Option
                key={it}
                name="gate"
                title={it}
                isChosen={it === gate}
                onChoose={() => setChosen((last) => ({ ...last, gate: it }))}
              />
            ))}
          </Choice>
        )}
        {zones.length > 0 && (
          <Choice title={texts.setup.zone}>
            {zones.map((it) => (
              <Option
                key={it}
                name="zone"
                title={it}
                isChosen={it === zone}
                onChoose={() => setChosen((last) => ({ ...last, zone: it }))}
              />
            ))}
          </Choice>
        )}
        <button
          type="submit"
          class="button button-primary button-wide button-tall"
          aria-disabled={!isWhole}
          data-testid="setup-start"
        >
          {texts.setup.start}
        </button>
      </form>
      {props.links}
    </main>
  )
}

function Choice(props: { title: string; isWide?: boolean; children: ComponentChildren }): JSX.Element {
  return (
    <fieldset class="choice">
      <legend>{props.title}</legend>
      <div class={props.isWide === true ? 'options options-wide' : 'options'}>{props.children}</div>
    </fieldset>
  )
}

function Option(props: {
  name: string
  title: string
  note?: string
  isChosen: boolean
  onChoose: () => void
}): JSX.Element {
  return (
    <label class="option">
      <input
        type="radio"
        name={props.name}
        checked={props.isChosen}
        data-testid={`setup-${props.name}`}
        onChange={props.onChoose}
      />
      <span>
        {props.title}
        {props.note !== undefined && props.note !== '' && <span class="muted">{props.note}</span>}
      </span>
    </label>
  )
}
