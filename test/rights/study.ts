import { parseArgs } from 'node:util'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CHECKERS } from '#simulations/checkers'
import type { TradeConfig } from '#simulations/world'
import { readSource } from '../../simulations/cli/scenario-source.ts'
import { planOf } from '../../simulations/runs/plan-of.ts'
import { runOnce } from '../../simulations/runs/run-once.ts'
import { failureText } from '../../simulations/runs/run-result.ts'
import { readScenario } from '../../simulations/scenario/index.ts'
import { ROOT } from '../actors/node-process.ts'

/** How rights to sell are spread, by what a table calls it. */
const STRATEGIES: Readonly<Record<string, Pick<TradeConfig, 'spread' | 'isAsking' | 'marks'>>> = {
  'all at home, by request': { spread: 'home', isAsking: true, marks: null },
  'even shares': { spread: 'even', isAsking: false, marks: null },
  'shares by forecast': { spread: 'forecast', isAsking: false, marks: null },
  'even, by request': { spread: 'even', isAsking: true, marks: null },
  'even, by request and marks': { spread: 'even', isAsking: true, marks: { low: 30, high: 60 } },
  'forecast, by request and marks': { spread: 'forecast', isAsking: true, marks: { low: 30, high: 60 } },
}

const COLUMNS = [
  ['sold', 'itemsSold'],
  ['refused', 'itemsRefused'],
  ['refused, though elsewhere', 'itemsRefusedThoughElsewhere'],
  ['shop was off', 'itemsShopClosed'],
  ['stranded', 'itemsLeft'],
  ['asks and answers', 'rightsMessages'],
  ['grants', 'rightsGranted'],
] as const

/**
 * `node test/rights/study.ts [--runs 20] [--seed 1] [--scenario flash-sale] [--partitions N] [--only WORD]`: the same customers and faults under each way to spread
 * rights; a table of medians, with least and largest. Runs are held against the checkers that are cheap: the campaign of scenarios does the rest.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    scenario: { type: 'string', default: 'flash-sale' },
    partitions: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
const { 'no-oversell': noOversell, 'unit-law': unitLaw } = CHECKERS
if (noOversell === undefined || unitLaw === undefined) throw new Error('checkers are missing')
const checkers = { 'no-oversell': noOversell, 'unit-law': unitLaw }
const ports = { crypto: nodeCrypto(), signer: nodeSigner, checkers }
const scenario = readScenario(readSource(ROOT, values.scenario))
const first = Number(values.seed)
const seeds = Array.from({ length: Number(values.runs) }, (_, i) => first + i)
const head = ['', ...COLUMNS.map(([name]) => name)]
const rows = [head, head.map((_, i) => (i === 0 ? '---' : '---:'))]
for (const [name, strategy] of Object.entries(STRATEGIES)) {
  if (!name.includes(values.only)) continue
  const results = seeds.map((seed) => {
    const plan = planOf(scenario, seed, { ports })
    const { trade, faults } = plan.world
    if (trade === undefined) throw new RangeError(`nothing is sold in ${values.scenario}`)
    const partitions = values.partitions === undefined ? faults.partitions : Number(values.partitions)
    const world = { ...plan.world, trade: { ...trade, ...strategy }, faults: { ...faults, partitions } }
    const { result } = runOnce({ ...plan, world }, ports)
    if (result.outcome !== 'ok') throw new Error(`${name}, seed ${seed}: ${failureText(result)}`)
    process.stderr.write(`${name}, seed ${seed}\n`)
    return result.metrics
  })
  const cells = COLUMNS.map(([, metric]) => spreadOf(results.map((it) => it[metric] ?? 0)))
  rows.push([name, ...cells])
}
process.stdout.write(`${values.scenario}, seeds ${seeds[0]} to ${seeds.at(-1)}\n\n`)
for (const row of rows) process.stdout.write(`| ${row.join(' | ')} |\n`)

/** Median, and least to largest. */
function spreadOf(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b)
  return `${sorted[sorted.length >> 1]} (${sorted[0]}–${sorted.at(-1)})`
}
