import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** Rows that are edited side by side, added and taken away. */
export interface RowEditorProps<Row extends { row: number }> {
  title: string
  hint?: string
  rows: readonly Row[]
  /** What a row is about, for the button that takes it away. */
  nameOf: (row: Row) => string
  onRows: (rows: readonly Row[]) => void
  /** A new row under a number that no row has. */
  onAdd: (row: number) => Row
  addLabel: string
  testId: string
  children: (row: Row, change: (some: Partial<Row>) => void) => ComponentChildren
}

/** Edits a list of rows. The focus goes to a row that was added, and to the button below after one was taken away. */
export function RowEditor<Row extends { row: number }>(props: RowEditorProps<Row>): JSX.Element {
  const { rows, onRows, testId } = props
  const list = useRef<HTMLFieldSetElement>(null)
  const added = useRef<HTMLButtonElement>(null)
  const count = useRef(rows.length)
  // With the drawing, not after it: whoever types on at once would type elsewhere.
  useLayoutEffect(() => {
    const before = count.current
    count.current = rows.length
    if (rows.length < before) added.current?.focus()
    if (rows.length > before)
      list.current?.querySelector<HTMLElement>('.edit-row:last-of-type select')?.focus()
  }, [rows.length])
  const next = Math.max(-1, ...rows.map((it) => it.row)) + 1
  return (
    <fieldset class="edit-rows" ref={list}>
      <legend>{props.title}</legend>
      {props.hint !== undefined && <p class="hint">{props.hint}</p>}
      {rows.map((row, i) => (
        <div
          class="edit-row"
          role="group"
          aria-label={`${i + 1} of ${rows.length}`}
          key={row.row}
          data-testid={testId}
        >
          <div class="edit-fields">
            {props.children(row, (some) =>
              onRows(rows.map((it) => (it.row === row.row ? { ...it, ...some } : it))),
            )}
          </div>
          <button
            type="button"
            class="button icon-button button-quiet"
            aria-label={`Take away ${i + 1}: ${props.nameOf(row)}`}
            aria-disabled={rows.length === 1}
            data-testid={`${testId}-remove`}
            onClick={() => rows.length > 1 && onRows(rows.filter((it) => it.row !== row.row))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button
        type="button"
        class="button"
        ref={added}
        data-testid={`${testId}-add`}
        onClick={() => onRows([...rows, props.onAdd(next)])}
      >
        <Icon name="plus" />
        {props.addLabel}
      </button>
    </fieldset>
  )
}
