import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog, QrSquare, ScanField, isHolderKeyText, readHolderKey } from '#apps/page'
import type { Language } from '#apps/page'
import { newKeyLink } from '#apps/ticket'
import type { TicketLine } from './cart.ts'
import type { SaleTexts } from './texts.ts'

/** Takes the keys of buyers' phones, one for each ticket of a line, until all are bound or the seller closes it. */
export function BindSheet(props: {
  texts: SaleTexts
  language: Language
  line: TicketLine
  event: string
  /** Address of the door for phones; null without one. */
  base: string | null
  onHolder: (holder: string) => void
  onClose: () => void
}): JSX.Element {
  const { texts, line, base } = props
  const [text, setText] = useState('')
  const [isWrong, setWrong] = useState(false)
  const take = (typed: string): void => {
    setText(typed)
    const holder = readHolderKey(typed)
    // A code from a camera or a scanner is whole at once; somebody who types presses the button.
    if (holder === null || !isHolderKeyText(typed)) return setWrong(false)
    bind(holder)
  }
  const bind = (holder: string): void => {
    if (line.holders.includes(holder)) return setWrong(true)
    setText('')
    setWrong(false)
    props.onHolder(holder)
    if (line.holders.length + 1 >= line.count) props.onClose()
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    const holder = readHolderKey(text)
    if (holder === null) setWrong(true)
    else bind(holder)
  }
  return (
    <Dialog title={texts.bindTitle} closeLabel={texts.close} testId="bind-sheet" onClose={props.onClose}>
      {base === null ? (
        <p class="note note-warning">{texts.bindNoDoor}</p>
      ) : (
        <div class="bind-step">
          <QrSquare text={newKeyLink(base, props.event)} label={texts.bindQr} ecc="L" />
          <p>{texts.bindStep}</p>
        </div>
      )}
      <form class="stack" onSubmit={submit} noValidate>
        <ScanField
          language={props.language}
          label={texts.bindKey}
          hint={texts.bindHint}
          value={text}
          problem={isWrong ? texts.bindWrong : null}
          onValue={take}
          accepts={isHolderKeyText}
          testId="bind-key"
        />
        {line.count > 1 && <p class="muted">{texts.bindMore(String(line.count - line.holders.length))}</p>}
        <button type="submit" class="button button-primary button-wide button-tall" data-testid="bind-done">
          {texts.bindDone}
        </button>
      </form>
    </Dialog>
  )
}
