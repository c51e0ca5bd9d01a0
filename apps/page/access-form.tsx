import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import { accessCodeFrom } from './access-code.ts'
import type { Language } from './language.ts'

const TEXTS = {
  en: {
    title: 'Connect this device',
    refused:
      'That access code does not fit, or it was withdrawn. Ask the person who runs the node for another.',
    lead: 'This page belongs to one node of your co-op. Open the link that you were given, or paste the access code here once.',
    label: 'Access code, or the whole link',
    submit: 'Connect',
  },
  de: {
    title: 'Dieses Gerät verbinden',
    refused:
      'Dieser Zugangscode passt nicht, oder er wurde zurückgezogen. Lass dir von der Person, die den Knoten betreibt, einen anderen geben.',
    lead: 'Diese Seite gehört zu einem Knoten eurer Genossenschaft. Öffne den Link, den du bekommen hast, oder füge den Zugangscode hier einmal ein.',
    label: 'Zugangscode oder der ganze Link',
    submit: 'Verbinden',
  },
} as const

/** Asks for the access code. `isRefused`: the code of an earlier visit is not the node's. */
export function AccessForm(props: {
  language: Language
  isRefused: boolean
  onCode: (code: string) => void
}): JSX.Element {
  const [pasted, setPasted] = useState('')
  const id = useId()
  const texts = TEXTS[props.language]
  const submit = (event: Event): void => {
    event.preventDefault()
    const code = accessCodeFrom(pasted)
    if (code !== '') props.onCode(code)
  }
  return (
    <main class="single">
      <form class="card stack" onSubmit={submit}>
        <h1>{texts.title}</h1>
        <div role="alert">{props.isRefused && <p class="note note-danger">{texts.refused}</p>}</div>
        <p>{texts.lead}</p>
        <div class="field">
          <label for={id}>{texts.label}</label>
          <input
            id={id}
            type="password"
            required
            autoComplete="off"
            data-testid="access-code"
            value={pasted}
            onInput={(event) => setPasted(event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="button button-primary button-wide" data-testid="access-submit">
          {texts.submit}
        </button>
      </form>
    </main>
  )
}
