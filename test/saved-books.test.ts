import { expect, test } from 'vitest'
import { holdSavedBooks, noneReached } from './saved-books/law.ts'

/** Chains part, venues are closed, come late and are adopted, seals are split, rights are traded and replaced. */
const RUNS: readonly (readonly [scenario: string, seed: number])[] = [
  ['rogue-till', 2],
  ['lost-venue', 1],
  ['double-signer', 1],
  ['cut-off-venue', 1],
]

test('a replica that is opened from saved books says what one says that saw everything, or that they do not reach', () => {
  const reached = noneReached()
  for (const [scenario, seed] of RUNS) holdSavedBooks(scenario, seed, reached, 41)
  for (const [what, count] of Object.entries(reached)) expect(count, what).toBeGreaterThan(0)
}, 60_000)
