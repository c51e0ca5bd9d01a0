import type { JSX } from 'preact'
import { render } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import {
  AccessForm,
  NodeLink,
  currentLanguage,
  forgetAccessCode,
  keepAccessCode,
  keepLanguage,
  keepValue,
  keptValue,
  localeOf,
  takeAccessCode,
} from '#apps/page'
import type { Language } from '#apps/page'
import { GateCalls } from './gate-calls.ts'
import type { GateSetup } from './gate-desk.ts'
import { ScanScreen } from './scan-screen.tsx'
import { SetupScreen } from './setup-screen.tsx'
import { TEXTS } from './texts.ts'
import { Words } from './words.ts'

/** Where the choice of an earlier visit is kept. */
const SETUP = 'gate'

function App(): JSX.Element {
  const [code, setCode] = useState(takeAccessCode)
  const [isRefused, setRefused] = useState(false)
  const [language, setLanguage] = useState<Language>(currentLanguage)
  const [setup, setSetup] = useState(keptSetup)
  const [isChanging, setChanging] = useState(false)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const calls = useMemo(() => (code === null ? null : new GateCalls(new NodeLink(code))), [code])
  const words = useMemo(() => new Words(localeOf(language)), [language])
  if (calls === null)
    return (
      <AccessForm
        language={language}
        isRefused={isRefused}
        onCode={(it) => {
          keepAccessCode(it)
          setCode(it)
        }}
      />
    )
  const common = {
    calls,
    words,
    language,
    texts: TEXTS[language],
    onLanguage: (it: Language) => {
      keepLanguage(it)
      setLanguage(it)
    },
    onAccessRefused: () => {
      forgetAccessCode()
      setRefused(true)
      setCode(null)
    },
  }
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
if (root !== null) render(<App />, root)
