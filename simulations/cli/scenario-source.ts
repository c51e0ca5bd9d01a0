import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { nearest } from '../scenario/index.ts'
import { SimError } from './sim-error.ts'

/** A scenario's text and what it refers to: all that a run needs, wherever it is carried out. */
export interface ScenarioSource {
  readonly name: string
  /** For messages. */
  readonly file: string
  readonly text: string
  /** Contents of the files that it names, by the names it gives them. */
  readonly attached: Readonly<Record<string, string>>
}

/** Largest scenario and largest trace that are read. A guess: a million lines of a trace. */
const FILE_BYTES_MAX = 64 * 1_024 * 1_024

/** Names of the scenarios that come with the program. */
export function scenarioNames(root: string): string[] {
  return readdirSync(join(root, 'simulations', 'scenarios'))
    .filter((it) => it.endsWith('.yaml'))
    .map((it) => it.slice(0, -'.yaml'.length))
    .sort()
}

/** Reads a scenario: a name from `coop sim list`, or the path of a YAML file. */
export function readSource(root: string, scenario: string): ScenarioSource {
  const isPath = scenario.includes('/') || scenario.includes('\\') || /\.ya?ml$/.test(scenario)
  const file = isPath ? resolve(scenario) : join(root, 'simulations', 'scenarios', `${scenario}.yaml`)
  if (!isPath && !existsSync(file)) {
    const names = scenarioNames(root)
    const guess = nearest(scenario, names)
    const hint = guess === null ? '' : ` Did you mean '${guess}'?`
    throw new SimError(
      'scenario-unknown',
      `there is no scenario '${scenario}'.${hint}`,
      `Scenarios: ${names.join(', ')}. Or give the path of a YAML file.`,
    )
  }
  const text = readText(file, 'the scenario')
  const attached: Record<string, string> = {}
  for (const [, quoted, plain] of text.matchAll(TRACE_FILE)) {
    const name = (quoted ?? plain ?? '').trim()
    attached[name] = readText(resolve(dirname(file), name), `the trace that ${basename(file)} names`)
  }
  const shownFile = isPath ? scenario : join('simulations', 'scenarios', `${scenario}.yaml`)
  return { name: basename(file).replace(/\.ya?ml$/, ''), file: shownFile, text, attached }
}

/** What names a trace. Read before the schema sees it: the schema then says what else is wrong with it. */
const TRACE_FILE = /\btraceFile:\s*(?:["']([^"']+)["']|([^\s#"',}][^\n#,}]*))/gm

function readText(file: string, what: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new SimError('path-unreadable', `cannot read ${what}: ${message}`, 'Check the path.', error)
  }
  if (bytes.length > FILE_BYTES_MAX) {
    throw new SimError(
      'path-unreadable',
      `${what} has ${bytes.length} bytes: ${file}`,
      `At most ${FILE_BYTES_MAX} bytes are read.`,
    )
  }
  return bytes.toString('utf8')
}
