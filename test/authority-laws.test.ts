import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import { Reached } from './evaluation/reached.ts'
import { agreesUnderSignatures, agreesWithTheProduct } from './authority/agreement.ts'
import { expectAgreement, renamed } from './authority/comparison.ts'
import type { Naming } from './authority/comparison.ts'
import { generateDuel } from './authority/duel.ts'
import { BEREFT, CROWDED, USUAL } from './authority/history-generator.ts'
import type { HistoryOptions } from './authority/history-generator.ts'
import * as laws from './authority/laws.ts'
import { Oracle } from './authority/oracle.ts'
import { rosterOf } from './authority/roster.ts'
import { AS_WRITTEN } from './authority/rules.ts'
import type { Rules } from './authority/rules.ts'
import { OracleSubject } from './authority/subject.ts'
import { commitOf, recordOf } from './authority/world.ts'

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
  const property = fc.property(choices, (draw) =>
    law(draw, reached, { ...options, rules: { ...AS_WRITTEN, ...rules } }),
  )
  return fc.check(property, { numRuns, seed: 7, endOnFailure: true }).failed
}

test('every causal order gives one line, one roster and the same verdicts', () => {
  const reached = hold(laws.ignoresTheOrder, 20)
  reached.expectAtLeast({ decision: 2, fork: 6, 'later round': 1, suspend: 6 })
  expect(catches(laws.ignoresTheOrder, { judgedBy: 'store' }, USUAL)).toBe(true)
})

test('what was settled stays settled, whatever arrives and however late', () => {
  hold(laws.keepsWhatIsSettled, 12).expectAtLeast({ seals: 1 })
  hold(laws.rollsNothingBack, 12).expectAtLeast({ withheld: 2 })
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
  hold(laws.keepsClosedKeysOut, 12).expectAtLeast({ closed: 1 })
})

test('one double signer never makes two children of one parent', () => {
  hold(laws.commitsOneChild, 30).expectAtLeast({ 'double signer borne': 10, 'later round': 5 })
  expect(catches(laws.commitsOneChild, { signs: 'at-once' }, CROWDED)).toBe(true)
})

test('honest stewards that are a quorum in touch get to a seal', () => {
  hold(laws.decides, 10).expectAtLeast({ quorum: 1 })
  expect(catches(laws.decides, { preparedHolds: false }, USUAL, 200)).toBe(true)
})

test('members recover when stewards are lost; a recovery with a child stays, one without yields', () => {
  hold(laws.recovers, 100)
  expect(catches(laws.recovers, { recoveries: 'first' }, BEREFT)).toBe(true)
  expect(catches(laws.recovers, { childFirst: false }, BEREFT)).toBe(true)
})

test('a comparison agrees under the ids of the subject, and sees a rule that is missing', () => {
  const compare = (rules: Rules): boolean =>
    fc.check(
      fc.property(choices, (draw) => {
        const { oracle } = generateDuel(draw, USUAL)
        const history = [...renamed(oracle.commits, 'other-coop', NAMING).values()]
        const genesis = {
          ...oracle.genesis,
          coop: 'other-coop',
          device: NAMING.device(oracle.genesis.device),
        }
        expectAgreement(
          new OracleSubject(new Oracle(genesis, [], rules), rosterOf),
          new Oracle(genesis, [], AS_WRITTEN),
          history,
        )
      }),
      { numRuns: 8, endOnFailure: true },
    ).failed
  expect(compare(AS_WRITTEN)).toBe(false)
  expect(compare({ ...AS_WRITTEN, signs: 'at-once', quorum: 'half' })).toBe(true)
})

test('the product says what the oracle says, in any order and when it is opened again', () => {
  hold(agreesUnderSignatures, 4)
  hold(agreesWithTheProduct, 16).expectAtLeast({ fork: 1, suspend: 1, outdated: 1 })
  expect(catches(agreesWithTheProduct, { outdated: 'taken' }, USUAL, 10)).toBe(true)
})

/** Other ids in another order. */
const NAMING: Naming = {
  device: (name) => `key-${name}`,
  member: (name) => name,
  invite: (name) => name,
  commit: (draft) => `renamed-${commitOf(draft).id.split('').reverse().join('')}`,
  seal: (draft) => `renamed-${recordOf(draft).id.split('').reverse().join('')}`,
}
