import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { Symbol } from './symbol.tsx'

/** A sheet over the page: from below on phones, in the middle on desks. Escape closes it. */
export function Dialog(props: {
  title: string
  closeLabel: string
  children: ComponentChildren
  onClose: () => void
  testId?: string
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const isGone = useRef(false)
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => {
      isGone.current = true
      element?.close()
    }
  }, [])
  const onClose = (): void => {
    // Its own end, for another sheet that is open already, is not the person's wish to close.
    if (!isGone.current) props.onClose()
  }
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby={titleId} data-testid={props.testId} onClose={onClose}>
      <div class="sheet-head">
        <h2 id={titleId}>{props.title}</h2>
        <button
          type="button"
          class="button button-quiet icon-button"
          aria-label={props.closeLabel}
          onClick={props.onClose}
        >
          <Symbol name="close" />
        </button>
      </div>
      {props.children}
    </dialog>
  )
}
