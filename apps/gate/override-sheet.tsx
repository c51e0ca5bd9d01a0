import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from '#apps/page'
import { HoldButton } from './hold-button.tsx'
import { ReasonField } from './reason-field.tsx'
import type { Texts } from './texts.ts'

/** Lets somebody in against the verdict: with a reason, and by holding a button. */
export function OverrideSheet(props: {
  texts: Texts
  refusal: string
  onOverride: (reason: string) => void
  onClose: () => void
}): JSX.Element {
  const { override, log } = props.texts
  const [reason, setReason] = useState('')
  return (
    <Dialog title={override.title} closeLabel={log.close} testId="override" onClose={props.onClose}>
      <p class="note note-warning">{props.refusal}</p>
      <p>{override.lead}</p>
      <ReasonField label={override.reason} presets={override.presets} value={reason} onValue={setReason} />
      <HoldButton
        label={override.hold}
        holdingLabel={override.holding}
        againLabel={override.again}
        isDisabled={reason.trim() === ''}
        testId="override-hold"
        onHeld={() => props.onOverride(reason.trim())}
      />
    </Dialog>
  )
}
