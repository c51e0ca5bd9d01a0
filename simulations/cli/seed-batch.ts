import type { RunResult } from '../runs/run-result.ts'
import type { ScenarioSource } from './scenario-source.ts'
import { SimError } from './sim-error.ts'
import type { SimHost } from './sim-command.ts'
import { WorkerDeath, WorkerPool } from './worker-pool.ts'
import type { OnProgress } from './worker-pool.ts'
import type { Answer, CryptoMode } from './worker.ts'

/** One run to do. */
export interface SeedRun {
  readonly source: ScenarioSource
  readonly seed: number
}

/** A failure with all that its folder holds. */
export type Explained = Extract<Answer, { kind: 'explained' }>

/** Who hears of a batch. What `onResult` throws ends it. */
export interface BatchListener {
  onResult(result: RunResult, run: SeedRun): void
  /** `done`: finished runs and shares of those under way. */
  onProgress?(done: number): void
}

/** Runs on several processes. Ctrl-C ends those under way; what is finished was handed on before. */
export class SeedBatch {
  /** Runs that ended. */
  finished = 0
  readonly #host: SimHost
  readonly #pool: WorkerPool
  readonly #crypto: { readonly crypto?: CryptoMode }
  readonly #shares = new Map<SeedRun, number>()
  readonly #close = (): void => this.#pool.close()

  constructor(host: SimHost, init: { jobs: number; crypto?: CryptoMode }) {
    this.#host = host
    this.#pool = new WorkerPool({ file: host.workerFile, size: init.jobs })
    this.#crypto = init.crypto === undefined ? {} : { crypto: init.crypto }
    host.signal.addEventListener('abort', this.#close)
  }

  /** Does runs as long as there are any. They end in any order. */
  async run(runs: Iterable<SeedRun>, listener: BatchListener): Promise<void> {
    const rest = runs[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      for (let next = rest.next(); next.done !== true; next = rest.next()) {
        const run = next.value
        const result = await this.#result(run, listener)
        if (result === null) return
        this.#shares.delete(run)
        this.finished += 1
        listener.onResult(result, run)
        listener.onProgress?.(this.finished + this.#underWay())
      }
    }
    await Promise.all(Array.from({ length: this.#pool.size }, worker))
  }

  /** Does a run again and explains how it failed. */
  async explain(run: SeedRun, shrinkSeconds: number, onProgress: OnProgress): Promise<Explained> {
    const answer = await this.#pool.run(
      { kind: 'explain', ...run, ...this.#crypto, shrinkSeconds },
      onProgress,
    )
    return explainedOf(answer)
  }

  /** Ends all processes. */
  close(): void {
    this.#host.signal.removeEventListener('abort', this.#close)
    this.#pool.close()
  }

  /** The result of a run; null when the batch was ended. */
  async #result(run: SeedRun, listener: BatchListener): Promise<RunResult | null> {
    if (this.#host.signal.aborted) return null
    try {
      const task = { kind: 'run', ...run, ...this.#crypto } as const
      const answer = await this.#pool.run(task, (share) => {
        this.#shares.set(run, share)
        listener.onProgress?.(this.finished + this.#underWay())
      })
      if (answer.kind === 'ran') return answer.result
      throw refusalOf(answer)
    } catch (error) {
      if (this.#host.signal.aborted) return null
      if (!(error instanceof WorkerDeath)) throw error
      return deathResult(run, error)
    }
  }

  #underWay(): number {
    return [...this.#shares.values()].reduce((sum, share) => sum + share, 0)
  }
}

/** The explanation in an answer; an error where there is none. */
export function explainedOf(answer: Answer): Explained {
  if (answer.kind === 'explained') return answer
  throw refusalOf(answer)
}

function refusalOf(answer: Answer): SimError {
  if (answer.kind !== 'refused')
    return new SimError('internal', `a worker answered '${answer.kind}'`, 'Report it.')
  const next =
    answer.code === 'internal'
      ? 'This is a bug of the simulator: report what it says.'
      : 'Change the scenario; its keys are in docs/simulation.schema.json.'
  return new SimError(answer.code, answer.message, next)
}

/** A run whose process died: nothing of it is known but that. */
function deathResult({ source, seed }: SeedRun, error: WorkerDeath): RunResult {
  return {
    ...{ scenario: source.name, seed, outcome: 'crash', digest: '', events: 0, virtualUs: 0, nodes: 0 },
    ...{ healedUs: null, violations: [], crash: error.message, metrics: {}, reached: {}, curve: [] },
  }
}
