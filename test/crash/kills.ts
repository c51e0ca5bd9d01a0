import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { seededRandom } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { FAILURES_MAX, keepFailure, runJobs, tallyOf, timesOf } from './campaign.ts'
import type { CampaignParts, CrashFailure, Times } from './campaign.ts'
import type { ReportLine } from './report.ts'
import { Witness } from './witness.ts'
import { WorkerProcess } from './worker-process.ts'

/** Kills of one folder; then a new one, so that reading it all again after each kill stays cheap. */
const KILLS_PER_FOLDER = 12
/** Every so many folders one has assets too: their code takes three times as long to load. */
const ASSETS_EVERY = 5
/** Of a hundred kills, how many come while the folder is being opened; these are counted apart. */
const OPENING_PERCENT = 10
/** After every so many kills the states are compared too, and at the end of each folder. */
const THOROUGH_EVERY = 4
/** When such a kill comes after the start of the process, ms, at most. */
const OPENING_MS_MAX = 600
/** When the others come: so many acknowledgements into the burst, and then some ms. */
const BURST_KEPT_MAX = 300
const BURST_MS_MAX = 20
/** Far more than a burst gets to. */
const COMMITS_MAX = 5_000
const LARGE_PERCENT = 5

/** What killing processes showed. */
export interface KillSummary {
  folders: number
  /** Kills in a burst of writes. */
  kills: number
  /** Kills while a folder was opened and read, beside these. */
  killsWhileOpening: number
  /** Commits that had been acknowledged and were checked at every opening after. */
  acknowledged: number
  /** Commits that a kill left on the disk though nobody had been told. */
  foundUnacknowledged: number
  /** What the store told of itself, and how often. */
  findings: Record<string, number>
  reopenMs: Times
  failures: CrashFailure[]
}

/** One data folder through many kills. */
interface Life {
  folder: string
  /** The folder as the last kill left it. */
  found: string
  seed: number
  hasAssets: boolean
  random: SeededRandom
  witness: Witness
  openings: number
}

/** Lets one process end by itself, so that what it compiled is kept for those that are killed before they can. */
async function compileOnce(parts: CampaignParts): Promise<void> {
  const life = { ...beginLife(parts, -1), hasAssets: true }
  await lookOnce(life, [])
  for (const path of [life.folder, life.found]) rmSync(path, { recursive: true, force: true })
}

/** Kills a process in bursts of writes, `kills` times, and checks after each what its folder holds. */
export async function runKills(parts: CampaignParts, kills: number): Promise<KillSummary> {
  const reopenMs: number[] = []
  const summary = { folders: 0, kills: 0, killsWhileOpening: 0, acknowledged: 0, foundUnacknowledged: 0 }
  const findings: Record<string, number> = {}
  const failures: CrashFailure[] = []
  await compileOnce(parts)
  await runJobs(parts, async (index) => {
    if (summary.kills >= kills || failures.length >= FAILURES_MAX) return 'done'
    summary.folders += 1
    const life = beginLife(parts, index)
    let left = KILLS_PER_FOLDER
    let before = life.witness.testimony()
    while (left > 0 && summary.kills < kills && !parts.signal.aborted && life.witness.faults.length === 0) {
      before = life.witness.testimony()
      const moment = await killOnce(life, reopenMs)
      if (moment === 'burst') {
        summary.kills += 1
        left -= 1
      } else summary.killsWhileOpening += 1
      judgeTime(parts, life, reopenMs.at(-1) ?? 0)
      parts.progress(`kills ${summary.kills}/${kills}, failures ${failures.length}`)
    }
    if (life.witness.faults.length === 0) {
      before = life.witness.testimony()
      await lookOnce(life, reopenMs)
    }
    summary.acknowledged += life.witness.keptCommits
    tallyOf(life.witness.findings, findings)
    summary.foundUnacknowledged += life.witness.foundUnacknowledged
    if (life.witness.faults.length > 0) {
      const what = `kills, seed ${parts.seed}, folder ${index}`
      const kept = { seed: life.seed, testimony: before }
      failures.push(keepFailure(parts, { what, faults: life.witness.faults, found: life.found, kept }))
    }
    for (const path of [life.folder, life.found]) rmSync(path, { recursive: true, force: true })
    return 'more'
  })
  return { ...summary, findings, reopenMs: timesOf(reopenMs), failures }
}

function beginLife(parts: CampaignParts, index: number): Life {
  const folder = join(parts.folder, `kills-${index}`)
  mkdirSync(folder, { recursive: true })
  const seed = parts.seed + index
  return {
    folder,
    found: `${folder}-found`,
    seed,
    hasAssets: index % ASSETS_EVERY === ASSETS_EVERY - 1,
    random: seededRandom(seed),
    witness: new Witness(),
    openings: 0,
  }
}

/** One process from its start to its kill. */
async function killOnce(life: Life, reopenMs: number[]): Promise<'burst' | 'opening'> {
  const { random } = life
  const isOpening = random.below(100) < OPENING_PERCENT
  const delayMs = random.below(isOpening ? OPENING_MS_MAX : BURST_MS_MAX)
  let left = random.below(BURST_KEPT_MAX)
  let isChecked = false
  let isKilled = false
  const kill = (): void => {
    isKilled = true
    worker.kill9()
  }
  life.openings += 1
  const isThorough = life.openings % THOROUGH_EVERY === 0
  const worker = startWorker(life, { commits: COMMITS_MAX, isThorough }, (line) => {
    if (line.t === 'opened') reopenMs.push(line.openMs)
    if (line.t === 'checked') isChecked = true
    else if (line.t === 'kept') left -= 1
    else return
    // Once: the next lines come while the kill is under way.
    if (isOpening || left > 0 || left === -Infinity) return
    left = -Infinity
    setTimeout(kill, delayMs)
  })
  if (isOpening) setTimeout(kill, delayMs)
  const { code, signal, errors } = await worker.ended
  if (!isKilled || code !== null)
    life.witness.accuse(`the process ended before its kill (${code ?? signal}): ${errors}`)
  return isChecked ? 'burst' : 'opening'
}

/** Opens the folder once more and lets the process end by itself. */
async function lookOnce(life: Life, reopenMs: number[]): Promise<void> {
  const worker = startWorker(life, { commits: 1, isThorough: true }, (line) => {
    if (line.t === 'opened') reopenMs.push(line.openMs)
  })
  const { code, signal, errors } = await worker.ended
  if (code !== 0) life.witness.accuse(`the process ended by ${code ?? signal}: ${errors}`)
}

function startWorker(
  life: Life,
  work: { commits: number; isThorough: boolean },
  onLine: (line: ReportLine) => void,
): WorkerProcess {
  const { folder, seed, hasAssets, random } = life
  linkFolder(folder, life.found)
  const burst = { burstSeed: random.below(2 ** 31), ...work, largePercent: LARGE_PERCENT }
  return new WorkerProcess(
    { do: 'burst', folder, seed, hasAssets, ...burst, report: null },
    {
      onLine: (it) => {
        const line = it as ReportLine
        life.witness.hear([line])
        onLine(line)
      },
    },
  )
}

function judgeTime(parts: CampaignParts, life: Life, openMs: number): void {
  if (openMs > parts.reopenMsMax) life.witness.accuse(`opening took ${Math.round(openMs)} ms`)
}

/** A copy of a folder that shares its files: neither LevelDB nor a node changes the bytes of one it finds. */
function linkFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name)
    const target = join(to, relative(from, source))
    if (entry.isDirectory()) mkdirSync(target, { recursive: true })
    else linkSync(source, target)
  }
}
