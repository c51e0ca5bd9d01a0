import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { shownText } from '#apps/shown-text'
import { DropZone } from './drop-zone.tsx'
import { formatQuantity, shortenId } from './format.ts'
import { Icon } from './icon.tsx'
import { KIND_TEXT, amountText, holderText } from './ledger-text.ts'
import type { ImportPlan, ImportProgress } from './ledger-types.ts'
import { NodeError } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { FileFault, Problem } from './node-types.ts'
import { ProblemNote, sentence } from './problem-note.tsx'
import { commitAddress } from './route.ts'

/** Bytes of a file, as the node takes them. */
const BYTES_MAX = 4_194_304
/** Rows and commits that are listed; the rest is counted. A guess: what one looks through. */
const LISTED_MAX = 50
const EXAMPLE = `code,kind,scale,device,amount
POSTER-A2,stock,0,,120
POSTER-A2,stock,0,stall,30
EUR,money,2,,250.00`

/** A file that was chosen, and what it would bring. */
interface Chosen {
  name: string
  csv: string
  plan: ImportPlan
}

/** Brings in opening balances and stock from a CSV file: first what it would write, then writes it. */
export function ImportForm(): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [faulty, setFaulty] = useState('')
  const [progress, setProgress] = useState<ImportProgress | null>(null)
  const [done, setDone] = useState<ImportPlan | null>(null)
  const look = useAction(async (file: File) => {
    setChosen(null)
    setDone(null)
    bring.forget()
    setFaulty(file.name)
    const csv = await textOf(file)
    const plan = await client.books.planImport(csv)
    setChosen({ name: file.name, csv, plan })
    announce(`${file.name} is read: see below what it would bring`)
  })
  const bring = useAction(async () => {
    if (chosen === null) return
    setProgress({ doneEntries: 0, totalEntries: chosen.plan.entries })
    try {
      const done = await client.books.import(chosen.csv, setProgress)
      setChosen(null)
      setDone(done)
      announce(`${formatQuantity(done.entries, 'entry', 'entries')} brought in`)
    } finally {
      setProgress(null)
      refresh(['ledger'])
    }
  })
  const faults = look.problem?.lines ?? []
  return (
    <details class="card more" data-testid="import">
      <summary>Bring in balances and stock from a file</summary>
      <div class="stack import">
        <p class="hint">
          A CSV file with one line for each device and unit. Without a device it stays on this one. Nothing is
          written before you have seen what it would bring, and the same file again is not brought in twice.
        </p>
        <pre class="example" tabIndex={0} role="group" aria-label="An example of such a file">
          {EXAMPLE}
        </pre>
        <DropZone
          label="Choose a CSV file"
          hint="or drop it here"
          accept=".csv,.txt,.tsv,text/csv"
          testId="import-file"
          onFiles={([file]) => file !== undefined && !bring.isBusy && look.run(file)}
        />
        {faults.length === 0 ? (
          <ProblemNote problem={look.problem} />
        ) : (
          <Faults name={faulty} faults={faults} />
        )}
        {chosen !== null && (
          <Plan
            chosen={chosen}
            progress={progress}
            problem={bring.problem}
            onBring={bring.run}
            onDrop={() => setChosen(null)}
          />
        )}
        <div role="status" data-testid="import-done">
          {done !== null && <Done done={done} />}
        </div>
      </div>
    </details>
  )
}

/** The characters of a file, all of them: the node tells files apart by them. */
async function textOf(file: File): Promise<string> {
  if (file.size > BYTES_MAX)
    throw fileError('The file is larger than 4 MiB.', 'Split it, and bring in one part after the other.')
  const bytes = await file.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw fileError(
      'The file is not UTF-8, so letters such as é could be misread.',
      'Save it in your spreadsheet as “CSV UTF-8”, and choose it again.',
    )
  }
}

function fileError(message: string, next: string): NodeError {
  return new NodeError({ code: 'import-invalid', message, next }, 0)
}

function Faults({ name, faults }: { name: string; faults: readonly FileFault[] }): JSX.Element {
  return (
    <div role="alert" data-testid="import-faults">
      <div class="note note-danger">
        <Icon name="warning" />
        <div>
          <p class="note-title">
            <bdi>{shownText(name)}</bdi> is wrong in {formatQuantity(faults.length, 'place')}; nothing was
            written
          </p>
          <p>Put it right and choose it again.</p>
          <ol class="plain faults">
            {faults.map((it, i) => (
              <li key={i}>
                {it.line > 0 && <strong>{placeText(it)}: </strong>}
                {sentence(shownText(it.message))}
              </li>
            ))}
          </ol>
        </div>
      </div>
    </div>
  )
}

function placeText({ line, column, columnName }: FileFault): string {
  const name = columnName === '' ? String(column) : shownText(columnName)
  return column === 0 ? `Line ${line}` : `Line ${line}, ${name}`
}

function Plan(props: {
  chosen: Chosen
  progress: ImportProgress | null
  problem: Problem | null
  onBring: () => void
  onDrop: () => void
}): JSX.Element {
  const { name, plan } = props.chosen
  const { progress } = props
  const left = plan.entries - plan.entriesBefore
  const more = plan.holdings.length - LISTED_MAX
  return (
    <section class="stack" aria-labelledby="import-plan" data-testid="import-plan">
      <h3 id="import-plan" class="breakable">
        What <bdi>{shownText(name)}</bdi> {left === 0 ? 'brought in' : 'would bring'}
      </h3>
      <ul class="plain">
        {plan.units.map((it) => (
          <li key={`${it.code} ${it.kind}`}>
            <strong>{amountText(it.amount, it.code)}</strong>{' '}
            <span class="muted">
              {it.isNew ? `a new unit: ${KIND_TEXT[it.kind].name.toLowerCase()}` : 'of a unit that is here'}
            </span>
          </li>
        ))}
      </ul>
      <div class="books" role="group" aria-label="Who gets what" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Device</th>
              <th scope="col" class="number">
                Gets
              </th>
            </tr>
          </thead>
          <tbody>
            {plan.holdings.slice(0, LISTED_MAX).map((it) => (
              <tr key={`${it.code} ${it.device.device} ${it.amount}`}>
                <th scope="row">
                  <bdi>{holderText(it.device)}</bdi>
                  {it.isOwn && <span class="muted"> this device</span>}
                </th>
                <td class="number">{amountText(it.amount, it.code)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && <p class="muted">and {more} more</p>}
      {plan.entriesBefore > 0 && (
        <p class="note note-news">
          <Icon name="check" />
          <span>
            {left === 0
              ? 'This very file was brought in before. Nothing would be written again.'
              : `${formatQuantity(plan.entriesBefore, 'entry', 'entries')} of it came in before; it goes on from there.`}
          </span>
        </p>
      )}
      <ProblemNote problem={props.problem} />
      {progress !== null && (
        <div class="stack" role="status">
          <progress
            aria-label="The import"
            max={Math.max(1, progress.totalEntries)}
            value={progress.doneEntries}
          />
          <span class="muted">
            {progress.doneEntries} of {formatQuantity(progress.totalEntries, 'entry', 'entries')}
          </span>
        </div>
      )}
      <div class="actions actions-start">
        {left > 0 && (
          <button
            type="button"
            class="button button-primary"
            aria-disabled={progress !== null}
            data-testid="import-submit"
            onClick={props.onBring}
          >
            Bring in {formatQuantity(left, 'entry', 'entries')}
          </button>
        )}
        {progress === null && (
          <button type="button" class="button" onClick={props.onDrop}>
            {left > 0 ? 'Not this file' : 'Close'}
          </button>
        )}
      </div>
    </section>
  )
}

function Done({ done }: { done: ImportPlan }): JSX.Element {
  const more = done.commits.length - LISTED_MAX
  return (
    <div class="note note-done">
      <Icon name="check" />
      <div>
        <p class="note-title">
          {done.units.map((it) => amountText(it.amount, it.code)).join(', ')} brought in
        </p>
        <p>
          On the disk, in {done.commits.length === 1 ? 'commit' : 'commits'}{' '}
          {done.commits.slice(0, LISTED_MAX).map((id, i) => (
            <span key={id}>
              {i > 0 && ', '}
              <a href={commitAddress(id)}>
                <code>{shortenId(id)}</code>
              </a>
            </span>
          ))}
          {more > 0 && ` and ${more} more`}
        </p>
      </div>
    </div>
  )
}
