import type { JSX } from 'preact'
import type { Language } from './language.ts'

const NAMES: readonly [Language, string][] = [
  ['en', 'English'],
  ['de', 'Deutsch'],
]

/** Switches the language of a page; each name stands in its own language. */
export function LanguageSwitch(props: {
  label: string
  language: Language
  onLanguage: (language: Language) => void
}): JSX.Element {
  return (
    <div class="segments" role="group" aria-label={props.label}>
      {NAMES.map(([language, name]) => (
        <button
          key={language}
          type="button"
          lang={language}
          class="segment"
          aria-pressed={language === props.language}
          data-testid={`language-${language}`}
          onClick={() => props.onLanguage(language)}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
