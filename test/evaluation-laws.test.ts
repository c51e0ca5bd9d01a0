import * as fc from 'fast-check'
import { test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import * as laws from './evaluation/laws.ts'
import { Reached } from './evaluation/reached.ts'

/** Holds a law against that many histories. Stops in time to report what failed: hundreds of numbers shrink for minutes. */
function hold(law: laws.Law, numRuns: number): Reached {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => law(draw, reached)),
    { numRuns, interruptAfterTimeLimit: 45_000 },
  )
  return reached
}

test('a replica says what the rules say, after every commit and seal, in any order of arrival', () => {
  const reached = hold(laws.agreesWithTheRules, 300)
  reached.expectAtLeast({ fork: 50, 'settled branch of a fork': 20, late: 60, contested: 50, hidden: 60 })
  reached.expectAtLeast({ 'endorsed and bad': 10, 'sibling seals': 20, uncovered: 15, 'void-before': 20 })
  reached.expectAtLeast({ 'epoch-outdated': 15, plain: 15, 'plain and not': 15, replaced: 50 })
  reached.expectAtLeast({ 'unknown-unit': 30, 'defined-twice': 3, 'relay-limit': 3, malformed: 10 })
  reached.expectAtLeast({ 'honest and at the relay limit': 8, 'right to held': 80, 'held to right': 50 })
  reached.expectAtLeast({ 'held to used': 50, 'used to held': 40, 'held to returned': 50 })
  reached.expectAtLeast({ 'credit to held': 60, 'held to credit': 50, 'held to written': 50 })
})

test('equal sets give equal states, whatever the order', () => {
  const reached = hold(laws.ignoresTheOrder, 300)
  reached.expectAtLeast({ fork: 110, deficit: 3, 'issued aside': 3, 'sibling seals': 50, malformed: 3 })
  reached.expectAtLeast({ 'accepted and bad': 4, 'fork known through others alone': 1 })
})

test('a verdict is the same in a store that holds nothing but the causal past', () => {
  const reached = hold(laws.judgesByThePastAlone, 200)
  reached.expectAtLeast({ accepts: 50, void: 50, smaller: 500 })
})

test('what counts under a frontier counts as long as that seal is on the line', () => {
  const reached = hold(laws.keepsWhatIsSettled, 150)
  reached.expectAtLeast({ 'settled acts': 60, 'seal left the line': 100 })
})

test('every unit adds up at every step, and loss accounts are what was replaced less what was written back', () => {
  const reached = hold(laws.addsUp, 200)
  reached.expectAtLeast({ replaced: 60, issuedAside: 3, returned: 90, writtenBack: 90, inFlight: 150 })
  reached.expectAtLeast({ deficits: 3, rights: 150, rightsLacking: 1, credit: 150, creditLacking: 1 })
})

test('honest devices are below zero on no account, and their debits are never void', () => {
  const reached = hold(laws.sparesTheHonest, 150)
  reached.expectAtLeast({ 'not signed: relay-limit': 3, 'not signed: unknown-unit': 3 })
})

test('what somebody accepted counts for ever', () => {
  const reached = hold(laws.keepsWhatWasAccepted, 100)
  reached.expectAtLeast({ 'accepted and bad': 2, 'accepted and spent': 50 })
})

test('facts and definitions of valid commits are in the books wherever they are stored', () => {
  const reached = hold(laws.booksWhatWasDone, 100)
  reached.expectAtLeast({ 'late fact': 40, 'contested fact': 10 })
})

test('honest devices alone never oversell, however they are cut off and whatever stewards seal', () => {
  const reached = hold(laws.neverOversells, 100)
  reached.expectAtLeast({ used: 60, 'written back': 5, 'sibling seals': 10 })
})

test('honest devices of a group that is cut off accept of colluders what these owned and a relay limit each', () => {
  const reached = hold(laws.boundsColluders, 150)
  reached.expectAtLeast({ 'more than they owned': 3, 'more than they owned in two groups together': 5 })
})

test('nothing stays in flight to an honest device that lists what it is advised to', () => {
  const reached = hold(laws.leavesNothingInFlight, 300)
  reached.expectAtLeast({ 'in flight before': 200 })
})
