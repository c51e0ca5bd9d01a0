import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { memberText } from './change-draft.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { CopyButton } from './copy-button.tsx'
import { debtsOf, paymentsText } from './debt-draft.ts'
import type { DebtDraft } from './debt-draft.ts'
import { EmptyState } from './empty-state.tsx'
import { formatQuantity, shortenId } from './format.ts'
import { Icon } from './icon.tsx'
import { canWrite, nameIn, usualUnit } from './ledger-parts.ts'
import type { LedgerParts } from './ledger-parts.ts'
import { amountText, isZero, signedText } from './ledger-text.ts'
import type { Netted } from './ledger-types.ts'
import { useAction, useNode } from './node-context.ts'
import { Field, RequestId, SelectField } from '#apps/page'
import { unitText } from './right-fields.tsx'
import { commitAddress } from './route.ts'
import { RowEditor } from './row-editor.tsx'
import { TrialNote } from './trial-note.tsx'
import { usePreview } from './use-preview.ts'

/** Who owes whom, as few payments; what the member of this device pays is handed over here. */
export function LedgerDebts(props: LedgerParts): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { ledger, members, status } = props
  const { units } = ledger
  const roster = members?.members ?? []
  const own = status.member ?? ''
  const nameOf = nameIn(roster)
  const [unit, setUnit] = useState(usualUnit(units)?.id ?? '')
  const newDebt = (row: number): DebtDraft => {
    const other = roster.find((it) => it.member !== own)?.member ?? ''
    return { row, debtor: own, creditor: other, amount: '' }
  }
  const [drafts, setDrafts] = useState<readonly DebtDraft[]>([newDebt(0)])
  const [isAsked, setAsked] = useState(false)
  const [paid, setPaid] = useState<{ key: string; commit: string | null } | null>(null)
  const ids = useRef(new RequestId())
  const debts = debtsOf(drafts)
  const request = debts === null || unit === '' ? null : { unit, debts }
  const key = JSON.stringify(request)
  const preview = usePreview(request, (asked) => client.books.net({ ...asked, isPaid: false }))
  const pay = useAction(async () => {
    if (request === null) return
    const { commit } = await client.books.net({ ...request, isPaid: true, id: ids.current.of(request) })
    ids.current.done()
    setAsked(false)
    setPaid({ key, commit })
    announce('Handed over')
    refresh(['ledger'])
  })
  if (roster.length < 2)
    return (
      <EmptyState icon="members" title="Nobody owes anybody anything yet">
        Debts are between members. <a href="#/members">Invite one</a>.
      </EmptyState>
    )
  const people = roster.map((it) => ({ value: it.member, text: memberText(it) }))
  const { shown } = preview
  const due = shown?.payments.filter((it) => it.from === own) ?? []
  const isPaid = paid !== null && paid.key === key
  return (
    <>
      <p class="lead">
        Who owes whom becomes as few payments: at most one less than there are members, and everybody ends up
        with the same.
      </p>
      <form class="card" aria-label="Debts" onSubmit={(event) => event.preventDefault()}>
        <SelectField
          label="Unit"
          value={unit}
          options={units.map((it) => ({ value: it.id, text: unitText(it, units) }))}
          onValue={setUnit}
          testId="debts-unit"
        />
        <RowEditor
          title="Who owes whom"
          rows={drafts}
          nameOf={(it) => `${nameOf(it.debtor)} owes ${nameOf(it.creditor)}`}
          onRows={setDrafts}
          onAdd={newDebt}
          addLabel="Add a debt"
          testId="debt"
        >
          {(debt, change) => (
            <>
              <SelectField
                label="Who owes"
                value={debt.debtor}
                options={people}
                onValue={(debtor) => change({ debtor })}
                testId="debt-debtor"
              />
              <SelectField
                label="To whom"
                value={debt.creditor}
                options={people}
                onValue={(creditor) => change({ creditor })}
                testId="debt-creditor"
              />
              <Field
                label="Amount"
                value={debt.amount}
                onValue={(amount) => change({ amount })}
                inputMode="decimal"
                isRequired
                testId="debt-amount"
              />
            </>
          )}
        </RowEditor>
        <fieldset class="trial">
          <legend>What is to be paid</legend>
          <TrialNote
            problem={preview.problem}
            nameOf={nameOf}
            isEmpty={shown === null}
            hint="The payments appear here as soon as a debt is filled in."
            testId="payments"
          >
            {shown !== null && <Payments netted={shown} nameOf={nameOf} />}
          </TrialNote>
          {shown !== null && shown.payments.length > 0 && (
            <div class="actions actions-start">
              {due.length > 0 && !isPaid && canWrite(status) && (
                <button
                  type="button"
                  class="button button-primary"
                  data-testid="debts-pay"
                  onClick={() => setAsked(true)}
                >
                  Hand over what you pay
                </button>
              )}
              <CopyButton text={paymentsText(shown, nameOf)} what="the payments" />
            </div>
          )}
          <div role="status" data-testid="debts-done">
            {isPaid && (
              <div class="note note-done">
                <Icon name="check" />
                <div>
                  <p class="note-title">Your part is handed over</p>
                  {paid.commit !== null && (
                    <p>
                      On the disk, in commit{' '}
                      <a href={commitAddress(paid.commit)}>
                        <code>{shortenId(paid.commit)}</code>
                      </a>
                    </p>
                  )}
                </div>
              </div>
            )}
          </div>
          {shown !== null && due.length === 0 && shown.payments.length > 0 && (
            <p class="hint">
              You pay nothing. Send the payments to those who do: each hands over its part on a device of its
              own.
            </p>
          )}
        </fieldset>
      </form>
      {isAsked && shown !== null && (
        <ConfirmDialog
          title="What you pay"
          confirmLabel="Hand it over"
          isBusy={pay.isBusy}
          problem={pay.problem}
          onConfirm={pay.run}
          onClose={() => setAsked(false)}
        >
          <ul class="plain parts" data-testid="debts-due">
            {due.map((it) => (
              <li key={it.to}>
                <span>
                  to <bdi>{nameOf(it.to)}</bdi>
                </span>
                <span class="part-amount">{amountText(it.amount, shown.code)}</span>
              </li>
            ))}
          </ul>
          <p class="hint">It leaves what this device holds. What the others pay is theirs to hand over.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

function Payments(props: { netted: Netted; nameOf: (key: string) => string }): JSX.Element {
  const { netted, nameOf } = props
  const { payments, balances, code } = netted
  if (payments.length === 0) return <p>Nobody owes anything on balance: it all cancels out.</p>
  return (
    <div class="stack">
      <ul class="plain parts" data-testid="payment-list">
        {payments.map((it) => (
          <li key={`${it.from} ${it.to}`}>
            <span>
              <bdi>{nameOf(it.from)}</bdi> pays <bdi>{nameOf(it.to)}</bdi>
            </span>
            <span class="part-amount">{amountText(it.amount, code)}</span>
          </li>
        ))}
      </ul>
      <details class="more">
        <summary>
          {formatQuantity(payments.length, 'payment')} among {formatQuantity(balances.length, 'member')}: the
          balances
        </summary>
        <ul class="plain parts muted">
          {balances.map((it) => (
            <li key={it.key}>
              <bdi>{nameOf(it.key)}</bdi>
              <span class="part-amount">{isZero(it.amount) ? 'nothing' : signedText(it.amount)}</span>
            </li>
          ))}
          <li>
            <span>All together</span>
            <span class="part-amount">nothing</span>
          </li>
        </ul>
      </details>
    </div>
  )
}
