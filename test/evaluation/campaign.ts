import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { choices } from './choices.ts'
import * as commitLaws from './commit-laws.ts'
import { flashSale } from './flash-sale.ts'
import * as laws from './laws.ts'
import type { Law } from './laws.ts'
import { Reached } from './reached.ts'

/** Histories of one law under one seed before the next law is told of. */
const SLICE = 1_000

/** `node test/evaluation/campaign.ts HISTORIES [--seed N] [--law NAME] [--shrink]`: every law, or one, against many histories. A history that fails is told at once, or made small first. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, law: { type: 'string' }, shrink: { type: 'boolean' } },
})
const histories = Number(positionals[0] ?? 20_000)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const { leaveNothingInFlight: _, ...others } = laws
const all = { ...others, ...commitLaws }
// A sale is by whole replicas and takes a hundred times as long as a history: only when it is asked for.
const chosen: Record<string, Law> = values.law === 'flashSale' ? { flashSale } : all
for (const [name, law] of Object.entries(chosen)) {
  if (name !== (values.law ?? name)) continue
  const reached = new Reached()
  for (let done = 0; done < histories; done += SLICE) {
    const numRuns = Math.min(SLICE, histories - done)
    const result = fc.check(
      fc.property(choices, (draw) => law(draw, reached)),
      {
        numRuns,
        seed: seed + done / SLICE,
        interruptAfterTimeLimit: 600_000,
        endOnFailure: values.shrink !== true,
      },
    )
    if (!result.failed && !result.interrupted) continue
    process.stdout.write(
      `${name}, seed ${seed + done / SLICE}: ${fc.defaultReportMessage(result)}\n${String(result.errorInstance)}\n`,
    )
    process.exit(1)
  }
  const last = seed + Math.ceil(histories / SLICE) - 1
  process.stdout.write(
    `${name}: ${histories} histories, seeds ${seed} to ${last}, ${JSON.stringify(reached.counts)}\n`,
  )
}
