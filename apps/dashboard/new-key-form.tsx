import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { KitField } from './kit-field.tsx'
import { useAction, useNode } from './node-context.ts'
import { ProblemNote } from './problem-note.tsx'

/** The way out for a folder whose key was used elsewhere: a key of its own, with the person's recovery kit. */
export function NewKeyForm(): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [words, setWords] = useState('')
  const restore = useAction(async () => {
    await client.restore(words.trim())
    setWords('')
    announce('This device has a key of its own and can write again.')
    refresh(['status', 'members', 'peers', 'assets', 'boards'])
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    restore.run()
  }
  return (
    <form
      class="card card-roomy"
      data-testid="new-key-form"
      aria-labelledby="new-key-title"
      onSubmit={submit}
    >
      <h2 id="new-key-title">Let this device write again</h2>
      <p>
        It gets a new key, and a device that may admit others puts it on the list of members. That one must be
        switched on and within reach. Everything that is stored here stays.
      </p>
      <KitField
        value={words}
        onValue={setWords}
        isRequired
        hint="They go to this device alone, and are not kept."
        testId="new-key-kit"
      />
      <ProblemNote problem={restore.problem} />
      <div role="status">
        {restore.isBusy && (
          <div class="waiting">
            <progress aria-label="Working" />
            <p>Asking for the admission of a new key…</p>
          </div>
        )}
      </div>
      <button
        type="submit"
        class="button button-primary"
        aria-disabled={restore.isBusy}
        data-testid="new-key-submit"
      >
        Start a new key
      </button>
    </form>
  )
}
