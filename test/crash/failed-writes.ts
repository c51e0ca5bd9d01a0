import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { keepFailure, runJobs, tallyOf } from './campaign.ts'
import type { CampaignParts, CrashFailure } from './campaign.ts'
import { FailureSwitch } from './disk-shim.ts'
import type { DiskError, DiskShim, FailureMode } from './disk-shim.ts'
import type { FailureAnswer, FailureRequest } from './failed-writes-worker.ts'
import type { ScriptName } from './failure-case.ts'
import { Witness } from './witness.ts'
import { WorkerProcess } from './worker-process.ts'

/** Every how many calls of a script one is failed, by script and way of failing. Full disks that stay full cost 2 s. */
const EVERY: Record<ScriptName, Record<FailureMode, number>> = {
  opening: { once: 1, short: 1, stays: 3 },
  writing: { once: 1, short: 1, stays: 3 },
  filling: { once: 16, short: 16, stays: 64 },
}
/** Ways of failing, each with what the disk says. */
const WAYS: readonly (readonly [FailureMode, DiskError])[] = [
  ['once', 'ENOSPC'],
  ['once', 'EIO'],
  ['short', 'ENOSPC'],
  ['stays', 'ENOSPC'],
  ['stays', 'EIO'],
]
/** Calls beyond those that were counted: threads make them in another order, or one more. */
const BEYOND = 2

/** What failing writes showed. */
export interface FailedWritesSummary {
  /** Calls of each script that change the disk. */
  calls: Record<ScriptName, number>
  cases: number
  /** Cases in which the disk did fail a call. */
  fired: number
  /** Cases in which somebody got an error; in the others LevelDB could do without that write. */
  withError: number
  /** How often callers got which error. */
  codes: Record<string, number>
  /** Rejected commits that were there afterwards all the same, whole. */
  rejectedYetThere: number
  failures: CrashFailure[]
}

/** How thorough it is. */
export interface FailedWritesOptions {
  shim: DiskShim
  scripts: readonly ScriptName[]
  /** 1 for the whole campaign; n for an n-th of its cases. */
  thinning: number
}

/** Fails every call of some scripts that changes the disk, in several ways, and checks what callers and the disk are told. */
export async function runFailedWrites(
  parts: CampaignParts,
  options: FailedWritesOptions,
): Promise<FailedWritesSummary> {
  const summary: FailedWritesSummary = {
    calls: { opening: 0, writing: 0, filling: 0 },
    ...{ cases: 0, fired: 0, withError: 0, codes: {}, rejectedYetThere: 0, failures: [] },
  }
  const desks = Array.from({ length: parts.jobs }, (_, i) => new FailureDesk(parts, options.shim, i))
  const ask = async (request: FailureRequest): Promise<FailureAnswer> => {
    const desk = desks.pop() ?? new FailureDesk(parts, options.shim, parts.jobs)
    const answer = await desk.ask(request)
    desks.push(desk)
    note(parts, summary, request, answer)
    return answer
  }
  const requests: FailureRequest[] = []
  for (const script of options.scripts) {
    const { count } = await ask({ script, at: 0, error: 'EIO', mode: 'once' })
    summary.calls[script] = count
    requests.push(...requestsFor(script, count, { seed: parts.seed, thinning: options.thinning }))
  }
  await runJobs(parts, async (index) => {
    const request = requests[index]
    if (request === undefined) return 'done'
    await ask(request)
    parts.progress(`failed writes ${index + 1}/${requests.length}, failures ${summary.failures.length}`)
    return 'more'
  })
  await Promise.all(desks.map((desk) => desk.close()))
  return summary
}

/** Runs one case again. */
export async function replayFailedWrite(
  parts: CampaignParts,
  shim: DiskShim,
  request: FailureRequest,
): Promise<FailureAnswer> {
  const desk = new FailureDesk(parts, shim, 0)
  try {
    return await desk.ask(request)
  } finally {
    await desk.close()
  }
}

/** The name of a case, as it is given to `--case`. */
export function caseName(request: FailureRequest): string {
  return [request.script, request.error, request.mode, request.at].join('/')
}

/** The case of that name, or null when it is none. */
export function caseOf(name: string): FailureRequest | null {
  const match = /^(opening|writing|filling)\/(ENOSPC|EIO)\/(once|stays|short)\/(\d+)$/.exec(name)
  if (match === null) return null
  const [, script, error, mode, at] = match
  return {
    script: script as ScriptName,
    error: error as DiskError,
    mode: mode as FailureMode,
    at: Number(at),
  }
}

function requestsFor(
  script: ScriptName,
  count: number,
  { seed, thinning }: { seed: number; thinning: number },
): FailureRequest[] {
  const requests: FailureRequest[] = []
  for (const [mode, error] of WAYS) {
    const every = EVERY[script][mode] * thinning
    // Another seed takes other calls, where not every one is taken.
    for (let at = 1 + (seed % every); at <= count + BEYOND; at += every)
      requests.push({ script, at, error, mode })
  }
  return requests
}

function note(
  parts: CampaignParts,
  summary: FailedWritesSummary,
  request: FailureRequest,
  answer: FailureAnswer,
): void {
  summary.cases += 1
  summary.fired += Number(answer.fired > 0)
  summary.withError += Number(answer.codes.length > 0)
  summary.rejectedYetThere += answer.rejectedYetThere
  tallyOf(
    answer.codes.map((code) => `${request.error}: ${code}`),
    summary.codes,
  )
  if (answer.faults.length === 0) return
  const name = caseName(request)
  const kept = { seed: parts.seed, testimony: new Witness().testimony() }
  const what = `failed writes, seed ${parts.seed}, ${name}`
  const failure = keepFailure(parts, { what, faults: answer.faults, found: answer.folder, kept })
  summary.failures.push({ ...failure, replay: `npm run crash -- --seed ${parts.seed} --case ${name}` })
}

/** One worker under the shim; a new one when it died. */
class FailureDesk {
  readonly #parts: CampaignParts
  readonly #shim: DiskShim
  readonly #index: number
  #workers = 0
  #worker: WorkerProcess | null = null
  #onAnswer: (answer: FailureAnswer) => void = () => null

  constructor(parts: CampaignParts, shim: DiskShim, index: number) {
    this.#parts = parts
    this.#shim = shim
    this.#index = index
  }

  async ask(request: FailureRequest): Promise<FailureAnswer> {
    const worker = (this.#worker ??= this.#start())
    const answer = new Promise<FailureAnswer>((resolve) => {
      this.#onAnswer = resolve
    })
    worker.ask(request)
    const first = await Promise.race([answer, worker.ended])
    if ('faults' in first) return first
    this.#worker = null
    const faults = [`the process ended by ${first.code ?? first.signal}: ${first.errors}`]
    return { faults, codes: [], rejectedYetThere: 0, count: 0, fired: 0, folder: null }
  }

  async close(): Promise<void> {
    await this.#worker?.finish()
    this.#worker = null
  }

  #start(): WorkerProcess {
    this.#workers += 1
    const folder = join(this.#parts.folder, `failed-writes-${this.#index}-${this.#workers}`)
    mkdirSync(folder, { recursive: true })
    const control = `${folder}-switch`
    FailureSwitch.create(control)
    return new WorkerProcess(
      { do: 'fail', folder, control, seed: this.#parts.seed },
      {
        environment: this.#shim.environment({ prefix: folder, control }),
        onLine: (line) => this.#onAnswer(line as FailureAnswer),
      },
    )
  }
}
