import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import { Dialog, Field, SelectField, Symbol } from '#apps/page'
import type { EventView } from '#apps/page'
import { verdictName } from '#apps/gate'
import type { LogRow } from './event-calls.ts'
import { focusProblem } from './event-form.tsx'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { csvLines, fileName, saveCsv } from './save-file.ts'
import { Pager } from './tickets-list.tsx'
import { useNews } from './use-news.ts'

/** Rows of a page. */
const PAGE = 50
/** Rows of a page while all are saved: as many as the API gives. */
const FILE_PAGE = 1_000
/** Verdicts with which somebody passed. */
const PASSED = ['admitted', 're-entered', 'left', 'admitted-open', 'override'] as const

/** Who passed and who was not let in, the newest first, page by page, and all of it as a file. */
export function LogPanel(props: { view: EventView; onChanged: () => Promise<void> }): JSX.Element {
  const { view } = props
  const { calls, texts, words, language } = usePage()
  const [filter, setFilter] = useState({ gate: '', verdict: '' })
  /** Where each page so far begins; null for the newest rows. */
  const [pages, setPages] = useState<(number | null)[]>([null])
  const [undoing, setUndoing] = useState<LogRow | null>(null)
  const before = pages.at(-1) ?? null
  const { gate, verdict } = filter
  const load = useCallback(
    () => calls.log(view.event, { gate, verdict, before, limit: PAGE }),
    [calls, view.event, gate, verdict, before],
  )
  // Older pages do not change under the eyes of who reads them.
  const { value: page, failure, refresh } = useNews(load, before === null)
  const choose = (change: Partial<typeof filter>): void => {
    setFilter({ ...filter, ...change })
    setPages([null])
  }
  const verdicts = [
    ...new Set([...PASSED, ...Object.keys(view.stats.refusedBy), ...(verdict === '' ? [] : [verdict])]),
  ]
  const next = page?.next ?? null
  return (
    <section class="card stack" data-testid="log">
      <h2>{texts.log.title}</h2>
      <div class="pair">
        <SelectField
          label={texts.log.gate}
          value={gate}
          isRequired={false}
          options={[
            { value: '', text: texts.log.all },
            ...view.groups.map((it) => ({ value: it.group, text: it.group })),
          ]}
          onValue={(value) => choose({ gate: value })}
          testId="log-gate"
        />
        <SelectField
          label={texts.log.verdict}
          value={verdict}
          isRequired={false}
          options={[
            { value: '', text: texts.log.all },
            ...verdicts.map((it) => ({ value: it, text: verdictName(it, language, words) })),
          ]}
          onValue={(value) => choose({ verdict: value })}
          testId="log-verdict"
        />
      </div>
      <SaveLog view={view} gate={gate} verdict={verdict} />
      <FailureNote failure={failure} />
      {page === null && failure === null && (
        <p role="status" class="muted">
          {texts.loading}
        </p>
      )}
      {page?.rows.length === 0 && <p class="muted">{texts.log.empty}</p>}
      {page !== null && page.rows.length > 0 && (
        <>
          <ol class="plain rows">
            {page.rows.map((it) => (
              <LogLine key={`${it.at}`} row={it} onUndo={() => setUndoing(it)} />
            ))}
          </ol>
          <Pager
            title={texts.log.page(words.count(pages.length))}
            onBack={pages.length === 1 ? null : () => setPages(pages.slice(0, -1))}
            onNext={next === null ? null : () => setPages([...pages, next])}
          />
        </>
      )}
      {undoing !== null && (
        <UndoSheet
          event={view.event}
          row={undoing}
          onDone={() => {
            setUndoing(null)
            void refresh()
            void props.onChanged()
          }}
          onClose={() => setUndoing(null)}
        />
      )}
    </section>
  )
}

function LogLine({ row, onUndo }: { row: LogRow; onUndo: () => void }): JSX.Element {
  const { texts, words, language } = usePage()
  const isPass = (PASSED as readonly string[]).includes(row.verdict)
  return (
    <li class="row" data-testid="log-row" data-verdict={row.verdict}>
      <span class="row-main">
        <span>
          <span class={`dot ${isPass ? 'dot-on' : ''}`} />{' '}
          <strong>{verdictName(row.verdict, language, words)}</strong>
          {row.double && <span class="badge badge-warning">{texts.log.double}</span>}
          {row.undone !== null && <span class="badge">{texts.log.undone}</span>}
        </span>
        <span class="muted">
          {[words.time(row.atMs), row.gate, row.zone, row.device.deviceName, row.reason, row.undone?.reason]
            .filter((it) => it !== null && it !== undefined && it !== '')
            .join(' · ')}
        </span>
      </span>
      {row.admission !== null && row.undone === null && (
        <button
          type="button"
          class="button button-quiet icon-button"
          aria-label={texts.log.undo}
          title={texts.log.undo}
          data-testid="log-undo"
          onClick={onUndo}
        >
          <Symbol name="undo" />
        </button>
      )}
    </li>
  )
}

function SaveLog(props: { view: EventView; gate: string; verdict: string }): JSX.Element {
  const { view, gate, verdict } = props
  const { calls, texts, words } = usePage()
  const [said, setSaid] = useState('')
  const work = useWork()
  const save = (): void => {
    void work.run(null, async () => {
      const parts = [csvLines([LOG_HEAD])]
      let count = 0
      let before: number | null = null
      do {
        const page: { rows: LogRow[]; next: number | null } = await calls.log(view.event, {
          ...{ gate, verdict, before, limit: FILE_PAGE },
        })
        parts.push(csvLines(page.rows.map(cellsOf)))
        count += page.rows.length
        before = page.next
        setSaid(texts.log.read(words.count(count)))
      } while (before !== null)
      saveCsv(fileName(view.name, 'log', 'csv'), parts)
      setSaid('')
    })
  }
  return (
    <div class="actions actions-start">
      <button type="button" class="button" aria-disabled={work.isBusy} data-testid="log-csv" onClick={save}>
        {texts.log.csv}
      </button>
      <span role="status">{said}</span>
      <FailureNote failure={work.failure} />
    </div>
  )
}

/** The same columns as `coop event log --csv`. */
const LOG_HEAD = [
  ...['time', 'gate', 'zone', 'direction', 'verdict', 'mode', 'member', 'device'],
  ...['pass', 'taken back', 'double', 'reason'],
]

function cellsOf(it: LogRow): string[] {
  const time = new Date(it.atMs)
  return [
    Number.isNaN(time.getTime()) ? '' : time.toISOString(),
    ...[it.gate, it.zone ?? '', it.direction ?? '', it.verdict, it.mode ?? '', it.device.name],
    ...[
      it.device.deviceName,
      it.admission ?? '',
      it.undone?.reason ?? '',
      it.double ? 'double' : '',
      it.reason,
    ],
  ]
}

function UndoSheet(props: {
  event: string
  row: LogRow
  onDone: () => void
  onClose: () => void
}): JSX.Element {
  const { row } = props
  const { calls, texts, words, language } = usePage()
  const [reason, setReason] = useState('')
  const [isChecked, setChecked] = useState(false)
  const work = useWork()
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    const { admission } = row
    if (reason.trim() === '' || admission === null) return focusProblem(event)
    void work
      .run([admission, reason], async (id) => calls.undo(props.event, admission, reason.trim(), id))
      .then((isDone) => (isDone ? props.onDone() : undefined))
  }
  return (
    <Dialog title={texts.log.undoTitle} closeLabel={texts.close} testId="undo-sheet" onClose={props.onClose}>
      <form class="stack" onSubmit={submit} noValidate>
        <p>
          <strong>{verdictName(row.verdict, language, words)}</strong> · {words.time(row.atMs)} · {row.gate}
        </p>
        <p>{texts.log.undoLead}</p>
        <Field
          label={texts.log.reason}
          isRequired
          maxLength={100}
          value={reason}
          problem={isChecked && reason.trim() === '' ? texts.problems.missing : null}
          onValue={setReason}
          testId="undo-reason"
        />
        <FailureNote failure={work.failure} />
        <button
          type="submit"
          class="button button-danger"
          aria-disabled={work.isBusy}
          data-testid="undo-confirm"
        >
          {texts.log.undo}
        </button>
      </form>
    </Dialog>
  )
}
