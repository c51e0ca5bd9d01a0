import { setTimeout as sleep } from 'node:timers/promises'

/** How long an expected state may take to appear, ms. Generous: it only matters when something is broken. */
export const DEADLINE_MS = 30_000

/** Polls every `everyMs` until `probe` gives something truthy and returns it; throws, naming `what`, at the deadline. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs: number = DEADLINE_MS,
  everyMs = 50,
): Promise<T> {
  let last: unknown = null
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await sleep(everyMs)) {
    try {
      const value = await probe()
      if (value !== null && value !== undefined && value !== false) return value
      last = null
    } catch (cause) {
      last = cause
    }
  }
  throw new Error(
    `in ${timeoutMs} ms it did not happen that ${what}`,
    last === null ? undefined : { cause: last },
  )
}
