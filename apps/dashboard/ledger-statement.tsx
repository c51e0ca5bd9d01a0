import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Field, SelectField } from '#apps/page'
import { shownText } from '#apps/shown-text'
import { memberText } from './change-draft.ts'
import { EmptyState, LoadingRows } from './empty-state.tsx'
import { Icon } from './icon.tsx'
import type { LedgerParts } from './ledger-parts.ts'
import { ACCOUNT_TEXT, numberText, signedText } from './ledger-text.ts'
import type { EntryType, ExportFormat, Statement, StatementFilter, StatementLine } from './ledger-types.ts'
import { problemOf } from './node-client.ts'
import { useAction, useNode } from './node-context.ts'
import type { Problem } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { routeAddress } from './route.ts'

const FORMATS: readonly { format: ExportFormat; text: string; ending: string }[] = [
  { format: 'csv', text: 'CSV', ending: 'csv' },
  { format: 'json', text: 'JSON', ending: 'json' },
  { format: 'beancount', text: 'beancount', ending: 'beancount' },
  { format: 'hledger', text: 'hledger', ending: 'journal' },
]

/** Which entries make an account what it is; of what is held all of them. */
const ENTRIES: Readonly<Record<StatementLine['account'], EntryType | undefined>> = {
  held: undefined,
  'in-flight': 'transfer',
  used: 'consume',
  returned: 'return',
  issued: 'issue',
  credit: 'draw',
  loss: 'write-back',
}

/** The books of a member or of the co-op over a period, and the same as files. */
export function LedgerStatement(
  props: LedgerParts & { query: Readonly<Record<string, string>> },
): JSX.Element {
  const { client } = useNode()
  const { members, ledger, query } = props
  const { member = '', from = '', until = '' } = query
  const filter = filterOf({ member, from, until })
  const key = JSON.stringify(filter)
  const [read, setRead] = useState<{ key: string; statement: Statement } | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => {
    let isShown = true
    client.books.statement(filter).then(
      (statement) => {
        if (!isShown) return
        setProblem(null)
        setRead({ key, statement })
      },
      (thrown: unknown) => isShown && setProblem(problemOf(thrown)),
    )
    return () => {
      isShown = false
    }
  }, [client, key, ledger])
  const choose = (some: Readonly<Record<string, string>>): void => {
    location.hash = routeAddress('ledger', 'statement', { member, from, until, ...some })
  }
  const statement = read?.key === key ? read.statement : null
  const whole = { value: '', text: 'The whole co-op' }
  return (
    <>
      <div class="card filters" role="group" aria-label="Whose books, and when">
        <SelectField
          label="Of"
          value={member}
          options={[
            whole,
            ...(members?.members ?? []).map((it) => ({ value: it.member, text: memberText(it) })),
          ]}
          onValue={(member) => choose({ member })}
          isRequired={false}
          testId="statement-member"
        />
        <Field label="From" type="date" value={from} onValue={(from) => choose({ from })} />
        <Field label="Until" type="date" value={until} onValue={(until) => choose({ until })} />
      </div>
      <ProblemNote problem={problem} />
      {statement === null && problem === null && <LoadingRows what="the statement" />}
      {statement?.lines.length === 0 && (
        <EmptyState icon="ledger" title="Nothing was booked">
          <a href={routeAddress('ledger', 'statement')}>Of everybody, at any time</a>
        </EmptyState>
      )}
      {statement !== null && statement.lines.length > 0 && (
        <>
          {statement.units.map((it) => (
            <UnitBooks
              key={it.unit}
              code={it.code}
              unit={it.unit}
              lines={statement.lines.filter((line) => line.unit === it.unit)}
            />
          ))}
          {statement.units.some((it) => !it.isBalanced) && member === '' && (
            <p class="note note-warning" role="status">
              <Icon name="warning" />
              <span>The books of a unit do not sum to zero. Please report this.</span>
            </p>
          )}
          <Exports filter={filter} />
        </>
      )}
    </>
  )
}

function UnitBooks(props: { unit: string; code: string; lines: readonly StatementLine[] }): JSX.Element {
  const { unit, code, lines } = props
  const id = `books-${unit}`
  return (
    <section class="stack">
      <h2 id={id}>{code}</h2>
      <div class="books" role="group" aria-labelledby={id} tabIndex={0} data-testid="books">
        <table>
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col" class="number">
                Before
              </th>
              <th scope="col" class="number">
                Up
              </th>
              <th scope="col" class="number">
                Down
              </th>
              <th scope="col" class="number">
                After
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((it) => (
              <tr key={`${it.account} ${it.device}`}>
                <th scope="row">
                  {ACCOUNT_TEXT[it.account]}{' '}
                  <bdi class="books-device muted">{shownText(`${it.memberName}/${it.deviceName}`)}</bdi>
                </th>
                <td class="number">{signedText(it.opening)}</td>
                <td class="number">{numberText(it.up)}</td>
                <td class="number">{numberText(it.down)}</td>
                <td class="number">
                  <a
                    href={routeAddress('ledger', 'history', {
                      unit,
                      device: it.device,
                      type: ENTRIES[it.account],
                    })}
                    aria-label={`${signedText(it.closing)} ${ACCOUNT_TEXT[it.account]}: the entries`}
                  >
                    {signedText(it.closing)}
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** The same books as files. The node sends them to whoever has the access code alone, so a plain link would not do. */
function Exports({ filter }: { filter: StatementFilter }): JSX.Element {
  const { client } = useNode()
  const save = useAction(async (format: ExportFormat, ending: string) => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await client.books.export(format, filter))
    link.download = `ledger.${ending}`
    link.click()
    // The browser has begun to read it by then. A guess.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  })
  return (
    <section class="stack" aria-labelledby="exports">
      <h2 id="exports">As a file</h2>
      <div class="actions actions-start">
        {FORMATS.map(({ format, text, ending }) => (
          <button
            type="button"
            class="button"
            key={format}
            aria-disabled={save.isBusy}
            data-testid={`export-${format}`}
            onClick={() => save.run(format, ending)}
          >
            <Icon name="download" />
            {text}
          </button>
        ))}
      </div>
      <ProblemNote problem={save.problem} />
    </section>
  )
}

/** Days of the reader's place; the last one is part of the period. */
function filterOf(query: { member: string; from: string; until: string }): StatementFilter {
  const fromMs = Date.parse(`${query.from}T00:00`)
  const end = new Date(`${query.until}T00:00`)
  // By the calendar: not every day has 24 hours.
  const untilMs = end.setDate(end.getDate() + 1)
  return {
    ...(query.member === '' ? {} : { member: query.member }),
    ...(fromMs >= 0 ? { fromMs: String(fromMs) } : {}),
    ...(untilMs >= 0 ? { untilMs: String(untilMs) } : {}),
  }
}
