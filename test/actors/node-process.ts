import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tokenPath } from '#node/folder'
import type { peersView, statusView } from '#node/host'
import { DEADLINE_MS, until } from './until.ts'

/** The repository. */
export const ROOT: string = join(import.meta.dirname, '..', '..')
const NODE = join(ROOT, 'node_modules', '.bin', 'node')
const COOP = join(ROOT, 'node', 'coop.mjs')

/** What one command did. */
export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** What `--json` prints for a failure. */
export interface ErrorBody {
  error: { code: string; message: string; next: string }
}

/** How a node is started. */
export interface StartOptions {
  /** Arguments after those of every test. */
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
}

/** Told of every process, so that none is left behind. */
export interface SpawnWatch {
  onSpawn: (child: ChildProcess) => void
}

/** The line that a started node prints. */
export interface Ready {
  ready: true
  pid: number
  /** PeerId. */
  device: string
  addresses: string[]
  http: string
  /** The address that signs a browser in. */
  url: string
  /** Addresses for phones; empty without `--phone-port`. */
  phones: string[]
}

/** A failed call of the API. */
export class ApiError extends Error {
  readonly status: number
  readonly body: ErrorBody

  constructor(status: number, body: ErrorBody) {
    super(`${status} ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

/** A running `coop start`. */
export class NodeProcess {
  readonly folder: string
  readonly ready: Ready
  readonly #child: ChildProcess
  readonly #output: { stdout: string; stderr: string }
  readonly #watch: SpawnWatch
  readonly #token: string

  private constructor(
    folder: string,
    parts: {
      ready: Ready
      child: ChildProcess
      output: { stdout: string; stderr: string }
      watch: SpawnWatch
      token: string
    },
  ) {
    this.folder = folder
    this.ready = parts.ready
    this.#child = parts.child
    this.#output = parts.output
    this.#watch = parts.watch
    this.#token = parts.token
  }

  /** Spawns a node on loopback with any free ports and waits for its `ready` line. */
  static async start(folder: string, options: StartOptions & SpawnWatch): Promise<NodeProcess> {
    const args = ['start', ...START_ARGS, ...(options.args ?? [])]
    const child = spawnCoop(folder, args, options)
    const output = collect(child)
    const line = await until(`a node starts on ${folder}`, () => {
      const end = output.stdout.indexOf('\n')
      if (end < 0 && child.exitCode === null && child.signalCode === null) return null
      return { text: output.stdout.slice(0, Math.max(0, end)) }
    })
    const ready = line.text === '' ? null : (JSON.parse(line.text) as Ready)
    if (ready?.ready !== true) throw new Error(`no node on ${folder}: ${output.stdout}${output.stderr}`)
    const token = (await readFile(tokenPath(folder), 'utf8')).trim()
    return new NodeProcess(folder, { ready, child, output, watch: options, token })
  }

  /** PeerId. */
  get device(): string {
    return this.ready.device
  }

  /** What the node logged (warnings and errors). */
  get log(): string {
    return this.#output.stderr
  }

  get pid(): number {
    return this.ready.pid
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Address of the mesh with the PeerId, now. */
  async address(): Promise<string> {
    const { addresses } = await this.status()
    const [first] = addresses
    if (first === undefined) throw new Error('the node is off the mesh')
    return first
  }

  /** TCP port of the mesh, now. */
  async port(): Promise<string> {
    return /\/tcp\/(\d+)/.exec(await this.address())?.[1] ?? '0'
  }

  /** Runs a command against this node's folder. */
  async cli(...args: string[]): Promise<CliResult> {
    return runCoop(this.folder, args, this.#watch)
  }

  /** Any HTTP request, with the token unless `headers` names another. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${this.#token}`)
    return fetch(this.ready.http + path, { ...init, headers })
  }

  /** One API call; throws `ApiError`. Lines of progress are read to the last one, whose result is returned. */
  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.request(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = (await response.text()).trim()
    const value: unknown = text === '' ? null : JSON.parse(text.split('\n').at(-1) ?? '')
    if (!response.ok || isErrorBody(value)) throw new ApiError(response.status, value as ErrorBody)
    return typeof value === 'object' && value !== null && 'result' in value ? value.result : value
  }

  async status(): Promise<Awaited<ReturnType<typeof statusView>>> {
    return (await this.api('GET', '/v1/status')) as Awaited<ReturnType<typeof statusView>>
  }

  async peers(): Promise<ReturnType<typeof peersView>['peers']> {
    return ((await this.api('GET', '/v1/peers')) as ReturnType<typeof peersView>).peers
  }

  /** A link for one device. */
  async invite(role: string, options: { expiresMs?: number; uses?: number } = {}): Promise<string> {
    return ((await this.api('POST', '/v1/invites', { role, ...options })) as { link: string }).link
  }

  /** Sets a field of a board. */
  async set(board: string, key: string, value: unknown): Promise<void> {
    await this.api('POST', `/v1/boards/${board}/fields`, { key, value })
  }

  /** What a board shows, by field. */
  async fields(board: string): Promise<Record<string, unknown>> {
    const view = (await this.api('GET', `/v1/boards/${board}`)) as { fields: Record<string, unknown> }
    return view.fields
  }

  /** Ends the process at once, as a power cut would. */
  async kill9(): Promise<void> {
    const gone = this.#gone()
    this.#child.kill('SIGKILL')
    await gone
  }

  /** Asks the process to end and waits; resolves to its exit code. */
  async stop(): Promise<number | null> {
    const gone = this.#gone()
    this.#child.kill('SIGTERM')
    await gone
    return this.#child.exitCode
  }

  async #gone(): Promise<void> {
    if (!this.isRunning) return
    await new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
  }
}

/** Arguments that keep a node of a test on loopback and out of the way of others. */
export const START_ARGS: readonly string[] = [
  ...['--json', '--port', '0', '--http-port', '0'],
  ...['--host', '127.0.0.1', '--no-open', '--no-mdns'],
]

/** Where the processes of a test remember devices outside their data folders, as one machine would. */
export function stateOfFolder(folder: string): string {
  return join(dirname(folder), 'machine-state')
}

/** Runs one command to its end. A command that does not end is killed and has no exit code. */
export async function runCoop(
  folder: string,
  args: readonly string[],
  options: SpawnWatch & { env?: Readonly<Record<string, string>> },
): Promise<CliResult> {
  const child = spawnCoop(folder, args, options)
  const output = collect(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS)
  await new Promise<void>((resolve) => child.once('close', () => resolve()))
  clearTimeout(timer)
  return { code: child.exitCode, ...output }
}

/** Waits until all nodes are in sync with each other and agree on every document; returns their common state. */
export async function untilEqual(
  ...nodes: readonly NodeProcess[]
): Promise<{ headsRoot: string; documents: Record<string, string> }> {
  return until('all nodes agree', async () => {
    const views = await Promise.all(nodes.map(async (node) => stateOf(await node.status())))
    const [first] = views
    return first !== undefined && views.every((it) => JSON.stringify(it) === JSON.stringify(first)) && first
  })
}

/** What must be equal on nodes that hold the same. */
export function stateOf(status: Awaited<ReturnType<typeof statusView>>): {
  headsRoot: string
  documents: Record<string, string>
} {
  const documents = Object.entries(status.documents).map(
    ([id, it]) => [id, it.stateHash ?? it.state] as const,
  )
  return {
    headsRoot: status.headsRoot ?? '',
    documents: Object.fromEntries(documents.filter(([id]) => (status.documents[id]?.commits ?? 0) > 0)),
  }
}

/** True for what a failed call answers. */
export function isErrorBody(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && 'error' in value
}

function spawnCoop(
  folder: string,
  args: readonly string[],
  options: SpawnWatch & { env?: Readonly<Record<string, string>> },
): ChildProcess {
  // Nothing of the person's own set-up reaches a test, and nothing of a test this machine's memory of devices.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COOP_')))
  const state = { COOP_STATE: stateOfFolder(folder) }
  const child = spawn(NODE, [COOP, '--data', folder, ...args], {
    cwd: ROOT,
    env: { ...env, ...state, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  options.onSpawn(child)
  return child
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => (output.stdout += chunk.toString('utf8')))
  child.stderr?.on('data', (chunk: Buffer) => (output.stderr += chunk.toString('utf8')))
  return output
}
