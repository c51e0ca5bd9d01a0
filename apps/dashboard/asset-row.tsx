import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { AssetFolder } from './asset-folder.tsx'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { ShortId } from './copy-button.tsx'
import { formatBytes, formatQuantity, formatRelative, formatTime, shortenId } from './format.ts'
import { Icon } from './icon.tsx'
import { assetAddress } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { Asset, Progress } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'

/** One shared file or folder and what can be done with it. */
export function AssetRow({ asset, listedBy }: { asset: Asset; listedBy: string }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [progress, setProgress] = useState<Progress | null>(null)
  const fetchIt = useAction(async () => {
    setProgress({ doneBytes: 0, totalBytes: asset.bytes })
    try {
      const fetched = await client.fetchAsset(asset.cid, setProgress)
      announce(`Fetched ${asset.name}, ${formatBytes(fetched.fetchedBytes)}`)
      refresh(['assets'])
    } finally {
      setProgress(null)
    }
  })
  return (
    <li class="row row-asset" data-testid="asset-row" data-cid={asset.cid}>
      <span class="row-icon">
        <Icon name={asset.kind === 'directory' ? 'folder' : 'file'} />
      </span>
      <div class="row-main">
        <h2 class="row-title">
          <bdi>{shownText(asset.name)}</bdi>
        </h2>
        <p class="muted">
          {formatBytes(asset.bytes)} · added{' '}
          <time dateTime={new Date(asset.listedAtMs).toISOString()} title={formatTime(asset.listedAtMs)}>
            {formatRelative(asset.listedAtMs, Date.now())}
          </time>{' '}
          by <bdi title={shownText(listedBy)}>{shownText(shortenName(listedBy))}</bdi>
        </p>
        <p class="holders">
          <span class={`badge ${asset.isHeld ? 'badge-ok' : ''}`}>
            {asset.isHeld ? 'On this device' : 'Not on this device'}
          </span>
          <Holders asset={asset} />
          <ShortId id={asset.cid} what={`the CID of ${asset.name}`} />
        </p>
        {progress !== null && (
          <div class="fetching">
            <progress
              aria-label={`Fetching ${asset.name}`}
              max={Math.max(1, progress.totalBytes)}
              value={progress.doneBytes}
            />
            <span class="muted">
              {formatBytes(progress.doneBytes)} of {formatBytes(progress.totalBytes)}
            </span>
          </div>
        )}
        <ProblemNote problem={fetchIt.problem} />
        {asset.isHeld && asset.kind === 'directory' && <AssetFolder cid={asset.cid} name={asset.name} />}
      </div>
      <div class="row-actions">
        {asset.isHeld ? (
          <OpenLinks asset={asset} />
        ) : (
          <button
            type="button"
            class="button button-primary"
            aria-disabled={fetchIt.isBusy}
            data-testid="asset-fetch"
            onClick={() => fetchIt.run()}
          >
            <Icon name="download" />
            {fetchIt.isBusy ? 'Fetching' : 'Fetch'}
            <span class="visually-hidden"> {asset.name}</span>
          </button>
        )}
        {asset.canUnlist && <UnlistButton asset={asset} />}
      </div>
    </li>
  )
}

function OpenLinks({ asset }: { asset: Asset }): JSX.Element | null {
  if (asset.kind === 'directory') return null
  const address = assetAddress(asset.cid, asset.name)
  return (
    <>
      <a class="button" href={address} target="_blank" rel="noopener noreferrer" data-testid="asset-open">
        <Icon name="open" />
        Open
        <span class="visually-hidden"> {asset.name} in a new tab</span>
      </a>
      <a
        class="button icon-button"
        href={address}
        download={asset.name}
        aria-label={`Download ${asset.name}`}
        title="Download"
        data-testid="asset-download"
      >
        <Icon name="download" />
      </a>
    </>
  )
}

function Holders({ asset }: { asset: Asset }): JSX.Element {
  const near = asset.holders.filter((holder) => holder.isConnected).length
  const names = asset.holders.map((holder) => shownText(holder.name)).join(', ')
  if (asset.holders.length === 0) return <span class="muted">nobody says to hold it</span>
  const reach = asset.isHeld || near > 0 ? '' : ', none connected now'
  return (
    <span class="muted" title={names}>
      held by{' '}
      {asset.holders.length <= 2 ? <bdi>{names}</bdi> : formatQuantity(asset.holders.length, 'device')}
      {reach}
    </span>
  )
}

function UnlistButton({ asset }: { asset: Asset }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [isAsking, setAsking] = useState(false)
  const unlist = useAction(async () => {
    await client.unlist(asset.listing)
    setAsking(false)
    announce(`${asset.name} is no longer listed`)
    refresh(['assets'])
  })
  return (
    <>
      <button
        type="button"
        class="button icon-button button-quiet"
        aria-label={`Unlist ${asset.name}`}
        title="Unlist"
        data-testid="asset-unlist"
        onClick={() => setAsking(true)}
      >
        <Icon name="trash" />
      </button>
      {isAsking && (
        <ConfirmDialog
          title="Unlist this asset?"
          confirmLabel="Unlist"
          isBusy={unlist.isBusy}
          problem={unlist.problem}
          onConfirm={unlist.run}
          onClose={() => setAsking(false)}
        >
          <p>
            <bdi>{shownText(asset.name)}</bdi> disappears from the list on all devices. Who knows its CID can
            still open it on devices that hold it.
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

/** Names stay, identifiers that stand for an unknown member are shortened. */
function shortenName(name: string): string {
  return /^[0-9A-Za-z]{40,}$/.test(name) ? shortenId(name) : name
}
