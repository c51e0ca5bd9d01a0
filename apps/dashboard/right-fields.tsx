import type { JSX } from 'preact'
import { Field, SelectField } from '#apps/page'
import { lostDevice, lostDevices, unitsFor } from './change-draft.ts'
import type { Draft } from './change-draft.ts'
import { KIND_TEXT } from './ledger-text.ts'
import type { Unit } from './ledger-types.ts'
import type { Member, Problem } from './node-types.ts'
import { besideField, isOfAmount } from './problem-note.tsx'
import { ReplaceRisk } from './replace-risk.tsx'

const RIGHTS = [
  { value: 'issue', text: 'Issue more' },
  { value: 'credit', text: 'Draw on credit' },
] as const
const RIGHT_HINT: Readonly<Record<Draft['right'], string>> = {
  issue: 'It may make as many new ones, also while cut off.',
  credit: 'It may spend as much more than it holds, and pays it back.',
}

/** What a decision about rights is about: which unit, how much, and what it risks. */
export function RightFields(props: {
  draft: Draft
  members: readonly Member[]
  units: readonly Unit[]
  problem: Problem | null
  onDraft: (some: Partial<Draft>) => void
}): JSX.Element {
  const { draft, members, problem, onDraft } = props
  const units = unitsFor(props.units)
  const lost = lostDevices(members)
  const chosen = lostDevice(draft, members)
  if (units.length === 0)
    return (
      <p class="hint">
        There is no unit that stewards could issue. <a href="#/ledger">Define one first</a>.
      </p>
    )
  return (
    <>
      {draft.kind === 'replace' && lost.length === 0 && (
        <p class="hint">There is no other device whose rights could be replaced.</p>
      )}
      {draft.kind === 'replace' && lost.length > 0 && (
        <>
          <SelectField
            label="Silent device"
            value={chosen ?? ''}
            options={lost.map((it) => ({ value: it.device, text: it.text }))}
            onValue={(device) => onDraft({ lost: device, device: '' })}
            testId="propose-lost"
          />
          <ReplaceRisk />
        </>
      )}
      {draft.kind === 'allow' && (
        <SelectField
          label="What it may do"
          value={draft.right}
          options={RIGHTS}
          hint={RIGHT_HINT[draft.right]}
          onValue={(right) => onDraft({ right })}
          testId="propose-right"
        />
      )}
      <SelectField
        label="Unit"
        value={draft.unit || (units[0]?.id ?? '')}
        options={units.map((it) => ({ value: it.id, text: unitText(it, units) }))}
        onValue={(unit) => onDraft({ unit })}
        testId="propose-unit"
      />
      <Field
        label="Amount"
        value={draft.amount}
        onValue={(amount) => onDraft({ amount })}
        inputMode="decimal"
        isRequired
        problem={isOfAmount(problem) ? besideField(problem) : null}
        testId="propose-amount"
      />
    </>
  )
}

/** A unit by code and kind; of several with one code with the beginning of the id. */
export function unitText(unit: Unit, units: readonly Unit[]): string {
  const hasNamesake = units.some((it) => it.code === unit.code && it.id !== unit.id)
  const { name } = KIND_TEXT[unit.kind]
  return hasNamesake
    ? `${unit.code} (${name}, ${unit.id.slice(0, unit.kind.length + 7)})`
    : `${unit.code} (${name})`
}
