import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Field } from '#apps/page'
import { KitField } from './kit-field.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Entered } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'

/** The two ways into a co-op, for a device that is in none. */
export function StartScreen({ onEntered }: { onEntered: (entered: Entered) => void }): JSX.Element {
  const [way, setWay] = useState<'found' | 'join' | null>(null)
  return (
    <main class="single single-wide" id="main">
      <p class="wordmark">Coopmesh</p>
      <h1>Welcome. How do you want to start?</h1>
      <p class="lead">This device is not part of a co-op yet. It can be in one co-op at a time.</p>
      <div class="ways">
        <FoundForm
          isOther={way === 'join'}
          onBusy={(isBusy) => setWay(isBusy ? 'found' : null)}
          onEntered={onEntered}
        />
        <JoinForm
          isOther={way === 'found'}
          onBusy={(isBusy) => setWay(isBusy ? 'join' : null)}
          onEntered={onEntered}
        />
      </div>
    </main>
  )
}

interface WayProps {
  /** True while the other way is being taken. */
  isOther: boolean
  onBusy: (isBusy: boolean) => void
  onEntered: (entered: Entered) => void
}

function FoundForm({ isOther, onBusy, onEntered }: WayProps): JSX.Element {
  const { client } = useNode()
  const [name, setName] = useState('')
  const [memberName, setMemberName] = useState('')
  const [deviceName, setDeviceName] = useState('')
  const found = useAction(async () => {
    onBusy(true)
    try {
      onEntered(
        await client.found(name.trim(), { memberName: memberName.trim(), deviceName: deviceName.trim() }),
      )
    } finally {
      onBusy(false)
    }
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    if (!isOther) found.run()
  }
  return (
    <form class="card card-roomy" data-testid="found-form" aria-labelledby="found-title" onSubmit={submit}>
      <h2 id="found-title">Found a new co-op</h2>
      <p>You become its first steward and can invite the others right after this.</p>
      <Field
        label="Name of the co-op"
        value={name}
        onValue={setName}
        isRequired
        placeholder="Lantern Street Makers"
        testId="found-name"
      />
      <Field
        label="Your name"
        value={memberName}
        onValue={setMemberName}
        hint="As the other members will see it."
        testId="found-member"
      />
      <Field
        label="Name of this device"
        value={deviceName}
        onValue={setDeviceName}
        hint="For example: NAS in the studio."
        testId="found-device"
      />
      <ProblemNote problem={found.problem} />
      <Waiting isBusy={found.isBusy} first="Creating the keys of your co-op…" later="Still working…" />
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={found.isBusy || isOther}
        data-testid="found-submit"
      >
        Found the co-op
      </button>
    </form>
  )
}

function JoinForm({ isOther, onBusy, onEntered }: WayProps): JSX.Element {
  const { client } = useNode()
  const [link, setLink] = useState('')
  const [kitWords, setKitWords] = useState('')
  const [memberName, setMemberName] = useState('')
  const [deviceName, setDeviceName] = useState('')
  const join = useAction(async () => {
    onBusy(true)
    try {
      onEntered(
        await client.join(
          link.trim(),
          { memberName: memberName.trim(), deviceName: deviceName.trim() },
          kitWords.trim(),
        ),
      )
    } finally {
      onBusy(false)
    }
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    if (!isOther) join.run()
  }
  return (
    <form class="card card-roomy" data-testid="join-form" aria-labelledby="join-title" onSubmit={submit}>
      <h2 id="join-title">Join with an invite</h2>
      <p>A steward of the co-op can make one on the page of their device, under Members.</p>
      <div class="field">
        <label for="join-link">Invite link</label>
        <textarea
          id="join-link"
          class="code-input"
          rows={3}
          required
          maxLength={2_048}
          spellcheck={false}
          autoComplete="off"
          placeholder="coop://join/…"
          data-testid="join-link"
          value={link}
          onInput={(event) => setLink(event.currentTarget.value)}
        />
      </div>
      <Field
        label="Your name"
        value={memberName}
        onValue={setMemberName}
        hint="As the other members will see it."
        testId="join-member"
      />
      <Field
        label="Name of this device"
        value={deviceName}
        onValue={setDeviceName}
        hint="For example: stall box."
        testId="join-device"
      />
      <details class="more">
        <summary>I am a member already and have a recovery kit</summary>
        <KitField
          value={kitWords}
          onValue={setKitWords}
          hint="This device becomes a further one of yours. Leave it empty to join as a new member."
          testId="join-kit"
        />
      </details>
      <ProblemNote problem={join.problem} />
      <Waiting
        isBusy={join.isBusy}
        first="Calling the device that made the invite, proving who we are and receiving the co-op…"
        later="Still calling. The device that made the invite must be switched on and within reach, best on the same network."
      />
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={join.isBusy || isOther}
        data-testid="join-submit"
      >
        Join the co-op
      </button>
    </form>
  )
}

/** After this long people wonder whether it hangs. A guess. */
const PATIENCE_MS = 6_000

function Waiting(props: { isBusy: boolean; first: string; later: string }): JSX.Element {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    if (!props.isBusy) return
    const timer = setTimeout(() => setLate(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [props.isBusy])
  return (
    <div role="status">
      {props.isBusy && (
        <div class="waiting">
          <progress aria-label="Working" />
          <p>{isLate ? props.later : props.first}</p>
        </div>
      )}
    </div>
  )
}
