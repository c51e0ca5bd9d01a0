import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from '#apps/page'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'
import { useAction, useNode } from './node-context.ts'
import type { NewToken, Scope } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'
import { SCOPE_TEXT } from './scope-text.ts'

const DAY_MS = 86_400_000
const LIFETIMES = [
  { ms: DAY_MS, text: '1 day' },
  { ms: 30 * DAY_MS, text: '30 days' },
  { ms: 365 * DAY_MS, text: '1 year' },
  { ms: 0, text: 'until revoked' },
] as const

/** Makes tokens. `onCreated` is called for each. */
export function TokenPanel({ onCreated }: { onCreated: () => void }): JSX.Element {
  const { client, announce } = useNode()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>('read-only')
  const [lifetimeMs, setLifetimeMs] = useState<number>(30 * DAY_MS)
  const [made, setMade] = useState<NewToken | null>(null)
  const create = useAction(async () => {
    setMade(await client.createToken(name.trim(), scope, lifetimeMs === 0 ? null : lifetimeMs))
    setName('')
    setScope('read-only')
    announce('The token is ready')
    onCreated()
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    create.run()
  }
  if (made !== null) return <TokenCard made={made} onDone={() => setMade(null)} />
  return (
    <form class="card" aria-labelledby="token-title" onSubmit={submit}>
      <h2 id="token-title">Make a token</h2>
      <Field label="What it is for" value={name} onValue={setName} isRequired testId="token-name" />
      <div class="field">
        <label for="token-scope">Scope</label>
        <select
          id="token-scope"
          value={scope}
          aria-describedby="token-scope-hint"
          data-testid="token-scope"
          onChange={(event) => setScope(event.currentTarget.value as Scope)}
        >
          {Object.keys(SCOPE_TEXT).map((scope) => (
            <option key={scope} value={scope}>
              {scope}
            </option>
          ))}
        </select>
        <p class="hint hint-two-lines" id="token-scope-hint">
          It {SCOPE_TEXT[scope]}.
        </p>
      </div>
      <div class="field">
        <label for="token-lifetime">Valid for</label>
        <select
          id="token-lifetime"
          value={lifetimeMs}
          onChange={(event) => setLifetimeMs(Number(event.currentTarget.value))}
        >
          {LIFETIMES.map(({ ms, text }) => (
            <option key={ms} value={ms}>
              {text}
            </option>
          ))}
        </select>
      </div>
      <ProblemNote problem={create.problem} />
      <button
        type="submit"
        class="button button-primary button-wide"
        aria-disabled={create.isBusy}
        data-testid="token-create"
      >
        <Icon name="plus" />
        Make token
      </button>
    </form>
  )
}

function TokenCard({ made, onDone }: { made: NewToken; onDone: () => void }): JSX.Element {
  return (
    <section class="card" aria-labelledby="token-title">
      <h2 id="token-title">The token is ready</h2>
      <p>
        Put it into <bdi>{made.name}</bdi> now. It is shown only this once.
      </p>
      <code class="link-box" tabIndex={0} data-testid="token-secret">
        {made.secret}
      </code>
      <div class="actions actions-start">
        <CopyButton text={made.secret} what="token" />
        <button type="button" class="button" onClick={onDone}>
          Done
        </button>
      </div>
      <p class="hint">Whoever has it {SCOPE_TEXT[made.scope]} on this device, until it is revoked or ends.</p>
    </section>
  )
}
