import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'

/** A result to say aloud. `id` tells two equal ones apart. */
export interface Announcement {
  id: number
  text: string
  action: { label: string; run: () => void } | null
}

/** Long enough to read a sentence and to reach Undo. A guess. */
const SHOWN_MS = 6_000

/** Says results aloud and shows the last one, above everything and without moving anything. */
export function Toast(props: { announcement: Announcement | null; onDone: () => void }): JSX.Element {
  const { announcement, onDone } = props
  useEffect(() => {
    if (announcement === null) return
    const timer = setTimeout(onDone, SHOWN_MS)
    return () => clearTimeout(timer)
  }, [announcement?.id])
  const action = announcement?.action ?? null
  return (
    <div class="toast-place">
      <div role="status" aria-live="polite" data-testid="toast">
        {announcement !== null && (
          <div class="toast" key={announcement.id}>
            <span>{announcement.text}</span>
            {action !== null && (
              <button
                type="button"
                class="button toast-action"
                onClick={() => {
                  action.run()
                  onDone()
                }}
              >
                {action.label}
              </button>
            )}
          </div>
        )}
      </div>
    </div>
  )
}
