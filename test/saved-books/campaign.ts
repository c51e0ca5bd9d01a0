import { holdSavedBooks, noneReached } from './law.ts'

/**
 * `node test/saved-books/campaign.ts [SEEDS [SCENARIO…]]`: holds openings from saved books against openings of the whole log,
 * under so many seeds (default 3) of each scenario. Prints what was met, or the seed that failed.
 */
const SCENARIOS = [
  ...['rogue-till', 'lost-venue', 'double-signer', 'cut-off-venue', 'stolen-nas', 'mutual-removal'],
  ...[
    'rogue-founder',
    'two-faces',
    'quarrels',
    'three-partitions',
    'last-steward',
    'flash-sale',
    'bad-disks',
  ],
]
const [seeds = '3', ...named] = process.argv.slice(2)

for (const scenario of named.length > 0 ? named : SCENARIOS) {
  const reached = noneReached()
  for (let seed = 1; seed <= Number(seeds); seed += 1) {
    try {
      holdSavedBooks(scenario, seed, reached, 5)
    } catch (cause) {
      process.stdout.write(`${scenario}, seed ${seed} does not hold\n`)
      throw cause
    }
  }
  process.stdout.write(`${scenario.padEnd(20)} ${JSON.stringify(reached)}\n`)
}
