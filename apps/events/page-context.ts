import { createContext } from 'preact'
import type { Context } from 'preact'
import { useContext, useRef, useState } from 'preact/hooks'
import { CallFailure, RequestId } from '#apps/page'
import type { Language, Words } from '#apps/page'
import type { EventCalls } from './event-calls.ts'
import type { EventTexts } from './texts.ts'

/** What every part of the page works with. */
export interface PageContextValue {
  calls: EventCalls
  texts: EventTexts
  words: Words
  locale: string
  language: Language
  onAccessRefused: () => void
}

/** Carries it. */
export const PageContext: Context<PageContextValue | null> = createContext<PageContextValue | null>(null)

/** What the page works with. */
export function usePage(): PageContextValue {
  const value = useContext(PageContext)
  if (value === null) throw new Error('outside of the page')
  return value
}

/** What stands in the way, as sentences. */
export interface Failure {
  message: string
  next: string
}

/** A failed call in the words of the page: the node's own, or that it is silent. */
export function failureOf(thrown: unknown, texts: EventTexts): Failure {
  if (!(thrown instanceof CallFailure)) throw thrown
  return thrown.status === 0
    ? { message: texts.failure.silent, next: texts.failure.silentNext }
    : { message: thrown.message, next: thrown.next }
}

/** One piece of work that a form or button starts. */
export interface Work {
  isBusy: boolean
  failure: Failure | null
  /**
   * Does it, unless it is under way; true when it is done. The same request keeps its id until it is answered, so that
   * one whose answer was lost is not written twice.
   */
  run: (request: unknown, work: (id: string) => Promise<void>) => Promise<boolean>
  /** Forgets what failed. */
  clear: () => void
}

/** Work with its failure. */
export function useWork(): Work {
  const { texts, onAccessRefused } = usePage()
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const id = useRef(new RequestId())
  const isRunning = useRef(false)
  return {
    isBusy,
    failure,
    clear: () => setFailure(null),
    run: async (request, work) => {
      if (isRunning.current) return false
      isRunning.current = true
      setBusy(true)
      setFailure(null)
      try {
        await work(id.current.of(request))
        id.current.done()
        return true
      } catch (thrown) {
        if (thrown instanceof CallFailure && thrown.status === 401) onAccessRefused()
        setFailure(failureOf(thrown, texts))
        return false
      } finally {
        isRunning.current = false
        setBusy(false)
      }
    },
  }
}
