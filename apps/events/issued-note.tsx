import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { usePage } from './page-context.ts'
import { PrintSheet } from './print-sheet.tsx'
import type { PrintedTicket } from './print-sheet.tsx'
import { csvLines, fileName, saveCsv } from './save-file.ts'
import type { IssuedTicket } from './event-calls.ts'
import type { IssueOrder } from './issue-run.ts'

/** Tickets of one sheet of the browser: more QR codes make a phone slow. */
const PRINTED_AT_ONCE = 100

/** Tickets that were just issued, with the names of the guests: as a file, and to print. */
export function IssuedNote(props: { order: IssueOrder; tickets: readonly IssuedTicket[] }): JSX.Element {
  const { order, tickets } = props
  const { texts, words } = usePage()
  const [from, setFrom] = useState<number | null>(null)
  const printed: PrintedTicket[] = tickets.map((it, i) => ({
    ...it,
    className: order.className,
    details: order.details[i] ?? null,
  }))
  const part = from === null ? [] : printed.slice(from, from + PRINTED_AT_ONCE)
  return (
    <div class="stack">
      <div class="actions actions-start">
        <button
          type="button"
          class="button"
          data-testid="issued-csv"
          onClick={() =>
            saveCsv(fileName(order.className, 'tickets', 'csv'), [csvLines(ticketRows(printed))])
          }
        >
          {texts.tickets.csv}
        </button>
        <button type="button" class="button" data-testid="issued-print" onClick={() => setFrom(0)}>
          {texts.tickets.print}
        </button>
      </div>
      {from !== null && (
        <PrintSheet
          tickets={part}
          title={texts.tickets.part(
            words.count(from + 1),
            words.count(from + part.length),
            words.count(tickets.length),
          )}
          onBack={from === 0 ? null : () => setFrom(from - PRINTED_AT_ONCE)}
          onNext={from + PRINTED_AT_ONCE >= tickets.length ? null : () => setFrom(from + PRINTED_AT_ONCE)}
          onClose={() => setFrom(null)}
        />
      )}
    </div>
  )
}

/** Rows of a file of tickets. */
export function ticketRows(tickets: readonly (PrintedTicket & { state?: string })[]): string[][] {
  return [
    ['number', 'class', 'group', 'details', 'code', 'ticket', 'state'],
    ...tickets.map((it) => [
      ...[it.number, it.className, it.group, it.details ?? '', it.code, it.text, it.state ?? 'valid'],
    ]),
  ]
}
