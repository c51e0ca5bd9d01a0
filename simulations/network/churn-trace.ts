import type { Simulator } from '../kernel/index.ts'
import type { Switchboard } from './churn.ts'

/** Lines of one trace: a thousand nodes that come and go a thousand times. A guess. */
export const TRACE_LINES_MAX = 1_000_000
/** Errors that one answer lists. */
const ERRORS_MAX = 20

/** One change of a trace. */
export interface TraceStep {
  readonly node: number
  readonly timeUs: number
  readonly isOnline: boolean
}

/** Why a line of a trace cannot be used. `line`: from 1. */
export interface TraceError {
  readonly line: number
  readonly problem: string
}

/** A trace that was read, or what is wrong with it. */
export type TraceResult =
  | { readonly ok: true; readonly steps: readonly TraceStep[] }
  | { readonly ok: false; readonly errors: readonly TraceError[] }

/**
 * Reads a trace of comings and goings: lines `node,timeUs,up|down`, in any order of nodes, times of one node ascending.
 * A first line of names, empty lines and lines that begin with `#` are passed over. `nodes`: how many there are.
 */
export function parseChurnTrace(csv: string, nodes: number): TraceResult {
  const steps: TraceStep[] = []
  const errors: TraceError[] = []
  const last = new Map<number, TraceStep>()
  const lines = csv.split('\n')
  if (lines.length > TRACE_LINES_MAX) {
    const problem = `more than ${TRACE_LINES_MAX} lines`
    return { ok: false, errors: [{ line: TRACE_LINES_MAX + 1, problem }] }
  }
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || (i === 0 && line.replaceAll(' ', '') === HEADER)) continue
    const step = parseStep(line, nodes)
    const problem = typeof step === 'string' ? step : orderProblem(step, last.get(step.node))
    if (problem !== null) errors.push({ line: i + 1, problem })
    else if (typeof step !== 'string') {
      steps.push(step)
      last.set(step.node, step)
    }
    if (errors.length === ERRORS_MAX) break
  }
  if (errors.length > 0) return { ok: false, errors }
  // Stable: changes of one instant stay in the order of the file.
  steps.sort((a, b) => a.timeUs - b.timeUs)
  return { ok: true, steps }
}

/** Plays a trace. Steps that lie in the past are refused with a RangeError. */
export function playChurnTrace(sim: Simulator, network: Switchboard, steps: readonly TraceStep[]): void {
  const change = sim.register('churn.trace', (node, isOnline) => network.setOnline(node, isOnline === 1))
  for (const { node, timeUs, isOnline } of steps) sim.at(timeUs, change, node, isOnline ? 1 : 0)
}

const HEADER = 'node,timeUs,up|down'

function parseStep(line: string, nodes: number): TraceStep | string {
  const fields = line.split(',').map((field) => field.trim())
  const [nodeText = '', timeText = '', state = ''] = fields
  if (fields.length !== 3) return `three fields are wanted (${HEADER}), there are ${fields.length}`
  const node = wholeNumber(nodeText)
  if (node === null || node >= nodes) return `no node '${nodeText}'; nodes are 0 to ${nodes - 1}`
  const timeUs = wholeNumber(timeText)
  if (timeUs === null) return `'${timeText}' is no time in whole microseconds`
  if (state !== 'up' && state !== 'down') return `'${state}' is neither 'up' nor 'down'`
  return { node, timeUs, isOnline: state === 'up' }
}

function orderProblem(step: TraceStep, before: TraceStep | undefined): string | null {
  if (before === undefined) return null
  if (step.timeUs < before.timeUs) {
    return `node ${step.node} goes back in time: ${step.timeUs} us follows ${before.timeUs} us`
  }
  if (step.isOnline !== before.isOnline) return null
  return `node ${step.node} is ${step.isOnline ? 'up' : 'down'} already`
}

function wholeNumber(text: string): number | null {
  if (!/^\d{1,16}$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}
