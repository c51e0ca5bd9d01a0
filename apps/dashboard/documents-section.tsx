import type { JSX } from 'preact'
import { ShortId } from './copy-button.tsx'
import { EmptyState } from './empty-state.tsx'
import { formatCount, formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Status } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { SectionTitle } from './section-title.tsx'
import { STATE_TEXT } from './state-text.ts'

/** What this device holds, in hashes that people can compare. */
export function DocumentsSection({ status }: { status: Status }): JSX.Element {
  const documents = Object.entries(status.documents).sort(([a], [b]) => (a < b ? -1 : 1))
  return (
    <>
      <SectionTitle
        title="Documents"
        summary={`${formatQuantity(documents.length, 'document')} from ${formatQuantity(status.commits, 'change')}`}
      />
      {documents.length === 0 ? (
        <EmptyState icon="documents" title="No documents yet">
          They appear as soon as somebody writes on a <a href="#/boards">board</a> or adds an{' '}
          <a href="#/assets">asset</a>.
        </EmptyState>
      ) : (
        <>
          <p class="hint">
            Two devices that show the same hash for a document hold exactly the same content.
          </p>
          <ul class="plain rows">
            {documents.map(([id, document]) => (
              <li class="row" key={id}>
                <span class="row-main">
                  <span class="row-title">
                    <code class="breakable">{id}</code>
                  </span>
                  <span class="muted">{formatQuantity(document.commits, 'change')}</span>
                </span>
                {document.refused > 0 && (
                  <span class="badge badge-warning">{formatCount(document.refused)} refused</span>
                )}
                {document.stateHash === null || document.state !== 'whole' ? (
                  <span class="muted">{STATE_TEXT[document.state]}</span>
                ) : (
                  <ShortId id={document.stateHash} what={`the hash of ${id}`} />
                )}
                {id.startsWith('board/') && <KeepButton id={id} isKept={document.state !== 'declined'} />}
              </li>
            ))}
          </ul>
        </>
      )}
      <section aria-labelledby="about">
        <h2 id="about" class="subtitle">
          This device
        </h2>
        <dl class="facts">
          <Fact name="Device id" id={status.device} />
          <Fact name="Co-op id" id={status.coop} />
          <Fact name="Your member key" id={status.member} />
          <Fact name="Epoch" id={status.epoch} />
          <Fact name="All changes seen, as one hash" id={status.headsRoot} />
          <div>
            <dt>Device key on disk</dt>
            <dd>{status.isKeySealed ? 'locked with a passphrase' : 'protected by file permissions only'}</dd>
          </div>
          <div>
            <dt>Data folder</dt>
            <dd>
              <code class="breakable">{status.dataFolder}</code>
            </dd>
          </div>
          <div>
            <dt>Version</dt>
            <dd>{status.version}</dd>
          </div>
        </dl>
      </section>
    </>
  )
}

/** Whether this device keeps a document. Only boards can be left out: the others are needed by every device. */
function KeepButton({ id, isKept }: { id: string; isKept: boolean }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const keep = useAction(async () => {
    await client.keepDocument(isKept ? 'decline' : 'want', id)
    announce(
      isKept ? 'From now on it is not sent to this device. What is here stays.' : 'It is fetched again.',
    )
    refresh(['boards'])
  })
  return (
    <>
      <button
        type="button"
        class="button button-quiet"
        aria-label={isKept ? `Do not keep ${id}` : `Keep again ${id}`}
        aria-disabled={keep.isBusy}
        data-testid="document-keep"
        onClick={() => keep.run()}
      >
        <Icon name={isKept ? 'close' : 'download'} />
        {isKept ? 'Do not keep' : 'Keep again'}
      </button>
      <ProblemNote problem={keep.problem} />
    </>
  )
}

function Fact({ name, id }: { name: string; id: string | null }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{id === null ? 'none' : <ShortId id={id} what={`the ${name.toLowerCase()}`} />}</dd>
    </div>
  )
}
