import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { canWrite } from './ledger-parts.ts'
import type { LedgerParts } from './ledger-parts.ts'
import { amountText } from './ledger-text.ts'
import type { Split, SplitRule } from './ledger-types.ts'
import { Field, RequestId, SelectField } from '#apps/page'
import { useAction, useNode } from './node-context.ts'
import { ProblemNote, besideField, isOfAmount } from './problem-note.tsx'
import { unitText } from './right-fields.tsx'
import { commitAddress } from './route.ts'

/** Splits an amount by a rule: shows the parts, and hands them over once they are agreed to. */
export function SplitForm(
  props: LedgerParts & { rules: readonly SplitRule[]; nameOf: (key: string) => string },
): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { rules, ledger, nameOf } = props
  const { units } = ledger
  const [chosen, setChosen] = useState({ rule: '', unit: '' })
  const [amount, setAmount] = useState('')
  const [usage, setUsage] = useState<Readonly<Record<string, string>>>({})
  const [shown, setShown] = useState<Split | null>(null)
  const [paid, setPaid] = useState<Split | null>(null)
  const ids = useRef(new RequestId())
  const rule = rules.find((it) => it.id === chosen.rule) ?? rules[0]
  const unit = chosen.unit || (units[0]?.id ?? '')
  const users = rule?.parties.filter((it) => it.way === 'usage') ?? []
  const request = { rule: rule?.id ?? '', unit, amount: amount.trim(), usage: { ...usage } }
  const look = useAction(async () => {
    if (request.amount === '') return
    setPaid(null)
    setShown(await client.books.split({ ...request, isPaid: false }))
  })
  const pay = useAction(async () => {
    const done = await client.books.split({ ...request, isPaid: true, id: ids.current.of(request) })
    ids.current.done()
    setShown(null)
    setAmount('')
    setPaid(done)
    announce('Split and handed over')
    refresh(['ledger'])
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    look.run()
  }
  return (
    <form class="card split-form" aria-labelledby="split-title" onSubmit={submit}>
      <h2 id="split-title">Split an amount</h2>
      <SelectField
        label="By the rule"
        value={rule?.id ?? ''}
        options={rules.map((it) => ({ value: it.id, text: shownText(it.id) }))}
        onValue={(rule) => {
          setUsage({})
          setChosen({ ...chosen, rule })
        }}
        testId="split-rule"
      />
      <SelectField
        label="Unit"
        value={unit}
        options={units.map((it) => ({ value: it.id, text: unitText(it, units) }))}
        onValue={(unit) => setChosen({ ...chosen, unit })}
        testId="split-unit"
      />
      <Field
        label="Amount"
        value={amount}
        onValue={setAmount}
        inputMode="decimal"
        problem={isOfAmount(look.problem) ? besideField(look.problem) : null}
        isRequired
        testId="split-amount"
      />
      {users.map(({ key }) => (
        <Field
          key={key}
          label={`Used by ${nameOf(key)}`}
          value={usage[key] ?? ''}
          onValue={(used) => setUsage({ ...usage, [key]: used })}
          inputMode="numeric"
          isRequired
        />
      ))}
      <ProblemNote problem={isOfAmount(look.problem) ? null : look.problem} />
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={look.isBusy || request.amount === ''}
        data-testid="split-submit"
      >
        See the parts
      </button>
      <div role="status" data-testid="split-done">
        {paid !== null && (
          <p class="note note-done">
            <span>
              Handed over.{' '}
              {paid.commit === null ? (
                'All of it stays on this device.'
              ) : (
                <a href={commitAddress(paid.commit)}>The commit that proves it</a>
              )}
            </span>
          </p>
        )}
      </div>
      {shown !== null && (
        <ConfirmDialog
          title="The parts"
          confirmLabel="Hand them over"
          isBusy={pay.isBusy}
          problem={pay.problem}
          {...(canWrite(props.status) ? { onConfirm: pay.run } : {})}
          onClose={() => setShown(null)}
        >
          <ul class="plain parts" data-testid="split-parts">
            {shown.parts.map((it) => (
              <li key={it.to}>
                <bdi>{nameOf(it.to)}</bdi>
                <span class="part-amount">{amountText(it.amount, shown.code)}</span>
              </li>
            ))}
          </ul>
          <p class="hint">They sum exactly. Handed over, they leave what this device holds.</p>
        </ConfirmDialog>
      )}
    </form>
  )
}
