import type { Violation } from '../checkers/index.ts'

/** How a run ended. `crash`: something threw; the other two: what a checker found. */
export type Outcome = 'ok' | 'crash' | 'liveness' | 'correctness'

/** Everything that a run says; a line of `runs.jsonl`. The same seed, scenario and code give the same bytes. */
export interface RunResult {
  readonly scenario: string
  readonly seed: number
  readonly outcome: Outcome
  /** Of the audit: equal digests mean equal runs. Hex; empty for a process that died. */
  readonly digest: string
  readonly events: number
  readonly virtualUs: number
  readonly nodes: number
  /** When the faults ended; null: never. */
  readonly healedUs: number | null
  readonly violations: readonly Violation[]
  /** What was thrown, on one line; null: nothing. */
  readonly crash: string | null
  readonly metrics: Readonly<Record<string, number | null>>
  /** Interesting states and how often each was reached. */
  readonly reached: Readonly<Record<string, number>>
  /** Share of all commits that replicas hold, over time: [microseconds, 0 to 1]. */
  readonly curve: readonly (readonly [number, number])[]
}

/** What makes two failures the same one: outcome and checker, or the thrown text without its numbers. */
export function failureKey(result: RunResult): string {
  if (result.outcome === 'ok') return 'ok'
  if (result.outcome === 'crash')
    return `crash: ${(result.crash ?? '').replaceAll(/[\da-f]*\d[\da-f]*/g, '#')}`
  const checkers = result.violations.filter((it) => it.kind === result.outcome).map((it) => it.checker)
  return `${result.outcome}: ${checkers[0] ?? ''}`
}

/** The failure in a sentence. */
export function failureText(result: RunResult): string {
  if (result.crash !== null) return `crash: ${result.crash}`
  const first = result.violations.find((it) => it.kind === result.outcome)
  return first === undefined ? result.outcome : `${first.kind}, ${first.checker}: ${first.detail}`
}
