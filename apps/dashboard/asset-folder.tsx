import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { LoadingRows } from './empty-state.tsx'
import { Icon } from './icon.tsx'
import type { FolderEntry } from './node-client.ts'
import { assetAddress } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import { ProblemNote } from './problem-note.tsx'

/** What is in a folder that this device holds, asked for when people open it. */
export function AssetFolder({ cid, name }: { cid: string; name: string }): JSX.Element {
  const { client } = useNode()
  const [entries, setEntries] = useState<FolderEntry[] | null>(null)
  const load = useAction(async () => setEntries(await client.folder(cid)))
  return (
    <details
      class="folder"
      data-testid="asset-folder"
      onToggle={(event) => {
        if (event.currentTarget.open && entries === null) load.run()
      }}
    >
      <summary>
        Files in <bdi>{shownText(name)}</bdi>
      </summary>
      <ProblemNote problem={load.problem} />
      {load.isBusy && <LoadingRows what="the folder" />}
      {entries?.length === 0 && <p class="muted">This folder is empty.</p>}
      <ul class="plain">
        {entries?.map((entry) => (
          <li key={entry.name}>
            {entry.kind === 'directory' ? (
              <AssetFolder cid={entry.cid} name={entry.name} />
            ) : (
              <a
                class="folder-entry"
                href={assetAddress(entry.cid, entry.name)}
                target="_blank"
                rel="noopener noreferrer"
              >
                <Icon name="file" />
                <bdi class="breakable">{shownText(entry.name)}</bdi>
              </a>
            )}
          </li>
        ))}
      </ul>
    </details>
  )
}
