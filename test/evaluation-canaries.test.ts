import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import * as laws from './evaluation/laws.ts'
import type { Law } from './evaluation/laws.ts'
import { without } from './evaluation/oracle-witness.ts'
import { Reached } from './evaluation/reached.ts'
import { RULES } from './evaluation/rules.ts'
import type { Rules } from './evaluation/rules.ts'

/** Histories in which a rule that is switched off is to be missed once. The rarest needs about a tenth. */
const HISTORIES_MAX = 2_000

/** The number of the first history in which something is amiss; 0 for none. */
function firstAmiss(holds: (draw: Parameters<Law>[0]) => boolean | void): number {
  const result = fc.check(fc.property(choices, holds), {
    numRuns: HISTORIES_MAX,
    endOnFailure: true,
    interruptAfterTimeLimit: 20_000,
  })
  return result.failed && !result.interrupted ? result.numRuns : 0
}

/** Each rule but the last three, which a test below names, with what becomes of it when it is switched off. */
const OFF: readonly Partial<Rules>[] = [
  { verdictsBy: 'winning-line' },
  { lateBeatsAcceptance: true },
  { factsAlwaysCount: false },
  { frontiersAreFinal: false },
  { sealsTakeHoldings: true },
  { knowledgeIsInherited: false },
  { branchesAreEqual: false },
  { allowancesAreTakenOnce: false },
  { movesArrive: false },
  { unitsAreDemanded: false },
  { definesOnce: false },
  { suppliesAreIssued: false },
  { suppliesCountOnce: false },
  { amountsAreBounded: false },
  { commitsStandWhole: false },
  { lossesAreBooked: false },
  { relayIsLimited: false },
]

test.each(OFF)('histories reach where the rule matters: %o', (off) => {
  expect(firstAmiss((draw) => laws.agreesWith({ ...RULES, ...off }, draw))).toBeGreaterThan(0)
})

const CANARIES: readonly [law: keyof typeof laws, off: Partial<Rules>][] = [
  ['ignoresTheOrder', { branchesAreEqual: false }],
  ['ignoresTheOrder', { repeatsAreIgnored: false }],
  ['judgesByThePastAlone', { verdictsBy: 'winning-line' }],
  ['keepsWhatIsSettled', { frontiersAreFinal: false }],
  ['addsUp', { movesArrive: false }],
  ['addsUp', { lossesAreBooked: false }],
  ['addsUp', { sealsTakeHoldings: true }],
  ['sparesTheHonest', { verdictsBy: 'winning-line' }],
  ['sparesTheHonest', { sealsTakeHoldings: true }],
  ['sparesTheHonest', { movesArrive: false }],
  ['sparesTheHonest', { suppliesAreIssued: false }],
  ['keepsWhatWasAccepted', { lateBeatsAcceptance: true }],
  ['keepsWhatWasAccepted', { verdictsBy: 'winning-line' }],
  ['booksWhatWasDone', { factsAlwaysCount: false }],
  ['neverOversells', { sealsTakeHoldings: true }],
  ['boundsColluders', { relayIsLimited: false }],
]

test.each(CANARIES)('%s is broken without the rule: %o', (law, off) => {
  const hold = laws[law] as Law
  const reached = new Reached()
  expect(firstAmiss((draw) => hold(draw, reached, without(off)))).toBeGreaterThan(0)
})
