import { LedgerCalls } from './ledger-calls.ts'
import type { Ledger } from './ledger-types.ts'
import { readLines } from './line-reader.ts'
import type {
  Added,
  Asset,
  BoardSummary,
  Change,
  Entered,
  Fetched,
  FileFault,
  Guest,
  Invite,
  Kits,
  Members,
  NewToken,
  Peer,
  Preview,
  Problem,
  Progress,
  Proposal,
  Recoveries,
  RecoveryChange,
  Renewed,
  Role,
  Scope,
  Seal,
  Status,
  Token,
  Topic,
} from './node-types.ts'

/** A call that the node answered with a failure, or that did not reach it (`code` is then `unreachable-node`). */
export class NodeError extends Error implements Problem {
  readonly code: string
  /** What to do, as a sentence. */
  readonly next: string
  readonly lines: readonly FileFault[]
  /** HTTP status, 0 when there was no answer. */
  readonly status: number

  constructor(problem: Problem, status: number) {
    super(problem.message)
    this.name = 'NodeError'
    this.code = problem.code
    this.next = problem.next
    this.lines = problem.lines ?? []
    this.status = status
  }
}

/** A file or folder inside a folder. */
export interface FolderEntry {
  name: string
  cid: string
  kind: 'file' | 'directory'
}

/** Names of a founder or joiner; empty ones are left to the node. */
export interface Names {
  memberName: string
  deviceName: string
}

/** Silence on the event stream after which it counts as broken: more than two of the node's 15 s comments. */
export const EVENTS_SILENCE_MS_MAX = 40_000

const NO_ANSWER: Problem = {
  code: 'unreachable-node',
  message: 'This device did not answer.',
  next: 'Check that it is switched on and that you are on the same network, then try again.',
}

/** The HTTP API of one node. Every method rejects with a NodeError. */
export class NodeClient {
  /** Calls about the ledger. */
  readonly books: LedgerCalls
  readonly #token: string

  /** @param token - the node's access code */
  constructor(token: string) {
    this.#token = token
    this.books = new LedgerCalls({
      call: (method, path, body) => this.#call(method, path, body),
      file: async (path) => {
        const response = await this.#send('GET', path)
        return response.blob().catch(() => {
          throw new NodeError(NO_ANSWER, 0)
        })
      },
      run: (path, body, onProgress) => this.#run(path, body, onProgress),
    })
  }

  /** Address and subprotocols of a board's live connection. */
  boardSocket(board: string): { url: string; token: string } {
    const url = new URL(`/v1/boards/${encodeURIComponent(board)}/live`, location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    url.hash = ''
    return { url: url.href, token: this.#token }
  }

  async status(): Promise<Status> {
    return (await this.#call('GET', '/v1/status')) as Status
  }

  async members(): Promise<Members> {
    return (await this.#call('GET', '/v1/members')) as Members
  }

  async peers(): Promise<Peer[]> {
    return ((await this.#call('GET', '/v1/peers')) as { peers: Peer[] }).peers
  }

  async assets(): Promise<Asset[]> {
    return ((await this.#call('GET', '/v1/assets')) as { assets: Asset[] }).assets
  }

  async boards(): Promise<BoardSummary[]> {
    return ((await this.#call('GET', '/v1/boards')) as { boards: BoardSummary[] }).boards
  }

  async ledger(): Promise<Ledger> {
    return this.books.state()
  }

  async found(name: string, names: Names): Promise<Entered> {
    return (await this.#call('POST', '/v1/found', { name, ...given(names) })) as Entered
  }

  /** @param kitWords - empty for a new member; else the kit of the member whose further device this is */
  async join(link: string, names: Names, kitWords: string): Promise<Entered> {
    const kit = kitWords === '' ? {} : { kitWords }
    return (await this.#call('POST', '/v1/join', { link, ...given(names), ...kit })) as Entered
  }

  async restore(kitWords: string): Promise<Renewed> {
    return (await this.#call('POST', '/v1/restore', { kitWords })) as Renewed
  }

  async invite(role: Role, uses: number, expiresMs: number): Promise<Invite> {
    return (await this.#call('POST', '/v1/invites', { role, uses, expiresMs })) as Invite
  }

  async revokeInvite(invite: string): Promise<void> {
    await this.#call('DELETE', `/v1/invites/${encodeURIComponent(invite)}`)
  }

  /** Lets in one who waits, or everybody. */
  async admitGuests(guest: string | null): Promise<Guest[]> {
    return ((await this.#call('POST', '/v1/guests/admit', { guest })) as { admitted: Guest[] }).admitted
  }

  async dropGuest(guest: string): Promise<void> {
    await this.#call('POST', '/v1/guests/drop', { guest })
  }

  async proposals(): Promise<Proposal[]> {
    return ((await this.#call('GET', '/v1/proposals')) as { proposals: Proposal[] }).proposals
  }

  /** What these changes would make of the co-op; asks for nothing. */
  async previewProposal(changes: readonly Change[]): Promise<Preview> {
    return (await this.#call('POST', '/v1/proposals/preview', { changes })) as Preview
  }

  async propose(changes: readonly Change[], reason: string): Promise<Proposal> {
    return (await this.#call('POST', '/v1/proposals', { changes, reason })) as Proposal
  }

  async recoveries(): Promise<Recoveries> {
    return (await this.#call('GET', '/v1/recoveries')) as Recoveries
  }

  async kits(): Promise<Kits> {
    return (await this.#call('GET', '/v1/kits')) as Kits
  }

  /** What these changes would make of the co-op; nothing is written. */
  async previewRecovery(changes: readonly RecoveryChange[]): Promise<Preview> {
    return (await this.#call('POST', '/v1/recoveries/preview', { changes })) as Preview
  }

  /**
   * Speaks for a recovery: one that is under way, or one of these changes.
   *
   * @param kitWords - empty where devices speak
   * @returns true when it is in force with this voice
   */
  async voice(what: string | readonly RecoveryChange[], kitWords: string): Promise<boolean> {
    const kit = kitWords === '' ? {} : { kitWords }
    const answer =
      typeof what === 'string'
        ? await this.#call('POST', `/v1/recoveries/${encodeURIComponent(what)}/voice`, kit)
        : await this.#call('POST', '/v1/recoveries', { changes: what, ...kit })
    return member(answer, 'isInForce') === true
  }

  /** Whether this device keeps a document. */
  async keepDocument(what: 'decline' | 'want', id: string): Promise<void> {
    await this.#call('POST', `/v1/documents/${what}`, { id })
  }

  /** Returns the proposal after it. */
  async say(will: 'sign' | 'decline', id: string): Promise<Proposal> {
    return (await this.#call('POST', `/v1/proposals/${encodeURIComponent(id)}/${will}`, {})) as Proposal
  }

  /** Seals of the line, the newest first. */
  async seals(): Promise<Seal[]> {
    return ((await this.#call('GET', '/v1/seals')) as { seals: Seal[] }).seals
  }

  async suspend(device: string, reason: string): Promise<void> {
    await this.#call('POST', '/v1/suspensions', { device, reason })
  }

  async tokens(): Promise<Token[]> {
    return ((await this.#call('GET', '/v1/tokens')) as { tokens: Token[] }).tokens
  }

  /** @param expiresMs - lifetime from now, or null */
  async createToken(name: string, scope: Scope, expiresMs: number | null): Promise<NewToken> {
    const body = { name, scope, ...(expiresMs === null ? {} : { expiresMs }) }
    return (await this.#call('POST', '/v1/tokens', body)) as NewToken
  }

  /** Returns the tokens that are left. */
  async revokeToken(id: string): Promise<Token[]> {
    const path = `/v1/tokens/${encodeURIComponent(id)}`
    return ((await this.#call('DELETE', path)) as { tokens: Token[] }).tokens
  }

  async setMesh(state: 'running' | 'paused'): Promise<void> {
    await this.#call('POST', '/v1/mesh', { state })
  }

  async unlist(listing: string): Promise<void> {
    await this.#call('POST', '/v1/listings/unlist', { listing })
  }

  /** Sends a file's bytes. XMLHttpRequest because fetch does not tell how much has been sent. */
  upload(file: File, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<Added> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('PUT', `/v1/assets/upload?name=${encodeURIComponent(file.name)}`)
      request.setRequestHeader('Authorization', `Bearer ${this.#token}`)
      request.setRequestHeader('Content-Type', 'application/octet-stream')
      request.upload.addEventListener('progress', (event) => {
        onProgress({ doneBytes: event.loaded, totalBytes: file.size })
      })
      request.addEventListener('load', () => {
        if (request.status >= 200 && request.status < 300) resolve(parse(request.responseText) as Added)
        else reject(failure(parse(request.responseText), request.status))
      })
      request.addEventListener('error', () => reject(new NodeError(NO_ANSWER, 0)))
      request.addEventListener('abort', () => {
        const next = 'Add the file again when you are ready.'
        reject(new NodeError({ code: 'interrupted', message: 'The upload was cancelled.', next }, 0))
      })
      signal.addEventListener('abort', () => request.abort())
      request.send(file)
    })
  }

  /** Has the node fetch an asset from other devices. */
  async fetchAsset(cid: string, onProgress: (progress: Progress) => void): Promise<Fetched> {
    const path = `/v1/assets/${encodeURIComponent(cid)}/fetch`
    return (await this.#run(path, undefined, (progress) => onProgress(progress as Progress))) as Fetched
  }

  /** What is in a folder that the node holds. */
  async folder(cid: string): Promise<FolderEntry[]> {
    return ((await this.#call('GET', `${assetAddress(cid)}/`)) as { entries: FolderEntry[] }).entries
  }

  /** Listens until the connection breaks or `signal` aborts; then rejects. */
  async events(
    onOpen: () => void,
    onChanged: (topics: readonly Topic[]) => void,
    signal: AbortSignal,
  ): Promise<never> {
    const controller = new AbortController()
    const onAbort = (): void => controller.abort()
    signal.addEventListener('abort', onAbort)
    let silence = setTimeout(onAbort, EVENTS_SILENCE_MS_MAX)
    try {
      const response = await this.#send('GET', '/v1/events', undefined, {}, controller.signal)
      onOpen()
      await readLines(response, (line) => {
        clearTimeout(silence)
        silence = setTimeout(onAbort, EVENTS_SILENCE_MS_MAX)
        if (!line.startsWith('data:')) return
        const what = member(parse(line.slice(5)), 'what')
        if (Array.isArray(what)) onChanged(what as Topic[])
      })
    } catch (thrown) {
      throw thrown instanceof NodeError ? thrown : new NodeError(NO_ANSWER, 0)
    } finally {
      clearTimeout(silence)
      signal.removeEventListener('abort', onAbort)
    }
    throw new NodeError(NO_ANSWER, 0)
  }

  /** Long work: tells of its progress and returns its result. */
  async #run(path: string, body: unknown, onProgress: (progress: unknown) => void): Promise<unknown> {
    const response = await this.#send('POST', path, body, { Accept: 'application/x-ndjson' })
    let last: unknown = null
    try {
      await readLines(response, (line) => {
        last = parse(line)
        const progress = member(last, 'progress')
        if (progress !== undefined) onProgress(progress)
      })
    } catch {
      throw new NodeError(NO_ANSWER, 0)
    }
    const result = member(last, 'result')
    if (result !== undefined) return result
    // Cut in the middle of the work.
    if (member(last, 'error') === undefined) throw new NodeError(NO_ANSWER, 0)
    throw failure(last, response.status)
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#send(method, path, body)
    return parse(await response.text().catch(() => ''))
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = { ...more, Authorization: `Bearer ${this.#token}` }
    const init: RequestInit = { method, headers, cache: 'no-store' }
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json'
      init.body = JSON.stringify(body)
    }
    if (signal !== undefined) init.signal = signal
    const response = await fetch(path, init).catch(() => {
      throw new NodeError(NO_ANSWER, 0)
    })
    if (response.ok) return response
    throw failure(parse(await response.text().catch(() => '')), response.status)
  }
}

/** Address of an asset's bytes; `name` becomes the name of a download. */
export function assetAddress(cid: string, name?: string): string {
  const path = `/assets/${encodeURIComponent(cid)}`
  return name === undefined ? path : `${path}?name=${encodeURIComponent(name)}`
}

/** What to tell people about anything thrown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof NodeError) {
    const { code, message, next, lines } = thrown
    return { code, message, next, lines }
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'page', message, next: 'Reload the page and try again.' }
}

function given(names: Names): Partial<Names> {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== ''))
}

function failure(body: unknown, status: number): NodeError {
  const error = member(body, 'error')
  const lines = member(error, 'lines')
  const text = (key: string, otherwise: string): string => {
    const value = member(error, key)
    return typeof value === 'string' ? value : otherwise
  }
  return new NodeError(
    {
      code: text('code', 'internal'),
      message: text('message', `The node answered with an unexpected error (${status}).`),
      next: text('next', 'Try again. If it stays, look at what the node printed.'),
      lines: Array.isArray(lines) ? (lines as FileFault[]) : [],
    },
    status,
  )
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
