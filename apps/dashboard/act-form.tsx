import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ACT_TEXT, actsFor, entryOf } from './act-draft.ts'
import type { ActDraft } from './act-draft.ts'
import { shortenId } from './format.ts'
import { Icon } from './icon.tsx'
import { amountText } from './ledger-text.ts'
import type { Balance, Unit, Written } from './ledger-types.ts'
import { useAction, useNode } from './node-context.ts'
import { ProblemNote, besideField, isOfAmount } from './problem-note.tsx'
import { Field, RequestId, SelectField } from '#apps/page'
import { commitAddress } from './route.ts'

/** Characters of a memo and a reference, as the node takes them. */
const NOTE_LENGTH_MAX = 200

/** What was written last. */
interface Done extends Written {
  text: string
}

/** Issues, sells, hands over, takes back … of one unit, on this device. */
export function ActForm(props: {
  unit: Unit
  own: Balance | null
  /** What this device can sell now. */
  here: string
  /** Whom something can be handed to. */
  devices: readonly { device: string; text: string }[]
  start: Partial<ActDraft>
}): JSX.Element {
  const { client, announce, refresh } = useNode()
  const { unit, own, here, devices, start } = props
  const acts = actsFor(unit, own, here)
  const [draft, setDraft] = useState<ActDraft>({
    ...{ type: acts[0] ?? 'consume', amount: '', to: '', memo: '', ref: '', reverses: '' },
    ...start,
  })
  const [done, setDone] = useState<Done | null>(null)
  const ids = useRef(new RequestId())
  const amountInput = useRef<HTMLInputElement>(null)
  const set = (some: Partial<ActDraft>): void => setDraft((draft) => ({ ...draft, ...some }))
  const entry = entryOf(unit.id, draft, devices[0]?.device ?? null)
  const act = ACT_TEXT[draft.type]
  const write = useAction(async () => {
    if (entry === null) return
    setDone(null)
    const written = await client.books.write([entry], ids.current.of(entry))
    ids.current.done()
    const text = `${act.done} ${amountText(entry.amount, unit.code)}`
    setDone({ ...written, text })
    set({ amount: '', memo: '', ref: '', reverses: '' })
    announce(text)
    refresh(['ledger'])
  })
  const isBeside = isOfAmount(write.problem)
  useEffect(() => {
    if (isBeside) amountInput.current?.focus()
  }, [write.problem])
  const submit = (event: Event): void => {
    event.preventDefault()
    write.run()
  }
  const choices = acts.includes(draft.type) ? acts : [draft.type, ...acts]
  return (
    <form class="card act-form" aria-labelledby="act-title" onSubmit={submit}>
      <h2 id="act-title">On this device</h2>
      <SelectField
        label="What happens"
        value={draft.type}
        options={choices.map((value) => ({ value, text: ACT_TEXT[value].choice }))}
        hint={act.meaning}
        onValue={(type) => set({ type })}
        testId="act-type"
      />
      <Field
        label={`Amount of ${unit.code}`}
        value={draft.amount}
        onValue={(amount) => set({ amount })}
        inputMode="decimal"
        problem={isOfAmount(write.problem) ? besideField(write.problem) : null}
        inputRef={amountInput}
        isRequired
        testId="act-amount"
      />
      {draft.type === 'transfer' &&
        (devices.length === 0 ? (
          <p class="hint">
            There is no other device yet. <a href="#/members">Invite one</a>.
          </p>
        ) : (
          <SelectField
            label="To"
            value={draft.to || (devices[0]?.device ?? '')}
            options={devices.map((it) => ({ value: it.device, text: it.text }))}
            onValue={(to) => set({ to })}
            testId="act-to"
          />
        ))}
      {draft.reverses !== '' && draft.type === 'restore' && (
        <p class="hint">
          It takes back the entry <code>{shortenId(draft.reverses)}</code>.
        </p>
      )}
      <details class="more">
        <summary>Note and reference</summary>
        <div class="stack">
          <Field
            label="Note, for everybody to read"
            value={draft.memo}
            onValue={(memo) => set({ memo })}
            maxLength={NOTE_LENGTH_MAX}
            testId="act-memo"
          />
          <Field
            label="What it pays for"
            value={draft.ref}
            onValue={(ref) => set({ ref })}
            placeholder="order 17"
            maxLength={NOTE_LENGTH_MAX}
            testId="act-ref"
          />
        </div>
      </details>
      <ProblemNote problem={isBeside ? null : write.problem} />
      <button
        type="submit"
        class="button button-primary button-wide"
        aria-disabled={write.isBusy || entry === null}
        data-testid="act-submit"
      >
        {act.button}
      </button>
      <div role="status" data-testid="act-done">
        {done !== null && <DoneNote done={done} />}
      </div>
    </form>
  )
}

/** What was written, and the commit that proves it. */
function DoneNote({ done }: { done: Done }): JSX.Element {
  return (
    <div class="note note-done">
      <Icon name="check" />
      <div>
        <p class="note-title">{done.isRepeat ? `${done.text}, written before: not once more` : done.text}</p>
        <p>
          On the disk, in commit{' '}
          <a href={commitAddress(done.commit)} data-testid="act-commit">
            <code>{shortenId(done.commit)}</code>
          </a>
        </p>
      </div>
    </div>
  )
}
