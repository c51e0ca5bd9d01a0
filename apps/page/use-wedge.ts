import { useEffect, useRef } from 'preact/hooks'
import { Wedge } from './wedge.ts'

/** Takes the bursts of a scanner that types, whatever has the focus; what people type is left alone. */
export function useWedge(onScan: (text: string) => void): void {
  const latest = useRef(onScan)
  latest.current = onScan
  useEffect(() => {
    const wedge = new Wedge()
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const step = wedge.handle(
        { key: event.key, code: event.code, isShift: event.shiftKey },
        event.timeStamp,
      )
      const field = fieldOf(event.target)
      if (step.kind === 'scanned') {
        event.preventDefault()
        event.stopPropagation()
        if (field !== null) takeBack(field, step.typed)
        latest.current(step.text)
      } else if (step.kind === 'taken' && field === null) {
        // A space or letter of a burst must not press the button that has the focus.
        event.preventDefault()
        event.stopPropagation()
      }
    }
    addEventListener('keydown', onKey, { capture: true })
    return () => removeEventListener('keydown', onKey, { capture: true })
  }, [])
}

type TextField = HTMLInputElement | HTMLTextAreaElement

function fieldOf(target: EventTarget | null): TextField | null {
  if (target instanceof HTMLTextAreaElement) return target
  return target instanceof HTMLInputElement && target.type !== 'radio' ? target : null
}

/** Takes out of a field what the scanner typed into it. */
function takeBack(field: TextField, typed: string): void {
  const end = field.selectionStart ?? field.value.length
  const start = Math.max(0, end - typed.length)
  field.value = field.value.slice(0, start) + field.value.slice(end)
  field.dispatchEvent(new Event('input', { bubbles: true }))
}
