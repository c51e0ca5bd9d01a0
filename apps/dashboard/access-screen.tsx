import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { accessCodeFrom } from '#apps/page'
import { Icon } from './icon.tsx'

/** Asks for the access code. `isRefused`: the code of an earlier visit is not the node's. */
export function AccessScreen(props: { isRefused: boolean; onCode: (code: string) => void }): JSX.Element {
  const [pasted, setPasted] = useState('')
  const id = useId()
  const submit = (event: Event): void => {
    event.preventDefault()
    const code = accessCodeFrom(pasted)
    if (code !== '') props.onCode(code)
  }
  return (
    <main class="single" id="main">
      <p class="wordmark">Coopmesh</p>
      <div class="card card-roomy">
        <span class="card-emblem">
          <Icon name="tokens" />
        </span>
        <h1>{props.isRefused ? 'That code does not fit' : 'Open your co-op'}</h1>
        {props.isRefused && (
          <div class="note note-danger" role="alert">
            <Icon name="warning" />
            <p>This device has another access code. It changes when the data folder is set up again.</p>
          </div>
        )}
        <p>
          This page belongs to one device of a co-op. The easiest way in is the link that{' '}
          <code>npm start</code> printed: open it once in this browser and it will remember you.
        </p>
        <form onSubmit={submit}>
          <div class="field">
            <label for={id}>Access code, or the whole link</label>
            <input
              id={id}
              type="password"
              required
              autoComplete="off"
              data-testid="access-code"
              aria-describedby={`${id}-hint`}
              value={pasted}
              onInput={(event) => setPasted(event.currentTarget.value)}
            />
            <p class="hint" id={`${id}-hint`}>
              The code is the content of the file <code>api.token</code> in the data folder of the device.
            </p>
          </div>
          <button type="submit" class="button button-primary" data-testid="access-submit">
            Continue
          </button>
        </form>
      </div>
    </main>
  )
}
