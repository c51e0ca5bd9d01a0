import type { JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A labelled choice of one. */
export interface SelectFieldProps<T extends string> {
  label: string
  value: T
  options: readonly { value: T; text: string }[]
  onValue: (value: T) => void
  hint?: string
  /** False where an empty choice means any. */
  isRequired?: boolean
  testId?: string
}

/** A list to choose from, with its label above and a hint below. */
export function SelectField<T extends string>(props: SelectFieldProps<T>): JSX.Element {
  const id = useId()
  const { options, hint } = props
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        required={props.isRequired ?? true}
        data-testid={props.testId}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        onChange={(event) => {
          const chosen = options.find((it) => it.value === event.currentTarget.value)
          if (chosen !== undefined) props.onValue(chosen.value)
        }}
      >
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}
