import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COOP = fileURLToPath(new URL('../../node/coop.mjs', import.meta.url))

/** What the demo reads of `coop status`. */
export interface Status {
  headsRoot: string
  peers: number
  commits: number
  documents: Record<string, { stateHash: string }>
}

/** What a node says when it serves. */
interface Ready {
  http: string
  pid: number
}

/** One node of the demo: a real process with a data folder of its own, driven by the command line as a person would. */
export class DemoNode {
  readonly name: string
  readonly data: string
  readonly #env: NodeJS.ProcessEnv
  #process: ChildProcess | null = null
  ready: Ready = { http: '', pid: 0 }

  constructor(name: string, data: string) {
    this.name = name
    this.data = data
    // What the demo leaves outside its data folders goes with them.
    this.#env = { ...process.env, COOP_STATE: join(dirname(data), 'machine-state') }
  }

  /** Runs one command on this node's folder and returns its JSON answer. */
  async coop<T>(...args: string[]): Promise<T> {
    const command = [COOP, ...args, '--data', this.data, '--json']
    return new Promise((resolve, reject) => {
      const options = { env: this.#env, maxBuffer: 64 * 1024 * 1024 }
      execFile(process.execPath, command, options, (error, stdout) => {
        if (error === null) resolve(JSON.parse(stdout) as T)
        else reject(new Error(`coop ${args.join(' ')} on ${this.name}: ${stdout.trim() || error.message}`))
      })
    })
  }

  /** Starts the node on loopback and waits until it serves. */
  async start(): Promise<void> {
    const args = [
      'start',
      '--json',
      '--no-open',
      '--no-mdns',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--http-port',
      '0',
    ]
    const node = spawn(process.execPath, [COOP, ...args, '--data', this.data], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process = node
    const [line] = (await once(createInterface(node.stdout), 'line')) as [string]
    this.ready = JSON.parse(line) as Ready
  }

  /** kill -9: no goodbye, nothing flushed. */
  async kill(): Promise<void> {
    const node = this.#process
    this.#process = null
    if (node === null || node.exitCode !== null) return
    node.kill('SIGKILL')
    await once(node, 'exit')
  }

  async status(): Promise<Status> {
    return this.coop<Status>('status')
  }
}

/** Waits until `isDone` holds; false when `timeoutMs` passed. */
export async function until(timeoutMs: number, isDone: () => Promise<boolean>): Promise<boolean> {
  for (const endMs = Date.now() + timeoutMs; Date.now() < endMs; await sleep(100))
    if (await isDone()) return true
  return isDone()
}
