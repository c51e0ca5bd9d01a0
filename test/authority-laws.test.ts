import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import { Reached } from './evaluation/reached.ts'
import { BEREFT, CROWDED, USUAL } from './authority/history-generator.ts'
import type { HistoryOptions } from './authority/history-generator.ts'
import * as laws from './authority/laws.ts'
import { REPAIRED } from './authority/rules.ts'
import type { Rules } from './authority/rules.ts'

/** Holds a law against that many histories. Stops in time to report what failed. */
function hold(law: laws.Law, numRuns: number): Reached {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => law(draw, reached)),
    { numRuns, interruptAfterTimeLimit: 45_000 },
  )
  return reached
}

/** Whether the law fails within that many histories of a fixed seed when rules are other than they should be. */
function catches(law: laws.Law, rules: Partial<Rules>, options: HistoryOptions, numRuns = 400): boolean {
  const reached = new Reached()
  const property = fc.property(choices, (draw) => law(draw, reached, { ...options, rules: { ...REPAIRED, ...rules } }))
  return fc.check(property, { numRuns, seed: 7, endOnFailure: true }).failed
}

test('every causal order gives one line, one roster and the same verdicts', () => {
  const reached = hold(laws.ignoresTheOrder, 25)
  reached.expectAtLeast({ decision: 4, fork: 8, 'later round': 2, suspend: 8 })
  expect(catches(laws.ignoresTheOrder, { judgedBy: 'store' }, USUAL)).toBe(true)
})

test('what was settled stays settled, whatever arrives and however late', () => {
  hold(laws.keepsWhatIsSettled, 20).expectAtLeast({ seals: 3 })
  hold(laws.rollsNothingBack, 20).expectAtLeast({ withheld: 4 })
})

test('no honest chain cites an ancestor of an epoch that it knows', () => {
  hold(laws.citesNoAncestor, 20).expectAtLeast({ 'three seals': 4 })
  expect(catches(laws.citesNoAncestor, {}, { ...USUAL, cites: 'before' })).toBe(true)
})

test('fewer than a quorum decide nothing', () => {
  hold(laws.needsAQuorum, 30)
  expect(catches(laws.needsAQuorum, { quorum: 'half' }, USUAL)).toBe(true)
})

test('a closed key stays out', () => {
  hold(laws.keepsClosedKeysOut, 15).expectAtLeast({ closed: 2 })
})

test('one double signer never makes two children of one parent', () => {
  hold(laws.commitsOneChild, 40).expectAtLeast({ 'double signer borne': 15, 'later round': 8 })
  expect(catches(laws.commitsOneChild, { signs: 'at-once' }, CROWDED)).toBe(true)
})

test('honest stewards that are a quorum in touch get to a seal', () => {
  hold(laws.decides, 15).expectAtLeast({ quorum: 3 })
  expect(catches(laws.decides, { preparedHolds: false }, USUAL, 200)).toBe(true)
})

test('members recover when stewards are lost; a recovery with a child stays, one without yields', () => {
  hold(laws.recovers, 100)
  expect(catches(laws.recovers, { recoveries: 'first' }, BEREFT)).toBe(true)
  expect(catches(laws.recovers, { childFirst: false }, BEREFT)).toBe(true)
})
