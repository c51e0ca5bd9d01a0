import type { Sha256 } from '#protocol/identity'
import { toHex } from '#protocol/encoding'
import { Audit, HandlerError, Simulator } from '../kernel/index.ts'
import type { Network } from '../network/index.ts'
import type { Recording } from './recording.ts'
import type { Decision, Outcome, RunResult, Violation } from './run-result.ts'

/** Everything that fixes a run, as plain data. Equal plans under equal code give equal bytes. */
export interface RunPlan<C> {
  readonly scenario: string
  readonly seed: number
  /** Virtual time under faults, then without them, in microseconds. */
  readonly faultsUs: number
  readonly healingUs: number
  /** Events after which a run counts as one that never ends. */
  readonly eventsMax: number
  readonly world: C
  /** Numbers of decisions, as `trace` counts them, that are left out. */
  readonly omitted: readonly number[]
}

/** What a run needs of a world. */
export interface RunnableWorld {
  readonly nodeCount: number
  /** Watched for diagrams; null: there is nothing to watch. */
  readonly network: Network | null
  /** Interesting states, and how often each was reached. */
  readonly reached: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, number>>
  /** All decisions taken, those left out among them, in the order of their numbers. */
  readonly trace: readonly Decision[]
  start(): void
  heal(): void
  check(at: 'running' | 'end'): readonly Violation[]
  /** Share of all commits that replicas hold, from 0 to 1. */
  spread(): number
}

/** Makes the world of a plan. */
export type BuildWorld<C> = (sim: Simulator, plan: RunPlan<C>) => RunnableWorld

/** What a run is carried out with. */
export interface RunParts<C> {
  readonly sha256: Sha256
  readonly build: BuildWorld<C>
  /** Filled with the messages of the run. */
  readonly recording?: Recording
  /** Told how far the run is, from 0 to 1. */
  readonly onProgress?: (share: number) => void
}

/** A run that ended, and what a report of its failure needs beside the result. */
export interface RunEnding {
  readonly result: RunResult
  readonly trace: readonly Decision[]
  /** What was thrown; null: nothing. */
  readonly error: Error | null
}

/** Looks of the checkers in each phase. A guess: often enough to see where it began, seldom enough to cost little. */
const LOOKS = 40

/**
 * One run: faults first, when only safety counts; then everything heals, and at the end what must happen has happened.
 * The first violation ends it. Whatever the run throws is its result.
 */
export function runOnce<C>(plan: RunPlan<C>, parts: RunParts<C>): RunEnding {
  return new Run(plan, parts).end()
}

class Run<C> {
  readonly #plan: RunPlan<C>
  readonly #parts: RunParts<C>
  readonly #audit: Audit
  readonly #sim: Simulator
  readonly #curve: [number, number][] = []
  #world: RunnableWorld | null = null
  #healedUs: number | null = null

  constructor(plan: RunPlan<C>, parts: RunParts<C>) {
    this.#plan = plan
    this.#parts = parts
    this.#audit = new Audit({ sha256: parts.sha256 })
    this.#sim = new Simulator({ seed: plan.seed, audit: this.#audit, eventsMax: plan.eventsMax })
  }

  end(): RunEnding {
    let violations: readonly Violation[] = []
    let error: Error | null = null
    try {
      violations = this.#phases()
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
    const world = this.#world
    const result: RunResult = {
      scenario: this.#plan.scenario,
      seed: this.#plan.seed,
      outcome: outcomeOf(violations, error),
      digest: toHex(this.#audit.digest()),
      events: this.#sim.events,
      virtualUs: this.#sim.nowUs,
      nodes: world?.nodeCount ?? 0,
      healedUs: this.#healedUs,
      violations,
      crash: error === null ? null : crashText(error),
      metrics: { ...world?.metrics },
      reached: { ...world?.reached },
      curve: this.#curve,
    }
    return { result, trace: world?.trace ?? [], error }
  }

  #phases(): readonly Violation[] {
    const { build, recording, onProgress } = this.#parts
    const { faultsUs, healingUs } = this.#plan
    const world = build(this.#sim, this.#plan)
    this.#world = world
    if (recording !== undefined && world.network !== null) watch(this.#sim, world.network, recording)
    world.start()
    const allUs = Math.max(1, faultsUs + healingUs)
    const steps: readonly [number, number][] = [
      [0, faultsUs],
      [faultsUs, healingUs],
    ]
    for (const [phase, [startUs, lengthUs]] of steps.entries()) {
      if (phase === 1) {
        world.heal()
        this.#healedUs = this.#sim.nowUs
      }
      for (let look = 1; look <= LOOKS && lengthUs > 0; look += 1) {
        const untilUs = startUs + Math.round((lengthUs * look) / LOOKS)
        const { reason } = this.#sim.run(untilUs)
        this.#curve.push([this.#sim.nowUs, Math.round(world.spread() * 1e4) / 1e4])
        if (reason === 'limit') return [this.#endless()]
        const found = world.check('running')
        if (found.length > 0) return found
        onProgress?.(untilUs / allUs)
      }
    }
    return world.check('end')
  }

  #endless(): Violation {
    const detail = `still busy after ${this.#plan.eventsMax} events`
    return { checker: 'ends', kind: 'liveness', atUs: this.#sim.nowUs, detail, nodes: [] }
  }
}

function outcomeOf(violations: readonly Violation[], error: Error | null): Outcome {
  if (error !== null) return 'crash'
  // What is wrong counts before what is late.
  return violations.find((it) => it.kind === 'correctness')?.kind ?? violations[0]?.kind ?? 'ok'
}

/** Without stacks and paths: the same bytes on every machine. */
function crashText(error: Error): string {
  const [line = ''] = error.message.split('\n')
  return error instanceof HandlerError ? line : `${error.name}: ${line}`
}

function watch(sim: Simulator, network: Network, recording: Recording): void {
  const { observer } = network
  network.observer = {
    delivered: (from, to, sentUs, sizeBytes) => {
      observer.delivered?.(from, to, sentUs, sizeBytes)
      recording.add({ from, to, sentUs, atUs: sim.nowUs, sizeBytes, dropped: null })
    },
    dropped: (from, to, sentUs, reason) => {
      observer.dropped?.(from, to, sentUs, reason)
      recording.add({ from, to, sentUs, atUs: sim.nowUs, sizeBytes: 0, dropped: reason })
    },
  }
}
