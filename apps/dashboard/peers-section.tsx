import type { JSX } from 'preact'
import { shownText } from '#apps/shown-text'
import { CopyButton, ShortId } from './copy-button.tsx'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatBytes, formatQuantity } from './format.ts'
import type { Peer, Status } from './node-types.ts'
import { SectionTitle } from './section-title.tsx'

const STATE_TEXT: Readonly<Record<Peer['state'], string>> = {
  synced: 'Up to date',
  syncing: 'Syncing',
  connected: 'Connected',
  away: 'Away',
  suspended: 'Suspended',
  closed: 'Closed',
}

/** The other devices as this one sees them. */
export function PeersSection({ status, peers }: { status: Status; peers: Peer[] | null }): JSX.Element {
  const near = peers?.filter((peer) => !['away', 'suspended', 'closed'].includes(peer.state)).length ?? 0
  const summary = peers === null ? '' : `${near} of ${formatQuantity(peers.length, 'known device')} connected`
  return (
    <>
      <SectionTitle title="Peers" summary={summary} />
      {peers === null && <LoadingRows what="peers" />}
      {peers?.length === 0 && (
        <EmptyState icon="peers" title="No other device met yet">
          Invite somebody under <a href="#/members">Members</a>. Devices on the same network find each other
          on their own.
        </EmptyState>
      )}
      {peers !== null && peers.length > 0 && (
        <ul class="plain rows">
          {peers.map((peer) => (
            <PeerRow key={peer.device} peer={peer} />
          ))}
        </ul>
      )}
      <Addresses addresses={status.addresses} />
    </>
  )
}

function PeerRow({ peer }: { peer: Peer }): JSX.Element {
  return (
    <li class="row row-peer">
      <span class="row-main">
        <span class="row-title">
          <bdi>{shownText(peer.name)}</bdi>
        </span>
        <span class="muted breakable">{placeOf(peer)}</span>
      </span>
      <span class={`badge state-${peer.state}`}>{STATE_TEXT[peer.state]}</span>
      <span class="muted traffic">
        <span title="Received">
          <span aria-hidden="true">↓ </span>
          <span class="visually-hidden">Received </span>
          {formatBytes(peer.bytesIn)}
        </span>
        <span title="Sent">
          <span aria-hidden="true">↑ </span>
          <span class="visually-hidden">Sent </span>
          {formatBytes(peer.bytesOut)}
        </span>
      </span>
      <ShortId id={peer.device} what={`the id of ${shownText(peer.name)}`} />
    </li>
  )
}

function placeOf({ address, lastClose, faults, suspension }: Peer): string {
  if (suspension !== null)
    return `wrote two histories from its commit ${suspension.seq} on; nobody connects to it`
  if (faults !== null && faults.awayUntilMs > Date.now())
    return `kept away until ${new Date(faults.awayUntilMs).toLocaleTimeString()}: ${faults.reason}`
  // The id at the end of an address stands beside it anyway.
  if (address !== null) return address.replace(/\/p2p\/[^/]+$/, '')
  return lastClose === null ? 'not seen yet' : `last session ended: ${lastClose}`
}

function Addresses({ addresses }: { addresses: string[] }): JSX.Element {
  return (
    <section aria-labelledby="addresses">
      <h2 id="addresses" class="subtitle">
        Where this device is reached
      </h2>
      {addresses.length === 0 ? (
        <p class="muted">Nowhere at the moment: the mesh is not running on this device.</p>
      ) : (
        <ul class="plain rows">
          {addresses.map((address) => (
            <li class="row" key={address}>
              <code class="row-main breakable">{address}</code>
              <CopyButton text={address} what="address" isIcon />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
