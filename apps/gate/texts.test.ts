import { describe, expect, test } from 'vitest'
import { Words } from '#apps/page'
import { TEXTS, say } from './texts.ts'
import { lookOf, ownVerdict } from './verdict.ts'
import type { VerdictCode } from './verdict.ts'

const words = { en: new Words('en-GB'), de: new Words('de-DE') }
const CODES = Object.keys(TEXTS.en.verdicts) as VerdictCode[]
const HOLDER = { device: '12D3', deviceName: 'south', name: 'Bo' }
/** Whatever parameters a verdict may have, all at once. */
const PARAMS = {
  ...{ atMs: 1_700_000_000_000, gate: 'South', agoMs: 420_000, listAgeMs: 61_000, reason: 'stolen' },
  ...{ group: 'South', holder: HOLDER, reachable: true, elsewhere: 3, max: 20, ageMs: 95_000 },
  ...{ aheadMs: -3_700_000, leaf: ['entries-today', 2], message: 'm', next: 'n' },
}

describe('the words of a verdict', () => {
  test('there are some for every code in both languages, with or without parameters', () => {
    for (const language of ['en', 'de'] as const) {
      for (const code of CODES) {
        for (const params of [{}, PARAMS, { leaf: 7, holder: null, atMs: Number.NaN }]) {
          const verdict = ownVerdict(code, params)
          const said = say(TEXTS[language], { verdict, words: words[language] })
          expect(said.title, code).not.toBe('')
          expect(Object.values(said).join(' '), code).not.toMatch(/undefined|null|NaN|\[object/)
        }
      }
    }
  })

  test('they name gate, time and age', () => {
    const text = (code: VerdictCode): string => {
      const { title, why, todo } = say(TEXTS.en, { verdict: ownVerdict(code, PARAMS), words: words.en })
      return [title, why, todo].join(' ')
    }
    expect(text('already-admitted')).toMatch(/at gate South, 7 mins ago/)
    expect(text('revoked')).toMatch(/stolen.*1 min old/)
    expect(text('wrong-group')).toMatch(/Gate South.*held by south/)
    expect(text('code-old')).toMatch(/1 min old/)
    expect(text('clock-off')).toMatch(/1 hr slow/)
    expect(text('rule')).toMatch(/today are used up \(2\)/)
  })

  test('a code of a newer node is shown as it is, and is not green', () => {
    const verdict = ownVerdict('moon-phase' as VerdictCode)
    expect(say(TEXTS.de, { verdict, words: words.de }).why).toContain('moon-phase')
    expect(lookOf(verdict).tone).toBe('no')
  })

  test('only what the node called ok is green, and everything else is not', () => {
    for (const code of CODES) {
      expect(['yes', 'open']).not.toContain(lookOf({ ok: false, verdict: code }).tone)
      expect(['yes', 'open']).toContain(lookOf({ ok: true, verdict: code }).tone)
    }
  })

  test('a share is rounded down, so that 100 % means all', () => {
    const share = (canAdmit: number, sold: number): string => words.en.share({ canAdmit, sold })
    expect([share(999, 1_000), share(1_000, 1_000), share(0, 7), share(0, 0)]).toEqual([
      '99%',
      '100%',
      '0%',
      '100%',
    ])
  })
})
