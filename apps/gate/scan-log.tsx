import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { CallFailure, Dialog, RequestId, Symbol } from '#apps/page'
import type { Words } from '#apps/page'
import type { LogRow } from './gate-calls.ts'
import { ReasonField } from './reason-field.tsx'
import { listed } from './texts.ts'
import type { Texts } from './texts.ts'
import { lookOf, ownVerdict } from './verdict.ts'
import type { VerdictCode } from './verdict.ts'

/** Verdicts that let somebody in or out. */
const OK_CODES: readonly string[] = ['admitted', 're-entered', 'left', 'admitted-open', 'override']

/** The last scans at this gate, newest first; what was recorded by mistake can be undone. */
export function ScanLog(props: {
  rows: readonly LogRow[]
  /** The zone of this gate, which goes without saying. */
  zone: string | null
  texts: Texts
  words: Words
  /** Name of a class by its seat unit. */
  classNames: ReadonlyMap<string, string>
  onUndo: (row: LogRow) => void
}): JSX.Element {
  const { texts, words } = props
  if (props.rows.length === 0) return <p class="muted">{texts.log.empty}</p>
  return (
    <ol class="plain log" data-testid="log">
      {props.rows.map((row) => {
        const verdict = { ...ownVerdict(row.verdict as VerdictCode), ok: OK_CODES.includes(row.verdict) }
        const { tone, symbol } = lookOf(verdict)
        return (
          <li
            key={`${row.atMs},${row.admission ?? row.verdict}`}
            class={`log-row ${row.undone === null ? '' : 'is-undone'}`}
            data-testid="log-row"
            data-verdict={row.verdict}
          >
            <span class={`log-symbol tone-${tone}`}>
              <Symbol name={symbol} />
            </span>
            <span class="log-text">
              <span class="log-title">{listed(texts, { verdict, words })}</span>
              <span class="muted">
                {words.time(row.atMs)}
                {row.class !== null && ` · ${props.classNames.get(row.class) ?? ''}`}
                {row.zone !== props.zone && row.zone !== null && ` · ${row.zone}`}
                {row.undone !== null && ` · ${texts.log.undone}`}
                {row.double && ` · ${texts.log.double}`}
              </span>
            </span>
            {row.admission !== null && row.undone === null && (
              <button
                type="button"
                class="button button-quiet log-undo"
                data-testid="undo"
                title={texts.log.undo}
                onClick={() => props.onUndo(row)}
              >
                <Symbol name="undo" />
                <span>{texts.log.undo}</span>
              </button>
            )}
          </li>
        )
      })}
    </ol>
  )
}

/** Asks why an admission is undone. */
export function UndoSheet(props: {
  row: LogRow
  texts: Texts
  words: Words
  undo: (admission: string, reason: string, id: string) => Promise<void>
  onDone: () => void
  onClose: () => void
}): JSX.Element {
  const { row, texts, words } = props
  const [reason, setReason] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const id = useRef(new RequestId())
  const submit = (event: Event): void => {
    event.preventDefault()
    const { admission } = row
    if (admission === null || isBusy || reason.trim() === '') return
    setBusy(true)
    props
      .undo(admission, reason.trim(), id.current.of([admission, reason.trim()]))
      .then(props.onDone)
      .catch((thrown: unknown) => {
        const isSilent = thrown instanceof CallFailure && thrown.status === 0
        setProblem(isSilent || !(thrown instanceof Error) ? texts.log.unreachable : thrown.message)
      })
      .finally(() => setBusy(false))
  }
  return (
    <Dialog
      title={texts.log.undoTitle}
      closeLabel={texts.log.close}
      testId="undo-sheet"
      onClose={props.onClose}
    >
      <form class="stack" onSubmit={submit}>
        <p>
          <strong>{words.time(row.atMs)}</strong>
        </p>
        <p>{texts.log.undoLead}</p>
        <ReasonField
          label={texts.log.reason}
          hint={texts.log.reasonHint}
          value={reason}
          onValue={setReason}
        />
        <div role="alert">
          {problem !== '' && <p class="note note-danger">{texts.log.failed(problem)}</p>}
        </div>
        <button
          type="submit"
          class="button button-danger button-wide"
          aria-disabled={isBusy || reason.trim() === ''}
          data-testid="undo-confirm"
        >
          {texts.log.undoConfirm}
        </button>
      </form>
    </Dialog>
  )
}
