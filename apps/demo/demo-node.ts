import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COOP = fileURLToPath(new URL('../../node/coop.mjs', import.meta.url))

/** A command or call that takes longer has failed: many times what any needs on a busy machine. */
const COMMAND_MS_MAX = 120_000

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
  readonly #commands = new Set<ChildProcess>()
  #isEnded = false
  ready: Ready = { http: '', pid: 0 }

  constructor(name: string, data: string) {
    this.name = name
    this.data = data
    // What the demo leaves outside its data folders goes with them.
    this.#env = { ...process.env, COOP_STATE: join(dirname(data), 'machine-state') }
  }

  /** Runs one command on this node's folder and returns its JSON answer. */
  async coop<T>(...args: string[]): Promise<T> {
    const { error, stdout } = await this.#run(args)
    if (error === null) return JSON.parse(stdout) as T
    throw new Error(`coop ${args.join(' ')} on ${this.name}: ${stdout.trim() || error.message}`)
  }

  /** Runs a command that must fail; the code of its failure, null if it did not. */
  async failure(...args: string[]): Promise<string | null> {
    const { error, stdout } = await this.#run(args)
    return error === null ? null : (JSON.parse(stdout) as { error: { code: string } }).error.code
  }

  async #run(args: readonly string[]): Promise<{ error: Error | null; stdout: string }> {
    const command = [COOP, ...args, '--data', this.data, '--json']
    const options = { env: this.#env, maxBuffer: 64 * 1024 * 1024, timeout: COMMAND_MS_MAX }
    return new Promise((resolve, reject) => {
      if (this.#isEnded) return reject(new Error(`${this.name} is ended`))
      const child = execFile(process.execPath, command, options, (error, stdout) => {
        this.#commands.delete(child)
        resolve({ error, stdout })
      })
      this.#commands.add(child)
    })
  }

  /** One call of the API, as a page makes it. */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const token = (await readFile(join(this.data, 'api.token'), 'utf8')).trim()
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(COMMAND_MS_MAX)
    const init = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(this.ready.http + path, init)
    const answer: unknown = await response.json()
    if (response.ok) return answer as T
    throw new Error(`${method} ${path} on ${this.name}: ${JSON.stringify(answer)}`)
  }

  /** Starts the node on loopback and waits until it serves. */
  async start(): Promise<void> {
    if (this.#isEnded) throw new Error(`${this.name} is ended`)
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
    const isStarted = new AbortController()
    const gone = once(node, 'exit', { signal: isStarted.signal }).then(() => {
      throw new Error(`the node of ${this.name} ended before it served`)
    })
    const ready = once(createInterface(node.stdout), 'line', {
      signal: AbortSignal.timeout(COMMAND_MS_MAX),
    })
    const [line] = (await Promise.race([ready, gone])) as [string]
    gone.catch(() => null)
    isStarted.abort()
    this.ready = JSON.parse(line) as Ready
  }

  /** kill -9: no goodbye, nothing flushed. */
  async kill(): Promise<void> {
    const node = this.#process
    this.#process = null
    if (node === null || node.exitCode !== null || node.signalCode !== null) return
    node.kill('SIGKILL')
    await once(node, 'exit')
  }

  /** Ends the node and what runs on its folder; no command is taken any more. */
  async end(): Promise<void> {
    this.#isEnded = true
    const running = [...this.#commands].map(async (child) => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    })
    await Promise.all([this.kill(), ...running])
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
