import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { KitField } from './kit-field.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Recoveries, RecoveryChange } from './node-types.ts'

/** Asks before a voice is given, for the kit as well where kits speak. */
export function VoiceDialog(props: {
  /** Id of a recovery that is under way, or what is asked for. */
  what: string | readonly RecoveryChange[]
  rule: Recoveries['rule']
  children: ComponentChildren
  onClose: () => void
  /** The voice was given. */
  onDone?: () => void
}): JSX.Element {
  const { client, announce, refresh } = useNode()
  const [words, setWords] = useState('')
  const needsKit = props.rule === 'kits'
  const voice = useAction(async () => {
    const isInForce = await client.voice(props.what, words.trim())
    announce(isInForce ? 'The recovery is in force' : 'The voice is given')
    props.onClose()
    props.onDone?.()
    refresh(['members'])
  })
  return (
    <ConfirmDialog
      title="Speak for this recovery?"
      confirmLabel="Speak for it"
      isBusy={voice.isBusy || (needsKit && words.trim() === '')}
      problem={voice.problem}
      onConfirm={() => (needsKit && words.trim() === '' ? undefined : voice.run())}
      onClose={props.onClose}
    >
      {props.children}
      <p>With the last voice it takes effect at once, and cannot be taken back.</p>
      {needsKit && (
        <KitField
          value={words}
          onValue={setWords}
          isRequired
          hint="They go to this device alone, and are not kept. Type them only on a device that you trust."
          testId="voice-kit"
        />
      )}
    </ConfirmDialog>
  )
}
