import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** Kills and cuts that the issue asks for, at least. */
const KILLS = 1_000
const CUTS = 500
/** More workers than that wait for one disk. */
const JOBS_MAX = 4

/** What `npm run crash` was asked for. */
export interface CrashOptions {
  kills: number
  cuts: number
  /** 0 for none, 1 for all, n for an n-th of the cases. */
  failedWrites: number
  nodes: number
  seed: number
  jobs: number
  isJson: boolean
  /** A kept failure to look at again, or null. */
  replay: string | null
  /** One failed write to run again, or null. */
  case: string | null
}

/** Printed for `--help`. */
export const USAGE = `npm run crash -- [options]
  --kills N          kill -9 in bursts of writes (default ${KILLS})
  --cuts N           power cuts (default ${CUTS})
  --failed-writes N  0: none, 1: every call fails once (default), n: one call in n
  --nodes N          kill -9 of whole nodes (default 0)
  --seed N           repeats a run: what is written, and where the power is cut (default: drawn, and printed)
  --jobs N           crashes worked on at once (default: one a core, at most ${JOBS_MAX})
  --json             the summary as JSON on the standard output
  --replay FOLDER    looks again at a folder that a failure kept
  --case NAME        runs one failed write again
`

/** Reads the command line; throws on what it does not know. */
export function readOptions(args: readonly string[]): CrashOptions | 'help' {
  const names = ['kills', 'cuts', 'failed-writes', 'nodes', 'seed', 'jobs', 'replay', 'case'] as const
  const texts = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const flags = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const
  const parsed = parseArgs({ args: [...args], options: { ...texts, ...flags }, strict: true })
  const values: Record<string, string | boolean | undefined> = parsed.values
  if (values['help'] === true) return 'help'
  const text = (name: (typeof names)[number]): string | null => {
    const value = values[name]
    return typeof value === 'string' ? value : null
  }
  const number = (name: (typeof names)[number], without: number): number => {
    const value = text(name) ?? String(without)
    if (!/^\d{1,9}$/.test(value)) throw new Error(`--${name} takes a number, not '${value}'`)
    return Number(value)
  }
  return {
    kills: number('kills', KILLS),
    cuts: number('cuts', CUTS),
    failedWrites: number('failed-writes', 1),
    nodes: number('nodes', 0),
    seed: number('seed', Math.floor(Math.random() * 1e9)),
    jobs: Math.max(1, number('jobs', Math.min(JOBS_MAX, availableParallelism()))),
    isJson: values['json'] === true,
    replay: text('replay'),
    case: text('case'),
  }
}
