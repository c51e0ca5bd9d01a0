import type { JSX } from 'preact'
import { Field, SelectField } from '#apps/page'
import { devicesFor, memberText, membersFor } from './change-draft.ts'
import type { Draft } from './change-draft.ts'
import type { Unit } from './ledger-types.ts'
import type { Government, Member, Problem } from './node-types.ts'
import { RightFields } from './right-fields.tsx'
import { INVITED_ROLES, ROLE_TEXT } from './role-text.ts'

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
const DEVICE_LABEL: Partial<Readonly<Record<Draft['kind'], string>>> = {
  steward: 'Device that signs',
  replace: 'Device that gets it',
}
/** Slots that one decision gives at most, as the node takes it. */
const SLOTS_MAX = 4_096
/** Characters of the list of events. A guess: some dozen ids. */
const EVENTS_LENGTH_MAX = 500

/** What a change is about, as far as there is a choice. */
export function ChangeFields(props: {
  draft: Draft
  members: readonly Member[]
  units: readonly Unit[]
  problem: Problem | null
  onDraft: (draft: Draft) => void
}): JSX.Element {
  const { draft, members, units, onDraft } = props
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
          label={DEVICE_LABEL[draft.kind] ?? 'Device'}
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
            maxLength={EVENTS_LENGTH_MAX}
          />
        </>
      )}
      {(draft.kind === 'allow' || draft.kind === 'replace') && (
        <RightFields draft={draft} members={members} units={units} problem={props.problem} onDraft={set} />
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
