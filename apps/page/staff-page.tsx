import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { forgetAccessCode, keepAccessCode, takeAccessCode } from './access-code.ts'
import { AccessForm } from './access-form.tsx'
import { currentLanguage, keepLanguage } from './language.ts'
import type { Language } from './language.ts'
import { NodeLink } from './node-link.ts'

/** What a page of the staff works with. */
export interface StaffParts {
  link: NodeLink
  language: Language
  onLanguage: (language: Language) => void
  /** To be called when the node no longer takes the access code. */
  onAccessRefused: () => void
}

/** Asks for the access code until there is one, and remembers it and the language. */
export function StaffPage(props: { children: (parts: StaffParts) => JSX.Element }): JSX.Element {
  const [code, setCode] = useState(takeAccessCode)
  const [isRefused, setRefused] = useState(false)
  const [language, setLanguage] = useState<Language>(currentLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const link = useMemo(() => (code === null ? null : new NodeLink(code)), [code])
  if (link === null)
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
  return props.children({
    link,
    language,
    onLanguage: (it) => {
      keepLanguage(it)
      setLanguage(it)
    },
    onAccessRefused: () => {
      forgetAccessCode()
      setRefused(true)
      setCode(null)
    },
  })
}
