import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Afterwards, Fact, Names } from './decision-facts.tsx'
import { Icon } from './icon.tsx'
import type { Recoveries, Recovery } from './node-types.ts'
import { sentence } from './problem-note.tsx'
import { VoiceDialog } from './voice-dialog.tsx'

/** A recovery that is under way, and how to take part. */
export function RecoveryCard(props: {
  recovery: Recovery
  recoveries: Recoveries
  isSigner: boolean
}): JSX.Element {
  const { recovery, recoveries } = props
  const [isAsking, setAsking] = useState(false)
  const titleId = `recovery-${recovery.id}`
  const hasSpoken = recoveries.rule === 'member-quorum' && recovery.own === 'voiced'
  const changes = recovery.changes.map((change, i) => (
    <bdi class="proposal-change" key={i}>
      {sentence(change.text)}
    </bdi>
  ))
  return (
    <li class="card proposal" data-testid="recovery" aria-labelledby={titleId}>
      <p class="badge badge-warning">Recovery</p>
      <h2 id={titleId}>{changes}</h2>
      <p class="muted">
        {recoveries.rule === 'kits'
          ? 'Recovery kits of members speak for it, each once.'
          : 'Members speak for it, each with a device.'}{' '}
        <code>{recovery.id.slice(0, 8)}</code>
      </p>
      <dl class="facts">
        <Fact name="Voices">
          {recovery.voices.length} of {recovery.quorum} needed
          {recovery.voices.length > 0 && (
            <>
              : <Names of={recovery.voices} />
            </>
          )}
        </Fact>
        <Fact name="Missing">
          {recovery.missing} more, of <Names of={recovery.silent} />
        </Fact>
        {recovery.elsewhere.length > 0 && (
          <Fact name="Elsewhere">
            <Names of={recovery.elsewhere} /> spoke for something else
          </Fact>
        )}
        {recovery.attempt > 0 && (
          <Fact name="Attempt">{recovery.attempt + 1}: whoever spoke in an earlier one speaks again</Fact>
        )}
        <Afterwards of={recovery.effect} />
      </dl>
      <p>
        With the last voice it takes effect at once.
        {props.isSigner && ' If the stewards are there after all, any decision of theirs ends it.'}
      </p>
      {hasSpoken && <p class="muted">You spoke for it.</p>}
      {!hasSpoken && recoveries.obstacle !== null && (
        <p class="muted">This device has no voice: {sentence(recoveries.obstacle)}</p>
      )}
      {!hasSpoken && recoveries.obstacle === null && (
        <div class="actions">
          <button
            type="button"
            class="button button-primary"
            data-testid="recovery-voice"
            onClick={() => setAsking(true)}
          >
            <Icon name="check" />
            Speak for it
          </button>
        </div>
      )}
      {isAsking && (
        <VoiceDialog what={recovery.id} rule={recoveries.rule} onClose={() => setAsking(false)}>
          <p>{changes}</p>
        </VoiceDialog>
      )}
    </li>
  )
}
