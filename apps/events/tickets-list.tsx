import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import type { EventView } from '#apps/page'
import type { ListedTicket } from './event-calls.ts'
import { FailureNote } from './failure-note.tsx'
import { ticketRows } from './issued-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { PrintSheet } from './print-sheet.tsx'
import { csvLines, fileName, saveCsv } from './save-file.ts'
import { useNews } from './use-news.ts'

/** Tickets of a page. */
const PAGE = 50
/** Tickets of a page while all are saved: as many as the API gives. */
const FILE_PAGE = 200

/** Tickets that this device issued, page by page. `changes`: another number loads the page anew. */
export function TicketsList({ view, changes }: { view: EventView; changes: number }): JSX.Element {
  const { calls, texts, words } = usePage()
  const [from, setFrom] = useState(0)
  const [isPrinting, setPrinting] = useState(false)
  const [said, setSaid] = useState('')
  const saving = useWork()
  const load = useCallback(() => calls.tickets(view.event, from, PAGE), [calls, view.event, from, changes])
  const { value: page, failure } = useNews(load, false)
  const save = (): void => {
    void saving.run(null, async () => {
      const all: ListedTicket[] = []
      for (let at = 0, total = 1; at < total; at += FILE_PAGE) {
        const next = await calls.tickets(view.event, at, FILE_PAGE)
        all.push(...next.tickets)
        total = next.total
        setSaid(texts.issue.progress(words.count(all.length), words.count(total)))
      }
      saveCsv(fileName(view.name, 'tickets', 'csv'), [csvLines(ticketRows(all))])
      setSaid('')
    })
  }
  const total = page?.total ?? 0
  const title = texts.tickets.part(
    words.count(total === 0 ? 0 : from + 1),
    words.count(Math.min(from + PAGE, total)),
    words.count(total),
  )
  const back = from === 0 ? null : () => setFrom(from - PAGE)
  const next = from + PAGE >= total ? null : () => setFrom(from + PAGE)
  return (
    <section class="card stack" data-testid="tickets">
      <h2>{texts.tickets.title}</h2>
      <p class="muted">{texts.tickets.lead}</p>
      <FailureNote failure={failure ?? saving.failure} />
      {page === null && failure === null && (
        <p role="status" class="muted">
          {texts.loading}
        </p>
      )}
      {page?.total === 0 && <p class="muted">{texts.tickets.empty}</p>}
      {page !== null && total > 0 && (
        <>
          <div class="actions actions-start">
            <button
              type="button"
              class="button"
              aria-disabled={saving.isBusy}
              data-testid="tickets-csv"
              onClick={save}
            >
              {texts.tickets.csvAll}
            </button>
            <button
              type="button"
              class="button"
              data-testid="tickets-print"
              onClick={() => setPrinting(true)}
            >
              {texts.tickets.printPage}
            </button>
            <span role="status">{said}</span>
          </div>
          <ol class="plain rows" data-testid="tickets-page">
            {page.tickets.map((it) => (
              <li key={it.text} class="row ticket-row" data-testid="ticket-row">
                <span class="row-main">
                  <strong class="number">{it.number}</strong>
                  <span class="muted">
                    {it.className}
                    {it.details !== null && ` · ${it.details}`}
                  </span>
                </span>
                <span class="ticket-code">
                  {it.state !== 'valid' && (
                    <span class="badge badge-warning">{texts.end.done[it.state] ?? it.state}</span>
                  )}
                  <code>{it.code}</code>
                </span>
              </li>
            ))}
          </ol>
          <Pager title={title} onBack={back} onNext={next} />
        </>
      )}
      {isPrinting && page !== null && (
        <PrintSheet
          tickets={page.tickets.filter((it) => it.state === 'valid')}
          title={title}
          onBack={back}
          onNext={next}
          onClose={() => setPrinting(false)}
        />
      )}
    </section>
  )
}

/** Goes from page to page. */
export function Pager(props: {
  title: string
  onBack: (() => void) | null
  onNext: (() => void) | null
}): JSX.Element {
  const { texts } = usePage()
  const { onBack, onNext } = props
  return (
    <div class="pager">
      <button
        type="button"
        class="button"
        aria-disabled={onBack === null}
        data-testid="page-back"
        onClick={() => onBack?.()}
      >
        {texts.back}
      </button>
      <span class="number" role="status">
        {props.title}
      </span>
      <button
        type="button"
        class="button"
        aria-disabled={onNext === null}
        data-testid="page-next"
        onClick={() => onNext?.()}
      >
        {texts.next}
      </button>
    </div>
  )
}
