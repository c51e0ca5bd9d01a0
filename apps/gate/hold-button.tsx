import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** How long it must be held. A guess: longer than any slip of the hand. */
const HOLD_MS = 1_000

/**
 * A button that acts when it is held, by finger, mouse, Space or Enter. What presses buttons without holding them (screen
 * readers, switches) presses it twice.
 */
export function HoldButton(props: {
  label: string
  holdingLabel: string
  againLabel: string
  isDisabled: boolean
  onHeld: () => void
  testId?: string
}): JSX.Element {
  const [state, setState] = useState<'idle' | 'holding' | 'pressed'>('idle')
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const wasHeld = useRef(false)
  const release = (): void => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
    setState((it) => (it === 'holding' ? 'idle' : it))
  }
  useEffect(() => release, [])
  const press = (): void => {
    if (props.isDisabled || timer.current !== null) return
    wasHeld.current = true
    setState('holding')
    timer.current = setTimeout(() => {
      release()
      props.onHeld()
    }, HOLD_MS)
  }
  const isKey = (key: string): boolean => key === 'Enter' || key === ' '
  return (
    <button
      type="button"
      class={`button button-hold ${state === 'holding' ? 'is-holding' : ''}`}
      aria-disabled={props.isDisabled}
      data-testid={props.testId}
      onPointerDown={press}
      onPointerUp={release}
      onPointerLeave={release}
      onPointerCancel={release}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isKey(event.key)) return
        event.preventDefault()
        press()
      }}
      onKeyUp={(event) => {
        if (isKey(event.key)) release()
      }}
      onBlur={release}
      onClick={() => {
        // A click that neither pointer nor key began: it cannot be held.
        const isBare = !wasHeld.current
        wasHeld.current = false
        if (!isBare || props.isDisabled) return
        if (state === 'pressed') props.onHeld()
        else setState('pressed')
      }}
    >
      <span class="hold-fill" aria-hidden="true" />
      <span class="hold-label">
        {state === 'holding' ? props.holdingLabel : state === 'pressed' ? props.againLabel : props.label}
      </span>
    </button>
  )
}
