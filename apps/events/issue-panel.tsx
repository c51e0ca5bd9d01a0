import type { JSX } from 'preact'
import { useId, useMemo, useRef, useState } from 'preact/hooks'
import { CallFailure, Field, SelectField, newRequestId } from '#apps/page'
import type { EventView } from '#apps/page'
import { wholeOf } from './class-rules.ts'
import type { IssuedTicket } from './event-calls.ts'
import { focusProblem } from './event-form.tsx'
import { FailureNote } from './failure-note.tsx'
import { dropOrder, guestsOf, pendingOrder, runOrder, tooLongGuest } from './issue-run.ts'
import type { IssueOrder } from './issue-run.ts'
import { IssuedNote } from './issued-note.tsx'
import { failureOf, usePage } from './page-context.ts'
import type { Failure } from './page-context.ts'
import { eventAddress } from './route.ts'

/** Tickets of one order: as many as the API issues at once. */
const COUNT_MAX = 25_000

/** Issues tickets in advance: a number of them, or one for each guest of a list. */
export function IssuePanel(props: { view: EventView; onChanged: () => void }): JSX.Element {
  const { view } = props
  const { texts } = usePage()
  const run = useIssueRun(view, props.onChanged)
  const groups = view.groups.filter((it) => it.buckets.some(({ state }) => state === 'here'))
  const isReady = view.classes.length > 0 && groups.length > 0
  return (
    <section class="card stack" data-testid="issue">
      <h2>{texts.issue.title}</h2>
      {!isReady && (
        <p class="note note-news">
          <span>
            {view.classes.length === 0 ? texts.issue.noClass : texts.issue.noBucket}{' '}
            <a href={eventAddress(view.event, 'setup')}>{texts.parts.setup}</a>
          </span>
        </p>
      )}
      {run.order === null ? (
        isReady && <IssueForm view={view} groups={groups.map((it) => it.group)} onOrder={run.start} />
      ) : (
        <IssueProgress run={run} />
      )}
    </section>
  )
}

interface IssueRunParts {
  /** Null while nothing is under way. */
  order: IssueOrder | null
  tickets: readonly IssuedTicket[]
  isRunning: boolean
  failure: Failure | null
  start: (order: IssueOrder) => void
  stop: () => void
  goOn: () => void
  close: () => void
}

function useIssueRun(view: EventView, onChanged: () => void): IssueRunParts {
  const { calls, texts, onAccessRefused } = usePage()
  const [order, setOrder] = useState(() => pendingOrder(view.event))
  const [tickets, setTickets] = useState<readonly IssuedTicket[]>([])
  const [isRunning, setRunning] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const isStopped = useRef(false)
  const work = async (wanted: IssueOrder, done: readonly IssuedTicket[]): Promise<void> => {
    isStopped.current = false
    setRunning(true)
    setFailure(null)
    let known = done
    try {
      await runOrder(calls, wanted, done, (all) => {
        known = all
        setTickets(all)
        return !isStopped.current
      })
    } catch (thrown) {
      setFailure(failureOf(thrown, texts))
      if (!(thrown instanceof CallFailure)) return
      if (thrown.status === 401) onAccessRefused()
      // Refused before anything was written: there is nothing to go on with.
      if (known.length === 0 && thrown.status !== 0 && thrown.code !== 'internal') {
        dropOrder(wanted.event)
        setOrder(null)
      }
    } finally {
      setRunning(false)
      onChanged()
    }
  }
  return {
    ...{ order, tickets, isRunning, failure },
    start: (wanted) => {
      setOrder(wanted)
      setTickets([])
      void work(wanted, [])
    },
    stop: () => {
      isStopped.current = true
    },
    goOn: () => {
      if (order !== null && !isRunning) void work(order, tickets)
    },
    close: () => {
      dropOrder(view.event)
      setOrder(null)
      setTickets([])
      setFailure(null)
    },
  }
}

function IssueProgress({ run }: { run: IssueRunParts }): JSX.Element {
  const { texts, words } = usePage()
  const { order, tickets, isRunning } = run
  if (order === null) return <></>
  const isDone = tickets.length >= order.count
  const said = texts.issue.progress(words.count(tickets.length), words.count(order.count))
  return (
    <>
      <p role="status" data-testid="issue-progress" data-done={tickets.length}>
        {isDone ? texts.issue.done(words.count(order.count), order.className) : said}
      </p>
      {!isDone && <progress max={order.count} value={tickets.length} aria-label={said} />}
      <FailureNote failure={run.failure} />
      {isDone ? (
        <IssuedNote order={order} tickets={tickets} />
      ) : (
        !isRunning && <p class="note note-warning">{texts.issue.interrupted}</p>
      )}
      <div class="actions">
        {isRunning && (
          <button type="button" class="button" onClick={run.stop}>
            {texts.issue.stop}
          </button>
        )}
        {!isRunning && !isDone && (
          <button type="button" class="button button-primary" data-testid="issue-go-on" onClick={run.goOn}>
            {texts.issue.goOn}
          </button>
        )}
        {!isRunning && (
          <button type="button" class="button" data-testid="issue-close" onClick={run.close}>
            {isDone ? texts.issue.another : texts.issue.leave}
          </button>
        )}
      </div>
    </>
  )
}

function IssueForm(props: {
  view: EventView
  groups: readonly string[]
  onOrder: (order: IssueOrder) => void
}): JSX.Element {
  const { view, groups } = props
  const { texts, words } = usePage()
  const [isList, setList] = useState(false)
  const [chosen, setChosen] = useState({ class: '', group: '' })
  const [count, setCount] = useState('10')
  const [text, setText] = useState('')
  const [isFree, setFree] = useState(true)
  const [isChecked, setChecked] = useState(false)
  const listId = useId()
  const info = view.classes.find((it) => it.class === chosen.class) ?? view.classes[0]
  const group = groups.find((it) => it === chosen.group) ?? groups[0] ?? ''
  const guests = useMemo(() => (isList ? guestsOf(text) : []), [isList, text])
  const wanted = isList ? guests.length : (wholeOf(count) ?? 0)
  const here = info?.seats.here ?? 0
  const long = useMemo(() => tooLongGuest(guests), [guests])
  const problem =
    wanted === 0
      ? isList
        ? texts.issue.noGuests
        : texts.problems.whole
      : wanted > COUNT_MAX
        ? texts.issue.tooMany(words.count(COUNT_MAX))
        : wanted > here
          ? texts.issue.noSeats(words.count(here))
          : long !== null
            ? texts.issue.longGuest(long.slice(0, 40))
            : null
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    if (problem !== null || info === undefined) return focusProblem(event)
    props.onOrder({
      ...{ event: view.event, class: info.class, className: info.name, group },
      ...{ complimentary: isFree, count: wanted, details: guests, id: newRequestId() },
    })
  }
  const shownProblem = isChecked ? problem : null
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <div class="segments" role="group" aria-label={texts.issue.what}>
        {[false, true].map((it) => (
          <button
            key={String(it)}
            type="button"
            class="segment"
            aria-pressed={it === isList}
            data-testid={it ? 'issue-guests' : 'issue-number'}
            onClick={() => setList(it)}
          >
            {it ? texts.issue.guests : texts.issue.number}
          </button>
        ))}
      </div>
      <div class="pair">
        <SelectField
          label={texts.issue.class}
          value={info?.class ?? ''}
          options={view.classes.map((it) => ({
            value: it.class,
            text: texts.issue.classOption(it.name, words.count(it.seats.here)),
          }))}
          onValue={(value) => setChosen({ ...chosen, class: value })}
          testId="issue-class"
        />
        <SelectField
          label={texts.issue.group}
          value={group}
          options={groups.map((it) => ({ value: it, text: it }))}
          onValue={(value) => setChosen({ ...chosen, group: value })}
          testId="issue-group"
        />
      </div>
      {isList ? (
        <div class="field">
          <label for={listId}>{texts.issue.list}</label>
          <textarea
            id={listId}
            rows={8}
            value={text}
            aria-describedby={`${listId}-hint ${listId}-problem`}
            {...(shownProblem === null ? {} : { 'aria-invalid': true })}
            data-testid="issue-list"
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <p class="hint" id={`${listId}-hint`}>
            {texts.issue.listHint(words.count(guests.length))}
          </p>
          <div role="alert" class="field-problem">
            {shownProblem !== null && <p id={`${listId}-problem`}>{shownProblem}</p>}
          </div>
        </div>
      ) : (
        <Field
          label={texts.issue.count}
          isRequired
          inputMode="numeric"
          maxLength={6}
          value={count}
          problem={shownProblem}
          onValue={setCount}
          testId="issue-count"
        />
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={isFree}
          onChange={(event) => setFree(event.currentTarget.checked)}
          data-testid="issue-free"
        />
        {texts.issue.free}
      </label>
      <button type="submit" class="button button-primary" data-testid="issue-submit">
        {texts.issue.submit(words.count(wanted))}
      </button>
    </form>
  )
}
