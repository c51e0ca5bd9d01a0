import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field, SelectField } from '#apps/page'
import { Icon } from './icon.tsx'
import { amountText, holderText, numberText } from './ledger-text.ts'
import type { Rights, Taken, Unit } from './ledger-types.ts'
import { useAction, useNode } from './node-context.ts'
import { ProblemNote, besideField, isOfAmount } from './problem-note.tsx'

const RULES = [
  { value: 'even', text: 'The same for each device' },
  { value: 'forecast', text: 'By what each has sold so far' },
  { value: 'amount', text: 'So many more' },
] as const
/** Why a device handed over less than it was asked for. */
const WHY_NOT: Readonly<Record<string, string>> = {
  'nothing-to-spare': 'keeps what it has',
  'too-soon': 'gave some just now',
  'ping-pong': 'was given it by this device just now',
  'not-shared': 'gives money to no other member by itself',
  'not-arrived': 'said that it gave, and nothing came',
  unreachable: 'does not answer',
  'relay-limit': 'may not pass it on before the next seal',
}

/** Takes a share from connected devices, before this one is cut off. */
export function ShareForm({ unit }: { unit: Unit }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [rule, setRule] = useState<(typeof RULES)[number]['value']>('even')
  const [amount, setAmount] = useState('')
  const [taken, setTaken] = useState<Taken | null>(null)
  const isReady = rule !== 'amount' || amount.trim() !== ''
  const take = useAction(async () => {
    if (!isReady) return
    setTaken(null)
    const taken = await client.books.take(unit.id, rule === 'amount' ? { amount: amount.trim() } : { rule })
    setTaken(taken)
    setAmount('')
    announce(`Took ${amountText(taken.taken, taken.code)}`)
    refresh(['ledger'])
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    take.run()
  }
  return (
    <details class="card more" data-testid="share">
      <summary>Take a share before this device leaves</summary>
      <form aria-label="Take a share" onSubmit={submit}>
        <SelectField
          label="How much"
          value={rule}
          options={RULES}
          onValue={setRule}
          hint="Connected devices hand it over. Those that are not connected keep what they have."
          testId="share-rule"
        />
        {rule === 'amount' && (
          <Field
            label={`Amount of ${unit.code}`}
            value={amount}
            onValue={setAmount}
            inputMode="decimal"
            problem={isOfAmount(take.problem) ? besideField(take.problem) : null}
            isRequired
            testId="share-amount"
          />
        )}
        <ProblemNote problem={rule === 'amount' && isOfAmount(take.problem) ? null : take.problem} />
        <button
          type="submit"
          class="button button-primary"
          aria-disabled={take.isBusy || !isReady}
          data-testid="share-submit"
        >
          {take.isBusy ? 'Asking…' : 'Take it'}
        </button>
        <div role="status" data-testid="share-done">
          {taken !== null && <TakenNote taken={taken} />}
        </div>
      </form>
    </details>
  )
}

function TakenNote({ taken }: { taken: Taken }): JSX.Element {
  return (
    <div class="note note-done">
      <Icon name="check" />
      <div>
        <p class="note-title">
          Took {amountText(taken.taken, taken.code)} of {numberText(taken.wanted)} wanted;{' '}
          {numberText(taken.here)} here now
        </p>
        <ul class="plain taken">
          {taken.from.map(({ device, amount, why }) => (
            <li key={device.device}>
              {numberText(amount)} from <bdi>{holderText(device)}</bdi>
              {why !== null && `, which ${WHY_NOT[why] ?? why}`}
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

/** Keeps a unit at hand: below one mark this device asks others for more, up to the other one. */
export function KeepForm({ unit, marks }: { unit: Unit; marks: Rights['marks'] }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [low, setLow] = useState(marks?.low ?? '')
  const [high, setHigh] = useState(marks?.high ?? '')
  const isReady = low.trim() !== '' && high.trim() !== ''
  const keep = useAction(async (isOn: boolean) => {
    await client.books.keep(unit.id, isOn ? { low: low.trim(), high: high.trim() } : null)
    announce(isOn ? `${unit.code} is kept at hand` : `${unit.code} is no longer kept at hand`)
    refresh(['ledger'])
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    if (isReady) keep.run(true)
  }
  return (
    <details class="card more" data-testid="keep">
      <summary>
        {marks === null
          ? 'Keep some at hand'
          : `Kept at hand: between ${numberText(marks.low)} and ${numberText(marks.high)}`}
      </summary>
      <form aria-label="Keep some at hand" onSubmit={submit}>
        <p class="hint">
          Below the low mark this device asks connected ones for more, up to the high mark; and it gives away
          only what is above that.
        </p>
        <div class="field-pair">
          <Field
            label="Low mark"
            value={low}
            onValue={setLow}
            inputMode="decimal"
            isRequired
            testId="keep-low"
          />
          <Field
            label="High mark"
            value={high}
            onValue={setHigh}
            inputMode="decimal"
            isRequired
            testId="keep-high"
          />
        </div>
        <ProblemNote problem={keep.problem} />
        <div class="actions actions-start">
          <button
            type="submit"
            class="button button-primary"
            aria-disabled={keep.isBusy || !isReady}
            data-testid="keep-submit"
          >
            Keep
          </button>
          {marks !== null && (
            <button
              type="button"
              class="button"
              aria-disabled={keep.isBusy}
              data-testid="keep-off"
              onClick={() => keep.run(false)}
            >
              No longer
            </button>
          )}
        </div>
      </form>
    </details>
  )
}
