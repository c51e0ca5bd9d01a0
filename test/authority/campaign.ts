import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { choices } from '../evaluation/choices.ts'
import { Reached } from '../evaluation/reached.ts'
import * as agreement from './agreement.ts'
import * as laws from './laws.ts'
import type { Law } from './laws.ts'

/** Characters of a message that tell enough of a difference. */
const MESSAGE_MAX = 1_500

/**
 * `node test/authority/campaign.ts FROM COUNT [--law NAME]`: the product, or the law of that name (`all`: each of them),
 * against one history for each seed. Tells every seed that fails.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { law: { type: 'string', default: 'agreesWithTheProduct' } },
})
const [from = 0, count = 500] = positionals.map(Number)
const { noteHistory: _, ...others } = laws
const all: Record<string, Law> = { ...agreement, ...others }
for (const [name, law] of Object.entries(all)) {
  if (values.law !== 'all' && values.law !== name) continue
  const reached = new Reached()
  let failures = 0
  for (let seed = from; seed < from + count; seed += 1) {
    const [draw] = fc.sample(choices, { seed, numRuns: 1 })
    try {
      if (draw !== undefined) law(draw, reached)
    } catch (error) {
      failures += 1
      const message = error instanceof Error ? error.message : String(error)
      process.stdout.write(`${name}, seed ${seed}: ${message.slice(0, MESSAGE_MAX)}\n`)
    }
  }
  const seeds = `seeds ${from} to ${from + count - 1}`
  process.stdout.write(`${name}: ${seeds}, ${failures} fail, ${JSON.stringify(reached.counts)}\n`)
  if (failures > 0) process.exitCode = 1
}
