import type { ComponentChildren, JSX } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import type { Problem } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'

/** What is asked. */
export interface ConfirmDialogProps {
  title: string
  children: ComponentChildren
  confirmLabel: string
  isBusy: boolean
  problem: Problem | null
  /** Left out where there is nothing to agree to. */
  onConfirm?: () => void
  onClose: () => void
}

/** Asks before something that cannot be taken back. The harmless answer has the focus. */
export function ConfirmDialog(props: ConfirmDialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    return () => element?.close()
  }, [])
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={titleId} onClose={props.onClose}>
      <h2 id={titleId}>{props.title}</h2>
      {props.children}
      <ProblemNote problem={props.problem} />
      <div class="actions">
        <button type="button" class="button" autofocus onClick={props.onClose}>
          {props.onConfirm === undefined ? 'Close' : 'Cancel'}
        </button>
        {props.onConfirm !== undefined && (
          <button
            type="button"
            class="button button-danger"
            aria-disabled={props.isBusy}
            data-testid="dialog-confirm"
            onClick={props.onConfirm}
          >
            {props.confirmLabel}
          </button>
        )}
      </div>
    </dialog>
  )
}
