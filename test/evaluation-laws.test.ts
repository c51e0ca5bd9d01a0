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
  reached.expectAtLeast({ 'epoch-outdated': 15, plain: 15, 'plain and not': 15 })
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

test('every unit adds up at every step', () => {
  const reached = hold(laws.addsUp, 300)
  reached.expectAtLeast({ 'in flight': 200, deficits: 3 })
})

test('honest devices are never below zero, their debits never void, their facts always booked', () => {
  const reached = hold(laws.sparesTheHonest, 200)
  reached.expectAtLeast({ 'late fact': 40, 'accepted and bad': 3 })
})

test('nothing stays in flight to an honest device that lists what it is advised to', () => {
  const reached = hold(laws.leavesNothingInFlight, 300)
  reached.expectAtLeast({ 'in flight before': 200 })
})
