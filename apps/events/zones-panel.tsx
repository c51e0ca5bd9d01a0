import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '#apps/page'
import type { EventView } from '#apps/page'
import { wholeOf } from './class-rules.ts'
import { focusProblem } from './event-form.tsx'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'

/** Zones of an event with their room, and a form for another one. */
export function ZonesPanel(props: { view: EventView; onChanged: () => Promise<void> }): JSX.Element {
  const { view } = props
  const { calls, texts, words } = usePage()
  const [name, setName] = useState('')
  const [people, setPeople] = useState('')
  const [isChecked, setChecked] = useState(false)
  const work = useWork()
  const capacity = wholeOf(people)
  const taken = view.zones.some((it) => it.zone === name.trim())
  const problem = name.trim() === '' ? texts.problems.missing : taken ? texts.problems.taken : null
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    if (problem !== null || capacity === null) return focusProblem(event)
    const request = [name.trim(), capacity] as const
    void work
      .run(request, async (id) => calls.addZone(view.event, ...request, id))
      .then((isDone) => {
        if (!isDone) return
        setName('')
        setPeople('')
        setChecked(false)
        void props.onChanged()
      })
  }
  return (
    <section class="card stack" data-testid="zones">
      <h2>{texts.zones.title}</h2>
      <p class="muted">{texts.zones.lead}</p>
      {view.zones.length > 0 && (
        <ul class="plain rows">
          {view.zones.map((it) => (
            <li key={it.zone} class="row">
              <span class="row-main">
                <strong>{it.zone}</strong>
                <span class="muted">
                  {texts.zones.inside(words.count(it.inside), words.count(it.capacity))}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <form class="line-form" onSubmit={submit} noValidate>
        <Field
          label={texts.zones.name}
          isRequired
          maxLength={40}
          placeholder={texts.zones.nameHint}
          value={name}
          problem={isChecked ? problem : null}
          onValue={setName}
          testId="zone-name"
        />
        <Field
          label={texts.zones.capacity}
          isRequired
          inputMode="numeric"
          maxLength={6}
          value={people}
          problem={isChecked && capacity === null ? texts.problems.whole : null}
          onValue={setPeople}
          testId="zone-capacity"
        />
        <button type="submit" class="button" aria-disabled={work.isBusy} data-testid="zone-add">
          {texts.zones.add}
        </button>
      </form>
      <FailureNote failure={work.failure} />
    </section>
  )
}
