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
  takeAccessCode,
} from '#apps/page'
import type { Language } from '#apps/page'
import { SaleCalls } from './sale-calls.ts'
import { Till } from './till.tsx'

function App(): JSX.Element {
  const [code, setCode] = useState(takeAccessCode)
  const [isRefused, setRefused] = useState(false)
  const [language, setLanguage] = useState<Language>(currentLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const calls = useMemo(() => (code === null ? null : new SaleCalls(new NodeLink(code))), [code])
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
  return (
    <Till
      calls={calls}
      language={language}
      onLanguage={(it) => {
        keepLanguage(it)
        setLanguage(it)
      }}
      onAccessRefused={() => {
        forgetAccessCode()
        setRefused(true)
        setCode(null)
      }}
    />
  )
}

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
