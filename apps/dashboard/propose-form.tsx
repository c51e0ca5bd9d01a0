import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field, SelectField } from '#apps/page'
import { changeOf } from './change-draft.ts'
import type { Draft } from './change-draft.ts'
import { ChangeFields } from './change-fields.tsx'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { EffectFacts } from './decision-facts.tsx'
import type { Unit } from './ledger-types.ts'
import { useAction, useNode } from './node-context.ts'
import type { Change, Member, Preview, Status } from './node-types.ts'
import { ProblemNote, isOfAmount, sentence } from './problem-note.tsx'
import { ReplaceRisk } from './replace-risk.tsx'

const KINDS: readonly { value: Change['kind']; text: string }[] = [
  { value: 'steward', text: 'Make a member a steward' },
  { value: 'demote', text: 'End a stewardship' },
  { value: 'role', text: 'Give a member another role' },
  { value: 'slots', text: 'Let a device admit more' },
  { value: 'allow', text: 'Let a device issue, or draw on credit' },
  { value: 'replace', text: 'Replace what a silent device holds' },
  { value: 'rules', text: 'Change the rules' },
  { value: 'lift', text: 'End a suspension' },
  { value: 'close', text: 'Close a device for good' },
  { value: 'remove', text: 'Remove a member' },
]
/** Characters of a reason, as the node takes them. */
const REASON_MAX = 500

/**
 * Asks the stewards for a decision: first shows what it would change, then asks. `kinds`: those that can be chosen, else
 * all; `start`: what is chosen already.
 */
export function ProposeForm(props: {
  status: Status
  members: readonly Member[]
  units: readonly Unit[]
  kinds?: readonly Change['kind'][]
  start?: Partial<Draft>
}): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { status, members, units, kinds, start } = props
  const [draft, setDraft] = useState<Draft>({
    ...{ kind: 'steward', member: '', device: '', role: 'member', events: '', count: 10 },
    ...{ right: 'issue', unit: '', amount: '', lost: '' },
    quorum: status.authority?.rule ?? 'two-thirds',
    recovery: status.authority?.recovery ?? 'member-quorum',
    ...start,
  })
  const [reason, setReason] = useState('')
  const [preview, setPreview] = useState<{ change: Change; shown: Preview } | null>(null)
  const change = changeOf(draft, members, units)
  const look = useAction(async () => {
    if (change !== null) setPreview({ change, shown: await client.previewProposal([change]) })
  })
  const ask = useAction(async () => {
    if (preview === null) return
    const asked = await client.propose([preview.change], reason.trim())
    setPreview(null)
    setReason('')
    announce(asked.state === 'decided' ? 'Decided' : 'Asked. The stewards see it on their pages.')
    refresh(['members', 'ledger'])
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    look.run()
  }
  return (
    <form aria-label="Ask for a decision" data-testid="propose" onSubmit={submit}>
      <SelectField
        label="What shall be decided"
        value={draft.kind}
        options={KINDS.filter((it) => kinds?.includes(it.value) ?? true)}
        onValue={(kind) => setDraft({ ...draft, kind, member: '', device: '' })}
        testId="propose-kind"
      />
      <ChangeFields draft={draft} members={members} units={units} problem={look.problem} onDraft={setDraft} />
      <Field
        label="Why, for everybody to read"
        value={reason}
        onValue={setReason}
        maxLength={REASON_MAX}
        testId="propose-reason"
      />
      <ProblemNote problem={isOfAmount(look.problem) ? null : look.problem} />
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={look.isBusy || change === null}
        data-testid="propose-preview"
      >
        See what it would change
      </button>
      {preview !== null && (
        <ConfirmDialog
          title={preview.shown.misfit === null ? 'Ask for this decision?' : 'This cannot be decided now'}
          confirmLabel="Ask"
          isBusy={ask.isBusy}
          problem={ask.problem}
          {...(preview.shown.misfit === null ? { onConfirm: ask.run } : {})}
          onClose={() => setPreview(null)}
        >
          <PreviewText preview={preview.shown} status={status} reason={reason.trim()} />
        </ConfirmDialog>
      )}
    </form>
  )
}

/** What would change, and what asking means on this device. */
function PreviewText(props: { preview: Preview; status: Status; reason: string }): JSX.Element {
  const { preview, status, reason } = props
  const signs = status.authority?.stewards.some((it) => it.device === status.device) ?? false
  const isAlone = signs && status.authority?.quorum === 1
  return (
    <>
      <ul class="plain stack" data-testid="preview">
        {preview.changes.map((change, i) => (
          <li key={i} class="breakable">
            <bdi>{sentence(change.text)}</bdi>
          </li>
        ))}
      </ul>
      {reason !== '' && <p class="breakable">“{reason}”</p>}
      {preview.changes.some((it) => it.kind === 'replace') && <ReplaceRisk />}
      {preview.misfit !== null && <p>{sentence(preview.misfit)}</p>}
      {preview.effect !== null && (
        <dl class="facts decision-facts">
          <EffectFacts effect={preview.effect} />
        </dl>
      )}
      {preview.misfit === null && (
        <p>
          {isAlone
            ? 'You decide alone: it takes effect at once and cannot be taken back.'
            : signs
              ? `You approve of it by asking. ${status.authority?.quorum ?? 0} stewards must agree.`
              : `${status.authority?.quorum ?? 0} of the stewards must sign it.`}
        </p>
      )}
    </>
  )
}
