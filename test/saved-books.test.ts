import { expect, test } from 'vitest'
import { holdSavedBooks, noneReached } from './saved-books/law.ts'

/** Chains part, venues are closed, come late and are adopted, seals are split, rights are traded and replaced. */
const RUNS: readonly (readonly [scenario: string, seed: number, nodeEvery: number])[] = [
  ['rogue-till', 2, 23],
  ['lost-venue', 1, 41],
  ['double-signer', 1, 23],
  ['cut-off-venue', 1, 41],
]

test('a replica that is opened from saved books says what one says that saw everything, or that they do not reach', () => {
  const reached = noneReached()
  for (const [scenario, seed, nodeEvery] of RUNS) holdSavedBooks(scenario, seed, reached, nodeEvery)
  for (const [what, count] of Object.entries(reached)) expect(count, what).toBeGreaterThan(0)
}, 60_000)
