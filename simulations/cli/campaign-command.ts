import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { sumReached } from '../report/summary-table.ts'
import { failureKey } from '../runs/run-result.ts'
import type { Outcome, RunResult } from '../runs/run-result.ts'
import { SHRINK_SECONDS, checked, failureLine, worstOf } from './run-command.ts'
import { readSource, scenarioNames } from './scenario-source.ts'
import type { ScenarioSource } from './scenario-source.ts'
import { SeedBatch } from './seed-batch.ts'
import type { SeedRun } from './seed-batch.ts'
import { writeError } from './sim-error.ts'
import type { SimHost } from './sim-command.ts'
import { ProgressLine, clock, paint } from './terminal.ts'
import type { CryptoMode } from './worker.ts'
import { writeFailure } from './write-failure.ts'

/** Options of `coop sim campaign`. */
export interface CampaignOptions {
  readonly minutes: number
  readonly scenarios: readonly string[]
  readonly seed: number | null
  readonly jobs: number | null
  readonly out: string | null
  readonly crypto?: CryptoMode
}

/** Failures that are shrunk and written, one for each way to fail. */
const WAYS_MAX = 20

/** `coop sim campaign`: fresh seeds of scenarios in turn, until time is over; each new way to fail is shrunk and written. */
export async function campaignCommand(options: CampaignOptions, host: SimHost): Promise<Outcome> {
  const { terminal } = host
  const names = options.scenarios.length > 0 ? options.scenarios : scenarioNames(host.root)
  const sources = names.map((it) => readSource(host.root, it))
  for (const source of sources) checked(source)
  const first = options.seed ?? randomInt(1, 2 ** 47)
  const out = options.out ?? 'sim-results/campaign'
  const jobs = options.jobs ?? availableParallelism()
  const batch = new SeedBatch(host, {
    jobs,
    ...(options.crypto === undefined ? {} : { crypto: options.crypto }),
  })
  const progress = new ProgressLine(terminal)
  const startMs = Date.now()
  const allMs = options.minutes * 60_000
  const tally = new Tally()
  const isOver = (): boolean => Date.now() - startMs >= allMs
  if (!terminal.isJson)
    terminal.out(`seeds from ${first}, ${jobs} processes, ${options.minutes} min of ${names.join(', ')}\n`)
  try {
    await batch.run(freshRuns(sources, first, isOver), {
      onResult: (result, run) => {
        progress.clear()
        const isNew = tally.add(result, run)
        if (terminal.isJson && result.outcome !== 'ok') terminal.out(`${JSON.stringify(result)}\n`)
        else if (isNew) terminal.out(`${failureLine(result, host)}\n`)
      },
      onProgress: () => {
        const wrong =
          tally.failed === 0 ? 'nothing found' : `${tally.failed} failed in ${tally.ways.size} ways`
        progress.show((Date.now() - startMs) / allMs, `${tally.runs} seeds, ${wrong}`)
      },
    })
    progress.clear()
    const folders = await explainWays(tally, { batch, out, host })
    print({ tally, folders, first, seconds: (Date.now() - startMs) / 1_000 }, host)
    return worstOf([...tally.ways.values()].map(({ result }) => result))
  } finally {
    progress.clear()
    batch.close()
  }
}

/** What a campaign has seen. */
class Tally {
  runs = 0
  failed = 0
  events = 0
  virtualUs = 0
  /** The first run that failed in each way. */
  readonly ways = new Map<string, { result: RunResult; run: SeedRun; count: number }>()
  readonly byScenario = new Map<string, { runs: number; failed: number; reached: Record<string, number> }>()

  /** True when this is a new way to fail. */
  add(result: RunResult, run: SeedRun): boolean {
    const isFailed = result.outcome !== 'ok'
    this.runs += 1
    this.events += result.events
    this.virtualUs += result.virtualUs
    const of = this.byScenario.get(result.scenario) ?? { runs: 0, failed: 0, reached: {} }
    of.runs += 1
    of.reached = sumReached([{ ...result, reached: of.reached }, result])
    this.byScenario.set(result.scenario, of)
    if (!isFailed) return false
    of.failed += 1
    this.failed += 1
    const key = `${result.scenario}, ${failureKey(result)}`
    const known = this.ways.get(key)
    if (known === undefined) this.ways.set(key, { result, run, count: 1 })
    else known.count += 1
    return known === undefined
  }
}

function* freshRuns(
  sources: readonly ScenarioSource[],
  first: number,
  isOver: () => boolean,
): Iterable<SeedRun> {
  for (let i = 0; !isOver(); i += 1) {
    yield {
      source: sources[i % sources.length] as ScenarioSource,
      seed: first + Math.floor(i / sources.length),
    }
  }
}

async function explainWays(
  tally: Tally,
  { batch, out, host }: { batch: SeedBatch; out: string; host: SimHost },
): Promise<Map<string, { path: string; shrunk: string | null }>> {
  const folders = new Map<string, { path: string; shrunk: string | null }>()
  const progress = new ProgressLine(host.terminal)
  for (const [i, [key, { run, result }]] of [...tally.ways].slice(0, WAYS_MAX).entries()) {
    if (host.signal.aborted || result.digest === '') continue
    const { files, shrunk } = await batch.explain(run, SHRINK_SECONDS, (share, note) =>
      progress.show((i + share) / tally.ways.size, `seed ${run.seed}: ${note}`),
    )
    progress.clear()
    const path = join(out, `${run.source.name}-seed-${run.seed}`)
    try {
      writeFailure(path, files)
    } catch (error) {
      throw writeError(error, path, `Its seed: coop sim run ${run.source.name} --seed ${run.seed} --shrink`)
    }
    folders.set(key, { path, shrunk })
  }
  return folders
}

function print(
  found: {
    tally: Tally
    folders: ReadonlyMap<string, { path: string; shrunk: string | null }>
    first: number
    seconds: number
  },
  { terminal, signal }: SimHost,
): void {
  const { tally, folders, first, seconds } = found
  const { runs, failed, events, virtualUs, ways, byScenario } = tally
  if (terminal.isJson) {
    const failures = [...ways].map(([way, { count, run }]) => ({
      way,
      count,
      seed: run.seed,
      folder: folders.get(way)?.path ?? null,
    }))
    const scenarios = Object.fromEntries(byScenario)
    terminal.out(
      `${JSON.stringify({ runs, failed, events, virtualUs, seedFirst: first, seconds, failures, scenarios })}\n`,
    )
    return
  }
  const hours = virtualUs / 3_600_000_000
  const stopped = signal.aborted ? 'stopped; ' : ''
  terminal.out(
    `${stopped}${runs} seeds in ${clock(seconds * 1_000)}, ${events} events, ${hours.toFixed(1)} virtual hours, ${failed} failed\n`,
  )
  for (const [scenario, of] of byScenario) {
    terminal.out(
      `\n${paint(terminal, '1', scenario)}: ${of.runs} seeds, ${of.failed} failed; states reached:\n`,
    )
    const reached = Object.entries(of.reached).map(([name, count]) => `${name} ${count}`)
    terminal.out(`  ${reached.join(', ') || 'none'}\n`)
  }
  for (const [way, { count, run }] of ways) {
    terminal.out(`\n${paint(terminal, '31', `${count} x`)} ${way}\n  first seed ${run.seed}\n`)
    const folder = folders.get(way)
    if (folder === undefined) continue
    if (folder.shrunk !== null) terminal.out(`  ${folder.shrunk}\n`)
    terminal.out(`  again: coop sim replay ${folder.path}\n`)
  }
}
