import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field, SelectField } from '#apps/page'
import type { EventView, TicketClass } from '#apps/page'
import { CheckGroup } from './check-group.tsx'
import { draftOfClass, newClass, readClass } from './class-draft.ts'
import type { ClassDraft } from './class-draft.ts'
import { focusProblem } from './event-form.tsx'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { PriceFields } from './price-fields.tsx'
import { RuleFields } from './rule-fields.tsx'

/** A class of tickets: a new one with its seats, or what a known one is from now on. */
export function ClassForm(props: {
  view: EventView
  /** Null for a new one. */
  known: TicketClass | null
  currencies: readonly string[]
  onDone: () => Promise<void>
  onClose: () => void
}): JSX.Element {
  const { view, known, currencies } = props
  const { calls, texts } = usePage()
  const currency = currencies[0] ?? 'EUR'
  const [draft, setDraft] = useState<ClassDraft>(() =>
    known === null ? newClass(currency) : draftOfClass(known, view, currency),
  )
  const [isChecked, setChecked] = useState(false)
  const work = useWork()
  const read = readClass(draft, view, known !== null)
  const problem = (field: string): string | null => {
    const code = read.ok || !isChecked ? undefined : read.problems[field]
    return code === undefined ? null : texts.problems[code]
  }
  const set = (change: Partial<ClassDraft>): void => setDraft({ ...draft, ...change })
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    if (!read.ok) return focusProblem(event)
    const { request } = read
    void work
      .run(request, async (id) => calls.setClass(view.event, request, known?.class ?? null, id))
      .then((isDone) => (isDone ? props.onDone() : undefined))
  }
  return (
    <form class="stack class-form" onSubmit={submit} noValidate data-testid="class-form">
      <div class="pair">
        <Field
          label={texts.classes.name}
          isRequired
          maxLength={80}
          placeholder={texts.classes.nameHint}
          value={draft.name}
          problem={problem('name')}
          onValue={(name) => set({ name })}
          testId="class-name"
        />
        {known === null && (
          <Field
            label={texts.classes.seatsLabel}
            isRequired
            inputMode="numeric"
            maxLength={6}
            value={draft.seats}
            problem={problem('seats')}
            onValue={(seats) => set({ seats })}
            testId="class-seats"
          />
        )}
      </div>
      <PriceFields draft={draft} currencies={currencies} problem={problem} onDraft={set} />
      <RuleFields
        rules={draft.rules}
        gates={view.groups.map((it) => it.group)}
        problem={problem}
        onRules={(rules) => set({ rules })}
      />
      <details class="more-fields">
        <summary>{texts.classes.more}</summary>
        <div class="stack">
          <div class="pair">
            <Field
              label={texts.classes.validFrom}
              optionalText={texts.optional}
              type="datetime-local"
              value={draft.validFrom}
              onValue={(validFrom) => set({ validFrom })}
            />
            <Field
              label={texts.classes.validUntil}
              optionalText={texts.optional}
              type="datetime-local"
              value={draft.validUntil}
              problem={problem('validUntil')}
              onValue={(validUntil) => set({ validUntil })}
            />
          </div>
          {view.zones.length > 0 && (
            <CheckGroup
              title={texts.classes.zones}
              hint={texts.classes.zonesHint}
              names={view.zones.map((it) => it.zone)}
              chosen={draft.zones}
              onChosen={(zones) => set({ zones })}
            />
          )}
          <SelectField
            label={texts.classes.policy}
            hint={texts.classes.policyHint}
            value={draft.policy}
            options={[
              { value: 'exclusive', text: texts.classes.policies.exclusive },
              { value: 'open', text: texts.classes.policies.open },
            ]}
            onValue={(policy) => set({ policy })}
            testId="class-policy"
          />
          {draft.policy === 'open' && (
            <Field
              label={texts.classes.exposure}
              isRequired
              inputMode="numeric"
              maxLength={6}
              value={draft.exposure}
              problem={problem('exposure')}
              onValue={(exposure) => set({ exposure })}
            />
          )}
          <label class="check">
            <input
              type="checkbox"
              checked={draft.knownOnly}
              onChange={(event) => set({ knownOnly: event.currentTarget.checked })}
            />
            {texts.classes.knownOnly}
          </label>
        </div>
      </details>
      {known !== null && <p class="muted">{texts.classes.changeNote}</p>}
      <FailureNote failure={work.failure} />
      <div class="actions">
        <button type="button" class="button button-quiet" onClick={props.onClose}>
          {texts.cancel}
        </button>
        <button
          type="submit"
          class="button button-primary"
          aria-disabled={work.isBusy}
          data-testid="class-save"
        >
          {known === null ? texts.classes.make : texts.classes.save}
        </button>
      </div>
    </form>
  )
}
