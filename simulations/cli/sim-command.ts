import { parseArgs } from 'node:util'
import { nearest } from '../scenario/index.ts'
import { campaignCommand } from './campaign-command.ts'
import { listCommand, schemaCommand } from './list-command.ts'
import { replayCommand } from './replay-command.ts'
import { runCommand } from './run-command.ts'
import { SimError } from './sim-error.ts'
import type { Outcome } from '../runs/run-result.ts'
import type { Terminal } from './terminal.ts'
import type { CryptoMode } from './worker.ts'

/** What a command works with. */
export interface SimHost {
  /** Folder of the project. */
  readonly root: string
  /** What a worker process runs; it calls `serveTasks`. */
  readonly workerFile: string
  readonly terminal: Terminal
  /** Aborted when the work shall end: Ctrl-C. */
  readonly signal: AbortSignal
}

const HELP = `Usage: coop sim <command>

The protocol's own code in virtual time. Needs no node and no network.

  list                             scenarios that come with the program
  run <scenario|file.yaml>         runs a scenario; results, a summary and a plot go into a folder
      --seed <n>                   first seed (default 1)
      --runs <n>                   how many seeds (default 1)
      --jobs <n>                   processes (default: one per core)
      --out <dir>                  folder of results (default sim-results/<scenario>)
      --resume                     go on in a folder that was interrupted
      --shrink                     make each failure smaller before it is written
      --crypto <real|fast>         real signatures, or a keyed hash (default: as the scenario says)
  replay <dir>                     runs a failure again, byte for byte
      --shrink                     and makes it smaller
  campaign                         fresh seeds of all scenarios on all cores, until time is over
      --minutes <n>                real time (default 30)
      --scenario <name>            only this one; may be given more than once
      --seed <n>                   first seed (default: drawn)
      --jobs <n>  --out <dir>      as for run
  schema                           the JSON schema of scenarios
  --json                           JSON lines instead of text

Exit codes: 0 all runs went well, 60 a run crashed, 61 liveness, 62 correctness, 2 usage, 63 a scenario is wrong.
`

const OPTIONS = {
  seed: { type: 'string' },
  runs: { type: 'string' },
  jobs: { type: 'string' },
  out: { type: 'string' },
  minutes: { type: 'string' },
  scenario: { type: 'string', multiple: true },
  crypto: { type: 'string' },
  resume: { type: 'boolean' },
  shrink: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Options that each command knows, and the arguments it takes. */
const COMMANDS: Readonly<Record<string, { options: readonly string[]; argument: string | null }>> = {
  list: { options: [], argument: null },
  run: {
    options: ['seed', 'runs', 'jobs', 'out', 'resume', 'shrink', 'crypto'],
    argument: 'a scenario or the path of a YAML file',
  },
  replay: { options: ['shrink'], argument: 'the folder of a failure' },
  campaign: { options: ['minutes', 'scenario', 'seed', 'jobs', 'out', 'crypto'], argument: null },
  schema: { options: [], argument: null },
}

/** Carries out `coop sim …`. Returns the worst outcome of the runs; throws a `SimError` for everything else. */
export async function simCommand(args: readonly string[], host: SimHost): Promise<Outcome> {
  const { values, positionals } = parsed(args)
  const [name, argument = '', ...rest] = positionals
  if (values.help === true || (name === 'help' && argument === '')) {
    host.terminal.out(HELP)
    return 'ok'
  }
  const command = COMMANDS[name ?? '']
  if (name === undefined || command === undefined) throw unknownCommand(name)
  for (const option of Object.keys(values)) {
    if (option === 'json' || command.options.includes(option)) continue
    throw usage(`\`coop sim ${name}\` has no option --${option}`)
  }
  if (command.argument !== null && argument === '') throw usage(`what is missing: ${command.argument}`)
  const surplus = command.argument === null ? positionals[1] : rest[0]
  if (surplus !== undefined) throw usage(`one argument too many: ${surplus}`)
  const mode = cryptoMode(values.crypto)
  const jobs = count('jobs', values.jobs, 1, 256)
  switch (name) {
    case 'list':
      return listCommand(host)
    case 'schema':
      return schemaCommand(host)
    case 'replay':
      return replayCommand({ folder: argument, isShrunk: values.shrink === true }, host)
    case 'campaign':
      return campaignCommand(
        {
          minutes: minutes(values.minutes),
          scenarios: values.scenario ?? [],
          seed: count('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
          jobs,
          out: values.out ?? null,
          ...mode,
        },
        host,
      )
    default:
      return runCommand(
        {
          scenario: argument,
          seed: count('seed', values.seed, 0, Number.MAX_SAFE_INTEGER) ?? 1,
          runs: count('runs', values.runs, 1, 1_000_000) ?? 1,
          jobs,
          out: values.out ?? null,
          isResumed: values.resume === true,
          isShrunk: values.shrink === true,
          ...mode,
        },
        host,
      )
  }
}

function parsed(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true; args: string[] }>> {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [message = ''] = (error instanceof Error ? error.message : String(error)).split('. ')
    const [, option] = /Unknown option '--?([\w-]+)'/.exec(message) ?? []
    const guess = option === undefined ? null : nearest(option, Object.keys(OPTIONS))
    throw usage(`${message}${guess === null ? '' : `. Did you mean --${guess}?`}`)
  }
}

function unknownCommand(name: string | undefined): SimError {
  if (name === undefined) return usage('a command is missing')
  const guess = nearest(name, Object.keys(COMMANDS))
  return usage(`there is no command '${name}'.${guess === null ? '' : ` Did you mean '${guess}'?`}`)
}

function usage(message: string): SimError {
  return new SimError('usage', message, 'Run `coop sim --help`.')
}

function count(name: string, text: string | undefined, least: number, most: number): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw usage(`--${name} is a whole number from ${least} to ${most}, not '${text}'`)
}

function cryptoMode(text: string | undefined): { crypto?: CryptoMode } {
  if (text === undefined) return {}
  if (text === 'real' || text === 'fast') return { crypto: text }
  throw usage(`--crypto is real or fast, not '${text}'`)
}

function minutes(text: string | undefined): number {
  const value = Number(text ?? 30)
  if (value > 0 && value <= 100_000) return value
  throw usage(`--minutes is a number above 0, at most 100000, not '${text}'`)
}
