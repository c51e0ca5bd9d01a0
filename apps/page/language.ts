import { keepValue, keptValue } from './kept-value.ts'

/** Languages of the pages for guests and staff. */
export type Language = 'en' | 'de'

/** The language chosen on this device, else the first of the browser's that there is, else English. */
export function currentLanguage(): Language {
  const kept = keptValue('language')
  if (kept === 'en' || kept === 'de') return kept
  for (const wanted of navigator.languages) {
    if (wanted.startsWith('de')) return 'de'
    if (wanted.startsWith('en')) return 'en'
  }
  return 'en'
}

/** Remembers a choice, and says to screen readers which language the page now is in. */
export function keepLanguage(language: Language): void {
  keepValue('language', language)
  document.documentElement.lang = language
}

/** The locale for numbers and times: the browser's own where it speaks the page's language. */
export function localeOf(language: Language): string {
  return navigator.languages.find((it) => it.startsWith(language)) ?? language
}
