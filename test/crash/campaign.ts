import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Testimony } from './witness.ts'

/** Failures whose folders are kept; more of them have the same cause, and each may have many megabytes. */
const KEPT_MAX = 20

/** Failures after which a campaign that could go on for ever ends: something is broken altogether. */
export const FAILURES_MAX = 20

/** The longest that opening a data folder may take, ms (the bound). */
export const REOPEN_MS_MAX = 2_000

/** What all campaigns stand on. */
export interface CampaignParts {
  /** For everything that is thrown away. */
  folder: string
  /** For what failures leave behind. */
  keepFolder: string
  seed: number
  /** Crashes that are worked on at once. */
  jobs: number
  /** Longest time to open a folder that is no failure, ms. */
  reopenMsMax: number
  /** Aborted when somebody wants to end early; what is done by then counts. */
  signal: AbortSignal
  progress: (text: string) => void
}

/** Something that must not happen, happened. */
export interface CrashFailure {
  /** Which campaign, and where in it. */
  what: string
  faults: readonly string[]
  /** Where everything about it is kept; null when enough others are. */
  folder: string | null
  /** The command that shows it again. */
  replay: string
}

/** Times in ms. */
export interface Times {
  count: number
  p50: number
  p99: number
  max: number
}

/** The middle, the 99th percentile and the largest of some times. */
export function timesOf(values: readonly number[]): Times {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0)
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** Counts `values` by themselves. */
export function tallyOf(values: readonly string[], into: Record<string, number>): void {
  for (const value of values) into[value] = (into[value] ?? 0) + 1
}

/** What is kept of a failure beside the folder as it was found. */
export interface KeptCase {
  /** Seed of the co-op. */
  seed: number
  testimony: Testimony
}

/** Keeps a data folder as it was found after a crash, with what it owed, so that it can be looked at again. */
export function keepFailure(
  parts: CampaignParts,
  failure: {
    what: string
    faults: readonly string[]
    found: string | null
    kept: KeptCase
    beside?: string[]
  },
): CrashFailure {
  const { what, faults } = failure
  mkdirSync(parts.keepFolder, { recursive: true })
  if (readdirSync(parts.keepFolder).length >= KEPT_MAX) {
    return { what, faults, folder: null, replay: `npm run crash -- --seed ${parts.seed}` }
  }
  const folder = join(parts.keepFolder, what.replaceAll(/[^A-Za-z0-9]+/g, '-'))
  mkdirSync(folder, { recursive: true })
  if (failure.found !== null) cpSync(failure.found, join(folder, 'found'), { recursive: true })
  for (const path of failure.beside ?? []) cpSync(path, join(folder, basename(path)))
  writeFileSync(join(folder, 'kept.json'), JSON.stringify(failure.kept))
  writeFileSync(join(folder, 'faults.txt'), `${what}\n${faults.join('\n')}\n`)
  return { what, faults, folder, replay: `npm run crash -- --replay ${folder}` }
}

/** Runs `work` for 0, 1, 2 … on several at a time, until it says that there is no more, or somebody ends it. */
export async function runJobs(
  parts: CampaignParts,
  work: (index: number) => Promise<'more' | 'done'>,
): Promise<void> {
  let next = 0
  let isDone = false
  const one = async (): Promise<void> => {
    while (!isDone && !parts.signal.aborted) {
      const index = next
      next += 1
      if ((await work(index)) === 'done') isDone = true
    }
  }
  await Promise.all(Array.from({ length: parts.jobs }, one))
}
