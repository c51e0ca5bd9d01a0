import { readFile } from 'node:fs/promises'
import { CoopError, EXIT_CODES, FileInvalid, systemCode } from '#node/errors'
import type { ErrorCode, FileFault } from '#node/errors'
import { lockHolder, runningPath, tokenPath } from '#node/folder'

/** Progress of long work, as the node streams it. */
export interface Progress {
  path: string
  doneBytes: number
  totalBytes: number
}

/** Calls the running node of a data folder. */
export class NodeClient {
  readonly #url: string
  readonly #token: string

  private constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  /** The client of the node that runs on this folder, or null when none does. */
  static async find(folder: string): Promise<NodeClient | null> {
    if ((await lockHolder(folder)) === null) return null
    try {
      const running: unknown = JSON.parse(await readFile(runningPath(folder), 'utf8'))
      const token = (await readFile(tokenPath(folder), 'utf8')).trim()
      const url = typeof running === 'object' && running !== null && 'http' in running ? running.http : null
      return typeof url === 'string' ? new NodeClient(url, token) : null
    } catch (cause) {
      // Locked without an address: a command such as `found` is at work there.
      if (systemCode(cause) === 'ENOENT') return null
      if (cause instanceof SyntaxError) {
        const message = `the file ${runningPath(folder)}, which says where the node listens, is damaged`
        throw new CoopError('data-damaged', message, 'End the node and start it again.', cause)
      }
      throw cause
    }
  }

  /** The client of the running node; an error that leads on when there is none. */
  static async need(folder: string): Promise<NodeClient> {
    const client = await NodeClient.find(folder)
    if (client !== null) return client
    throw new CoopError('not-running', `no node runs on ${folder}`, `Start it: coop start --data ${folder}`)
  }

  get url(): string {
    return this.#url
  }

  /** One call with a JSON answer. */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await this.#fetch(method, path, body)
    const text = await response.text()
    const value: unknown = text === '' ? null : JSON.parse(text)
    if (!response.ok) throw errorOf(value)
    return value
  }

  /** Long work: tells of its progress and returns its result. */
  async run(path: string, body: object, onProgress: (progress: Progress) => void): Promise<unknown> {
    const response = await this.#fetch('POST', path, body)
    if (response.body === null) throw new CoopError('internal', 'the node answered nothing', 'Try again.')
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const value: unknown = JSON.parse(line)
        if (typeof value !== 'object' || value === null) continue
        if ('progress' in value) onProgress(value.progress as Progress)
        else if ('result' in value) return value.result
        else throw errorOf(value)
      }
    }
    if (rest !== '') throw errorOf(JSON.parse(rest))
    throw new CoopError(
      'internal',
      'the node went away in the middle',
      'Run the command again; it goes on where it was.',
    )
  }

  /** A call whose answer is a file. */
  async download(path: string): Promise<Response & { body: NonNullable<Response['body']> }> {
    const response = await this.#fetch('GET', path)
    if (!response.ok) throw errorOf(await response.json())
    if (response.body === null) throw new CoopError('internal', 'the node answered nothing', 'Try again.')
    return response as Response & { body: NonNullable<Response['body']> }
  }

  /** Bytes of an asset that the node holds. */
  async asset(path: string, headers: Record<string, string>): Promise<Response> {
    return fetch(`${this.#url}/assets/${path}`, { headers })
  }

  async #fetch(method: string, path: string, body?: object): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` }
    const init: RequestInit = { method, headers }
    if (body !== undefined) {
      headers['content-type'] = 'application/json'
      init.body = JSON.stringify(body)
    }
    try {
      return await fetch(this.#url + path, init)
    } catch (cause) {
      throw new CoopError(
        'not-running',
        `the node at ${this.#url} does not answer`,
        'Start it: coop start',
        cause,
      )
    }
  }
}

function errorOf(value: unknown): CoopError {
  if (typeof value === 'object' && value !== null && 'error' in value) {
    const { code, message, next, lines } = value.error as {
      code: string
      message: string
      next: string
      lines?: FileFault[]
    }
    if (lines !== undefined) return new FileInvalid(lines, next)
    if (code in EXIT_CODES) return new CoopError(code as ErrorCode, message, next)
  }
  return new CoopError(
    'internal',
    'the node answered something unexpected',
    'Bring node and command to one version.',
  )
}
