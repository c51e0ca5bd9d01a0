import { failureKey } from '../runs/run-result.ts'
import type { RunResult } from '../runs/run-result.ts'
import { timeText } from './svg.ts'

/** Columns of a terminal that everybody has. */
const WIDTH = 80

/** Runs in numbers: outcomes, then each metric and each state with least, median, largest. Plain text. */
export function summaryTable(results: readonly RunResult[]): string {
  const outcomes = countBy(results.map(failureKey))
  const lines = [...outcomes].map(([key, count]) => `  ${String(count).padStart(6)}  ${key}`)
  const parts = [`outcomes of ${results.length} ${results.length === 1 ? 'run' : 'runs'}`, ...lines]
  const head = results.length === 1 ? ['this run'] : ['least', 'median', 'largest']
  const metrics = spreadOf(results.map((it) => it.metrics))
  if (metrics.length > 0) parts.push('', ...table(['metric', ...head], metrics))
  const reached = spreadOf(results.map((it) => it.reached))
  const isReached = (name: string): boolean => results.some((it) => (it.reached[name] ?? 0) > 0)
  const some = reached.filter(([name = '']) => isReached(name))
  if (some.length > 0) parts.push('', ...table(['states reached', ...head], some))
  const never = reached.flatMap(([name = '']) => (isReached(name) ? [] : [name]))
  if (never.length > 0) parts.push('', ...wrapped(`never reached: ${never.join(', ')}`))
  return parts.join('\n')
}

/** Sums of what was reached, over many runs. */
export function sumReached(results: Iterable<RunResult>): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { reached } of results) {
    for (const [name, count] of Object.entries(reached)) sums[name] = (sums[name] ?? 0) + count
  }
  return sums
}

function spreadOf(rows: readonly Readonly<Record<string, number | null>>[]): string[][] {
  const names = [...new Set(rows.flatMap((it) => Object.keys(it)))]
  return names.map((name) => {
    const values = rows.flatMap((it) => it[name] ?? []).sort((a, b) => a - b)
    const pick = (at: number): string => (values.length === 0 ? '-' : metricText(name, values[at] ?? 0))
    if (rows.length === 1) return [name, pick(0)]
    return [name, pick(0), pick(values.length >> 1), pick(values.length - 1)]
  })
}

/** Words over as many lines as they need, indented. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > WIDTH)
      lines.push(`${lines.length === 0 ? '  ' : '    '}${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Times as people write them; all else as it is. */
function metricText(name: string, value: number): string {
  if (name.endsWith('Us')) return timeText(value)
  return Number.isInteger(value) ? String(value) : value.toPrecision(4)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`
  return [line(head), ...rows.map(line)]
}
