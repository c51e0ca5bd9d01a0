import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import type { TradeState } from './checkers/index.ts'
import type { ReachedState } from './peers/index.ts'
import { ROOT } from '../test/actors/node-process.ts'
import { readSource } from './cli/scenario-source.ts'
import { planOf, readPlan } from './runs/plan-of.ts'
import { runOnce } from './runs/run-once.ts'
import type { RunParts } from './runs/run-once.ts'
import { failureText } from './runs/run-result.ts'
import type { RunResult } from './runs/run-result.ts'
import { readScenario } from './scenario/index.ts'

const PORTS: RunParts = { crypto: nodeCrypto(), signer: nodeSigner }
const SCENARIOS = join(import.meta.dirname, 'scenarios')
const REGRESSIONS = join(import.meta.dirname, 'regressions')

/** Seeds of each scenario; fixed, so that a red run is red again. About ten seconds in all; campaigns do the rest. */
const SEEDS: Readonly<Record<string, readonly number[]>> = {
  assets: [1],
  'bad-disks': [1, 2],
  churn: [1],
  cities: [1],
  'closed-venues': [1],
  'cut-off-venue': [1],
  'double-signer': [1],
  'flash-sale': [1],
  'last-steward': [1],
  'lost-venue': [1],
  'market-day': [1],
  'mutual-removal': [1],
  'pop-up-venues': [1],
  quarrels: [3, 4],
  'rogue-founder': [1],
  'rogue-till': [1, 2],
  'stolen-nas': [1],
  swarm: [1, 2, 3, 4],
  'three-partitions': [1],
  traced: [1],
  'two-faces': [1, 2],
}

/** States for which a scenario is there. */
const REACHES: Readonly<Record<string, readonly (ReachedState | TradeState)[]>> = {
  'closed-venues': ['member-removed', 'device-closed', 'device-suspended', 'sold-late', 'rights-replaced'],
  'cut-off-venue': ['member-removed', 'late-hidden', 'adopted'],
  'double-signer': ['double-voted', 'round-given-up', 'device-left'],
  'flash-sale': ['rights-granted', 'rights-accepted', 'refused-though-elsewhere', 'partitioned'],
  'last-steward': ['recovered'],
  'lost-venue': ['rights-replaced', 'written-back'],
  'mutual-removal': ['member-removed', 'partitioned'],
  'rogue-founder': ['member-removed', 'device-closed', 'joined'],
  'rogue-till': ['forked', 'spent-twice', 'deficit-booked'],
  'stolen-nas': ['member-removed', 'sealed-bare', 'late-shown', 'late-hidden'],
  'three-partitions': ['device-closed', 'device-suspended', 'joined'],
}

test('every scenario is in the short campaign', () => {
  const names = readdirSync(SCENARIOS).map((it) => it.replace(/\.yaml$/, ''))
  expect(Object.keys(SEEDS).sort()).toEqual(names.sort())
})

test.each(Object.keys(SEEDS))('scenario %s holds under its fixed seeds', (name) => {
  const scenario = readScenario(readSource(ROOT, name))
  const results = (SEEDS[name] ?? []).map(
    (seed) => runOnce(planOf(scenario, seed, { ports: PORTS }), PORTS).result,
  )
  expect(failuresOf(results)).toEqual([])
  const missed = (REACHES[name] ?? []).filter((state) =>
    results.every(({ reached }) => (reached[state] ?? 0) === 0),
  )
  expect(missed).toEqual([])
})

/** What once failed: the plan of the shrunk run, and what it was. */
interface Regression {
  readonly about: string
  readonly plan: unknown
}

test.each(readdirSync(REGRESSIONS).sort())('%s fails no more', (name) => {
  const { plan } = JSON.parse(readFileSync(join(REGRESSIONS, name), 'utf8')) as Regression
  expect(failuresOf([runOnce(readPlan(JSON.stringify(plan)), PORTS).result])).toEqual([])
})

function failuresOf(results: readonly RunResult[]): string[] {
  return results.filter(({ outcome }) => outcome !== 'ok').map((it) => `seed ${it.seed}: ${failureText(it)}`)
}
