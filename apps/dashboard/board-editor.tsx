import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type * as Y from 'yjs'
import type { BoardView } from './board-document.ts'
import { viewBoard } from './board-document.ts'
import { BoardFields } from './board-fields.tsx'
import { BoardLink } from './board-link.ts'
import type { BoardLinkState } from './board-link.ts'
import { BoardLists } from './board-lists.tsx'
import { CopyButton } from './copy-button.tsx'
import { LoadingRows } from './empty-state.tsx'
import { formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import { useNode } from './node-context.ts'
import type { Role } from './node-types.ts'
import { sentence } from './problem-note.tsx'
import { bindText } from './text-binding.ts'

const BEGINNING: BoardLinkState = { link: 'connecting', doc: null, canWrite: false, unsaved: 0, lost: null }

/** One board, edited together with everybody who has it open. */
export function BoardEditor(props: { name: string; role: Role | null; isAway: boolean }): JSX.Element {
  const { client } = useNode()
  const [state, setState] = useState(BEGINNING)
  const link = useRef<BoardLink | null>(null)
  useEffect(() => {
    const opened = new BoardLink(client.boardSocket(props.name), setState)
    link.current = opened
    return () => opened.close()
  }, [client, props.name])
  useEffect(() => {
    if (!props.isAway) link.current?.reconnect()
  }, [props.isAway])
  const isUnsaved = state.unsaved > 0
  useEffect(() => {
    if (!isUnsaved) return
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [isUnsaved])
  return (
    <>
      <header class="section-title board-title">
        <a class="button icon-button" href="#/boards" aria-label="All boards">
          <Icon name="back" />
        </a>
        <div>
          <h1 id="section-title" tabIndex={-1} class="breakable">
            {props.name}
          </h1>
          <p class="muted" role="status" data-testid="board-saved">
            {savedText(state)}
          </p>
        </div>
      </header>
      {state.lost !== null && <LostNote lost={state.lost} onDismiss={() => link.current?.dismissLost()} />}
      {state.doc === null ? (
        <LoadingRows what="the board" />
      ) : (
        <OpenBoard doc={state.doc} canWrite={state.canWrite} canRemove={props.role !== 'archive'} />
      )}
    </>
  )
}

function OpenBoard(props: { doc: Y.Doc; canWrite: boolean; canRemove: boolean }): JSX.Element {
  const { retract } = useNode()
  const { doc, canWrite } = props
  const view = useBoardView(doc)
  // An Undo belongs to this document: after leaving or reconnecting it would write into nothing.
  useEffect(() => retract, [doc, retract])
  const canRemove = canWrite && props.canRemove
  return (
    <div class="board">
      <BoardText doc={doc} canWrite={canWrite} />
      <div class="stack">
        <BoardFields doc={doc} fields={view.fields} canWrite={canWrite} canRemove={canRemove} />
        <BoardLists doc={doc} lists={view.lists} canWrite={canWrite} canRemove={canRemove} />
      </div>
    </div>
  )
}

function BoardText({ doc, canWrite }: { doc: Y.Doc; canWrite: boolean }): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  useEffect(() => (area.current === null ? undefined : bindText(area.current, doc)), [doc])
  return (
    <section class="card board-text">
      <h2>
        <label for={id}>Text</label>
      </h2>
      <textarea
        id={id}
        ref={area}
        rows={12}
        readOnly={!canWrite}
        placeholder={canWrite ? 'Write here. Everybody who has this board open sees it at once.' : ''}
        data-testid="board-text"
      />
    </section>
  )
}

function LostNote(props: { lost: NonNullable<BoardLinkState['lost']>; onDismiss: () => void }): JSX.Element {
  const { lost } = props
  return (
    <div class="note note-danger" role="alert">
      <Icon name="warning" />
      <div>
        <p class="note-title">Your last changes were not saved. {sentence(lost.message)}</p>
        <p>{lost.next}</p>
        <div class="actions actions-start">
          {lost.text !== '' && <CopyButton text={lost.text} what="the text as you had it" />}
          <button type="button" class="button" onClick={props.onDismiss}>
            Dismiss
          </button>
        </div>
      </div>
    </div>
  )
}

/** The board as it stands, drawn at most once a frame however fast changes come. */
function useBoardView(doc: Y.Doc): BoardView {
  const [shown, setShown] = useState(() => ({ doc, view: viewBoard(doc) }))
  useEffect(() => {
    let frame = 0
    const draw = (): void => {
      frame = 0
      setShown({ doc, view: viewBoard(doc) })
    }
    const onUpdate = (): void => {
      if (frame === 0) frame = requestAnimationFrame(draw)
    }
    draw()
    doc.on('update', onUpdate)
    return () => {
      doc.off('update', onUpdate)
      cancelAnimationFrame(frame)
    }
  }, [doc])
  return shown.doc === doc ? shown.view : viewBoard(doc)
}

function savedText({ link, doc, canWrite, unsaved }: BoardLinkState): string {
  if (link === 'connecting' && doc === null) return 'Opening…'
  const changes = formatQuantity(unsaved, 'change')
  if (link === 'away') {
    return unsaved === 0
      ? 'Not connected. Trying again…'
      : `Not connected. ${changes} kept on this page; do not close it.`
  }
  if (!canWrite) return 'You can read this board.'
  return unsaved === 0 ? 'All changes saved' : `Saving ${changes}…`
}
