import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../actors/node-process.ts'
import type { WorkerOrder } from './worker.ts'

/** How long a worker may take for anything it is asked for. Generous: it only matters when something hangs. */
const TICK_MS = 10_000
const WORKER_TICKS_MAX = 12
/** What is kept of a worker's errors. */
const STDERR_CHARACTERS_MAX = 4_000

const NODE = join(ROOT, 'node_modules', '.bin', 'node')
const WORKER = join(import.meta.dirname, 'worker.ts')

/** How a worker is started. */
export interface WorkerInit {
  /** Variables beside those of this process. */
  environment?: Readonly<Record<string, string>>
  /** Told of each line that the worker prints, as JSON. */
  onLine: (line: unknown) => void
}

/** How a worker ended. */
export interface WorkerEnd {
  code: number | null
  signal: NodeJS.Signals | null
  /** The end of its standard error. */
  errors: string
}

/** One process that does the work and may be killed at any moment. */
export class WorkerProcess {
  readonly ended: Promise<WorkerEnd>
  readonly #child: ChildProcess
  /** Of TICK_MS each, since it was asked for something. */
  #ticks = 0
  readonly #endWithUs = (): void => void this.#child.kill('SIGKILL')

  constructor(order: WorkerOrder, init: WorkerInit) {
    this.#child = spawn(NODE, [WORKER, JSON.stringify(order)], {
      cwd: ROOT,
      env: { ...process.env, ...init.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      // A Ctrl-C is for the campaign alone, which then lets its workers come to an end.
      detached: true,
    })
    process.once('exit', this.#endWithUs)
    let rest = ''
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      // A line without its end is what a kill cut off.
      rest = lines.pop() ?? ''
      for (const line of lines) init.onLine(JSON.parse(line))
    })
    let errors = ''
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-STDERR_CHARACTERS_MAX)
    })
    // Whoever writes to a worker that is gone learns so by `ended`.
    this.#child.stdin?.on('error', () => null)
    // In ticks: a machine that was suspended wakes up with one of them, not with all.
    const timer = setInterval(() => {
      this.#ticks += 1
      if (this.#ticks < WORKER_TICKS_MAX) return
      errors += `nothing came of it for ${(WORKER_TICKS_MAX * TICK_MS) / 1000} s`
      this.#child.kill('SIGKILL')
    }, TICK_MS)
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        clearInterval(timer)
        process.off('exit', this.#endWithUs)
        resolve({ code, signal, errors })
      })
    })
  }

  /** Ends the process at once, as a power cut would. */
  kill9(): void {
    this.#child.kill('SIGKILL')
  }

  /** Puts a request on the worker's standard input. */
  ask(request: object): void {
    this.#ticks = 0
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`)
  }

  /** No more requests: the worker ends when it has done all. */
  async finish(): Promise<WorkerEnd> {
    this.#child.stdin?.end()
    return this.ended
  }
}
