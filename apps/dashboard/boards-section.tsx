import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { BoardEditor } from './board-editor.tsx'
import { boardNameFrom } from './board-document.ts'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import type { BoardSummary, Status } from './node-types.ts'
import { STATE_TEXT } from './state-text.ts'
import { routeAddress } from './route.ts'
import { SectionTitle } from './section-title.tsx'

/** The list of boards, or the open one. */
export function BoardsSection(props: {
  status: Status
  boards: BoardSummary[] | null
  board: string | null
  isAway: boolean
}): JSX.Element {
  const { boards, board, status } = props
  const state = boards?.find((it) => boardName(it.id) === board)?.state ?? 'whole'
  if (board !== null && state !== 'whole') return <BoardNotHere name={board} state={state} />
  if (board !== null) return <BoardEditor key={board} name={board} role={status.role} isAway={props.isAway} />
  return (
    <>
      <SectionTitle title="Boards" summary="Notes, prices and lists that everybody edits at the same time" />
      {status.role !== 'observer' && <OpenForm />}
      {boards === null && <LoadingRows what="boards" />}
      {boards?.length === 0 && (
        <EmptyState icon="boards" title="No boards yet">
          Type a name above, for example “menu” or “market day”, and start writing.
        </EmptyState>
      )}
      {boards !== null && boards.length > 0 && (
        <ul class="plain tiles">
          {boards.map(({ id, commits, refused, state }) => (
            <li key={id}>
              <a class="tile" href={routeAddress('boards', boardName(id))} data-testid="board-link">
                <Icon name="boards" />
                <span class="row-main">
                  <span class="row-title breakable">{boardName(id)}</span>
                  <span class="muted">
                    {formatQuantity(commits, 'change')}
                    {refused > 0 ? `, ${refused} refused` : ''}
                    {state === 'whole' ? '' : `, ${STATE_TEXT[state]}`}
                  </span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** In the place of a board that cannot be open on this device. */
function BoardNotHere({ name, state }: { name: string; state: 'incomplete' | 'declined' }): JSX.Element {
  return (
    <>
      <SectionTitle title={name} summary={STATE_TEXT[state]} />
      <EmptyState icon="boards" title={`This board is ${STATE_TEXT[state]}`}>
        {state === 'declined' ? (
          <>
            To have it here again, run <code class="breakable">coop documents want board/{name}</code>.
          </>
        ) : (
          'It opens as soon as a device that has all of it is connected.'
        )}{' '}
        <a href="#/boards">All boards</a>
      </EmptyState>
    </>
  )
}

function OpenForm(): JSX.Element {
  const [typed, setTyped] = useState('')
  const name = boardNameFrom(typed)
  const isChanged = typed.trim() !== '' && name !== typed.trim()
  const hint = name === '' ? 'Use at least one letter a to z or a digit.' : `It will be called ${name}`
  const submit = (event: Event): void => {
    event.preventDefault()
    if (name !== '') location.hash = routeAddress('boards', name)
  }
  return (
    <form class="inline-form" onSubmit={submit}>
      <div class="field">
        <label for="board-name">Name of a new or existing board</label>
        <input
          id="board-name"
          type="text"
          required
          maxLength={63}
          autoComplete="off"
          autoCapitalize="none"
          value={typed}
          aria-describedby="board-name-hint"
          data-testid="board-name"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button button-primary" data-testid="board-open">
        <Icon name="plus" />
        Open board
      </button>
      <p class="hint inline-form-hint" id="board-name-hint" role="status">
        {isChanged ? hint : '\u00a0'}
      </p>
    </form>
  )
}

function boardName(id: string): string {
  return id.startsWith('board/') ? id.slice('board/'.length) : id
}
