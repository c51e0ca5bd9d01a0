import type { JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A labelled line of text. */
export interface FieldProps {
  label: string
  value: string
  onValue: (value: string) => void
  hint?: string
  isRequired?: boolean
  maxLength?: number
  testId?: string
  placeholder?: string
  list?: string
}

/** A text field with its label above and a hint below. */
export function Field(props: FieldProps): JSX.Element {
  const id = useId()
  const hintId = `${id}-hint`
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.isRequired === true ? null : <span class="optional"> optional</span>}
      </label>
      <input
        id={id}
        type="text"
        value={props.value}
        required={props.isRequired ?? false}
        maxLength={props.maxLength ?? 64}
        autoComplete="off"
        {...(props.placeholder === undefined ? {} : { placeholder: props.placeholder })}
        {...(props.list === undefined ? {} : { list: props.list })}
        {...(props.hint === undefined ? {} : { 'aria-describedby': hintId })}
        data-testid={props.testId}
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
      {props.hint !== undefined && (
        <p class="hint" id={hintId}>
          {props.hint}
        </p>
      )}
    </div>
  )
}
