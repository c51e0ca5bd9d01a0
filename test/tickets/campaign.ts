import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { choices } from '../evaluation/choices.ts'
import { Reached } from '../evaluation/reached.ts'
import { cheatsLaw } from './cheats.ts'
import { gatesLaw } from './law.ts'
import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'

/** Histories under one seed before it is told how far it is. */
const SLICE = 100

/** `node test/tickets/campaign.ts HISTORIES [--seed N] [--off RULE=VALUE] [--cheats] [--shrink]`: the laws of gates against many histories, or that of cheats; with a rule switched off they fail. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    off: { type: 'string' },
    cheats: { type: 'boolean' },
    shrink: { type: 'boolean' },
  },
})
const histories = Number(positionals[0] ?? 1_000)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
const [name = '', value] = values.off?.split('=') ?? []
if (name !== '' && !Object.hasOwn(RULES, name)) throw new Error(`no rule is named '${name}'`)
const off: Partial<Rules> = name === '' ? {} : { [name]: value }
const reached = new Reached()
for (let done = 0; done < histories; done += SLICE) {
  const result = fc.check(
    fc.property(choices, (draw) =>
      values.cheats === true ? cheatsLaw(draw, reached) : gatesLaw(draw, reached, off),
    ),
    {
      numRuns: Math.min(SLICE, histories - done),
      seed: seed + done / SLICE,
      endOnFailure: values.shrink !== true,
    },
  )
  if (!result.failed) continue
  process.stdout.write(
    `seed ${seed + done / SLICE}, history ${result.numRuns}: ${fc.defaultReportMessage(result)}\n${String(result.errorInstance)}\n`,
  )
  process.exit(1)
}
process.stdout.write(`${histories} histories from seed ${seed}: ${JSON.stringify(reached.counts)}\n`)
