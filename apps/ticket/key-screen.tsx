import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { QrSquare, holderKeyText } from '#apps/page'
import { holderOf } from './kept-keys.ts'
import type { TicketTexts } from './texts.ts'

/** The key of this phone for its next ticket, with the seat hash that makes it blind, for the seller to scan or type. */
export function KeyScreen(props: {
  texts: TicketTexts
  event: string
  seed: Uint8Array
  onAnother: () => void
}): JSX.Element {
  const { texts, event, seed } = props
  const text = useMemo(() => holderKeyText(holderOf(seed)), [seed])
  return (
    <article class="pass" data-testid="holder-key" data-text={text}>
      <header class="pass-head">
        <p class="pass-event">{event === '' ? texts.title : event}</p>
        <h1>{texts.keyTitle}</h1>
      </header>
      <div class="pass-qr">
        <QrSquare text={text} label={texts.keyQr} ecc="M" />
      </div>
      <ol class="steps">
        {texts.keySteps.map((it) => (
          <li key={it}>{it}</li>
        ))}
      </ol>
      <p class="pass-code">
        <span class="muted">{texts.keyType}</span>
        <code>{text.slice(3).match(/.{4}/g)?.join(' ')}</code>
      </p>
      <button type="button" class="button" data-testid="another-key" onClick={props.onAnother}>
        {texts.keyAnother}
      </button>
      <p class="muted">{texts.keyNote}</p>
    </article>
  )
}
