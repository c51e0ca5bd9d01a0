import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Field, SelectField } from '#apps/page'
import { shownText } from '#apps/shown-text'
import { Icon } from './icon.tsx'
import { amountText } from './ledger-text.ts'
import type { SplitRule, Unit } from './ledger-types.ts'
import { useAction, useNode } from './node-context.ts'
import { ProblemNote } from './problem-note.tsx'
import { unitText } from './right-fields.tsx'
import { RowEditor } from './row-editor.tsx'
import { WAY_TEXT, newParty, nextVersion, trialOf, valueProblem } from './split-draft.ts'
import type { PartyDraft, SplitDraft, Way } from './split-draft.ts'
import { TrialNote } from './trial-note.tsx'
import { usePreview } from './use-preview.ts'

/** Characters of a rule's name, as the node takes them. */
const NAME_LENGTH_MAX = 64
const WAYS = (Object.keys(WAY_TEXT) as Way[]).map((value) => ({ value, text: WAY_TEXT[value].choice }))

/** Writes a split rule, or the next version of one, with the parts of an example while it is typed. */
export function SplitRuleForm(props: {
  rules: readonly SplitRule[]
  units: readonly Unit[]
  /** Who can be named, with the parties of the rule that this starts from. */
  people: readonly { value: string; text: string }[]
  nameOf: (key: string) => string
  start: SplitDraft
  onDone: () => void
}): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { rules, units, people, nameOf } = props
  const [draft, setDraft] = useState(props.start)
  /** The rule that was sent last: sent again, it is the same version. */
  const sent = useRef<{ key: string; version: number } | null>(null)
  const set = (some: Partial<SplitDraft>): void => setDraft((draft) => ({ ...draft, ...some }))
  const known = rules.find((it) => it.id === draft.id.trim())
  const key = JSON.stringify([draft.id.trim(), draft.unit, draft.parties])
  const version = sent.current?.key === key ? sent.current.version : nextVersion(draft.id, rules)
  const trial = trialOf(draft, version)
  const preview = usePreview(trial, (trial) => client.books.previewSplit(trial))
  const isReady = trial !== null && draft.id.trim() !== '' && preview.problem === null
  const define = useAction(async () => {
    if (trial === null || !isReady) return
    sent.current = { key, version }
    await client.books.defineSplit(trial.rule, trial.unit)
    announce(`${trial.rule.id} is set, version ${version}`)
    refresh(['ledger'])
    props.onDone()
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    define.run()
  }
  return (
    <form class="stack" aria-label="Set a split rule" onSubmit={submit}>
      <Field
        label="Name of the rule"
        value={draft.id}
        onValue={(id) => set({ id })}
        placeholder="door"
        hint={
          known === undefined
            ? 'For what it is: the door, the bar, a record.'
            : `It is here in version ${known.version}. This makes version ${version}, for what is split from then on.`
        }
        maxLength={NAME_LENGTH_MAX}
        isRequired
        testId="rule-name"
      />
      <RowEditor
        title="Who gets what"
        hint="Fixed parts come first, then percentages of what is left. Shares, or what each has used, divide the rest."
        rows={draft.parties}
        nameOf={(row) => nameOf(row.key)}
        onRows={(parties) => set({ parties })}
        onAdd={(row) => newParty(row, unnamed(draft, people))}
        addLabel="Add somebody"
        testId="party"
      >
        {(party, change) => <PartyFields party={party} people={people} onParty={change} />}
      </RowEditor>
      <fieldset class="trial">
        <legend>What it would give</legend>
        <div class="field-pair">
          <Field
            label="Amount"
            value={draft.amount}
            onValue={(amount) => set({ amount })}
            inputMode="decimal"
            isRequired
            testId="trial-amount"
          />
          <SelectField
            label="Unit"
            value={draft.unit}
            options={units.map((it) => ({ value: it.id, text: unitText(it, units) }))}
            onValue={(unit) => set({ unit })}
            testId="trial-unit"
          />
        </div>
        <TrialNote
          problem={preview.problem}
          nameOf={nameOf}
          isEmpty={preview.shown === null}
          hint="The parts appear here as soon as everything is filled in."
          testId="trial"
        >
          {preview.shown !== null && (
            <ul class="plain parts">
              {preview.shown.parts.map((it) => (
                <li key={it.to}>
                  <bdi>{nameOf(it.to)}</bdi>
                  <span class="part-amount">{amountText(it.amount, preview.shown?.code ?? '')}</span>
                </li>
              ))}
            </ul>
          )}
        </TrialNote>
      </fieldset>
      <ProblemNote problem={define.problem} />
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={define.isBusy || !isReady}
        data-testid="rule-submit"
      >
        <Icon name="check" />
        {known === undefined ? 'Set the rule' : `Set version ${version} of ${shownText(known.id)}`}
      </button>
    </form>
  )
}

/** Whoever is not named yet, for the next row. */
function unnamed({ parties }: SplitDraft, people: readonly { value: string }[]): string {
  const named = new Set(parties.map((it) => it.key))
  return people.find((it) => !named.has(it.value))?.value ?? people[0]?.value ?? ''
}

function PartyFields(props: {
  party: PartyDraft
  people: readonly { value: string; text: string }[]
  onParty: (some: Partial<PartyDraft>) => void
}): JSX.Element {
  const { party, people, onParty } = props
  const { value: label } = WAY_TEXT[party.way]
  const problem = valueProblem(party)
  return (
    <>
      <SelectField
        label="Who"
        value={party.key}
        options={people}
        onValue={(key) => onParty({ key })}
        testId="party-who"
      />
      <SelectField
        label="Gets"
        value={party.way}
        options={WAYS}
        onValue={(way) => onParty({ way, value: way === 'share' ? '1' : '' })}
        testId="party-way"
      />
      {label === null ? (
        <Field
          label="Used, say"
          value={party.used}
          onValue={(used) => onParty({ used })}
          inputMode="numeric"
          isRequired
          testId="party-value"
        />
      ) : (
        <Field
          label={label}
          value={party.value}
          onValue={(value) => onParty({ value })}
          inputMode="decimal"
          problem={problem}
          isRequired
          testId="party-value"
        />
      )}
    </>
  )
}
