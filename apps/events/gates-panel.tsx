import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import { Dialog, Field } from '#apps/page'
import type { Bucket, EventView, GateGroup } from '#apps/page'
import { wholeOf } from './class-rules.ts'
import type { OtherDevice } from './event-calls.ts'
import { focusProblem } from './event-form.tsx'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { useNews } from './use-news.ts'

/** Gate groups with who holds their buckets; they are made, fetched, handed over and declared lost. */
export function GatesPanel(props: { view: EventView; onChanged: () => Promise<void> }): JSX.Element {
  const { view, onChanged } = props
  const { calls, texts } = usePage()
  const { value: node } = useNews(useCallback(() => calls.node(), [calls]))
  return (
    <section class="card stack" data-testid="gates">
      <h2>{texts.gates.title}</h2>
      <p class="muted">{texts.gates.lead}</p>
      {view.groups.length > 0 && (
        <ul class="plain rows">
          {view.groups.map((it) => (
            <GateRow
              key={it.group}
              view={view}
              group={it}
              others={node?.others ?? []}
              onChanged={onChanged}
            />
          ))}
        </ul>
      )}
      <GateForm view={view} onChanged={onChanged} />
    </section>
  )
}

function GateForm(props: { view: EventView; onChanged: () => Promise<void> }): JSX.Element {
  const { view } = props
  const { calls, texts } = usePage()
  const [name, setName] = useState('')
  const [count, setCount] = useState('1')
  const [isChecked, setChecked] = useState(false)
  const work = useWork()
  const buckets = wholeOf(count)
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    const group = name.trim()
    if (group === '' || buckets === null) return focusProblem(event)
    void work
      .run([group, buckets], async (id) => calls.addBuckets(view.event, group, buckets, id))
      .then((isDone) => {
        if (!isDone) return
        setName('')
        setCount('1')
        setChecked(false)
        void props.onChanged()
      })
  }
  return (
    <>
      <form class="line-form" onSubmit={submit} noValidate>
        <Field
          label={texts.gates.name}
          isRequired
          maxLength={40}
          placeholder={texts.gates.nameHint}
          value={name}
          problem={isChecked && name.trim() === '' ? texts.problems.missing : null}
          onValue={setName}
          testId="gate-name"
        />
        <Field
          label={texts.gates.count}
          isRequired
          inputMode="numeric"
          maxLength={2}
          value={count}
          problem={isChecked && buckets === null ? texts.problems.whole : null}
          onValue={setCount}
          testId="gate-count"
        />
        <button type="submit" class="button" aria-disabled={work.isBusy} data-testid="gate-add">
          {texts.gates.add}
        </button>
      </form>
      <p class="muted">{texts.gates.countHint}</p>
      <FailureNote failure={work.failure} />
    </>
  )
}

function GateRow(props: {
  view: EventView
  group: GateGroup
  others: readonly OtherDevice[]
  onChanged: () => Promise<void>
}): JSX.Element {
  const { view, others } = props
  const { group, buckets } = props.group
  const { calls, texts, words } = usePage()
  const [asked, setAsked] = useState<'hand' | 'lost' | null>(null)
  const [said, setSaid] = useState('')
  const work = useWork()
  const isHere = buckets.some((it) => it.state === 'here')
  const isAway = buckets.some((it) => it.state === 'elsewhere' || it.state === 'reachable')
  const isLost = buckets.some((it) => it.state === 'lost')
  const run = (request: unknown, act: () => Promise<string>): void => {
    setSaid('')
    void work
      .run(request, async () => setSaid(await act()))
      .then((isDone) => {
        if (isDone) setAsked(null)
        void props.onChanged()
      })
  }
  const setLost = (lost: boolean): void =>
    run(lost, async () => {
      await calls.setLost(view.event, group, lost)
      return lost ? texts.gates.lostDone : texts.gates.foundDone
    })
  const sold = buckets.reduce((sum, it) => sum + it.sold, 0)
  return (
    <li class="row row-acts" data-testid="gate" data-group={group}>
      <span class="row-main">
        <strong>{group}</strong>
        <span class="muted">{places(buckets, texts.gates, (it) => words.count(it))}</span>
        <span class="muted">{texts.gates.sold(words.count(sold))}</span>
        <span role="status">{said}</span>
      </span>
      <span class="actions">
        {buckets.some((it) => it.state === 'reachable') && (
          <button
            type="button"
            class="button"
            aria-disabled={work.isBusy}
            data-testid="gate-take"
            onClick={() =>
              run('take', async () => {
                const missing = await calls.take(view.event, group)
                return missing === 0 ? texts.gates.taken : texts.gates.missing(words.count(missing))
              })
            }
          >
            {texts.gates.take}
          </button>
        )}
        {isHere && others.length > 0 && (
          <button type="button" class="button" data-testid="gate-hand" onClick={() => setAsked('hand')}>
            {texts.gates.hand}
          </button>
        )}
        {isLost ? (
          <button
            type="button"
            class="button"
            aria-disabled={work.isBusy}
            data-testid="gate-found"
            onClick={() => setLost(false)}
          >
            {texts.gates.found}
          </button>
        ) : (
          isAway && (
            <button type="button" class="button" data-testid="gate-lost" onClick={() => setAsked('lost')}>
              {texts.gates.lost}
            </button>
          )
        )}
      </span>
      {asked === null && <FailureNote failure={work.failure} />}
      {asked === 'hand' && (
        <Dialog title={texts.gates.handTitle(group)} closeLabel={texts.close} onClose={() => setAsked(null)}>
          <p>{texts.gates.handLead}</p>
          <ul class="plain rows">
            {others.map((it) => (
              <li key={it.device} class="row">
                <span class="row-main">
                  <strong>{it.name}</strong>
                  <span class="muted">{it.isConnected ? texts.gates.near : texts.gates.far}</span>
                </span>
                <button
                  type="button"
                  class="button button-primary"
                  aria-disabled={work.isBusy}
                  data-testid="hand-to"
                  onClick={() =>
                    run(['hand', it.device], async () => {
                      await calls.hand(view.event, group, it.device)
                      return texts.gates.handed(it.name)
                    })
                  }
                >
                  {texts.gates.handTo}
                </button>
              </li>
            ))}
          </ul>
          <FailureNote failure={work.failure} />
        </Dialog>
      )}
      {asked === 'lost' && (
        <Dialog
          title={texts.gates.lostTitle(group)}
          closeLabel={texts.close}
          testId="lost-sheet"
          onClose={() => setAsked(null)}
        >
          <p>{texts.gates.lostLead}</p>
          <FailureNote failure={work.failure} />
          <button
            type="button"
            class="button button-danger button-wide"
            aria-disabled={work.isBusy}
            data-testid="lost-confirm"
            onClick={() => setLost(true)}
          >
            {texts.gates.lostConfirm}
          </button>
        </Dialog>
      )}
    </li>
  )
}

/** Where the buckets of a group are: `2 here, 1 with south`. */
function places(
  buckets: readonly Bucket[],
  texts: { at: Readonly<Record<Bucket['state'], (name: string) => string>> },
  count: (value: number) => string,
): string {
  const counts = new Map<string, number>()
  for (const { state, holder } of buckets) {
    const place = texts.at[state](holder?.deviceName ?? '?')
    counts.set(place, (counts.get(place) ?? 0) + 1)
  }
  return [...counts].map(([place, number]) => `${count(number)} ${place}`).join(', ')
}
