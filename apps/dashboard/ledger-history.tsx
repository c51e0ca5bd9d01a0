import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { formatQuantity } from './format.ts'
import { EntryRow } from './entry-row.tsx'
import { HistoryFilters, filterOf } from './history-filters.tsx'
import { withNewest, withOlder } from './ledger-pages.ts'
import type { Shown } from './ledger-pages.ts'
import { canWrite } from './ledger-parts.ts'
import type { LedgerParts } from './ledger-parts.ts'
import type { HistoryFilter, HistoryPage } from './ledger-types.ts'
import { problemOf } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { Problem } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { routeAddress } from './route.ts'

/** Entries of a page. A guess: two screens of a phone. */
const ROWS = 30

/** What happened, the newest first, as the address filters it. */
export function LedgerHistory(props: LedgerParts & { query: Readonly<Record<string, string>> }): JSX.Element {
  const { ledger, members, query, status } = props
  const filter = filterOf(query)
  const { shown, problem, older } = useHistory(filter, ledger)
  const isFiltered = Object.keys(filter).length > 0
  return (
    <>
      <HistoryFilters filter={filter} units={ledger.units} members={members?.members ?? []} />
      <ProblemNote problem={problem} />
      {shown === null && problem === null && <LoadingRows what="entries" />}
      {shown !== null && shown.entries.length === 0 && shown.next === null && (
        <EmptyState icon="ledger" title={isFiltered ? 'Nothing fits' : 'Nothing happened yet'}>
          {isFiltered ? (
            <a href={routeAddress('ledger', 'history')}>Show everything</a>
          ) : (
            <a href={routeAddress('ledger')}>Define a unit and issue some</a>
          )}
        </EmptyState>
      )}
      {shown !== null && shown.entries.length > 0 && (
        <ol class="plain rows" data-testid="entries">
          {shown.entries.map((it) => (
            <EntryRow
              key={`${it.commit}/${it.index}`}
              entry={it}
              canTakeBack={canWrite(status) && it.device.device === status.device}
            />
          ))}
        </ol>
      )}
      {shown !== null && (
        <p class="muted" role="status" data-testid="history-count">
          {shown.entries.length > 0 || shown.next !== null
            ? `${formatQuantity(shown.entries.length, 'entry', 'entries')} from ${formatQuantity(shown.looked, 'change')}${shown.next === null ? ': all there is' : ''}`
            : ''}
        </p>
      )}
      <ProblemNote problem={older.problem} />
      {shown !== null && shown.next !== null && (
        <div class="actions actions-start">
          <button
            type="button"
            class="button"
            aria-disabled={older.isBusy}
            data-testid="history-older"
            onClick={() => older.run()}
          >
            {shown.entries.length === 0 ? 'Look further back' : 'Older entries'}
          </button>
        </div>
      )}
    </>
  )
}

/** Entries that a filter asks for: read anew whenever the ledger changes, older ones by `older`. */
function useHistory(
  filter: HistoryFilter,
  news: unknown,
): { shown: Shown | null; problem: Problem | null; older: ReturnType<typeof useAction<[]>> } {
  const { client } = useNode()
  const key = JSON.stringify(filter)
  const [read, setRead] = useState<{ key: string; shown: Shown } | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const current = useRef(key)
  current.current = key
  const put = (change: (shown: Shown | null) => Shown): void => {
    if (current.current !== key) return
    setRead((last) => ({ key, shown: change(last?.key === key ? last.shown : null) }))
  }
  useEffect(() => {
    client.books.history(filter, null, ROWS).then(
      (page: HistoryPage) => {
        put((shown) => (shown === null ? page : withNewest(shown, page)))
        if (current.current === key) setProblem(null)
      },
      (thrown: unknown) => current.current === key && setProblem(problemOf(thrown)),
    )
  }, [client, key, news])
  const shown = read?.key === key ? read.shown : null
  const older = useAction(async () => {
    const before = shown?.next ?? null
    if (before === null) return
    const page = await client.books.history(filter, before, ROWS)
    // Another page may have come in between.
    put((last) => (last === null || last.next !== before ? (last ?? page) : withOlder(last, page)))
  })
  return { shown, problem, older }
}
