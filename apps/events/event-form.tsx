import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '#apps/page'
import { inputTime, msOfInput, offsetAt, offsetText } from './event-time.ts'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'

const HOUR_MS = 3_600_000

/** Makes an event: name, place, times. */
export function EventForm({ onMade }: { onMade: (event: string) => void }): JSX.Element {
  const { calls, texts } = usePage()
  const [draft, setDraft] = useState(firstDraft)
  const [isChecked, setChecked] = useState(false)
  const work = useWork()
  const utcOffsetMin = offsetAt(msOfInput(draft.starts, offsetAt(Date.now())) ?? Date.now())
  const [startsMs, endsMs] = [msOfInput(draft.starts, utcOffsetMin), msOfInput(draft.ends, utcOffsetMin)]
  const problems = {
    name: draft.name.trim() === '' ? texts.problems.missing : null,
    starts: startsMs === null ? texts.problems.missing : null,
    ends:
      endsMs === null
        ? texts.problems.missing
        : startsMs !== null && endsMs <= startsMs
          ? texts.problems['ends-before']
          : null,
  }
  const set = (change: Partial<typeof draft>): void => setDraft({ ...draft, ...change })
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.values(problems).some((it) => it !== null) || startsMs === null || endsMs === null) {
      focusProblem(event)
      return
    }
    const [hours = 0, minutes = 0] = draft.dayStart.split(':').map(Number)
    const request = {
      ...{ name: draft.name.trim(), place: draft.place.trim(), startsMs, endsMs, utcOffsetMin },
      dayStartMin: hours * 60 + minutes,
    }
    void work.run(request, async (id) => onMade(await calls.create({ ...request, id })))
  }
  return (
    <form class="card narrow" onSubmit={submit} noValidate>
      <h1 tabIndex={-1}>{texts.make.title}</h1>
      <Field
        label={texts.make.name}
        isRequired
        maxLength={80}
        placeholder={texts.make.nameHint}
        value={draft.name}
        problem={isChecked ? problems.name : null}
        onValue={(name) => set({ name })}
        testId="event-name"
      />
      <Field
        label={texts.make.place}
        optionalText={texts.optional}
        maxLength={80}
        value={draft.place}
        onValue={(place) => set({ place })}
        testId="event-place"
      />
      <div class="pair">
        <Field
          label={texts.make.starts}
          type="datetime-local"
          isRequired
          value={draft.starts}
          problem={isChecked ? problems.starts : null}
          onValue={(starts) => set({ starts })}
          testId="event-starts"
        />
        <Field
          label={texts.make.ends}
          type="datetime-local"
          isRequired
          value={draft.ends}
          problem={isChecked ? problems.ends : null}
          onValue={(ends) => set({ ends })}
          testId="event-ends"
        />
      </div>
      <Field
        label={texts.make.dayStart}
        hint={texts.make.dayStartHint}
        type="time"
        isRequired
        value={draft.dayStart}
        onValue={(dayStart) => set({ dayStart })}
      />
      <p class="muted">{texts.make.clock(offsetText(utcOffsetMin))}</p>
      <FailureNote failure={work.failure} />
      <div class="actions">
        <a href="#/" class="button button-quiet">
          {texts.cancel}
        </a>
        <button
          type="submit"
          class="button button-primary"
          aria-disabled={work.isBusy}
          data-testid="event-make"
        >
          {texts.make.submit}
        </button>
      </div>
    </form>
  )
}

/** Tonight, from the next full hour on. */
function firstDraft(): { name: string; place: string; starts: string; ends: string; dayStart: string } {
  const fromMs = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS
  const offsetMin = offsetAt(fromMs)
  const [starts, ends] = [inputTime(fromMs, offsetMin), inputTime(fromMs + 8 * HOUR_MS, offsetMin)]
  return { name: '', place: '', starts, ends, dayStart: '06:00' }
}

/** Moves the focus to the first field that is wrong, once it is drawn as such: the drawing is queued before this. */
export function focusProblem({ currentTarget }: Event): void {
  queueMicrotask(() => {
    if (currentTarget instanceof HTMLElement)
      currentTarget.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  })
}
