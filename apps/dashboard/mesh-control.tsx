import type { JSX } from 'preact'
import { formatQuantity } from './format.ts'
import { Icon } from './icon.tsx'
import { useAction, useNode } from './node-context.ts'
import type { Status } from './node-types.ts'
import { ProblemNote } from './problem-note.tsx'

/** State of the mesh and the button that pauses or resumes it. */
export function MeshControl({ status }: { status: Status }): JSX.Element {
  const { client, announce, refresh } = useNode()
  const isRunning = status.mesh === 'running'
  const toggle = useAction(async () => {
    await client.setMesh(isRunning ? 'paused' : 'running')
    announce(
      isRunning
        ? 'Paused. You can go on working; changes are exchanged when you resume.'
        : 'Running again. Changes are being exchanged.',
    )
    refresh(['status', 'peers', 'members'])
  })
  return (
    <div class="mesh">
      <p class={`mesh-state mesh-${status.mesh}`} role="status">
        <span class={`dot ${isRunning && status.peers > 0 ? 'dot-on' : ''}`} aria-hidden="true" />
        {meshText(status)}
      </p>
      <button
        type="button"
        class="button"
        aria-disabled={toggle.isBusy}
        aria-describedby="mesh-meaning"
        data-testid="mesh-toggle"
        onClick={() => toggle.run()}
      >
        <Icon name={isRunning ? 'pause' : 'play'} />
        {isRunning ? 'Pause mesh' : 'Resume mesh'}
      </button>
      <span id="mesh-meaning" class="visually-hidden">
        {isRunning
          ? 'Stops exchanging with other devices. This device keeps working.'
          : 'Starts exchanging with other devices again.'}
      </span>
      <ProblemNote problem={toggle.problem} />
    </div>
  )
}

function meshText({ mesh, peers }: Status): string {
  if (mesh === 'paused') return 'Paused: nothing goes in or out'
  if (mesh === 'off') return 'Mesh is off'
  return peers === 0 ? 'Looking for peers' : `Running, ${formatQuantity(peers, 'peer')}`
}
