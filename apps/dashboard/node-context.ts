import { createContext } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { NodeClient } from './node-client.ts'
import { problemOf } from './node-client.ts'
import type { Problem, Topic } from './node-types.ts'

/** What every part of the page may use. */
export interface NodeContextValue {
  client: NodeClient
  /** Says a result aloud and shows it for a while, with at most one thing to do about it. */
  announce: (text: string, action?: { label: string; run(): void }) => void
  /** Takes back the last announcement if it offers something to do that is no longer possible. */
  retract: () => void
  /** Loads parts of the state now instead of at the node's next event. */
  refresh: (topics: readonly Topic[]) => void
}

/** Provided once, by the page. */
export const NodeContext: ReturnType<typeof createContext<NodeContextValue | null>> =
  createContext<NodeContextValue | null>(null)

/** The node that this page talks to. */
export function useNode(): NodeContextValue {
  const value = useContext(NodeContext)
  if (value === null) throw new Error('the page has no node')
  return value
}

/** One thing that a person can have done: whether it runs, and what went wrong the last time. */
export interface Action<Arguments extends unknown[]> {
  run: (...args: Arguments) => void
  isBusy: boolean
  problem: Problem | null
  /** What went wrong no longer matters. */
  forget: () => void
}

/** Wraps `work` so that it runs once at a time and its failure is shown. */
export function useAction<Arguments extends unknown[]>(
  work: (...args: Arguments) => Promise<void>,
): Action<Arguments> {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const run = (...args: Arguments): void => {
    if (isBusy) return
    setBusy(true)
    setProblem(null)
    work(...args)
      .catch((thrown: unknown) => setProblem(problemOf(thrown)))
      .finally(() => setBusy(false))
  }
  return { run, isBusy, problem, forget: () => setProblem(null) }
}
