import type { ComponentChildren, JSX } from 'preact'
import { Icon } from './icon.tsx'
import type { Problem } from './node-types.ts'
import { sentence } from './problem-note.tsx'

/** What the node makes of what is typed so far: its answer, why there is none, or what is still missing. */
export function TrialNote(props: {
  problem: Problem | null
  /** Members by name, where the node names them by key. */
  nameOf: (key: string) => string
  isEmpty: boolean
  /** What is missing. */
  hint: string
  testId: string
  children: ComponentChildren
}): JSX.Element {
  const { problem, nameOf } = props
  return (
    <div role="status" data-testid={props.testId}>
      {problem !== null && (
        <p class="note note-warning">
          <Icon name="warning" />
          <span>{named(sentence(problem.next), nameOf)}</span>
        </p>
      )}
      {problem === null && props.isEmpty && <p class="hint">{props.hint}</p>}
      {problem === null && props.children}
    </div>
  )
}

/** Keys of members in a text replaced by their names. */
function named(text: string, nameOf: (key: string) => string): string {
  return text.replaceAll(/[0-9a-f]{64}/gi, (key) => nameOf(key.toLowerCase()))
}
