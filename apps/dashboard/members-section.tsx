import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '#apps/page'
import { shownText } from '#apps/shown-text'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { ShortId } from './copy-button.tsx'
import { LoadingRows } from './empty-state.tsx'
import { formatQuantity, formatRelative, formatTime } from './format.ts'
import { Icon } from './icon.tsx'
import { InvitePanel } from './invite-panel.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Device, Member, Members, OpenInvite, Status, Suspension } from './node-types.ts'
import { ROLE_TEXT } from './role-text.ts'
import { SectionTitle } from './section-title.tsx'
import { WaitingGuests } from './waiting-guests.tsx'

/** Who is in the co-op, with which devices, and who is invited. */
export function MembersSection(props: { status: Status; members: Members | null }): JSX.Element {
  const { status, members } = props
  const isSteward = status.role === 'steward'
  const isSigner = status.authority?.stewards.some((it) => it.device === status.device) ?? false
  const devices = members?.members.reduce((sum, member) => sum + member.devices.length, 0) ?? 0
  const summary =
    members === null
      ? ''
      : `${formatQuantity(members.members.length, 'member')} with ${formatQuantity(devices, 'device')}`
  return (
    <>
      <SectionTitle title="Members" summary={summary} />
      <div class={isSteward ? 'with-aside' : ''}>
        <div class="stack">
          {members === null ? (
            <LoadingRows what="members" />
          ) : (
            <ul class="plain stack">
              {members.members.map((member) => (
                <MemberCard
                  key={member.member}
                  member={member}
                  isSelf={member.member === status.member}
                  isSigner={isSigner}
                />
              ))}
            </ul>
          )}
          {members?.quorumWarning != null && members.members.length > 1 && (
            <div class="note note-warning" data-testid="quorum-warning">
              <Icon name="warning" />
              <div>
                <p>{members.quorumWarning}</p>
              </div>
            </div>
          )}
          {members?.members.length === 1 && (
            <p class="hint">
              {isSteward
                ? 'You are the first. Create an invite and send the link, or let the other device scan it.'
                : 'Nobody else is here yet. A steward can invite others.'}
            </p>
          )}
          {members !== null && <WaitingGuests guests={members.waiting} />}
          {members !== null && <Invites invites={members.invites} canRevoke={isSteward} />}
        </div>
        {isSteward && (
          <div class="aside">
            <InvitePanel status={status} />
          </div>
        )}
      </div>
    </>
  )
}

function MemberCard(props: { member: Member; isSelf: boolean; isSigner: boolean }): JSX.Element {
  const { member, isSelf } = props
  return (
    <li class="card member">
      <div class="member-head">
        <span class="avatar" aria-hidden="true">
          {initials(member.name)}
        </span>
        <h2 class="member-name">
          <bdi>{shownText(member.name)}</bdi>
          {isSelf && <span class="you"> you</span>}
        </h2>
        <span class={`badge role-${member.role}`} title={ROLE_TEXT[member.role].meaning}>
          {ROLE_TEXT[member.role].name}
        </span>
      </div>
      {member.looksLike.length > 0 && (
        <p class="muted device-note">
          Not to be taken for {member.looksLike.map(shownText).join(', ')}: the key of this one begins with{' '}
          <code>{member.member.slice(0, 8)}</code>.
        </p>
      )}
      <ul class="plain devices">
        {member.devices.map((device) => (
          <DeviceRow
            key={device.device}
            device={device}
            canSuspend={!device.isSelf && (isSelf || props.isSigner) && device.standing.status === 'active'}
          />
        ))}
      </ul>
    </li>
  )
}

const STATUS_TEXT = { suspended: 'Suspended', closed: 'Closed', left: 'Left' } as const

function DeviceRow({ device, canSuspend }: { device: Device; canSuspend: boolean }): JSX.Element {
  const { status } = device.standing
  const isOut = status !== null && status !== 'active'
  const presence = device.isSelf ? 'this device' : device.isConnected ? 'connected' : 'not connected'
  return (
    <li class="device">
      <span class={`dot ${device.isSelf || device.isConnected ? 'dot-on' : ''}`} aria-hidden="true" />
      <span class="device-name">
        <bdi>{shownText(device.name)}</bdi>
        <span class="muted">
          {presence} · {formatQuantity(device.commits, 'change')} made
          {device.isSigner && ' · signs for its steward'}
        </span>
      </span>
      {device.suspension !== null && !isOut && <span class="badge badge-warning">Suspended</span>}
      {isOut && <span class="badge badge-warning">{STATUS_TEXT[status]}</span>}
      {canSuspend && <SuspendButton device={device} />}
      <ShortId id={device.device} what={`the id of ${device.name}`} />
      {device.standing.suspensions.map(({ commit, by, reason }) => (
        <p class="muted device-note" key={commit}>
          By <bdi>{shownText(`${by.name}/${by.deviceName}`)}</bdi>
          {reason === '' ? ', without a reason' : <>: “{reason}”</>}. The others keep away from it until the
          stewards close it or lift this.
        </p>
      ))}
      {device.suspension !== null && <SuspensionNote device={device} suspension={device.suspension} />}
    </li>
  )
}

/** Keeps everybody away from a device that was lost or stolen. */
function SuspendButton({ device }: { device: Device }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [isAsking, setAsking] = useState(false)
  const [reason, setReason] = useState('')
  const suspend = useAction(async () => {
    await client.suspend(device.device, reason.trim())
    setAsking(false)
    announce('The device is suspended')
    refresh(['members', 'peers'])
  })
  const name = shownText(device.name)
  return (
    <>
      <button
        type="button"
        class="button button-quiet"
        data-testid="suspend"
        aria-label={`Suspend ${name}`}
        onClick={() => setAsking(true)}
      >
        <Icon name="pause" />
        Suspend
      </button>
      {isAsking && (
        <ConfirmDialog
          title={`Suspend ${name}?`}
          confirmLabel="Suspend"
          isBusy={suspend.isBusy}
          problem={suspend.problem}
          onConfirm={suspend.run}
          onClose={() => setAsking(false)}
        >
          <p>
            Every device that hears of it cuts the connection and takes nothing new of it. What it wrote
            stays. The stewards can lift this, or close the device for good.
          </p>
          <Field
            label="Why, for everybody to read"
            value={reason}
            onValue={setReason}
            maxLength={200}
            testId="suspend-reason"
          />
        </ConfirmDialog>
      )}
    </>
  )
}

function suspensionNext(device: Device): string {
  if (device.replacedBy !== null) return 'A new key took its place.'
  if (device.isSelf) return 'It gets a new key with the form above.'
  return 'Whoever runs it gives it a new key, on its own page or with coop restore --new-key.'
}

/** Why a device is suspended, and what becomes of it. */
function SuspensionNote(props: { device: Device; suspension: Suspension }): JSX.Element {
  const { device, suspension } = props
  return (
    <p class="muted device-note" data-testid="suspension">
      It wrote two histories: its commit {suspension.seq} exists twice,{' '}
      <code>{suspension.commits.map((id) => id.slice(0, 8)).join(' and ')}</code>. {suspensionNext(device)}
    </p>
  )
}

function Invites({ invites, canRevoke }: { invites: OpenInvite[]; canRevoke: boolean }): JSX.Element | null {
  const nowMs = Date.now()
  const open = invites.filter(
    (invite) =>
      !invite.isRevoked &&
      !invite.isIssuerSuspended &&
      invite.expiresAtMs > nowMs &&
      invite.used < invite.uses,
  )
  if (open.length === 0) return null
  return (
    <section aria-labelledby="open-invites">
      <h2 id="open-invites" class="subtitle">
        Open invites
      </h2>
      <ul class="plain rows">
        {open.map((invite) => (
          <InviteRow key={invite.invite} invite={invite} canRevoke={canRevoke} nowMs={nowMs} />
        ))}
      </ul>
    </section>
  )
}

function InviteRow(props: { invite: OpenInvite; canRevoke: boolean; nowMs: number }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { invite } = props
  const [isAsking, setAsking] = useState(false)
  const revoke = useAction(async () => {
    await client.revokeInvite(invite.invite)
    setAsking(false)
    announce('The invite no longer works')
    refresh(['members'])
  })
  return (
    <li class="row">
      <span class="row-main">
        <span class="row-title">{ROLE_TEXT[invite.role].name}</span>
        <span class="muted">
          {invite.used} of {formatQuantity(invite.uses, 'use')} · ends{' '}
          <time dateTime={new Date(invite.expiresAtMs).toISOString()} title={formatTime(invite.expiresAtMs)}>
            {formatRelative(invite.expiresAtMs, props.nowMs)}
          </time>
        </span>
      </span>
      {props.canRevoke && (
        <button type="button" class="button button-quiet" onClick={() => setAsking(true)}>
          <Icon name="trash" />
          Revoke
        </button>
      )}
      {isAsking && (
        <ConfirmDialog
          title="Revoke this invite?"
          confirmLabel="Revoke"
          isBusy={revoke.isBusy}
          problem={revoke.problem}
          onConfirm={revoke.run}
          onClose={() => setAsking(false)}
        >
          <p>Its link stops working. Who has already joined with it stays.</p>
        </ConfirmDialog>
      )}
    </li>
  )
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  const segments = new Intl.Segmenter()
  return letters
    .map(
      (word) =>
        segments
          .segment(word ?? '')
          .containing(0)
          ?.segment.toUpperCase() ?? '',
    )
    .join('')
}
