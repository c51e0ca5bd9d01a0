import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { choices } from './evaluation/choices.ts'
import { flashSale } from './evaluation/flash-sale.ts'
import { Reached } from './evaluation/reached.ts'

/** Thousands more: `node test/evaluation/campaign.ts 2000 --law flashSale`. */
const SALES = 4

test('ten venues that are cut off at random never sell more than the thousand items there are', () => {
  const reached = new Reached()
  fc.assert(
    fc.property(choices, (draw) => flashSale(draw, reached)),
    { numRuns: SALES, endOnFailure: true },
  )
  reached.expectAtLeast({ sold: SALES * 500, refused: SALES, 'refused while unsold elsewhere': 1 })
  expect(reached.counts['sold']).toBeLessThanOrEqual(SALES * 1_000)
})
