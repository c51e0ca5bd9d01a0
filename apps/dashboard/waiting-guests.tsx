import type { JSX } from 'preact'
import { shownText } from '#apps/shown-text'
import { ShortId } from './copy-button.tsx'
import { formatQuantity, formatRelative, formatTime } from './format.ts'
import { Icon } from './icon.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Guest } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { ROLE_TEXT } from './role-text.ts'

/** Who came when an invite of this device was used up; nothing when nobody did. */
export function WaitingGuests({ guests }: { guests: Guest[] }): JSX.Element | null {
  const { client, announce, refresh } = useNode()
  const admitAll = useAction(async () => {
    const admitted = await client.admitGuests(null)
    announce(`${formatQuantity(admitted.length, 'guest')} let in`)
    refresh(['members', 'status'])
  })
  if (guests.length === 0) return null
  return (
    <section class="stack" aria-labelledby="waiting-guests" data-testid="waiting-guests">
      <h2 id="waiting-guests" class="subtitle">
        Waiting
      </h2>
      <p class="hint">
        They came when the invite was used up. Who is let in is here once they try the same link again.
      </p>
      <ul class="plain rows">
        {guests.map((guest) => (
          <GuestRow key={guest.device} guest={guest} />
        ))}
      </ul>
      <ProblemNote problem={admitAll.problem} />
      {guests.length > 1 && (
        <button type="button" class="button" aria-disabled={admitAll.isBusy} onClick={admitAll.run}>
          Let all in
        </button>
      )}
    </section>
  )
}

function GuestRow({ guest }: { guest: Guest }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const name = shownText(guest.name)
  const admit = useAction(async () => {
    await client.admitGuests(guest.device)
    announce(`${name} is let in`)
    refresh(['members', 'status'])
  })
  const drop = useAction(async () => {
    await client.dropGuest(guest.device)
    announce(`${name} waits no longer`)
    refresh(['members'])
  })
  const isBusy = admit.isBusy || drop.isBusy
  return (
    <li class="row" data-testid="guest">
      <span class="row-main">
        <span class="row-title">
          <bdi>{name}</bdi> with <bdi>{shownText(guest.deviceName)}</bdi>
        </span>
        <span class="muted">
          {ROLE_TEXT[guest.role].name} · since{' '}
          <time dateTime={new Date(guest.sinceMs).toISOString()} title={formatTime(guest.sinceMs)}>
            {formatRelative(guest.sinceMs, Date.now())}
          </time>
        </span>
        <ShortId id={guest.device} what={`the id of ${name}`} />
      </span>
      <button type="button" class="button" aria-disabled={isBusy} onClick={admit.run}>
        <Icon name="plus" />
        Let in
      </button>
      <button type="button" class="button button-quiet" aria-disabled={isBusy} onClick={drop.run}>
        <Icon name="trash" />
        Turn away
      </button>
      <ProblemNote problem={admit.problem ?? drop.problem} />
    </li>
  )
}
