import type { RunResult } from '../runs/run-result.ts'
import { carryOut } from './tasks.ts'
import type { SimPorts } from './tasks.ts'
import type { ScenarioSource } from './scenario-source.ts'

/** What a worker process is asked to do. `crypto`: in place of what the scenario says. */
export type Task =
  | {
      readonly kind: 'run'
      readonly source: ScenarioSource
      readonly seed: number
      readonly crypto?: CryptoMode
    }
  | {
      readonly kind: 'explain'
      readonly source: ScenarioSource
      readonly seed: number
      readonly crypto?: CryptoMode
      /** Real time that shrinking may take, in seconds; 0: it is not shrunk. */
      readonly shrinkSeconds: number
    }
  | {
      readonly kind: 'replay'
      readonly files: Readonly<Record<string, string>>
      readonly shrinkSeconds: number
    }

/** Real signatures, or a keyed hash in their place. */
export type CryptoMode = 'real' | 'fast'

/** What a worker answers; `progress` any number of times before another one. */
export type Answer =
  | { readonly kind: 'progress'; readonly share: number; readonly note: string }
  | { readonly kind: 'ran'; readonly result: RunResult }
  | {
      readonly kind: 'explained'
      readonly result: RunResult
      /** Files of the failure folder, by name. */
      readonly files: Readonly<Record<string, string>>
      /** What shrinking did, in words; null: it was not asked for. */
      readonly shrunk: string | null
    }
  | {
      readonly kind: 'refused'
      readonly code: 'scenario-invalid' | 'usage' | 'internal'
      readonly message: string
    }

/** Carries out tasks that the parent sends, until it goes away. Started in a process of its own. */
export function serveTasks(ports: SimPorts): void {
  // Ctrl-C reaches the whole group; the parent decides what to end.
  process.on('SIGINT', () => {})
  process.on('disconnect', () => process.exit(0))
  const answer = (message: Answer): void => void process.send?.(message)
  let lastMs = 0
  const onProgress = (share: number, note: string): void => {
    const nowMs = Date.now()
    if (nowMs - lastMs < 100) return
    lastMs = nowMs
    answer({ kind: 'progress', share, note })
  }
  process.on('message', (task: Task) => answer(carryOut(task, ports, onProgress)))
}
