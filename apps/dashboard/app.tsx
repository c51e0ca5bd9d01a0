import type { JSX } from 'preact'
import { render } from 'preact'
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { forgetAccessCode, keepAccessCode, takeAccessCode } from '#apps/page'
import { AccessScreen } from './access-screen.tsx'
import { Dashboard } from './dashboard.tsx'
import { Icon } from './icon.tsx'
import type { Snapshot } from './live-state.ts'
import { LiveState } from './live-state.ts'
import { NodeClient } from './node-client.ts'
import { NodeContext } from './node-context.ts'
import type { NodeContextValue } from './node-context.ts'
import type { Entered, Topic } from './node-types.ts'
import { RecoveryKit } from './recovery-kit.tsx'
import { StartScreen } from './start-screen.tsx'
import { Toast } from './toast.tsx'
import type { Announcement } from './toast.tsx'

function App(): JSX.Element {
  const [code, setCode] = useState(takeAccessCode)
  const [isRefused, setRefused] = useState(false)
  const enter = (code: string): void => {
    keepAccessCode(code)
    setRefused(false)
    setCode(code)
  }
  const refuse = useCallback(() => {
    forgetAccessCode()
    setRefused(true)
    setCode(null)
  }, [])
  useEffect(() => {
    const onLink = (): void => {
      if (location.hash.startsWith('#token=')) setCode(takeAccessCode())
    }
    addEventListener('hashchange', onLink)
    return () => removeEventListener('hashchange', onLink)
  }, [])
  if (code === null) return <AccessScreen isRefused={isRefused} onCode={enter} />
  return <NodePage key={code} code={code} onRefused={refuse} />
}

function NodePage({ code, onRefused }: { code: string; onRefused: () => void }): JSX.Element {
  const client = useMemo(() => new NodeClient(code), [code])
  const [snapshot, setSnapshot] = useState<Snapshot | null>(null)
  const [live, setLive] = useState<LiveState | null>(null)
  const [announcement, setAnnouncement] = useState<Announcement | null>(null)
  const [entered, setEntered] = useState<Entered | null>(null)
  useEffect(() => {
    const live = new LiveState(client, setSnapshot)
    setLive(live)
    void live.run()
    return () => live.stop()
  }, [client])
  const isRefused = snapshot?.link === 'refused'
  useEffect(() => {
    if (isRefused) onRefused()
  }, [isRefused, onRefused])
  const context = useMemo((): NodeContextValue => {
    return {
      client,
      announce: (text, action) => {
        setAnnouncement((last) => ({ id: (last?.id ?? 0) + 1, text, action: action ?? null }))
      },
      retract: () => setAnnouncement((last) => (last?.action == null ? last : null)),
      refresh: (topics: readonly Topic[]) => void live?.refresh(topics),
    }
  }, [client, live])
  const enter = (entered: Entered): void => {
    setEntered(entered.recoveryKit === null ? null : entered)
    context.refresh(['status', 'members', 'peers', 'assets', 'boards', 'ledger'])
  }
  return (
    <NodeContext.Provider value={context}>
      <AwayBanner isAway={snapshot?.link === 'away' && snapshot.status !== null} />
      {entered === null ? (
        <Screen snapshot={snapshot} onEntered={enter} />
      ) : (
        <RecoveryKit entered={entered} onDone={() => setEntered(null)} />
      )}
      <Toast announcement={announcement} onDone={() => setAnnouncement(null)} />
    </NodeContext.Provider>
  )
}

function Screen(props: { snapshot: Snapshot | null; onEntered: (entered: Entered) => void }): JSX.Element {
  const { snapshot } = props
  const status = snapshot?.status ?? null
  if (snapshot === null || status === null) return <Connecting isAway={snapshot?.link === 'away'} />
  if (status.coop === null) return <StartScreen onEntered={props.onEntered} />
  return <Dashboard snapshot={snapshot} status={status} />
}

function Connecting({ isAway }: { isAway: boolean }): JSX.Element {
  return (
    <main class="single" id="main">
      <p class="wordmark">Coopmesh</p>
      <div class="card card-roomy" role="status">
        <h1>{isAway ? 'The device does not answer' : 'Connecting…'}</h1>
        <p>
          {isAway
            ? 'Check that it is switched on and that Coopmesh runs on it. This page keeps trying.'
            : 'Asking the device for its co-op.'}
        </p>
        <progress aria-label="Connecting" />
      </div>
    </main>
  )
}

function AwayBanner({ isAway }: { isAway: boolean }): JSX.Element {
  return (
    <div role="alert" data-testid="away-banner">
      {isAway && (
        <p class="away">
          <Icon name="warning" />
          <span>No connection to this device. You see what was known last; trying again.</span>
        </p>
      )}
    </div>
  )
}

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
