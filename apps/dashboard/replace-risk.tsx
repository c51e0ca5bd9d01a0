import type { JSX } from 'preact'
import { Icon } from './icon.tsx'

/** What it risks to issue anew what a silent device holds; for whoever asks for it, and whoever signs. */
export function ReplaceRisk(): JSX.Element {
  return (
    <div class="note note-warning" data-testid="replace-risk">
      <Icon name="warning" />
      <div>
        <p class="note-title">What this risks</p>
        <p>
          Nothing is taken from the silent device: it may be selling right now. If it has sold what it holds,
          or still does, there is more out than there was, and its loss account bears it: the co-op pays. If
          it comes back with them unsold, it can write them back.
        </p>
      </div>
    </div>
  )
}
