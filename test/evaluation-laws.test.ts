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
  const reached = hold(laws.agreesWithTheRules, 100)
  reached.expectAtLeast({ fork: 19, 'settled branch of a fork': 6, late: 22, contested: 19, hidden: 22 })
  reached.expectAtLeast({ 'endorsed and bad': 1, 'sibling seals': 6, uncovered: 3, 'void-before': 13 })
  reached.expectAtLeast({ 'epoch-outdated': 1, plain: 1, 'plain and not': 1, replaced: 11 })
  reached.expectAtLeast({ 'unknown-unit': 3, malformed: 1, 'honest and at the relay limit': 1 })
  reached.expectAtLeast({ 'right to held': 22, 'held to right': 13, 'held to used': 13, 'used to held': 8 })
  reached.expectAtLeast({ 'credit to held': 22, 'held to credit': 13, 'held to returned': 13 })
  reached.expectAtLeast({ 'held to written': 13 })
})

test('equal sets give equal states, whatever the order', () => {
  const reached = hold(laws.ignoresTheOrder, 200)
  reached.expectAtLeast({ fork: 41, deficit: 1, 'issued aside': 1, 'sibling seals': 19, malformed: 2 })
  reached.expectAtLeast({ 'accepted and bad': 1, 'fork known through others alone': 1, 'defined-twice': 1 })
})

test('a verdict is the same in a store that holds nothing but the causal past', () => {
  const reached = hold(laws.judgesByThePastAlone, 150)
  reached.expectAtLeast({ accepts: 27, void: 27, smaller: 220 })
})

test('what counts under a frontier counts as long as that seal is on the line', () => {
  const reached = hold(laws.keepsWhatIsSettled, 150)
  reached.expectAtLeast({ 'settled acts': 33, 'seal left the line': 55 })
})

test('every unit adds up at every step, and loss accounts are what was replaced less what was written back', () => {
  const reached = hold(laws.addsUp, 150)
  reached.expectAtLeast({ replaced: 19, issuedAside: 1, returned: 33, writtenBack: 33, inFlight: 55 })
  reached.expectAtLeast({ deficits: 1, rights: 55, credit: 55 })
})

test('honest devices are below zero on no account, and their debits are never void', () => {
  const reached = hold(laws.sparesTheHonest, 150)
  reached.expectAtLeast({ 'not signed: relay-limit': 1, 'not signed: unknown-unit': 1 })
})

test('what somebody accepted counts for ever', () => {
  const reached = hold(laws.keepsWhatWasAccepted, 100)
  reached.expectAtLeast({ 'accepted and bad': 1, 'accepted and spent': 27 })
})

test('facts and definitions of valid commits are in the books wherever they are stored', () => {
  const reached = hold(laws.booksWhatWasDone, 100)
  reached.expectAtLeast({ 'late fact': 22, 'contested fact': 5 })
})

test('honest devices alone never oversell, however they are cut off and whatever stewards seal', () => {
  const reached = hold(laws.neverOversells, 100)
  reached.expectAtLeast({ used: 33, 'written back': 2, 'sibling seals': 5 })
})

test('honest devices of a group that is cut off accept of colluders what these owned and a relay limit each', () => {
  const reached = hold(laws.boundsColluders, 150)
  reached.expectAtLeast({ 'more than they owned': 1, 'more than they owned in two groups together': 2 })
})

test('nothing stays in flight to an honest device that lists what it is advised to', () => {
  const reached = hold(laws.leavesNothingInFlight, 200)
  reached.expectAtLeast({ 'in flight before': 71 })
})
