import { describe, expect, test } from 'vitest'
import { canonicalRule } from '#protocol/tickets'
import type { Value } from '#protocol/encoding'
import { ONCE, draftOfRule, readRules } from './class-rules.ts'
import type { RuleDraft } from './class-rules.ts'

const draft = (change: Partial<RuleDraft>): RuleDraft => ({ ...ONCE, ...change })

describe('the rules of a class in a form', () => {
  test('become rules that the protocol reads, and the form again', () => {
    const table: [draft: RuleDraft, rule: unknown, reentry: boolean][] = [
      [draft({}), null, false],
      [draft({ kind: 'free' }), null, true],
      [draft({ kind: 'daily', entries: '2' }), ['entries-today', 2], true],
      [draft({ kind: 'entries', entries: ' 10 ' }), ['entries', 10], true],
      [draft({ gates: ['South', 'North'] }), ['gate', ['North', 'South']], false],
      [draft({ from: '22:00', until: '02:30' }), ['day-time', 1_320, 150], false],
      [
        draft({ kind: 'daily', minutes: '15', gates: ['North'], from: '10:00', until: '18:00' }),
        [
          'all',
          ['entries-today', 1],
          ['minutes-since-entry', 15],
          ['gate', ['North']],
          ['day-time', 600, 1_080],
        ],
        true,
      ],
    ]
    for (const [form, rule, reentry] of table) {
      expect(readRules(form)).toEqual({ ok: true, rule, reentry })
      if (rule !== null) expect(canonicalRule(rule as Value)).toMatchObject({ ok: true })
      const again = draftOfRule(rule, reentry)
      expect(again.kind).toBe(form.kind)
      expect(readRules(again)).toEqual({ ok: true, rule, reentry })
    }
  })

  test('for which it has no words are kept as they are', () => {
    for (const rule of [
      ['any', ['gate', ['North']], ['entries', 1]],
      ['not', ['gate', ['North']]],
      ['all', ['entries', 1], ['entries', 2]],
      ['entries', 0],
      ['time', null, 5],
      ['all', ['gate', ['North']], ['entries-today', 1]],
      'no rule',
    ])
      for (const reentry of [true, false]) {
        const form = draftOfRule(rule, reentry)
        expect(form.kind, JSON.stringify(rule)).toBe('other')
        expect(readRules(form)).toEqual({ ok: true, rule, reentry })
      }
    // Entries are counted though nobody may come again: nothing that the form would say.
    expect(draftOfRule(['entries', 3], false).kind).toBe('other')
  })

  test('that are wrong are told by field', () => {
    const problems = (change: Partial<RuleDraft>): unknown => {
      const read = readRules(draft(change))
      return read.ok ? null : read.problems
    }
    for (const entries of ['', '0', '-1', '1.5', 'many', '1e3'])
      expect(problems({ kind: 'daily', entries }), entries).toEqual({ entries: 'whole' })
    expect(problems({ kind: 'free', minutes: 'ten' })).toEqual({ minutes: 'whole' })
    expect(problems({ from: '10:00' })).toEqual({ until: 'both-times' })
    expect(problems({ from: '10:00', until: '10:00' })).toEqual({ until: 'both-times' })
    expect(problems({ kind: 'other', json: '["entries"' })).toEqual({ json: 'json' })
  })
})
