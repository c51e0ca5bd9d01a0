import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { EffectFacts } from './decision-facts.tsx'
import { Field } from './field.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Change, Device, Government, Member, Preview, Role, Status } from './node-types.ts'
import { ProblemNote, sentence } from './problem-note.tsx'
import { INVITED_ROLES, ROLE_TEXT } from './role-text.ts'
import { SelectField } from './select-field.tsx'

type Kind = Change['kind']

const KINDS: readonly { value: Kind; text: string }[] = [
  { value: 'steward', text: 'Make a member a steward' },
  { value: 'demote', text: 'End a stewardship' },
  { value: 'role', text: 'Give a member another role' },
  { value: 'slots', text: 'Let a device admit more' },
  { value: 'rules', text: 'Change the rules' },
  { value: 'lift', text: 'End a suspension' },
  { value: 'close', text: 'Close a device for good' },
  { value: 'remove', text: 'Remove a member' },
]
const QUORUMS = [
  { value: 'two-thirds', text: 'More than two thirds' },
  { value: 'majority', text: 'More than half' },
] as const
const QUORUM_HINT: Readonly<Record<Government['rule'], string>> = {
  'two-thirds': 'One steward who signs twice cannot split the co-op.',
  majority: 'One steward who signs twice can split the co-op.',
}
const RECOVERIES = [
  { value: 'member-quorum', text: 'Devices of members' },
  { value: 'kits', text: 'Recovery kits' },
] as const
const RECOVERY_HINT: Readonly<Record<Government['recovery'], string>> = {
  'member-quorum': 'One device of each member speaks.',
  kits: 'The kit of each member speaks, typed on any device of the co-op.',
}
/** Slots that one decision gives at most, as the node takes it. */
const SLOTS_MAX = 4_096
/** Characters of a reason, as the node takes them. */
const REASON_MAX = 500

/** What a person has chosen so far. */
interface Draft {
  kind: Kind
  /** Key of a member, or PeerId of a device; empty for the first that there is. */
  member: string
  device: string
  role: Role
  /** Ids of events, with commas or blanks between them. */
  events: string
  count: number
  quorum: Government['rule']
  recovery: Government['recovery']
}

/** Asks the stewards for a decision: first shows what it would change, then asks. */
export function ProposeForm(props: { status: Status; members: readonly Member[] }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { status, members } = props
  const [draft, setDraft] = useState<Draft>({
    ...{ kind: 'steward', member: '', device: '', role: 'member', events: '', count: 10 },
    quorum: status.authority?.rule ?? 'two-thirds',
    recovery: status.authority?.recovery ?? 'member-quorum',
  })
  const [reason, setReason] = useState('')
  const [preview, setPreview] = useState<{ change: Change; shown: Preview } | null>(null)
  const change = changeOf(draft, members)
  const look = useAction(async () => {
    if (change !== null) setPreview({ change, shown: await client.previewProposal([change]) })
  })
  const ask = useAction(async () => {
    if (preview === null) return
    const asked = await client.propose([preview.change], reason.trim())
    setPreview(null)
    setReason('')
    announce(asked.state === 'decided' ? 'Decided' : 'Asked. The stewards see it on their pages.')
    refresh(['members'])
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
        options={KINDS}
        onValue={(kind) => setDraft({ ...draft, kind, member: '', device: '' })}
        testId="propose-kind"
      />
      <ChangeFields draft={draft} members={members} onDraft={setDraft} />
      <Field
        label="Why, for everybody to read"
        value={reason}
        onValue={setReason}
        maxLength={REASON_MAX}
        testId="propose-reason"
      />
      <ProblemNote problem={look.problem} />
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

/** What a change is about, as far as there is a choice. */
function ChangeFields(props: {
  draft: Draft
  members: readonly Member[]
  onDraft: (draft: Draft) => void
}): JSX.Element {
  const { draft, members, onDraft } = props
  const choices = membersFor(draft.kind, members)
  const devices = devicesFor(draft, members)
  const set = (some: Partial<Draft>): void => onDraft({ ...draft, ...some })
  return (
    <>
      {choices !== null && choices.length === 0 && (
        <p class="hint">There is nobody whom this could be about.</p>
      )}
      {choices !== null && choices.length > 0 && (
        <SelectField
          label="Member"
          value={draft.member || (choices[0]?.member ?? '')}
          options={choices.map((it) => ({ value: it.member, text: memberText(it) }))}
          onValue={(member) => set({ member, device: '' })}
          testId="propose-member"
        />
      )}
      {devices !== null && devices.length === 0 && (
        <p class="hint">There is no device that this could be about.</p>
      )}
      {devices !== null && devices.length > (draft.kind === 'steward' ? 1 : 0) && (
        <SelectField
          label={draft.kind === 'steward' ? 'Device that signs' : 'Device'}
          value={draft.device || (devices[0]?.device ?? '')}
          options={devices.map((it) => ({ value: it.device, text: it.text }))}
          onValue={(device) => set({ device })}
          testId="propose-device"
        />
      )}
      {draft.kind === 'role' && (
        <>
          <SelectField
            label="Role"
            value={draft.role}
            options={INVITED_ROLES.map((role) => ({ value: role, text: ROLE_TEXT[role].name }))}
            onValue={(role) => set({ role })}
            hint={ROLE_TEXT[draft.role].meaning}
            testId="propose-role"
          />
          <Field
            label="For these events only"
            value={draft.events}
            onValue={(events) => set({ events })}
            placeholder="event/market, event/fair"
            maxLength={REASON_MAX}
          />
        </>
      )}
      {draft.kind === 'slots' && <SlotsField count={draft.count} onCount={(count) => set({ count })} />}
      {draft.kind === 'rules' && (
        <>
          <SelectField
            label="How many stewards decide"
            value={draft.quorum}
            options={QUORUMS}
            hint={QUORUM_HINT[draft.quorum]}
            onValue={(quorum) => set({ quorum })}
            testId="propose-quorum"
          />
          <SelectField
            label="What recovers the co-op when the stewards are gone"
            value={draft.recovery}
            options={RECOVERIES}
            hint={RECOVERY_HINT[draft.recovery]}
            onValue={(recovery) => set({ recovery })}
            testId="propose-recovery"
          />
        </>
      )}
    </>
  )
}

function SlotsField(props: { count: number; onCount: (count: number) => void }): JSX.Element {
  return (
    <div class="field">
      <label for="propose-count">How many more</label>
      <input
        id="propose-count"
        type="number"
        inputMode="numeric"
        min={1}
        max={SLOTS_MAX}
        required
        value={props.count}
        onInput={(event) => props.onCount(event.currentTarget.valueAsNumber)}
      />
    </div>
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

/** The change that a draft means; null while something is missing. */
function changeOf(draft: Draft, members: readonly Member[]): Change | null {
  const member = draft.member || (membersFor(draft.kind, members)?.[0]?.member ?? '')
  const device = draft.device || (devicesFor(draft, members)?.[0]?.device ?? '')
  switch (draft.kind) {
    case 'remove':
    case 'demote':
      return member === '' ? null : { kind: draft.kind, member }
    case 'close':
    case 'lift':
      return device === '' ? null : { kind: draft.kind, device }
    case 'steward':
      return member === '' || device === '' ? null : { kind: 'steward', member, device }
    case 'role': {
      const scopes = draft.events.split(/[\s,]+/).filter((it) => it !== '')
      const scoped = scopes.length === 0 ? {} : { scopes }
      return member === '' ? null : { kind: 'role', member, role: draft.role, ...scoped }
    }
    case 'slots':
      return device === '' || !(draft.count >= 1) ? null : { kind: 'slots', device, count: draft.count }
    case 'rules':
      return { kind: 'rules', quorum: draft.quorum, recovery: draft.recovery }
  }
}

/** Members that a change can be about; null where it is about none. */
function membersFor(kind: Kind, members: readonly Member[]): readonly Member[] | null {
  const inside = members.filter((it) => it.devices.some(isOpen))
  switch (kind) {
    case 'demote':
      return members.filter((it) => it.isSteward)
    case 'steward':
      // Of a steward another device can sign from now on.
      return inside.filter((it) => !it.isSteward || it.devices.filter(isOpen).length > 1)
    case 'remove':
    case 'role':
      return inside
    case 'close':
    case 'lift':
    case 'slots':
    case 'rules':
      return null
  }
}

/** Devices that a change can be about, with names; null where it is about none. */
function devicesFor(draft: Draft, members: readonly Member[]): { device: string; text: string }[] | null {
  const named = (
    of: readonly Member[],
    isMeant: (device: Device) => boolean,
  ): { device: string; text: string }[] =>
    of.flatMap((it) =>
      it.devices
        .filter(isMeant)
        .map(({ device, name }) => ({ device, text: `${memberText(it)} / ${shownText(name)}` })),
    )
  switch (draft.kind) {
    case 'steward': {
      const chosen = draft.member || (membersFor('steward', members)?.[0]?.member ?? '')
      return named(
        members.filter((it) => it.member === chosen),
        isOpen,
      )
    }
    case 'slots':
    case 'close':
      return named(members, isOpen)
    case 'lift':
      return named(members, (it) => it.standing.status === 'suspended')
    case 'remove':
    case 'demote':
    case 'role':
    case 'rules':
      return null
  }
}

/** True for a device that is in the co-op. */
export function isOpen({ standing }: Device): boolean {
  return standing.status === 'active' || standing.status === 'suspended'
}

/** A member by name; of those that look alike with the beginning of the key. */
export function memberText({ name, member, looksLike }: Member): string {
  return looksLike.length === 0 ? shownText(name) : `${shownText(name)} (${member.slice(0, 8)})`
}
