import { useEffect, useState } from 'preact/hooks'
import { problemOf } from './node-client.ts'
import type { Problem } from './node-types.ts'

/** Rest after the last key before the node is asked. A guess: between two letters of somebody who types. */
const REST_MS = 200

/** What the node says of what is typed so far. */
export interface Preview<T> {
  /** The last answer; null before one, and where there is nothing to ask. */
  shown: T | null
  problem: Problem | null
}

/** Asks the node about a request while it is typed; null: there is nothing to ask yet. */
export function usePreview<R, T>(request: R | null, ask: (request: R) => Promise<T>): Preview<T> {
  const [last, setLast] = useState<Preview<T>>(NOTHING)
  const key = JSON.stringify(request)
  useEffect(() => {
    if (request === null) {
      setLast(NOTHING)
      return
    }
    let isCurrent = true
    const timer = setTimeout(() => {
      ask(request).then(
        (shown) => isCurrent && setLast({ shown, problem: null }),
        (thrown: unknown) => isCurrent && setLast({ shown: null, problem: problemOf(thrown) }),
      )
    }, REST_MS)
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [key])
  return last
}

const NOTHING = { shown: null, problem: null }
