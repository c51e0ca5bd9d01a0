import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Answer, Task } from './worker.ts'

/** Longest real time of one run before its process is ended; shrinking has its own on top. A guess: runs take seconds. */
export const RUN_MS_MAX = 600_000

/** A worker process died or did not come back. */
export class WorkerDeath extends Error {
  readonly code = 'worker-death'
}

/** How far a task is: a share from 0 to 1, and what it does. */
export type OnProgress = (share: number, note: string) => void

interface Job {
  readonly task: Task
  readonly onProgress: OnProgress
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/**
 * Processes that carry out tasks, one at a time each. A process that dies (out of memory, killed) fails its task alone;
 * the next task gets a new one.
 */
export class WorkerPool {
  readonly #file: string
  readonly #size: number
  readonly #idle: ChildProcess[] = []
  readonly #busy = new Map<ChildProcess, Job>()
  readonly #waiting: Job[] = []
  #isClosed = false

  /** `file`: what a process runs; it calls `serveTasks`. */
  constructor(init: { file: string; size: number }) {
    this.#file = init.file
    this.#size = init.size
  }

  /** Processes at work or at hand. */
  get size(): number {
    return this.#size
  }

  /** Carries out a task as soon as a process is free. Rejects with a `WorkerDeath` when its process dies. */
  async run(task: Task, onProgress: OnProgress = () => {}): Promise<Answer> {
    if (this.#isClosed) throw new WorkerDeath('the workers have been ended')
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, onProgress, resolve, reject })
      this.#next()
    })
  }

  /** Ends all processes at once; tasks under way are rejected. */
  close(): void {
    this.#isClosed = true
    for (const child of [...this.#idle, ...this.#busy.keys()]) child.kill('SIGKILL')
    for (const { reject } of this.#waiting.splice(0)) reject(new WorkerDeath('the workers have been ended'))
  }

  #next(): void {
    if (this.#waiting.length === 0 || (this.#idle.length === 0 && this.#busy.size >= this.#size)) return
    const job = this.#waiting.shift() as Job
    const child = this.#idle.pop() ?? this.#spawn()
    this.#busy.set(child, job)
    const limitMs = RUN_MS_MAX + ('shrinkSeconds' in job.task ? job.task.shrinkSeconds * 1_000 : 0)
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, limitMs)
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      child.removeAllListeners('message')
      child.removeAllListeners('exit')
      this.#busy.delete(child)
      settle()
      if (!this.#isClosed) this.#next()
    }
    child.on('message', (message) => {
      const answer = message as Answer
      if (answer.kind === 'progress') return job.onProgress(answer.share, answer.note)
      end(() => {
        this.#idle.push(child)
        job.resolve(answer)
      })
    })
    child.on('exit', (code, signal) => {
      const how = signal === null ? `exit code ${code}` : signal
      const what = isLate ? `did not come back in ${limitMs / 1_000} s` : `ended by itself (${how})`
      end(() => job.reject(new WorkerDeath(`the process of the run ${what}`)))
    })
    child.send(job.task)
  }

  #spawn(): ChildProcess {
    // What a run prints is kept apart from our own output.
    const child = fork(this.#file, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
    child.on('error', () => {})
    return child
  }
}
