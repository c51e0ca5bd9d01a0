import type { JSX } from 'preact'
import { useId } from 'preact/hooks'

/** A field for the words of a recovery kit, which the person has on paper. */
export function KitField(props: {
  value: string
  onValue: (value: string) => void
  hint: string
  isRequired?: boolean
  testId: string
}): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>The 24 words of your recovery kit</label>
      <textarea
        id={id}
        class="code-input"
        rows={3}
        required={props.isRequired ?? false}
        maxLength={1_000}
        spellcheck={false}
        autoCapitalize="none"
        autoComplete="off"
        aria-describedby={`${id}-hint`}
        data-testid={props.testId}
        value={props.value}
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>
        {props.hint}
      </p>
    </div>
  )
}
