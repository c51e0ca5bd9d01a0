import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field, ScanField, isHolderKeyText, readHolderKey } from '#apps/page'
import type { EventView } from '#apps/page'
import type { Cancelled } from './event-calls.ts'
import { focusProblem } from './event-form.tsx'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { PrintSheet } from './print-sheet.tsx'

const ACTIONS = ['revoke', 'refund', 'reissue'] as const
type Action = (typeof ACTIONS)[number]

/** Ends a ticket by its code or QR code: revoked, refunded, or another one in its place, for another phone if wanted. */
export function EndPanel(props: { view: EventView; onChanged: () => void }): JSX.Element {
  const { view } = props
  const { calls, texts, language } = usePage()
  const [draft, setDraft] = useState({ ticket: '', reason: '', holder: '' })
  const [action, setAction] = useState<Action>('revoke')
  const [isChecked, setChecked] = useState(false)
  const [ended, setEnded] = useState<{ action: Action; answer: Cancelled } | null>(null)
  const work = useWork()
  const holder = draft.holder.trim() === '' ? null : readHolderKey(draft.holder)
  const isBadHolder = action === 'reissue' && draft.holder.trim() !== '' && holder === null
  const set = (change: Partial<typeof draft>): void => setDraft({ ...draft, ...change })
  const submit = (event: Event): void => {
    event.preventDefault()
    setChecked(true)
    if (draft.ticket.trim() === '' || isBadHolder) return focusProblem(event)
    const [ticket, reason] = [draft.ticket.trim(), draft.reason.trim()]
    const request = {
      ...{ ticket, action },
      ...(reason === '' ? {} : { reason }),
      ...(action === 'reissue' && holder !== null ? { holder } : {}),
    }
    setEnded(null)
    void work.run(request, async (id) => {
      const answer = await calls.cancel(view.event, request, id)
      setEnded({ action, answer })
      setDraft({ ticket: '', reason: '', holder: '' })
      setChecked(false)
      props.onChanged()
    })
  }
  return (
    <section class="card stack" data-testid="end">
      <h2>{texts.end.title}</h2>
      <p class="muted">{texts.end.lead}</p>
      <form class="stack" onSubmit={submit} noValidate>
        <ScanField
          language={language}
          label={texts.end.ticket}
          hint={texts.end.ticketHint}
          value={draft.ticket}
          problem={isChecked && draft.ticket.trim() === '' ? texts.problems.missing : null}
          onValue={(ticket) => set({ ticket })}
          accepts={(text) => !isHolderKeyText(text)}
          testId="end-ticket"
        />
        <div class="choices" role="radiogroup" aria-label={texts.end.what}>
          {ACTIONS.map((it) => (
            <label key={it} class="check">
              <input
                type="radio"
                name="end-action"
                checked={it === action}
                data-testid={`end-${it}`}
                onChange={() => setAction(it)}
              />
              <span>
                {texts.end.actions[it]}
                <span class="muted block">{texts.end.notes[it]}</span>
              </span>
            </label>
          ))}
        </div>
        {action === 'reissue' && (
          <ScanField
            language={language}
            label={texts.end.holder}
            hint={texts.end.holderHint}
            value={draft.holder}
            problem={isChecked && isBadHolder ? texts.problems.holder : null}
            onValue={(text) => set({ holder: text })}
            accepts={isHolderKeyText}
            testId="end-holder"
          />
        )}
        <Field
          label={texts.end.reason}
          optionalText={texts.optional}
          maxLength={100}
          value={draft.reason}
          onValue={(reason) => set({ reason })}
          testId="end-reason"
        />
        <FailureNote failure={work.failure} />
        <button
          type="submit"
          class={`button ${action === 'reissue' ? 'button-primary' : 'button-danger'}`}
          aria-disabled={work.isBusy}
          data-testid="end-submit"
        >
          {texts.end.actions[action]}
        </button>
      </form>
      {ended !== null && <Ended {...ended} />}
    </section>
  )
}

function Ended({ action, answer }: { action: Action; answer: Cancelled }): JSX.Element {
  const { texts } = usePage()
  const [isShown, setShown] = useState(false)
  const { stillOpens, tickets } = answer
  const holder = stillOpens?.holder?.deviceName ?? '?'
  return (
    <div role="status" class="stack" data-testid="ended" data-done={answer.done}>
      {stillOpens === null ? (
        <p class="note note-news">{texts.end.isDone[action]}</p>
      ) : (
        <p class="note note-warning">
          {texts.end.stillOpens(stillOpens.group, holder, stillOpens.isReachable)}
        </p>
      )}
      {tickets.map((it) => (
        <p key={it.text}>
          <strong class="number">{it.number}</strong> <code data-testid="new-code">{it.code}</code>
        </p>
      ))}
      {tickets.length > 0 && (
        <button type="button" class="button" data-testid="new-show" onClick={() => setShown(true)}>
          {texts.end.show}
        </button>
      )}
      {isShown && (
        <PrintSheet
          tickets={tickets.map((it) => ({ ...it, className: '', details: null }))}
          title={texts.end.newTicket}
          onBack={null}
          onNext={null}
          onClose={() => setShown(false)}
        />
      )}
    </div>
  )
}
