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
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={titleId}
      data-testid={props.testId}
      onClose={props.onClose}
    >
      <header class="sheet-head">
        <h2 id={titleId}>{props.title}</h2>
        <button
          type="button"
          class="button button-quiet icon-button"
          aria-label={props.closeLabel}
          onClick={props.onClose}
        >
          <Symbol name="close" />
        </button>
      </header>
      {props.children}
    </dialog>
  )
}
