import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { CallFailure } from '#apps/page'
import { failureOf, usePage } from './page-context.ts'
import type { Failure } from './page-context.ts'

/** How often the node is asked for news while the page is looked at. */
const POLL_MS = 2_000

/** What the node says, again and again. */
export interface News<T> {
  /** Null before the first answer; what was known last while the node is silent. */
  value: T | null
  failure: Failure | null
  /** Asks at once. */
  refresh: () => Promise<void>
}

/**
 * Asks the node now and every two seconds. `load` must be the same function from drawing to drawing.
 *
 * @param isPolled - false: asks once for each `load`
 */
export function useNews<T>(load: () => Promise<T>, isPolled = true): News<T> {
  const { texts, onAccessRefused } = usePage()
  const [value, setValue] = useState<T | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const run = useRef(0)
  const latest = useRef(texts)
  latest.current = texts
  const refresh = useCallback(async (): Promise<void> => {
    const own = (run.current += 1)
    try {
      const answer = await load()
      if (own !== run.current) return
      setValue(answer)
      setFailure(null)
    } catch (thrown) {
      if (own !== run.current) return
      if (thrown instanceof CallFailure && thrown.status === 401) onAccessRefused()
      setFailure(failureOf(thrown, latest.current))
    }
  }, [load])
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null
    let isOver = false
    const poll = async (): Promise<void> => {
      if (!isPolled || !document.hidden) await refresh()
      if (!isOver && isPolled) timer = setTimeout(() => void poll(), POLL_MS)
    }
    void poll()
    return () => {
      isOver = true
      run.current += 1
      if (timer !== null) clearTimeout(timer)
    }
  }, [refresh, isPolled])
  return { value, failure, refresh }
}
