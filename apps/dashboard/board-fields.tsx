import type { JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type * as Y from 'yjs'
import type { BoardView, Json } from './board-document.ts'
import { FIELD_KEY_UNITS_MAX, fieldsOf } from './board-document.ts'
import { valueFrom, valueText } from './board-value.ts'
import { Icon } from './icon.tsx'
import { useNode } from './node-context.ts'

/** Longest value that can be typed; a text belongs into the text. A guess. */
const VALUE_LENGTH_MAX = 2_000

/** The fields of a board as rows of name and value. */
export function BoardFields(props: {
  doc: Y.Doc
  fields: BoardView['fields']
  canWrite: boolean
  canRemove: boolean
}): JSX.Element {
  const { doc, fields, canWrite } = props
  return (
    <section class="card" aria-labelledby="fields-title">
      <h2 id="fields-title">Fields</h2>
      {fields.length === 0 && (
        <p class="muted">
          {canWrite ? 'For facts that change: a price, opening hours, a phone number.' : 'No fields yet.'}
        </p>
      )}
      <ul class="plain field-rows">
        {fields.map(({ key, value }) => (
          <FieldRow
            key={key}
            doc={doc}
            name={key}
            value={value}
            canWrite={canWrite}
            canRemove={props.canRemove}
          />
        ))}
      </ul>
      {canWrite && <FieldForm doc={doc} names={fields.map(({ key }) => key)} />}
    </section>
  )
}

function FieldRow(props: {
  doc: Y.Doc
  name: string
  value: Json
  canWrite: boolean
  canRemove: boolean
}): JSX.Element {
  const { announce } = useNode()
  const { doc, name, value } = props
  const id = useId()
  const shown = valueText(value)
  const [typed, setTyped] = useState<string | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const save = (): void => {
    if (typed !== null && typed !== shown) {
      fieldsOf(doc).set(name, valueFrom(typed, value))
      announce(`Saved ${name}`)
    }
    setTyped(null)
  }
  const remove = (): void => {
    fieldsOf(doc).delete(name)
    announce(`Removed ${name}`, { label: 'Undo', run: () => void fieldsOf(doc).set(name, value) })
  }
  // What others set replaces what is shown, but never what is being typed.
  useEffect(() => {
    if (input.current !== null && typed === null) input.current.value = shown
  }, [shown, typed])
  return (
    <li class="field-row" data-testid="board-field-row" data-key={name}>
      <label for={id}>
        <bdi>{name}</bdi>
      </label>
      <input
        id={id}
        ref={input}
        type="text"
        readOnly={!props.canWrite}
        maxLength={Math.max(VALUE_LENGTH_MAX, shown.length)}
        value={typed ?? shown}
        autoComplete="off"
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.isComposing) return
          if (event.key === 'Enter') save()
          if (event.key === 'Escape') setTyped(null)
        }}
      />
      {props.canRemove && (
        <button
          type="button"
          class="button icon-button button-quiet"
          aria-label={`Remove ${name}`}
          onClick={remove}
        >
          <Icon name="trash" />
        </button>
      )}
    </li>
  )
}

function FieldForm({ doc, names }: { doc: Y.Doc; names: string[] }): JSX.Element {
  const { announce } = useNode()
  const id = useId()
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const keyInput = useRef<HTMLInputElement>(null)
  const isPrototypeName = key.trim() in {}
  const submit = (event: Event): void => {
    event.preventDefault()
    const name = key.trim().toWellFormed()
    if (name === '' || isPrototypeName) return
    fieldsOf(doc).set(name, valueFrom(value.toWellFormed(), fieldsOf(doc).get(name)))
    announce(`Saved ${name}`)
    setKey('')
    setValue('')
    keyInput.current?.focus()
  }
  const hint = isPrototypeName
    ? 'That name is reserved. Choose another one.'
    : names.includes(key.trim())
      ? 'This field exists: its value will be replaced.'
      : '\u00a0'
  return (
    <form class="add-form" onSubmit={submit}>
      <div class="field">
        <label for={`${id}-key`}>Field</label>
        <input
          id={`${id}-key`}
          ref={keyInput}
          type="text"
          required
          maxLength={FIELD_KEY_UNITS_MAX}
          autoComplete="off"
          value={key}
          aria-describedby={`${id}-hint`}
          data-testid="board-field-key"
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for={`${id}-value`}>Value</label>
        <input
          id={`${id}-value`}
          type="text"
          maxLength={VALUE_LENGTH_MAX}
          autoComplete="off"
          value={value}
          data-testid="board-field-value"
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      </div>
      <button type="submit" class="button" data-testid="board-field-set">
        Set
      </button>
      <p class="hint add-form-hint" id={`${id}-hint`} role="status">
        {hint}
      </p>
    </form>
  )
}
