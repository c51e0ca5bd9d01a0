import type { JSX } from 'preact'
import { render } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { PageLinks, StaffPage, Words, keepValue, keptValue, localeOf, useDoors } from '#apps/page'
import type { StaffParts } from '#apps/page'
import { GateCalls } from './gate-calls.ts'
import type { GateSetup } from './gate-desk.ts'
import { ScanScreen } from './scan-screen.tsx'
import { SetupScreen } from './setup-screen.tsx'
import { TEXTS } from './texts.ts'

/** Where the choice of an earlier visit is kept. */
const SETUP = 'gate'

function Gate({ link, ...parts }: StaffParts): JSX.Element {
  const [setup, setSetup] = useState(keptSetup)
  const [isChanging, setChanging] = useState(false)
  const calls = useMemo(() => new GateCalls(link), [link])
  const words = useMemo(() => new Words(localeOf(parts.language)), [parts.language])
  const doors = useDoors(link)
  const links = <PageLinks doors={doors} language={parts.language} here="gate" />
  const common = { calls, words, links, texts: TEXTS[parts.language], ...parts }
  if (setup === null || isChanging)
    return (
      <SetupScreen
        {...common}
        before={setup}
        onSetup={(it) => {
          keepValue(SETUP, it)
          setSetup(it)
          setChanging(false)
        }}
      />
    )
  return <ScanScreen {...common} setup={setup} onChange={() => setChanging(true)} />
}

function keptSetup(): GateSetup | null {
  const kept = keptValue(SETUP)
  if (typeof kept !== 'object' || kept === null) return null
  const { event, gate, zone } = kept as Partial<Record<keyof GateSetup, unknown>>
  if (typeof event !== 'string' || typeof gate !== 'string') return null
  return { event, gate, zone: typeof zone === 'string' ? zone : null }
}

const root = document.getElementById('app')
if (root !== null) render(<StaffPage>{(parts) => <Gate {...parts} />}</StaffPage>, root)
