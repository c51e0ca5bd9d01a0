import type { JSX } from 'preact'
import { useId, useRef } from 'preact/hooks'
import { SCAN_LENGTH_MAX } from './gate-desk.ts'
import type { Texts } from './texts.ts'

/** Takes a code by hand, pasted, or from a scanner that types. What is far too long never gets into it. */
export function CodeField(props: {
  texts: Texts
  onCode: (code: string) => void
  onTooLong: (length: number) => void
}): JSX.Element {
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const { scan } = props.texts
  const refuse = (length: number): void => {
    if (field.current !== null) field.current.value = ''
    props.onTooLong(length)
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    const input = field.current
    if (input === null || input.value.trim() === '') return
    props.onCode(input.value.trim())
    input.value = ''
  }
  return (
    <form class="code-form" onSubmit={submit}>
      <label for={id} class="visually-hidden">
        {scan.codeLabel}
      </label>
      <input
        id={id}
        ref={field}
        type="text"
        class="code-input"
        autoComplete="off"
        autoCapitalize="characters"
        autoCorrect="off"
        spellcheck={false}
        enterKeyHint="go"
        placeholder={scan.codeHint}
        data-testid="code"
        onPaste={(event) => {
          const { length } = event.clipboardData?.getData('text') ?? ''
          if (length <= SCAN_LENGTH_MAX) return
          event.preventDefault()
          refuse(length)
        }}
        onInput={(event) => {
          const { length } = event.currentTarget.value
          if (length > SCAN_LENGTH_MAX) refuse(length)
        }}
      />
      <button type="submit" class="button button-primary" data-testid="code-submit">
        {scan.check}
      </button>
    </form>
  )
}
