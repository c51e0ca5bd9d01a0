import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { SelectField } from '#apps/page'
import { shownText } from '#apps/shown-text'
import { EffectFacts } from './decision-facts.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Member, Preview, Recoveries, RecoveryChange } from './node-types.ts'
import { ProblemNote, sentence } from './problem-note.tsx'
import { canSignAnew, memberText, membersFor } from './change-draft.ts'
import { VoiceDialog } from './voice-dialog.tsx'

/** Asks for other stewards when those that there are do not come back. */
export function RecoveryForm(props: { recoveries: Recoveries; members: readonly Member[] }): JSX.Element {
  const { client } = useNode()
  const { members, recoveries } = props
  /** Device that shall sign for each new steward; empty for one that is not chosen. */
  const [joining, setJoining] = useState<Readonly<Record<string, string>>>({})
  const [leaving, setLeaving] = useState<readonly string[]>([])
  const [preview, setPreview] = useState<{ changes: RecoveryChange[]; shown: Preview } | null>(null)
  const changes: RecoveryChange[] = [
    ...Object.entries(joining).flatMap(([member, device]): RecoveryChange[] =>
      device === '' ? [] : [{ kind: 'steward', member, device }],
    ),
    ...leaving.map((member): RecoveryChange => ({ kind: 'demote', member })),
  ]
  const look = useAction(async () => {
    if (changes.length > 0) setPreview({ changes, shown: await client.previewRecovery(changes) })
  })
  const clear = (): void => {
    setJoining({})
    setLeaving([])
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    look.run()
  }
  const others = membersFor('steward', members) ?? []
  const stewards = members.filter((it) => it.isSteward)
  return (
    <form aria-label="Ask for a recovery" data-testid="recover" onSubmit={submit}>
      <fieldset class="choices">
        <legend>Shall be a steward</legend>
        {others.length === 0 && <p class="hint">There is no other device that could sign.</p>}
        {others.map((it) => (
          <NewSteward
            key={it.member}
            member={it}
            device={joining[it.member] ?? ''}
            onDevice={(device) => setJoining({ ...joining, [it.member]: device })}
          />
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>Shall be a steward no longer</legend>
        {stewards.map((it) => (
          <label class="check" key={it.member}>
            <input
              type="checkbox"
              checked={leaving.includes(it.member)}
              onChange={(event) => {
                const rest = leaving.filter((member) => member !== it.member)
                setLeaving(event.currentTarget.checked ? [...rest, it.member] : rest)
              }}
            />
            <bdi>{memberText(it)}</bdi>
          </label>
        ))}
      </fieldset>
      <ProblemNote problem={look.problem} />
      <button
        type="submit"
        class="button"
        aria-disabled={look.isBusy || changes.length === 0}
        data-testid="recover-preview"
      >
        See what it would change
      </button>
      {preview !== null && (
        <VoiceDialog
          what={preview.changes}
          rule={recoveries.rule}
          onClose={() => setPreview(null)}
          onDone={clear}
        >
          <ul class="plain stack" data-testid="preview">
            {preview.shown.changes.map((change, i) => (
              <li key={i} class="breakable">
                <bdi>{sentence(change.text)}</bdi>
              </li>
            ))}
          </ul>
          {preview.shown.effect !== null && (
            <dl class="facts decision-facts">
              <EffectFacts effect={preview.shown.effect} />
            </dl>
          )}
          <p>
            {recoveries.quorum} of {recoveries.electors.length} members must speak for it.
          </p>
        </VoiceDialog>
      )}
    </form>
  )
}

/** A member that can be chosen, with the device that shall sign where it has several. */
function NewSteward(props: {
  member: Member
  device: string
  onDevice: (device: string) => void
}): JSX.Element {
  const { member, device, onDevice } = props
  const devices = member.devices.filter(canSignAnew)
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={device !== ''}
          onChange={(event) => onDevice(event.currentTarget.checked ? (devices[0]?.device ?? '') : '')}
        />
        <bdi>{memberText(member)}</bdi>
        {member.isSteward && <span class="optional"> with another device</span>}
      </label>
      {device !== '' && devices.length > 1 && (
        <SelectField
          label={`Device that signs for ${memberText(member)}`}
          value={device}
          options={devices.map((it) => ({ value: it.device, text: shownText(it.name) }))}
          onValue={onDevice}
        />
      )}
    </>
  )
}
