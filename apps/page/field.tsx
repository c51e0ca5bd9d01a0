import type { JSX, Ref } from 'preact'
import { useId } from 'preact/hooks'

/** A labelled line of text. */
export interface FieldProps {
  label: string
  value: string
  onValue: (value: string) => void
  hint?: string
  isRequired?: boolean
  /** What stands beside the label of a field that may stay empty. Default `optional`. */
  optionalText?: string
  maxLength?: number
  testId?: string
  placeholder?: string
  list?: string
  /** What is wrong with what is typed, as sentences. */
  problem?: string | null
  /** `decimal`: phones show digits and a point. */
  inputMode?: 'decimal' | 'numeric' | 'search'
  type?: 'text' | 'search' | 'date' | 'datetime-local' | 'time'
  inputRef?: Ref<HTMLInputElement>
}

/** A text field with its label above, and below a hint and what is wrong. */
export function Field(props: FieldProps): JSX.Element {
  const id = useId()
  const [hintId, problemId] = [`${id}-hint`, `${id}-problem`]
  const problem = props.problem ?? null
  const described = [...(props.hint === undefined ? [] : [hintId]), ...(problem === null ? [] : [problemId])]
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.isRequired === true || props.type === 'search' ? null : (
          <span class="optional"> {props.optionalText ?? 'optional'}</span>
        )}
      </label>
      <input
        id={id}
        type={props.type ?? 'text'}
        value={props.value}
        {...(props.inputRef === undefined ? {} : { ref: props.inputRef })}
        {...(props.inputMode === undefined ? {} : { inputMode: props.inputMode })}
        required={props.isRequired ?? false}
        maxLength={props.maxLength ?? 64}
        autoComplete="off"
        {...(props.placeholder === undefined ? {} : { placeholder: props.placeholder })}
        {...(props.list === undefined ? {} : { list: props.list })}
        {...(described.length === 0 ? {} : { 'aria-describedby': described.join(' ') })}
        {...(problem === null ? {} : { 'aria-invalid': true })}
        data-testid={props.testId}
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
      {props.hint !== undefined && (
        <p class="hint" id={hintId}>
          {props.hint}
        </p>
      )}
      <div role="alert" class="field-problem">
        {problem !== null && <p id={problemId}>{problem}</p>}
      </div>
    </div>
  )
}
