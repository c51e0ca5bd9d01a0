import type { JSX } from 'preact'
import { Icon } from './icon.tsx'
import type { Problem } from './node-types.ts'

/** What went wrong and what to do; read aloud when it appears. Takes no room while there is nothing. */
export function ProblemNote({ problem }: { problem: Problem | null }): JSX.Element {
  return (
    <div role="alert">
      {problem !== null && (
        <div class="note note-danger">
          <Icon name="warning" />
          <div>
            <p class="note-title">{sentence(problem.message)}</p>
            <p>{problem.next}</p>
          </div>
        </div>
      )}
    </div>
  )
}

/** A message as a sentence: messages of a node start small and end without a full stop. */
export function sentence(text: string): string {
  const whole = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`
}

/** True for what is wrong with an amount: it is said beside it. */
export function isOfAmount(problem: Problem | null): problem is Problem {
  return problem !== null && ['amount-malformed', 'not-covered', 'relay-limit'].includes(problem.code)
}

/** What is wrong and what to do, for beside a field. */
export function besideField({ message, next }: Problem): string {
  return `${sentence(message)} ${next}`
}
