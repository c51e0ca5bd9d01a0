import * as fc from 'fast-check'
import { test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import * as commitLaws from './evaluation/commit-laws.ts'
import * as laws from './evaluation/laws.ts'
import { Reached } from './evaluation/reached.ts'

/** Holds a law against that many histories. Stops in time to report what failed: hundreds of numbers shrink for minutes. */
function hold(law: laws.Law, numRuns: number, seed?: number): Reached {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => law(draw, reached)),
    { numRuns, interruptAfterTimeLimit: 45_000, ...(seed === undefined ? {} : { seed }) },
  )
  return reached
}

test('a replica says what the rules say, after every commit and seal, in any order of arrival', () => {
  const reached = hold(laws.agreesWithTheRules, 300)
  reached.expectAtLeast({ fork: 50, 'settled branch of a fork': 20, late: 60, contested: 50, hidden: 60 })
  reached.expectAtLeast({ 'endorsed and bad': 10, 'sibling seals': 20, uncovered: 15, 'void-before': 25 })
  reached.expectAtLeast({ 'epoch-outdated': 15, plain: 15, 'plain and not': 15, replaced: 20 })
  reached.expectAtLeast({ 'unknown-unit': 7, malformed: 3, 'honest and at the relay limit': 1 })
  reached.expectAtLeast({ 'right to held': 40, 'held to right': 25, 'held to used': 25, 'used to held': 15 })
  reached.expectAtLeast({ 'credit to held': 40, 'held to credit': 25, 'held to returned': 25 })
  reached.expectAtLeast({ 'held to written': 25 })
})

test('equal sets give equal states, whatever the order', () => {
  const reached = hold(laws.ignoresTheOrder, 300)
  reached.expectAtLeast({ fork: 110, deficit: 3, 'issued aside': 3, 'sibling seals': 50, malformed: 5 })
  reached.expectAtLeast({ 'accepted and bad': 4, 'fork known through others alone': 1, 'defined-twice': 1 })
})

test('a verdict is the same in a store that holds nothing but the causal past', () => {
  const reached = hold(laws.judgesByThePastAlone, 200)
  reached.expectAtLeast({ accepts: 50, void: 50, smaller: 500 })
})

test('what counts under a frontier counts as long as that seal is on the line', () => {
  const reached = hold(laws.keepsWhatIsSettled, 200)
  reached.expectAtLeast({ 'settled acts': 60, 'seal left the line': 100 })
})

test('every unit adds up at every step, and loss accounts are what was replaced less what was written back', () => {
  const reached = hold(laws.addsUp, 300)
  reached.expectAtLeast({ replaced: 35, issuedAside: 1, returned: 60, writtenBack: 60, inFlight: 200 })
  reached.expectAtLeast({ deficits: 3, rights: 100, credit: 100 })
})

test('honest devices are below zero on no account, and their debits are never void', () => {
  const reached = hold(laws.sparesTheHonest, 200)
  reached.expectAtLeast({ 'not signed: relay-limit': 2, 'not signed: unknown-unit': 2 })
})

test('what somebody accepted counts for ever', () => {
  const reached = hold(laws.keepsWhatWasAccepted, 160)
  reached.expectAtLeast({ 'accepted and bad': 2, 'accepted and spent': 50 })
})

test('facts and definitions of valid commits are in the books wherever they are stored', () => {
  const reached = hold(laws.booksWhatWasDone, 160)
  reached.expectAtLeast({ 'late fact': 40, 'contested fact': 10 })
})

test('honest devices alone never oversell, however they are cut off and whatever stewards seal', () => {
  const reached = hold(laws.neverOversells, 150)
  reached.expectAtLeast({ used: 60, 'written back': 5, 'sibling seals': 10 })
})

test('honest devices of a group that is cut off accept of colluders what these owned and a relay limit each', () => {
  const reached = hold(laws.boundsColluders, 200)
  reached.expectAtLeast({ 'more than they owned': 3, 'more than they owned in two groups together': 5 })
})

test('nothing stays in flight to an honest device that lists what it is advised to', () => {
  const reached = hold(laws.leavesNothingInFlight, 300)
  reached.expectAtLeast({ 'in flight before': 200 })
})

// Of rules of single commits a sample; what is rare under a seed that reaches it. Campaigns do the rest.

test('where definitions are demanded nothing is debited that the past does not define', () => {
  const reached = hold(commitLaws.demandsUnits, 40)
  reached.expectAtLeast({ 'defined by the commit itself': 5, 'defined by others': 5, 'unknown-unit': 1 })
})

test('a chain defines a unit once', () => {
  hold(commitLaws.definesOnce, 40, SEED).expectAtLeast({ 'defined-twice': 1 })
})

test('a device may issue what seals gave it and the supply of its unit, once, on however many branches', () => {
  const reached = hold(commitLaws.issuesASupplyOnce, 50, SEED)
  reached.expectAtLeast({ 'issued of a supply': 20, 'defined on two branches': 1 })
})

test('nothing that counts is out of its bounds', () => {
  hold(commitLaws.boundsAmounts, 40, SEED).expectAtLeast({ 'out of bounds': 1 })
})

test('a commit stands as a whole or not at all, and leaves what it had, took in and moved', () => {
  hold(commitLaws.standsAsAWhole, 40).expectAtLeast({ 'void with several acts': 8 })
})

const SEED = 10
