import type { Language, Words } from '#apps/page'
import { TEXTS, listed } from './texts.ts'
import { ownVerdict } from './verdict.ts'
import type { VerdictCode } from './verdict.ts'

/** A verdict of the node in a list, in one or two words. */
export function verdictName(code: string, language: Language, words: Words): string {
  return listed(TEXTS[language], { verdict: ownVerdict(code as VerdictCode), words })
}
