import type { Entry, HistoryPage } from './ledger-types.ts'

/** The part of the history that a page shows: the newest entries down to `next`. */
export interface Shown {
  entries: readonly Entry[]
  /** Where to go on; null at the end. */
  next: number | null
  /** Commits that were looked at. */
  looked: number
}

/** What is shown when an older page is put below. */
export function withOlder(shown: Shown, older: HistoryPage): Shown {
  return {
    entries: [...shown.entries, ...older.entries],
    next: older.next,
    looked: shown.looked + older.looked,
  }
}

/** What is shown when the newest page was read anew: older entries stay unless there is a gap between. */
export function withNewest(shown: Shown, newest: HistoryPage): Shown {
  const { next } = newest
  const [first] = shown.entries
  if (next === null || first === undefined || first.order < next) return newest
  const kept = shown.entries.filter((it) => it.order < next)
  if (kept.length === 0) return newest
  return { entries: [...newest.entries, ...kept], next: shown.next, looked: shown.looked }
}
