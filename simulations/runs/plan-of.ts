import { tracedAbsences, worldOf } from '../scenario/index.ts'
import type { Scenario } from '../scenario/index.ts'
import type { Decision } from '../world/index.ts'
import { decisionsOf } from './run-once.ts'
import type { RunParts } from './run-once.ts'
import type { RunPlan } from './run-plan.ts'
import { nodesOf } from './smaller-worlds.ts'

/** Largest plan that is read back. A guess: a hundred thousand decisions. */
const PLAN_CHARS_MAX = 64 * 1_024 * 1_024

/** The plan of one run: the scenario with all that the seed draws. `crypto`: in place of what the scenario says. */
export function planOf(
  scenario: Scenario,
  seed: number,
  { crypto, ports }: { crypto?: 'real' | 'fast'; ports: RunParts },
): RunPlan {
  const { world, eventsMax } = worldOf(scenario, seed)
  const plan = {
    scenario: scenario.name,
    seed,
    crypto: crypto ?? scenario.crypto,
    eventsMax,
    world,
    decisions: null,
  }
  const traced = tracedAbsences(scenario, nodesOf(world.topology))
  if (traced.length === 0) return plan
  const drawn = decisionsOf(plan, ports)
  const keyed = traced.map((it, i): Decision => ({ ...it, key: drawn.length + i }))
  const decisions = [...drawn, ...keyed].sort((a, b) => a.atUs - b.atUs || a.key - b.key)
  return { ...plan, decisions }
}

/** A plan from the folder of a failure. Throws a `RangeError` on what is none. */
export function readPlan(text: string): RunPlan {
  if (text.length > PLAN_CHARS_MAX) throw new RangeError(`plan.json has ${text.length} characters`)
  const plan = JSON.parse(text) as Partial<RunPlan> | null
  const isWhole =
    typeof plan?.scenario === 'string' &&
    typeof plan.eventsMax === 'number' &&
    typeof plan.world === 'object' &&
    Number.isSafeInteger(plan.seed) &&
    (plan.crypto === 'real' || plan.crypto === 'fast') &&
    (plan.decisions === null || Array.isArray(plan.decisions))
  if (!isWhole) throw new RangeError('plan.json is not the plan of a run')
  return plan as RunPlan
}
