import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '#simulations/mesh'
import type { SeededRandom } from '#simulations/mesh'
import { FAILURES_MAX, keepFailure, runJobs, tallyOf, timesOf } from './campaign.ts'
import type { CampaignParts, CrashFailure, Times } from './campaign.ts'
import { DiskModel, readImage, writeImage } from './disk-model.ts'
import type { CutEffects, DiskImage } from './disk-model.ts'
import type { DiskShim } from './disk-shim.ts'
import { Inspector } from './inspector.ts'
import { readJournal } from './journal.ts'
import type { DiskOperation } from './journal.ts'
import { reportLines } from './report.ts'
import { Witness } from './witness.ts'
import type { Testimony } from './witness.ts'
import { WorkerProcess } from './worker-process.ts'

/** Cuts that are tried on one recorded run. */
const CUTS_PER_RECORDING = 25
/** Recordings that begin where a cut left the folder before; then a new folder, so that the log stays short. */
const RECORDINGS_PER_FOLDER = 3
/** Commits of a recorded burst, at most, and how many of a hundred are large: LevelDB's memory fills every 4 MB. */
const COMMITS_MAX = 150
const LARGE_PERCENT = 20
/** The file in the data folder that takes the report, so that it stands in the journal among the writes it is about. */
const MARKS = 'marks'

/** What cutting the power showed. */
export interface CutSummary {
  recordings: number
  cuts: number
  /** Cuts at which something was written and not synced. */
  withUnsynced: number
  /** Cuts that lost or spoilt some of that. */
  withLoss: number
  /** Cuts that left a file torn. */
  withTornFile: number
  /** Cuts that undid a name: a file that was not there yet, or not renamed, or not removed. */
  withUndoneName: number
  /** Cuts while the folder was being opened. */
  whileOpening: number
  /** Commits that had been acknowledged before their cut, over all cuts. */
  acknowledged: number
  /** What the store told of itself, and how often. */
  findings: Record<string, number>
  reopenMs: Times
  failures: CrashFailure[]
}

/** How cuts are made. */
export interface CutOptions {
  cuts: number
  shim: DiskShim
  /** A disk that lies about syncs, to see that the campaign notices. */
  isSyncIgnored?: boolean
}

/** A data folder between two recordings, all of it on the disk. */
interface Start {
  seed: number
  image: DiskImage
  testimony: Testimony
  /** Recordings that led here. */
  age: number
}

interface Tally {
  summary: Omit<CutSummary, 'reopenMs' | 'failures'>
  reopenMs: number[]
  failures: CrashFailure[]
}

/** Records bursts of writes and reopens the folder as `cuts` power cuts would have left it. */
export async function runPowerCuts(parts: CampaignParts, options: CutOptions): Promise<CutSummary> {
  const counts = { withUnsynced: 0, withLoss: 0, withTornFile: 0, withUndoneName: 0, whileOpening: 0 }
  const tally: Tally = {
    summary: { recordings: 0, cuts: 0, ...counts, acknowledged: 0, findings: {} },
    reopenMs: [],
    failures: [],
  }
  await runJobs(parts, async (index) => {
    await runFolder(parts, options, tally, index)
    const isEnough = tally.summary.cuts >= options.cuts || tally.failures.length >= FAILURES_MAX
    return isEnough ? 'done' : 'more'
  })
  return { ...tally.summary, reopenMs: timesOf(tally.reopenMs), failures: tally.failures }
}

/** One data folder through several recordings, each from where a cut of the last one left it. */
async function runFolder(
  parts: CampaignParts,
  options: CutOptions,
  tally: Tally,
  index: number,
): Promise<void> {
  const seed = parts.seed + index
  const random = seededRandom(seed)
  const inspector = new Inspector()
  let start: Start = { seed, image: new Map(), testimony: new Witness().testimony(), age: 0 }
  for (let age = 0; age < RECORDINGS_PER_FOLDER; age += 1) {
    if (tally.summary.cuts >= options.cuts || parts.signal.aborted) break
    const folder = join(parts.folder, `cuts-${index}-${age}`)
    const what = `cuts, seed ${parts.seed}, folder ${index}, recording ${age}`
    const operations = await record(start, { folder, shim: options.shim, random })
    tally.summary.recordings += 1
    const run = { parts, options, tally, inspector, what, folder, random }
    start = await cutRecording(run, start, operations)
    rmSync(folder, { recursive: true, force: true })
  }
  await inspector.close()
}

/** Lets a process write from `start` on, and gives every call with which it changed the disk. */
async function record(
  start: Start,
  at: { folder: string; shim: DiskShim; random: SeededRandom },
): Promise<DiskOperation[]> {
  const { folder, shim, random } = at
  const data = join(folder, 'data')
  const journal = join(folder, 'journal')
  mkdirSync(data, { recursive: true })
  writeImage(start.image, data)
  const amount = { commits: COMMITS_MAX, largePercent: LARGE_PERCENT, isThorough: false }
  const burst = { burstSeed: random.below(2 ** 31), ...amount }
  const { seed } = start
  const worker = new WorkerProcess(
    { do: 'burst', folder: data, seed, hasAssets: true, ...burst, report: join(data, MARKS) },
    { environment: shim.environment({ prefix: data, journal }), onLine: () => null },
  )
  const { code, errors } = await worker.ended
  if (code !== 0) throw new Error(`a recorded process ended by itself (${code}): ${errors}`)
  return readJournal(journal)
}

/** Everything that the cuts of one recording need. */
interface Run {
  parts: CampaignParts
  options: CutOptions
  tally: Tally
  inspector: Inspector
  what: string
  folder: string
  random: SeededRandom
}

/** Cuts the power at several places of a recording; gives the folder as the last of these left it, gone on with. */
async function cutRecording(run: Run, start: Start, operations: readonly DiskOperation[]): Promise<Start> {
  const { parts, options, tally } = run
  const model = new DiskModel(start.image, options.isSyncIgnored)
  const marks = new Marks()
  let next = start
  let done = 0
  for (const point of cutPoints(operations, run.random)) {
    for (const operation of operations.slice(done, point)) if (!marks.take(operation)) model.apply(operation)
    done = point
    if (tally.summary.cuts >= options.cuts || parts.signal.aborted) return next
    next = await cutOnce(run, start, { model, marks, point })
    parts.progress(`power cuts ${tally.summary.cuts}/${options.cuts}, failures ${tally.failures.length}`)
  }
  return next
}

async function cutOnce(
  run: Run,
  start: Start,
  at: { model: DiskModel; marks: Marks; point: number },
): Promise<Start> {
  const { parts, tally, folder } = run
  const lines = reportLines(at.marks.text)
  const witness = Witness.of(start.testimony)
  witness.hear(lines)
  const before = witness.testimony()
  tally.summary.acknowledged += witness.keptCommits
  const { image, effects } = at.model.cut(run.random)
  count(tally, effects, !lines.some((it) => it.t === 'checked'))
  const opened = join(folder, 'opened')
  writeAnew(image, opened)
  const told = await run.inspector.look({ folder: opened, seed: start.seed })
  witness.hear(told)
  tallyOf(witness.findings, tally.summary.findings)
  const [opening] = told
  if (opening?.t === 'opened') {
    tally.reopenMs.push(opening.openMs)
    if (opening.openMs > parts.reopenMsMax) witness.accuse(`opening took ${Math.round(opening.openMs)} ms`)
  }
  if (witness.faults.length > 0) {
    const what = `${run.what}, operation ${at.point}, ${effects.order}`
    const kept = { seed: start.seed, testimony: before }
    const beside = [join(folder, 'journal')]
    const found = join(folder, 'found')
    writeAnew(image, found)
    tally.failures.push(keepFailure(parts, { what, faults: witness.faults, found, kept, beside }))
    return start
  }
  return { ...start, image: readImage(opened), testimony: witness.testimony() }
}

function writeAnew(image: DiskImage, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeImage(image, folder)
}

function count(tally: Tally, effects: CutEffects, isOpening: boolean): void {
  const { summary } = tally
  summary.cuts += 1
  summary.withUnsynced += Number(effects.unsyncedBytes > 0)
  summary.withLoss += Number(effects.lostBytes > 0)
  summary.withTornFile += Number(effects.tornFiles > 0)
  summary.withUndoneName += Number(effects.undoneNames > 0)
  summary.whileOpening += Number(isOpening)
}

/** Places between operations, ascending: anywhere, and often right after names changed, where fewest are. */
function cutPoints(operations: readonly DiskOperation[], random: SeededRandom): number[] {
  const isAboutNames = (it: DiskOperation): boolean => it.kind !== 'write' && it.kind !== 'sync'
  const names = operations.flatMap((it, i) => (isAboutNames(it) ? [i + 1] : []))
  const points = Array.from({ length: CUTS_PER_RECORDING }, (_, i) => {
    const near = names[random.below(Math.max(1, names.length))]
    const isNear = i % 3 === 0 && near !== undefined
    return isNear ? Math.min(operations.length, near + random.below(4)) : random.below(operations.length + 1)
  })
  return points.toSorted((a, b) => a - b)
}

/** The report that a recorded process wrote, as far as it had come. */
class Marks {
  readonly #inodes = new Set<bigint>()
  readonly #parts: Buffer[] = []

  get text(): string {
    return Buffer.concat(this.#parts).toString('utf8')
  }

  /** True for an operation on the report, which no disk has to keep. */
  take(operation: DiskOperation): boolean {
    if (operation.kind === 'open' && operation.path === MARKS) this.#inodes.add(operation.inode)
    if (!('inode' in operation) || !this.#inodes.has(operation.inode)) return false
    if (operation.kind === 'write') this.#parts.push(operation.bytes)
    return true
  }
}
