import { minimise } from './minimise.ts'
import { runOnce } from './run-once.ts'
import type { RunEnding, RunParts, RunPlan } from './run-once.ts'
import { failureKey } from './run-result.ts'

/** What a shorter plan may look like: a smaller world, or one with a fault less. Tried in this order. */
export type Reductions<C> = (world: C) => Iterable<C>

/** What shrinking came to. */
export interface Shrunk<C> {
  readonly plan: RunPlan<C>
  readonly ending: RunEnding
  /** Runs that it took. */
  readonly runs: number
}

/** How long and how far a plan is made smaller. */
export interface ShrinkLimits {
  readonly runsMax: number
  /** True when real time is over. */
  readonly isOver: () => boolean
  readonly onRun?: (runs: number, plan: string) => void
}

/**
 * Makes a failing run smaller while it fails the same way (`failureKey`): first the world (fewer nodes, whole faults
 * less, shorter phases), then single decisions by delta debugging.
 */
export function shrink<C>(
  plan: RunPlan<C>,
  parts: RunParts<C>,
  how: { reductions: Reductions<C>; limits: ShrinkLimits },
): Shrunk<C> {
  const { reductions, limits } = how
  let best: { plan: RunPlan<C>; ending: RunEnding } = { plan, ending: runOnce(plan, parts) }
  const key = failureKey(best.ending.result)
  let runs = 1
  const isOver = (): boolean => runs >= limits.runsMax || limits.isOver()
  const attempt = (candidate: RunPlan<C>): boolean => {
    runs += 1
    limits.onRun?.(runs, sizeText(best.plan, best.ending))
    const ending = runOnce(candidate, parts)
    if (failureKey(ending.result) !== key) return false
    best = { plan: candidate, ending }
    return true
  }
  for (let isSmaller = true; isSmaller && !isOver(); ) {
    isSmaller = false
    for (const candidate of smallerPlans(best.plan, best.ending, reductions)) {
      if (isOver()) break
      if (!attempt(candidate)) continue
      isSmaller = true
      break
    }
  }
  const { trace } = best.ending
  const base = best.plan
  const already = new Set(base.omitted)
  const numbers = trace.map((_, number) => number).filter((number) => !already.has(number))
  const omit = (kept: readonly number[]): RunPlan<C> => {
    const isKept = new Set(kept)
    return { ...base, omitted: [...already, ...numbers.filter((it) => !isKept.has(it))].sort((a, b) => a - b) }
  }
  minimise(numbers, (kept) => kept.length < numbers.length && attempt(omit(kept)), isOver)
  return { ...best, runs }
}

/** How large a failure is, in words. */
export function sizeText<C>(plan: RunPlan<C>, { result, trace }: RunEnding): string {
  const kept = trace.length - plan.omitted.filter((it) => it < trace.length).length
  return `${result.nodes} nodes, ${kept} decisions, ${result.events} events`
}

function* smallerPlans<C>(
  plan: RunPlan<C>,
  { result }: RunEnding,
  reductions: Reductions<C>,
): Iterable<RunPlan<C>> {
  // Numbers of decisions mean something else in another world, so none is left out there.
  for (const world of reductions(plan.world)) yield { ...plan, world, omitted: [] }
  const { faultsUs, healingUs } = plan
  const untilFailureUs = Math.ceil(result.virtualUs / 1_000_000) * 1_000_000
  if (untilFailureUs < faultsUs) yield { ...plan, faultsUs: untilFailureUs, healingUs: 0 }
  if (faultsUs > 2_000_000) yield { ...plan, faultsUs: Math.ceil(faultsUs / 2) }
  // Without time to converge every run fails to.
  if (result.outcome !== 'liveness' && healingUs > 2_000_000) yield { ...plan, healingUs: Math.ceil(healingUs / 2) }
}
