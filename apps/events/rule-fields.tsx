import type { JSX } from 'preact'
import { Field } from '#apps/page'
import { CheckGroup } from './check-group.tsx'
import type { EntryKind, RuleDraft } from './class-rules.ts'
import { usePage } from './page-context.ts'

const KINDS: readonly EntryKind[] = ['once', 'daily', 'entries', 'free']

/** How often a ticket lets in, how soon again, where, and at what time of day. */
export function RuleFields(props: {
  rules: RuleDraft
  gates: readonly string[]
  problem: (field: string) => string | null
  onRules: (rules: RuleDraft) => void
}): JSX.Element {
  const { rules, gates, problem } = props
  const { texts } = usePage()
  const set = (change: Partial<RuleDraft>): void => props.onRules({ ...rules, ...change })
  const kinds = rules.kind === 'other' || rules.json !== '' ? [...KINDS, 'other' as const] : KINDS
  const isOften = rules.kind !== 'once' && rules.kind !== 'other'
  return (
    <fieldset class="choice stack">
      <legend>{texts.rules.title}</legend>
      <div class="choices">
        {kinds.map((it) => (
          <label key={it} class="check">
            <input
              type="radio"
              name="rule-kind"
              checked={rules.kind === it}
              data-testid={`rule-${it}`}
              onChange={() => set({ kind: it })}
            />
            {texts.rules.kinds[it]}
          </label>
        ))}
      </div>
      {(rules.kind === 'daily' || rules.kind === 'entries') && (
        <Field
          label={rules.kind === 'daily' ? texts.rules.perDay : texts.rules.inAll}
          isRequired
          inputMode="numeric"
          maxLength={6}
          value={rules.entries}
          problem={problem('entries')}
          onValue={(entries) => set({ entries })}
          testId="rule-count"
        />
      )}
      {isOften && <p class="hint">{texts.rules.exitHint}</p>}
      {rules.kind === 'other' ? (
        <>
          <Field
            label={texts.rules.json}
            isRequired
            maxLength={2_000}
            value={rules.json}
            problem={problem('json')}
            onValue={(json) => set({ json })}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={rules.reentry}
              onChange={(event) => set({ reentry: event.currentTarget.checked })}
            />
            {texts.rules.reentry}
          </label>
        </>
      ) : (
        <details class="more-fields">
          <summary>{texts.rules.more}</summary>
          <div class="stack">
            {isOften && (
              <Field
                label={texts.rules.minutes}
                optionalText={texts.optional}
                inputMode="numeric"
                maxLength={6}
                value={rules.minutes}
                problem={problem('minutes')}
                onValue={(minutes) => set({ minutes })}
                testId="rule-minutes"
              />
            )}
            <div class="pair">
              <Field
                label={texts.rules.from}
                optionalText={texts.optional}
                type="time"
                value={rules.from}
                onValue={(from) => set({ from })}
              />
              <Field
                label={texts.rules.until}
                optionalText={texts.optional}
                type="time"
                value={rules.until}
                problem={problem('until')}
                onValue={(until) => set({ until })}
              />
            </div>
            {gates.length > 1 && (
              <CheckGroup
                title={texts.rules.gates}
                hint={texts.rules.gatesHint}
                names={gates}
                chosen={rules.gates}
                onChosen={(chosen) => set({ gates: chosen })}
              />
            )}
          </div>
        </details>
      )}
    </fieldset>
  )
}
