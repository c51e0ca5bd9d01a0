import type { JSX } from 'preact'
import type { Failure } from './page-context.ts'

/** What stands in the way, read aloud; nothing while there is nothing. */
export function FailureNote({ failure }: { failure: Failure | null }): JSX.Element {
  return (
    <div role="alert">
      {failure !== null && (
        <div class="note note-danger" data-testid="failure">
          <div>
            <p class="note-title">{failure.message}</p>
            <p>{failure.next}</p>
          </div>
        </div>
      )}
    </div>
  )
}
