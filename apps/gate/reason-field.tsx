import type { JSX } from 'preact'
import { useId } from 'preact/hooks'

/** Longest reason, characters. A guess: two lines on a phone. */
const REASON_LENGTH_MAX = 120

/** A reason in words; usual ones are a tap away. */
export function ReasonField(props: {
  label: string
  hint?: string
  presets?: readonly string[]
  value: string
  onValue: (value: string) => void
}): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      {props.presets !== undefined && (
        <div class="presets" role="group" aria-label={props.label}>
          {props.presets.map((it) => (
            <button
              key={it}
              type="button"
              class="button preset"
              aria-pressed={it === props.value}
              onClick={() => props.onValue(it)}
            >
              {it}
            </button>
          ))}
        </div>
      )}
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type="text"
        required
        autoComplete="off"
        maxLength={REASON_LENGTH_MAX}
        data-testid="reason"
        value={props.value}
        {...(props.hint === undefined ? {} : { placeholder: props.hint })}
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
    </div>
  )
}
