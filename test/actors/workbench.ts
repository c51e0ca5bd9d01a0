import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeProcess, runCoop } from './node-process.ts'
import type { CliResult, StartOptions } from './node-process.ts'

/** A temporary folder and every process that works in it. Closing it ends them all and removes the folder. */
export class Workbench {
  readonly path: string
  readonly #children = new Set<ChildProcess>()
  readonly #endAll = (): void => {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  private constructor(path: string) {
    this.path = path
    process.on('exit', this.#endAll)
  }

  static async open(): Promise<Workbench> {
    return new Workbench(await mkdtemp(join(tmpdir(), 'coopmesh-e2e-')))
  }

  /** A path in the temporary folder. */
  file(...names: string[]): string {
    return join(this.path, ...names)
  }

  /** Runs one command to its end on the data folder called `name`. */
  async coop(name: string, ...args: string[]): Promise<CliResult> {
    return runCoop(this.file(name), args, { onSpawn: (child) => this.#track(child) })
  }

  /** Starts a node on the data folder called `name` and waits until it is ready. */
  async start(name: string, options: StartOptions = {}): Promise<NodeProcess> {
    return NodeProcess.start(this.file(name), { ...options, onSpawn: (child) => this.#track(child) })
  }

  /** Starts a node that founds a co-op. */
  async found(name: string, options: StartOptions = {}): Promise<NodeProcess> {
    const node = await this.start(name, options)
    await node.api('POST', '/v1/found', { name: 'North Market', memberName: name, deviceName: name })
    return node
  }

  /** Starts a node that joins `host`'s co-op. */
  async join(name: string, host: NodeProcess, role = 'venue'): Promise<NodeProcess> {
    const [node, link] = await Promise.all([this.start(name), host.invite(role)])
    await node.api('POST', '/v1/join', { link, memberName: name, deviceName: name })
    return node
  }

  /** Ends every process by SIGKILL and removes the folder. */
  async close(): Promise<void> {
    process.off('exit', this.#endAll)
    await Promise.all(
      [...this.#children].map(async (child) => {
        const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
        child.kill('SIGKILL')
        await gone
      }),
    )
    await rm(this.path, { recursive: true, force: true })
  }

  #track(child: ChildProcess): void {
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
  }
}
