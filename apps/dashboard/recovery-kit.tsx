import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'
import { KitSheet } from './kit-sheet.tsx'
import type { Entered } from './node-types.ts'

/** Shows the recovery words, this once. */
export function RecoveryKit({ entered, onDone }: { entered: Entered; onDone: () => void }): JSX.Element {
  const [isWritten, setWritten] = useState(false)
  const [isAsked, setAsked] = useState(false)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    title.current?.focus()
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [])
  const words = (entered.recoveryKit?.words ?? '').trim().split(/\s+/)
  const goOn = (): void => {
    if (isWritten) onDone()
    else setAsked(true)
  }
  return (
    <main class="single single-wide kit" id="main">
      <p class="wordmark">Coopmesh</p>
      <h1 ref={title} tabIndex={-1}>
        Your recovery kit
      </h1>
      <p class="lead">
        You are in <bdi>{entered.name}</bdi>. These {words.length} words are you: with them you get your
        membership back when this device is lost or broken. Print the sheet, or write them on paper in this
        order.
      </p>
      <KitSheet entered={entered} />
      <div class="actions actions-start">
        <button type="button" class="button" data-testid="kit-print" onClick={() => print()}>
          <Icon name="print" />
          Print this sheet
        </button>
        <CopyButton text={words.join(' ')} what="the words" />
      </div>
      <div class="note note-warning">
        <Icon name="warning" />
        <div>
          <p class="note-title">They are shown only now, and kept nowhere.</p>
          <p>{entered.recoveryKit?.note}</p>
          <p>Whoever has the words can act as you. Do not photograph them or keep them in a mailbox.</p>
        </div>
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={isWritten}
          data-testid="kit-confirm"
          onChange={(event) => setWritten(event.currentTarget.checked)}
        />
        <span>I have it on paper</span>
      </label>
      <div class="actions actions-start">
        <button
          type="button"
          class="button button-primary"
          aria-disabled={!isWritten}
          data-testid="kit-continue"
          onClick={goOn}
        >
          Continue to the co-op
        </button>
        <p class="hint" role="status">
          {isAsked && !isWritten ? 'First print the sheet or write the words down, and tick the box.' : ''}
        </p>
      </div>
    </main>
  )
}
