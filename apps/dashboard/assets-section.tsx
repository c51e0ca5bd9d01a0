import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { AssetRow } from './asset-row.tsx'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatBytes, formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import { useNode } from './node-context.ts'
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
      {canAdd && <DropZone onFiles={queue.add} />}
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

function DropZone({ onFiles }: { onFiles: (files: readonly File[]) => void }): JSX.Element {
  const { announce } = useNode()
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    // A file that misses the zone would otherwise replace the page.
    const ignore = (event: DragEvent): void => event.preventDefault()
    addEventListener('dragover', ignore)
    addEventListener('drop', ignore)
    return () => {
      removeEventListener('dragover', ignore)
      removeEventListener('drop', ignore)
    }
  }, [])
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const items = [...(event.dataTransfer?.items ?? [])].filter((item) => item.kind === 'file')
    const files = items.flatMap((item) => {
      const isFolder = item.webkitGetAsEntry()?.isDirectory === true
      const file = isFolder ? null : item.getAsFile()
      return file === null ? [] : [file]
    })
    if (files.length < items.length) announce('Folders cannot be dropped here. Use `coop add` on the device.')
    if (files.length > 0) onFiles(files)
  }
  return (
    <label
      class={isOver ? 'drop-zone drop-zone-over' : 'drop-zone'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <input
        type="file"
        multiple
        class="visually-hidden"
        data-testid="asset-file-input"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
      <span class="button button-primary">
        <Icon name="upload" />
        Add files
      </span>
      <span class="muted drop-hint">or drop them here</span>
    </label>
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
