import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import { Reached } from './evaluation/reached.ts'
import { gatesLaw } from './tickets/law.ts'
import type { Rules } from './tickets/rules.ts'

/** Thousands more: `node test/tickets/campaign.ts 10000`. */
const HISTORIES = 30
/** In so many histories a rule that is switched off is to be missed once. */
const HISTORIES_MAX = 600

test('gates that are cut off at random admit nobody twice, oversell nothing, fill no zone, and agree', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => gatesLaw(draw, reached)),
    { numRuns: HISTORIES, seed: 1, endOnFailure: true },
  )
  reached.expectAtLeast({ admitted: HISTORIES, left: HISTORIES, sold: HISTORIES, refunded: 1, swapped: 1 })
  reached.expectAtLeast({ doubles: 1, undone: 1, restored: 1, lost: 1, forked: 1, 'brought home': 1 })
})

/** A rule of design section 9 that is switched off, and what then goes wrong. */
const OFF: readonly [off: Partial<Rules>, wrong: string, seed: number][] = [
  [{ admit: 'any' }, 'people on one seat', 1],
  [{ handOver: 'at-once' }, 'people on one seat', 1],
  [{ unique: 'ticket' }, 'people on one seat', 1],
  [{ swap: 'any' }, 'the old code of a swapped ticket was admitted', 1],
  [{ refund: 'any' }, 'a refunded ticket was admitted', 1],
  [{ silent: 'taken' }, 'people on one seat', 1],
  [{ restored: 'same-device' }, 'people on one seat', 1],
  [{ room: 'twice' }, 'room of', 1],
  [{ full: 'admitted' }, 'people in', 1],
  [{ seats: 'any' }, 'tickets sold', 1],
  [{ exposure: 'unlimited' }, 'open admissions that others have not heard of', 1],
]

test.each(OFF)('without the rule it is found: %o, %s', (off, wrong, seed) => {
  const holds = (draw: Parameters<typeof gatesLaw>[0]): boolean => {
    try {
      gatesLaw(draw, new Reached(), off)
    } catch (error) {
      return !String(error).includes(wrong)
    }
    return true
  }
  const result = fc.check(fc.property(choices, holds), { numRuns: HISTORIES_MAX, seed, endOnFailure: true })
  expect(result.failed).toBe(true)
  if (process.env['DBG'] !== undefined) process.stdout.write(`${JSON.stringify(off)} ${result.numRuns}\n`)
})
