import type { JSX } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import { Field, PHONE_BASE, QrSquare, Symbol, keepValue, keptValue } from '#apps/page'
import type { PhoneScope } from './event-calls.ts'
import { FailureNote } from './failure-note.tsx'
import { usePage, useWork } from './page-context.ts'
import { useNews } from './use-news.ts'

/** Where gate and stall work: on this device, and on phones that get an access code of their own. */
export function PhonesPanel(): JSX.Element {
  const { calls, texts } = usePage()
  const { value: node } = useNews(useCallback(() => calls.node(), [calls]))
  return (
    <aside class="card stack" aria-labelledby="phones-title">
      <h2 id="phones-title">{texts.phones.title}</h2>
      <div class="actions actions-start">
        <a href="/gate" class="button" data-testid="to-gate">
          <Symbol name="enter" />
          {texts.phones.gate}
        </a>
        <a href="/sale" class="button" data-testid="to-sale">
          <Symbol name="ticket" />
          {texts.phones.sale}
        </a>
      </div>
      {node !== null &&
        (node.phones.length === 0 ? (
          <p class="note note-news" data-testid="no-phones">
            <span>
              {texts.phones.none} <code>npx coop start --phone-port 4802</code>
            </span>
          </p>
        ) : (
          <PhoneForm phones={node.phones} />
        ))}
    </aside>
  )
}

/** Makes an access code for one phone and shows the address with it as a QR code. */
function PhoneForm({ phones }: { phones: readonly string[] }): JSX.Element {
  const { calls, texts } = usePage()
  const [scope, setScope] = useState<PhoneScope>('gate')
  const [name, setName] = useState('')
  const [base, setBase] = useState(() => keptValue(PHONE_BASE))
  const [made, setMade] = useState<{ name: string; scope: PhoneScope; secret: string } | null>(null)
  const work = useWork()
  // The one that was chosen may be gone: the machine is in another network.
  const address = phones.find((it) => it === base) ?? phones[0] ?? ''
  const submit = (event: Event): void => {
    event.preventDefault()
    void work.run({ name, scope }, async () => {
      const secret = await calls.makeToken(
        name.trim() === '' ? texts.phones.names[scope] : name.trim(),
        scope,
      )
      setMade({ name, scope, secret })
      setName('')
    })
  }
  const link =
    made === null ? '' : `${address}/${made.scope === 'till' ? 'sale' : 'gate'}#token=${made.secret}`
  return (
    <>
      <p class="muted">{texts.phones.lead}</p>
      <form class="stack" onSubmit={submit}>
        <div class="segments" role="group" aria-label={texts.phones.what}>
          {(['gate', 'supervisor', 'till'] as const).map((it) => (
            <button
              key={it}
              type="button"
              class="segment"
              aria-pressed={it === scope}
              onClick={() => setScope(it)}
            >
              {texts.phones.names[it]}
            </button>
          ))}
        </div>
        <Field
          label={texts.phones.name}
          optionalText={texts.optional}
          placeholder={texts.phones.nameHint}
          value={name}
          onValue={setName}
          testId="phone-name"
        />
        <FailureNote failure={work.failure} />
        <button type="submit" class="button" aria-disabled={work.isBusy} data-testid="phone-add">
          {texts.phones.add}
        </button>
      </form>
      {made !== null && (
        <div class="stack phone-link" data-testid="phone-link">
          <h3>{texts.phones.scan(made.name === '' ? texts.phones.names[made.scope] : made.name)}</h3>
          <QrSquare text={link} label={texts.phones.qr} ecc="L" />
          {phones.length > 1 && (
            <div class="field">
              <label for="phone-base">{texts.phones.address}</label>
              <select
                id="phone-base"
                value={address}
                onChange={(event) => {
                  keepValue(PHONE_BASE, event.currentTarget.value)
                  setBase(event.currentTarget.value)
                }}
              >
                {phones.map((it) => (
                  <option key={it} value={it}>
                    {it}
                  </option>
                ))}
              </select>
            </div>
          )}
          <p class="breakable">
            <code>{link}</code>
          </p>
          <p class="muted">{texts.phones.once}</p>
          <button type="button" class="button" onClick={() => setMade(null)}>
            {texts.phones.done}
          </button>
        </div>
      )}
    </>
  )
}
