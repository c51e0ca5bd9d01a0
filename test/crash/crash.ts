import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REOPEN_MS_MAX } from './campaign.ts'
import type { CampaignParts, CrashFailure } from './campaign.ts'
import { compileShim } from './disk-shim.ts'
import { caseOf, replayFailedWrite, runFailedWrites } from './failed-writes.ts'
import type { FailedWritesSummary } from './failed-writes.ts'
import { runKills } from './kills.ts'
import type { KillSummary } from './kills.ts'
import { runNodeKills } from './node-kills.ts'
import type { NodeKillSummary } from './node-kills.ts'
import { USAGE, readOptions } from './options.ts'
import type { CrashOptions } from './options.ts'
import { runPowerCuts } from './power-cuts.ts'
import type { CutSummary } from './power-cuts.ts'
import { replayKept } from './replay.ts'
import { printSummary } from './summary.ts'

/** What a run found. Null: not asked for, or not possible here (`skipped` says why). */
export interface CrashSummary {
  seed: number
  seconds: number
  isInterrupted: boolean
  skipped: string[]
  /** Campaigns that could not go on, for a fault of their own. */
  broken: string[]
  kills: KillSummary | null
  cuts: CutSummary | null
  failedWrites: FailedWritesSummary | null
  nodes: NodeKillSummary | null
}

const SCRIPTS = ['opening', 'writing', 'filling'] as const

const options = readOptions(process.argv.slice(2))
if (options === 'help') process.stdout.write(USAGE)
else process.exitCode = await run(options)

async function run(options: CrashOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'coopmesh-crash-'))
  // Workers start three times as fast with their code compiled once.
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled')
  const stop = new AbortController()
  process.on('SIGINT', () => {
    // The second one ends at once; workers end with this process.
    if (stop.signal.aborted) process.exit(130)
    process.stderr.write('\nending after what is under way; once more ends at once\n')
    stop.abort()
  })
  const parts: CampaignParts = {
    folder: join(folder, 'work'),
    keepFolder: join(folder, 'failures'),
    seed: options.seed,
    jobs: options.jobs,
    reopenMsMax: REOPEN_MS_MAX,
    signal: stop.signal,
    progress: progressLine(),
  }
  mkdirSync(parts.folder)
  try {
    if (options.replay !== null) return tellReplay(await replayKept(parts, options.replay))
    if (options.case !== null) return await replayCase(parts, options.case)
    const summary = await campaigns(parts, options)
    printSummary(summary, options.isJson)
    const hasFailed = failuresOf(summary).length > 0 || summary.broken.length > 0
    if (!hasFailed) rmSync(folder, { recursive: true, force: true })
    return hasFailed ? 1 : summary.isInterrupted ? 130 : 0
  } finally {
    rmSync(parts.folder, { recursive: true, force: true })
    rmSync(join(folder, 'compiled'), { recursive: true, force: true })
  }
}

async function campaigns(parts: CampaignParts, options: CrashOptions): Promise<CrashSummary> {
  const startedMs = performance.now()
  process.stderr.write(`seed ${options.seed}\n`)
  const shim = compileShim(parts.folder)
  const skipped: string[] = []
  const broken: string[] = []
  const attempt = async <T>(isWanted: boolean, work: () => Promise<T>): Promise<T | null> => {
    if (!isWanted || parts.signal.aborted) return null
    return work().catch((cause: unknown) => {
      // Whole nodes end with a Ctrl-C, in whatever they were asked to do.
      if (!parts.signal.aborted)
        broken.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
      return null
    })
  }
  const { kills, cuts, nodes } = options
  const thinning = options.failedWrites
  if (!shim.ok && cuts + thinning > 0) skipped.push(`power cuts and failed writes: ${shim.why}`)
  const summary: CrashSummary = {
    ...{ seed: options.seed, seconds: 0, isInterrupted: false, skipped, broken },
    kills: await attempt(kills > 0, async () => runKills(parts, kills)),
    cuts: shim.ok ? await attempt(cuts > 0, async () => runPowerCuts(parts, { cuts, shim })) : null,
    failedWrites: shim.ok
      ? await attempt(thinning > 0, async () => runFailedWrites(parts, { shim, scripts: SCRIPTS, thinning }))
      : null,
    nodes: await attempt(nodes > 0, async () => runNodeKills(parts, nodes)),
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  return { ...summary, seconds, isInterrupted: parts.signal.aborted }
}

/** All failures of a run. */
function failuresOf(summary: CrashSummary): CrashFailure[] {
  const { kills, cuts, failedWrites, nodes } = summary
  return [kills, cuts, failedWrites, nodes].flatMap((it) => it?.failures ?? [])
}

async function replayCase(parts: CampaignParts, name: string): Promise<number> {
  const shim = compileShim(parts.folder)
  const request = caseOf(name)
  if (request === null) throw new Error(`'${name}' is no case, such as writing/ENOSPC/once/17`)
  if (!shim.ok) throw new Error(`no failed writes here: ${shim.why}`)
  const { faults, codes } = await replayFailedWrite(parts, shim, request)
  process.stdout.write(`callers got: ${codes.length === 0 ? 'no error' : codes.join(' ')}\n`)
  return tellReplay(faults)
}

function tellReplay(faults: readonly string[]): number {
  process.stdout.write(faults.length === 0 ? 'nothing is wrong\n' : `${faults.join('\n')}\n`)
  return faults.length === 0 ? 0 : 1
}

/** Shows how far it is: in place on a terminal, a line every ten seconds elsewhere. */
function progressLine(): (text: string) => void {
  const everyMs = process.stderr.isTTY ? 100 : 10_000
  let lastMs = 0
  return (text) => {
    if (performance.now() - lastMs < everyMs) return
    lastMs = performance.now()
    process.stderr.write(process.stderr.isTTY ? `\r${text.padEnd(78)}` : `${text}\n`)
  }
}
