import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { convergencePlot } from '../report/convergence-plot.ts'
import { summaryTable } from '../report/summary-table.ts'
import { codeVersion } from '../runs/code-version.ts'
import { ResultFolder } from '../runs/result-folder.ts'
import type { Manifest } from '../runs/result-folder.ts'
import { failureText } from '../runs/run-result.ts'
import type { Outcome, RunResult } from '../runs/run-result.ts'
import { ScenarioError, readScenario } from '../scenario/index.ts'
import { readSource } from './scenario-source.ts'
import type { ScenarioSource } from './scenario-source.ts'
import { SimError, writeError } from './sim-error.ts'
import type { SimHost } from './sim-command.ts'
import { SeedBatch } from './seed-batch.ts'
import { ProgressLine, paint } from './terminal.ts'
import type { CryptoMode } from './worker.ts'
import { writeFailure } from './write-failure.ts'

/** Options of `coop sim run`. */
export interface RunOptions {
  readonly scenario: string
  readonly seed: number
  readonly runs: number
  readonly jobs: number | null
  readonly out: string | null
  readonly isResumed: boolean
  readonly isShrunk: boolean
  readonly crypto?: CryptoMode
}

/** Failures whose folders one command writes; more of the same help nobody. */
const FAILURES_MAX = 10
/** Real time for making one failure smaller, in seconds. */
export const SHRINK_SECONDS = 120

/** `coop sim run`: seeds of one scenario; results, a summary and a plot in a folder. */
export async function runCommand(options: RunOptions, host: SimHost): Promise<Outcome> {
  const source = readSource(host.root, options.scenario)
  const scenario = checked(source)
  const path = options.out ?? freshPath(join('sim-results', source.name), options.isResumed)
  const again = `${commandText(options)} --out ${path} --resume`
  const folder = openFolder(path, again)
  const manifest: Omit<Manifest, 'finished'> = {
    scenario: source.name,
    configHash: configHash(source),
    crypto: options.crypto ?? scenario.crypto,
    seedFirst: options.seed,
    runs: options.runs,
    ...codeVersion(host.root),
  }
  checkFolder(folder, manifest, options.isResumed)
  const seeds = Array.from({ length: options.runs }, (_, i) => options.seed + i)
  const work = seeds.filter((seed) => !folder.has(seed))
  const jobs = Math.min(options.jobs ?? availableParallelism(), options.runs)
  const batch = new SeedBatch(host, {
    jobs,
    ...(options.crypto === undefined ? {} : { crypto: options.crypto }),
  })
  const keep = (write: () => void): void => writing(folder, again, write)
  try {
    const save = (): void => folder.writeManifest({ ...manifest, finished: folder.results.length })
    keep(save)
    await runAll({ source, options, host, folder, batch, keep }, work)
    keep(save)
    if (host.signal.aborted) throw interrupted(folder, options, again)
    const results = folder.results.filter(
      ({ seed }) => seed >= options.seed && seed < options.seed + options.runs,
    )
    const failed = results.filter(({ outcome }) => outcome !== 'ok')
    const failures = await explainAll({ source, options, host, folder, batch, keep }, failed)
    const plot = convergencePlot(`${source.name}: how the replicas converge`, results)
    keep(() => folder.write('convergence.svg', plot))
    const summary = summaryTable(results)
    keep(() => folder.write('summary.txt', `${summary}\n`))
    return printReport({ results, failures, summary }, host, folder, manifest)
  } finally {
    batch.close()
    keep(() => folder.close())
  }
}

interface Work {
  readonly source: ScenarioSource
  readonly options: RunOptions
  readonly host: SimHost
  readonly folder: ResultFolder
  readonly batch: SeedBatch
  readonly keep: (write: () => void) => void
}

async function runAll(
  { source, options, host, folder, batch, keep }: Work,
  seeds: readonly number[],
): Promise<void> {
  const { terminal } = host
  const progress = new ProgressLine(terminal)
  const before = options.runs - seeds.length
  let failed = 0
  try {
    await batch.run(
      seeds.map((seed) => ({ source, seed })),
      {
        onResult: (result) => {
          keep(() => folder.add(result))
          if (result.outcome !== 'ok') failed += 1
          progress.clear()
          if (terminal.isJson) terminal.out(`${JSON.stringify(result)}\n`)
          else if (result.outcome !== 'ok') terminal.out(`${failureLine(result, host)}\n`)
        },
        onProgress: (done) => {
          const finished = before + batch.finished
          const wrong = failed === 0 ? '' : `, ${failed} failed`
          progress.show((before + done) / options.runs, `${finished} of ${options.runs} runs${wrong}`)
        },
      },
    )
  } finally {
    progress.clear()
  }
}

/** Runs failed seeds again with everything recorded; returns their folders by seed. */
async function explainAll(
  { source, options, host, folder, batch, keep }: Work,
  failed: readonly RunResult[],
): Promise<Map<number, string>> {
  const folders = new Map<number, string>()
  const progress = new ProgressLine(host.terminal)
  const shrinkSeconds = options.isShrunk ? SHRINK_SECONDS : 0
  for (const [i, result] of failed.slice(0, FAILURES_MAX).entries()) {
    if (host.signal.aborted) break
    const explained = await batch.explain({ source, seed: result.seed }, shrinkSeconds, (share, note) =>
      progress.show((i + share) / Math.min(failed.length, FAILURES_MAX), `seed ${result.seed}: ${note}`),
    )
    progress.clear()
    const path = join(folder.path, 'failures', `seed-${result.seed}`)
    keep(() => writeFailure(path, explained.files))
    folders.set(result.seed, path)
  }
  return folders
}

function interrupted(folder: ResultFolder, { runs }: RunOptions, again: string): SimError {
  const finished = folder.results.length
  return new SimError(
    'interrupted',
    `stopped: ${finished} of ${runs} runs are finished and kept in ${join(folder.path, 'runs.jsonl')}`,
    `Go on: ${again}`,
  )
}

function printReport(
  found: { results: readonly RunResult[]; failures: ReadonlyMap<number, string>; summary: string },
  { terminal }: SimHost,
  folder: ResultFolder,
  manifest: Omit<Manifest, 'finished'>,
): Outcome {
  const { results, failures, summary } = found
  const outcome = worstOf(results)
  const files = ['runs.jsonl', 'manifest.json', 'summary.txt', 'convergence.svg'].map((it) =>
    join(folder.path, it),
  )
  if (terminal.isJson) {
    const folders = Object.fromEntries(failures)
    terminal.out(
      `${JSON.stringify({ ...manifest, finished: results.length, outcome, files, failures: folders })}\n`,
    )
    return outcome
  }
  terminal.out(`${summary}\n\n`)
  for (const [seed, path] of failures) {
    const result = results.find((it) => it.seed === seed)
    if (result === undefined) continue
    terminal.out(`${paint(terminal, '31', `seed ${seed}`)}  ${failureText(result)}\n`)
    terminal.out(`  diagram  ${join(path, 'space-time.svg')}\n  again    coop sim replay ${path}\n`)
  }
  const more = results.filter((it) => it.outcome !== 'ok').length - failures.size
  if (more > 0) terminal.out(`and ${more} more failed; their seeds are in runs.jsonl\n`)
  const [runs, , , plot] = files
  terminal.out(`results  ${runs}\nplot     ${plot}\n`)
  return outcome
}

/** The outcome that a whole batch is told by: what is wrong before what crashed, before what is late. */
export function worstOf(results: readonly RunResult[]): Outcome {
  const order: readonly Outcome[] = ['correctness', 'crash', 'liveness']
  return order.find((it) => results.some(({ outcome }) => outcome === it)) ?? 'ok'
}

/** One failed run on one line. */
export function failureLine(result: RunResult, { terminal }: SimHost): string {
  return `${paint(terminal, '31', 'failed')} ${result.scenario} seed ${result.seed}: ${failureText(result)}`
}

/** The scenario of a source; what is wrong with it as an error of the command. */
export function checked(source: ScenarioSource): ReturnType<typeof readScenario> {
  try {
    return readScenario(source)
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error
    throw new SimError(
      'scenario-invalid',
      error.message,
      'The keys are listed in docs/simulation.schema.json (`coop sim schema`).',
      error,
    )
  }
}

/** SHA-256 over a scenario's text and what it refers to, hex. */
function configHash({ text, attached }: ScenarioSource): string {
  const hash = createHash('sha256').update(text)
  for (const name of Object.keys(attached).sort()) hash.update(`\0${name}\0${attached[name]}`)
  return hash.digest('hex')
}

function freshPath(base: string, isResumed: boolean): string {
  if (isResumed || !existsSync(base)) return base
  for (let n = 2; ; n += 1) if (!existsSync(`${base}-${n}`)) return `${base}-${n}`
}

function commandText({ scenario, seed, runs, isShrunk, crypto }: RunOptions): string {
  const more = `${isShrunk ? ' --shrink' : ''}${crypto === undefined ? '' : ` --crypto ${crypto}`}`
  return `coop sim run ${scenario} --seed ${seed} --runs ${runs}${more}`
}

function openFolder(path: string, again: string): ResultFolder {
  try {
    return new ResultFolder(path)
  } catch (error) {
    if (error instanceof SyntaxError) {
      const message = `${join(path, 'runs.jsonl')} holds a line that is no result: ${error.message}`
      throw new SimError('path-unreadable', message, 'Give another folder with --out.', error)
    }
    throw writeError(error, path, `Then: ${again}`)
  }
}

function checkFolder(folder: ResultFolder, manifest: Omit<Manifest, 'finished'>, isResumed: boolean): void {
  const before = folder.manifest()
  // An attempt that finished nothing leaves nothing to mix up.
  if (before === null || folder.results.length === 0) return
  if (!isResumed) {
    throw new SimError(
      'usage',
      `${folder.path} holds results already`,
      'Go on there with --resume, or give another folder with --out.',
    )
  }
  for (const key of ['configHash', 'code', 'crypto'] as const) {
    if (before[key] === manifest[key]) continue
    const what = { configHash: 'scenario', code: 'code', crypto: 'crypto mode' }[key]
    throw new SimError(
      'usage',
      `${folder.path} holds results of another ${what} (${before[key]}, not ${manifest[key]})`,
      'Results of both would not compare: give another folder with --out.',
    )
  }
}

/** Writes something; says what is kept where that fails. */
function writing(folder: ResultFolder, again: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    const kept = `${folder.results.length} finished runs are kept in ${folder.path}. Then go on: ${again}`
    throw writeError(error, folder.path, kept)
  }
}
