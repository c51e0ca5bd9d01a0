import type { JSX } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import type * as Y from 'yjs'
import type { BoardView, Json } from './board-document.ts'
import { boardNameFrom, listOf } from './board-document.ts'
import { valueText } from './board-value.ts'
import { Icon } from './icon.tsx'
import { useNode } from './node-context.ts'

/** Longest item that can be typed. A guess. */
const ITEM_LENGTH_MAX = 500

/** The lists of a board, each with its items, and the way to append. */
export function BoardLists(props: {
  doc: Y.Doc
  lists: BoardView['lists']
  canWrite: boolean
  canRemove: boolean
}): JSX.Element {
  const { doc, lists, canWrite } = props
  return (
    <section class="card" aria-labelledby="lists-title">
      <h2 id="lists-title">Lists</h2>
      {lists.length === 0 && (
        <p class="muted">
          {canWrite ? 'For what adds up: tasks, sign-ups, things to buy.' : 'No lists yet.'}
        </p>
      )}
      {lists.map(({ name, items }) => (
        <div class="list" key={name} data-testid="board-list" data-list={name}>
          <h3>{name}</h3>
          <ol class="plain">
            {items.map((item, at) => (
              <ListItem key={at} doc={doc} list={name} at={at} item={item} canRemove={props.canRemove} />
            ))}
          </ol>
        </div>
      ))}
      {canWrite && <AppendForm doc={doc} names={lists.map(({ name }) => name)} />}
    </section>
  )
}

function ListItem(props: {
  doc: Y.Doc
  list: string
  at: number
  item: Json
  canRemove: boolean
}): JSX.Element {
  const { announce } = useNode()
  const { doc, list, at, item } = props
  const text = valueText(item)
  const remove = (): void => {
    listOf(doc, list).delete(at, 1)
    const undo = (): void => {
      const array = listOf(doc, list)
      array.insert(Math.min(at, array.length), [item])
    }
    announce(`Removed ${text}`, { label: 'Undo', run: undo })
  }
  return (
    <li class="list-item">
      <bdi class="breakable">{text}</bdi>
      {props.canRemove && (
        <button
          type="button"
          class="button icon-button button-quiet"
          aria-label={`Remove ${text} from ${list}`}
          onClick={remove}
        >
          <Icon name="trash" />
        </button>
      )}
    </li>
  )
}

function AppendForm({ doc, names }: { doc: Y.Doc; names: string[] }): JSX.Element {
  const { announce } = useNode()
  const id = useId()
  const [typed, setTyped] = useState('')
  const [value, setValue] = useState('')
  const valueInput = useRef<HTMLInputElement>(null)
  const name = boardNameFrom(typed)
  const submit = (event: Event): void => {
    event.preventDefault()
    if (name === '' || value === '') return
    listOf(doc, name).push([value.toWellFormed()])
    announce(`Added to ${name}`)
    setTyped(name)
    setValue('')
    valueInput.current?.focus()
  }
  const isChanged = typed.trim() !== '' && name !== typed.trim()
  const hint = name === '' ? 'Use at least one letter a to z or a digit.' : `The list will be called ${name}`
  return (
    <form class="add-form" onSubmit={submit}>
      <div class="field">
        <label for={`${id}-name`}>List</label>
        <input
          id={`${id}-name`}
          type="text"
          list={`${id}-names`}
          required
          maxLength={63}
          autoComplete="off"
          autoCapitalize="none"
          value={typed}
          aria-describedby={`${id}-hint`}
          data-testid="board-list-name"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <datalist id={`${id}-names`}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </div>
      <div class="field">
        <label for={`${id}-value`}>New item</label>
        <input
          id={`${id}-value`}
          ref={valueInput}
          type="text"
          required
          maxLength={ITEM_LENGTH_MAX}
          autoComplete="off"
          value={value}
          data-testid="board-list-value"
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button" data-testid="board-list-append">
        Add
      </button>
      <p class="hint add-form-hint" id={`${id}-hint`} role="status">
        {isChanged ? hint : '\u00a0'}
      </p>
    </form>
  )
}
