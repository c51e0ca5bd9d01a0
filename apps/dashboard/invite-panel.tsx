import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { CopyButton } from './copy-button.tsx'
import { formatQuantity, formatTime } from './format.ts'
import { Icon } from './icon.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Invite, Role, Status } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { QrCode } from './qr-code.tsx'
import { INVITED_ROLES, ROLE_TEXT } from './role-text.ts'

const HOUR_MS = 3_600_000
const LIFETIMES = [
  { ms: HOUR_MS, text: '1 hour' },
  { ms: 24 * HOUR_MS, text: '1 day' },
  { ms: 7 * 24 * HOUR_MS, text: '7 days' },
  { ms: 30 * 24 * HOUR_MS, text: '30 days' },
] as const
/** The most uses of one invite that a node takes. */
const USES_MAX = 64

/** Makes invites, for stewards. */
export function InvitePanel({ status }: { status: Status }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [role, setRole] = useState<Role>('member')
  const [uses, setUses] = useState(1)
  const [lifetimeMs, setLifetimeMs] = useState<number>(7 * 24 * HOUR_MS)
  const [invite, setInvite] = useState<Invite | null>(null)
  const create = useAction(async () => {
    setInvite(await client.invite(role, uses, lifetimeMs))
    announce('The invite is ready')
    refresh(['members'])
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    create.run()
  }
  if (invite !== null) return <InviteCard invite={invite} onDone={() => setInvite(null)} />
  return (
    <form class="card" aria-labelledby="invite-title" onSubmit={submit}>
      <h2 id="invite-title">Invite somebody</h2>
      <div class="field">
        <label for="invite-role">They come as</label>
        <select
          id="invite-role"
          value={role}
          aria-describedby="invite-role-hint"
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        >
          {INVITED_ROLES.map((role) => (
            <option key={role} value={role}>
              {ROLE_TEXT[role].name}
            </option>
          ))}
        </select>
        <p class="hint hint-two-lines" id="invite-role-hint">
          {ROLE_TEXT[role].meaning}
        </p>
      </div>
      <div class="field-pair">
        <div class="field">
          <label for="invite-uses">For how many</label>
          <input
            id="invite-uses"
            type="number"
            inputMode="numeric"
            min={1}
            max={USES_MAX}
            required
            value={uses}
            onInput={(event) => setUses(event.currentTarget.valueAsNumber)}
          />
        </div>
        <div class="field">
          <label for="invite-expiry">Valid for</label>
          <select
            id="invite-expiry"
            value={lifetimeMs}
            onChange={(event) => setLifetimeMs(Number(event.currentTarget.value))}
          >
            {LIFETIMES.map(({ ms, text }) => (
              <option key={ms} value={ms}>
                {text}
              </option>
            ))}
          </select>
        </div>
      </div>
      <ProblemNote problem={create.problem} />
      <button
        type="submit"
        class="button button-primary button-wide"
        aria-disabled={create.isBusy}
        data-testid="invite-create"
      >
        <Icon name="plus" />
        Create invite
      </button>
      <p class="hint">This device can still admit {formatQuantity(status.slots, 'more', 'more')}.</p>
    </form>
  )
}

function InviteCard({ invite, onDone }: { invite: Invite; onDone: () => void }): JSX.Element {
  const canShare = 'share' in navigator
  return (
    <section class="card" aria-labelledby="invite-title">
      <h2 id="invite-title">The invite is ready</h2>
      <p>
        For {formatQuantity(invite.uses, 'use')} as {ROLE_TEXT[invite.role].name.toLowerCase()}, until{' '}
        {formatTime(invite.expiresAtMs)}. Keep this device on: it lets them in.
      </p>
      <QrCode text={invite.link} label="QR code of the invite link" />
      <code class="link-box" tabIndex={0} data-testid="invite-link">
        {invite.link}
      </code>
      <div class="actions actions-start">
        <CopyButton text={invite.link} what="link" />
        {canShare && (
          <button
            type="button"
            class="button"
            onClick={() => void navigator.share({ text: invite.link }).catch(() => undefined)}
          >
            <Icon name="open" />
            Share
          </button>
        )}
        <button type="button" class="button" onClick={onDone}>
          Done
        </button>
      </div>
      <p class="hint">Whoever has the link can use it, and it is shown only now. Send it to nobody else.</p>
    </section>
  )
}
