import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'
import { KIND_TEXT, SEALED_KINDS, holderText } from './ledger-text.ts'
import type { Unit, UnitKind } from './ledger-types.ts'
import { useAction, useNode } from './node-context.ts'
import type { Problem } from './node-types.ts'
import { ProblemNote, besideField, isOfAmount } from './problem-note.tsx'
import { Field, RequestId, SelectField } from '#apps/page'
import { routeAddress } from './route.ts'
import { DIVISIBLE, EMPTY_UNIT, codeProblem, namesake, unitOf } from './unit-draft.ts'
import type { UnitDraft } from './unit-draft.ts'

const KINDS = (Object.keys(KIND_TEXT) as UnitKind[]).map((value) => ({ value, text: KIND_TEXT[value].name }))
/** Characters of a code, a name and an amount, as the node takes them. */
const CODE_LENGTH_MAX = 24
const NAME_LENGTH_MAX = 100
const SCALE_LENGTH_MAX = 2

/** Makes a unit, then goes to it. */
export function DefineForm({ units }: { units: readonly Unit[] }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [draft, setDraft] = useState<UnitDraft>(EMPTY_UNIT)
  const set = (some: Partial<UnitDraft>): void => setDraft((draft) => ({ ...draft, ...some }))
  const ids = useRef(new RequestId())
  const request = unitOf(draft)
  const twin = namesake(draft.code, units)
  const define = useAction(async () => {
    if (request === null) return
    const { unit } = await client.books.define(request, ids.current.of(request))
    ids.current.done()
    setDraft(EMPTY_UNIT)
    announce(`${request.code} is defined`)
    refresh(['ledger'])
    location.hash = routeAddress('ledger', unit)
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    define.run()
  }
  return (
    <form aria-label="Define a unit" onSubmit={submit}>
      <Field
        label="Code"
        value={draft.code}
        onValue={(code) => set({ code })}
        hint={
          twin === null
            ? 'Short, such as POSTER-A2 or EUR. What a unit is cannot be changed later.'
            : `${holderText(twin.definedBy)} has defined a ${twin.code} already: this would be another one of the same code.`
        }
        problem={codeProblem(draft.code)}
        maxLength={CODE_LENGTH_MAX}
        isRequired
        testId="define-code"
      />
      <SelectField
        label="What it counts"
        value={draft.kind}
        options={KINDS}
        hint={KIND_TEXT[draft.kind].meaning}
        onValue={(kind) => set({ kind })}
        testId="define-kind"
      />
      <Field
        label="Name for people"
        value={draft.name}
        onValue={(name) => set({ name })}
        maxLength={NAME_LENGTH_MAX}
        testId="define-name"
      />
      {!SEALED_KINDS.has(draft.kind) && (
        <Field
          label="How many there may be"
          value={draft.supply}
          onValue={(supply) => set({ supply })}
          inputMode="decimal"
          hint="This device alone may issue them. Empty: as many as you like."
          problem={isOfSupply(define.problem, draft) ? besideField(define.problem) : null}
          testId="define-supply"
        />
      )}
      <details class="more">
        <summary>More</summary>
        <div class="stack">
          {DIVISIBLE.has(draft.kind) && (
            <Field
              label="Digits behind the point"
              value={draft.scale}
              onValue={(scale) => set({ scale })}
              inputMode="numeric"
              maxLength={SCALE_LENGTH_MAX}
              hint="Empty: 2 for money and credit, else none."
              testId="define-scale"
            />
          )}
          <Field
            label="Relay limit"
            value={draft.relayMax}
            onValue={(relayMax) => set({ relayMax })}
            inputMode="decimal"
            hint="Of what a device was given since the last seal, how much it may pass on. Selling is never limited."
            testId="define-relay"
          />
          <Field
            label="Ends at"
            value={draft.expires}
            onValue={(expires) => set({ expires })}
            type="datetime-local"
            hint="From then on it can only be handed back, by each device’s own clock."
            testId="define-expires"
          />
        </div>
      </details>
      <ProblemNote problem={isOfSupply(define.problem, draft) ? null : define.problem} />
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={define.isBusy || request === null}
        data-testid="define-submit"
      >
        <Icon name="plus" />
        Define {draft.code.trim().toUpperCase()}
      </button>
    </form>
  )
}

/** True for a problem that only what is typed as the supply can have. */
function isOfSupply(problem: Problem | null, { relayMax }: UnitDraft): problem is Problem {
  return isOfAmount(problem) && relayMax.trim() === ''
}
