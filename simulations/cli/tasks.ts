import type { Crypto, Signer } from '#protocol/identity'
import { failureFiles } from '../report/failure-files.ts'
import { planOf, readPlan } from '../runs/plan-of.ts'
import { Recording } from '../runs/recording.ts'
import { ImpossibleWorld, runOnce } from '../runs/run-once.ts'
import type { RunParts } from '../runs/run-once.ts'
import type { RunPlan } from '../runs/run-plan.ts'
import { shrink, sizeText } from '../runs/shrink.ts'
import { ScenarioError, readScenario } from '../scenario/index.ts'
import type { OnProgress } from './worker-pool.ts'
import type { Answer, Task } from './worker.ts'

/** What a worker takes from outside. */
export interface SimPorts {
  readonly crypto: Crypto
  /** A signer from its 32-byte seed. */
  readonly signer: (seed: Uint8Array) => Signer
  /** The code that runs. */
  readonly version: { readonly code: string; readonly node: string }
}

/** Runs that shrinking may take. A guess: a thousand small runs are a minute. */
const SHRINK_RUNS_MAX = 2_000

/** Carries out one task. Never throws: what goes wrong outside of the run itself is an answer too. */
export function carryOut(task: Task, ports: SimPorts, onProgress: OnProgress): Answer {
  try {
    if (task.kind === 'replay') {
      const plan = readPlan(task.files['plan.json'] ?? '')
      const kept = Object.entries(task.files).filter(([name]) => !WRITTEN.has(name))
      return explain(plan, {
        ports,
        onProgress,
        shrinkSeconds: task.shrinkSeconds,
        files: Object.fromEntries(kept),
      })
    }
    const scenario = readScenario(task.source)
    const mode = task.crypto === undefined ? {} : { crypto: task.crypto }
    const plan = planOf(scenario, task.seed, { ...mode, ports: partsOf(ports) })
    if (task.kind === 'run') {
      const { result } = runOnce(plan, { ...partsOf(ports), onProgress: (share) => onProgress(share, '') })
      return { kind: 'ran', result }
    }
    const files = { 'scenario.yaml': task.source.text }
    return explain(plan, { ports, onProgress, shrinkSeconds: task.shrinkSeconds, files })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const isInvalid = error instanceof ScenarioError || error instanceof ImpossibleWorld
    return { kind: 'refused', code: isInvalid ? 'scenario-invalid' : 'internal', message }
  }
}

/** Files that a new explanation writes anew. */
const WRITTEN: ReadonlySet<string> = new Set([
  ...['plan.json', 'result.json', 'versions.json', 'trace.json', 'space-time.svg', 'crash.txt', 'README.txt'],
])

interface ExplainInit {
  readonly ports: SimPorts
  readonly onProgress: OnProgress
  readonly shrinkSeconds: number
  readonly files: Readonly<Record<string, string>>
}

function explain(plan: RunPlan, { ports, onProgress, shrinkSeconds, files }: ExplainInit): Answer {
  const parts = partsOf(ports)
  let recording = new Recording()
  let best = plan
  let ending = runOnce(plan, { ...parts, recording, onProgress: (share) => onProgress(share, 'recorded') })
  let shrunk: string | null = null
  if (shrinkSeconds > 0 && ending.result.outcome !== 'ok') {
    const startMs = Date.now()
    const share = (): number => (Date.now() - startMs) / (shrinkSeconds * 1_000)
    const smaller = shrink(plan, parts, {
      runsMax: SHRINK_RUNS_MAX,
      isOver: () => share() >= 1,
      onRun: (runs, size) => onProgress(share(), `shrinking, run ${runs}: ${size}`),
    })
    best = smaller.plan
    shrunk = `${sizeText(ending)}, made smaller in ${smaller.runs} runs to ${sizeText(smaller.ending)}`
    recording = new Recording()
    ending = runOnce(best, { ...parts, recording })
  }
  const written = failureFiles({ plan: best, ending, recording, version: ports.version, shrunk })
  return { kind: 'explained', result: ending.result, files: { ...files, ...written }, shrunk }
}

function partsOf({ crypto, signer }: SimPorts): RunParts {
  return { crypto, signer }
}
