import type { Decision, WorldConfig } from '../world/index.ts'
import { minimise } from './minimise.ts'
import { smallerWorlds } from './smaller-worlds.ts'
import { ImpossibleWorld, runOnce } from './run-once.ts'
import type { RunEnding, RunParts } from './run-once.ts'
import type { RunPlan } from './run-plan.ts'
import { failureKey } from './run-result.ts'

/** What shrinking came to. */
export interface Shrunk {
  readonly plan: RunPlan
  readonly ending: RunEnding
  /** Runs that it took. */
  readonly runs: number
}

/** How long a plan is made smaller. */
export interface ShrinkLimits {
  readonly runsMax: number
  /** True when real time is over. */
  readonly isOver: () => boolean
  /** `size`: of the smallest so far, in words. */
  readonly onRun?: (runs: number, size: string) => void
}

/**
 * Makes a failing run smaller while it fails the same way (`failureKey`): single decisions by delta debugging, then the
 * world (fewer nodes, whole models less, shorter phases), each drawn anew and then thinned again.
 */
export function shrink(plan: RunPlan, parts: RunParts, limits: ShrinkLimits): Shrunk {
  let best = { plan, ending: runOnce(plan, parts) }
  const key = failureKey(best.ending.result)
  let runs = 1
  const isOver = (): boolean => runs >= limits.runsMax || limits.isOver()
  const attempt = (candidate: RunPlan): boolean => {
    runs += 1
    limits.onRun?.(runs, sizeText(best.ending))
    try {
      const ending = runOnce(candidate, parts)
      if (failureKey(ending.result) !== key) return false
      best = { plan: candidate, ending }
      return true
    } catch (error) {
      // A smaller world that cannot be is not smaller.
      if (error instanceof ImpossibleWorld) return false
      throw error
    }
  }
  const withoutFailing = (worlds: (world: WorldConfig) => Iterable<WorldConfig>, keeps: boolean): void => {
    for (let isSmaller = true; isSmaller && !isOver();) {
      isSmaller = false
      for (const world of worlds(best.plan.world)) {
        if (isOver()) return
        const decisions = keeps ? best.plan.decisions : null
        isSmaller = attempt({ ...best.plan, world, decisions })
        if (isSmaller) break
      }
    }
  }
  const isLiveness = best.ending.result.outcome === 'liveness'
  // Another world draws other decisions, so it comes first; then its decisions are written down and thinned out.
  withoutFailing(
    (world) => smallerWorlds(world, { isLiveness, untilUs: best.ending.result.virtualUs }),
    false,
  )
  const fixed = { ...best.plan, decisions: best.ending.decisions }
  if (!isOver() && attempt(fixed)) {
    const thinned = (decisions: readonly Decision[]): RunPlan => ({ ...fixed, decisions })
    minimise(best.ending.decisions, (kept) => attempt(thinned(kept)), isOver)
  }
  return { ...best, runs }
}

/** How large a run is, in words. */
export function sizeText({ result, decisions }: RunEnding): string {
  return `${result.nodes} nodes, ${decisions.length} decisions, ${result.events} events`
}
