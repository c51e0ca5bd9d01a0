import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { AssetRow } from './asset-row.tsx'
import { DropZone } from './drop-zone.tsx'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatBytes, formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import type { Asset, Members, Status } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { SectionTitle } from './section-title.tsx'
import type { Upload, UploadQueue } from './upload-queue.ts'

/** From this many assets on, a search is offered. A guess: what fits a phone's screen. */
const SEARCH_ASSETS_MIN = 6

/** The shared files: add, fetch, open, unlist. */
export function AssetsSection(props: {
  status: Status
  assets: Asset[] | null
  members: Members | null
  queue: UploadQueue
}): JSX.Element {
  const { assets, queue, status } = props
  const [search, setSearch] = useState('')
  const bytes = assets?.reduce((sum, asset) => sum + asset.bytes, 0) ?? 0
  const held = assets?.filter((asset) => asset.isHeld).length ?? 0
  const summary =
    assets === null || assets.length === 0
      ? 'Files that the co-op shares'
      : `${formatQuantity(assets.length, 'asset')}, ${formatBytes(bytes)} · ${held} held here`
  const words = search.trim().toLowerCase()
  const shown = assets?.filter((asset) => asset.name.toLowerCase().includes(words)) ?? []
  shown.sort((a, b) => b.listedAtMs - a.listedAtMs)
  const canAdd = status.role !== 'observer'
  return (
    <>
      <SectionTitle title="Assets" summary={summary} />
      {canAdd && (
        <DropZone label="Add files" hint="or drop them here" testId="asset-file-input" onFiles={queue.add} />
      )}
      {queue.uploads.length > 0 && (
        <ul class="plain rows" aria-label="Uploads">
          {queue.uploads.map((upload) => (
            <UploadRow key={upload.id} upload={upload} onRemove={() => queue.remove(upload.id)} />
          ))}
        </ul>
      )}
      {assets !== null && assets.length >= SEARCH_ASSETS_MIN && (
        <div class="field">
          <label for="asset-search" class="visually-hidden">
            Search assets by name
          </label>
          <input
            id="asset-search"
            type="search"
            placeholder="Search by name"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
      )}
      {assets === null && <LoadingRows what="assets" />}
      {assets?.length === 0 && (
        <EmptyState icon="assets" title="Nothing shared yet">
          {canAdd
            ? 'Add a file above: a photo, a price list, a song. Every device of the co-op can then fetch it.'
            : 'What others add appears here. Observers cannot add assets.'}
        </EmptyState>
      )}
      {assets !== null && assets.length > 0 && shown.length === 0 && (
        <p class="muted" role="status">
          No asset is called like that.
        </p>
      )}
      {shown.length > 0 && (
        <ul class="plain rows">
          {shown.map((asset) => (
            <AssetRow key={asset.listing} asset={asset} listedBy={nameOf(asset.listedBy, props.members)} />
          ))}
        </ul>
      )}
    </>
  )
}

function UploadRow({ upload, onRemove }: { upload: Upload; onRemove: () => void }): JSX.Element {
  const isFailed = upload.state === 'failed'
  return (
    <li class="row row-upload">
      <span class="row-main">
        <span class="row-title">
          <bdi>{upload.name}</bdi>
        </span>
        {!isFailed && (
          <>
            <progress
              aria-label={`Upload of ${upload.name}`}
              max={Math.max(1, upload.totalBytes)}
              value={upload.doneBytes}
            />
            <span class="muted">
              {upload.state === 'waiting'
                ? 'Waiting'
                : `${formatBytes(upload.doneBytes)} of ${formatBytes(upload.totalBytes)}`}
            </span>
          </>
        )}
        <ProblemNote problem={upload.problem} />
      </span>
      <button
        type="button"
        class="button icon-button"
        aria-label={isFailed ? `Dismiss ${upload.name}` : `Cancel the upload of ${upload.name}`}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </li>
  )
}

function nameOf(listedBy: string, members: Members | null): string {
  for (const { member, name, devices } of members?.members ?? []) {
    if (member === listedBy || devices.some(({ device }) => device === listedBy)) return name
  }
  return listedBy
}
