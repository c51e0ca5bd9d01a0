import { randomBytes } from 'node:crypto'
import { createServer as createPlainServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIPv4 } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { getRequestListener } from '@hono/node-server'
import { CoopError, asCoopError, systemCode } from '#node/errors'
import type { CoopNode } from '#node/host'
import type { Scope, TokenBook } from '#node/tokens'
import { createApi } from './api.ts'
import { Callers } from './caller.ts'
import type { Caller } from './caller.ts'
import { PAGE_HEADERS } from './page-files.ts'
import type { PageFiles } from './page-files.ts'

/** How the door is opened. */
export interface PhoneDoorOptions {
  /** 0 means any. */
  port: number
  /** PEM; with it the door speaks https, and phones give their pages the camera. */
  tls: { cert: string; key: string } | null
}

/** Tokens of these scopes work through the door: a lost phone opens a gate or a till and nothing else. */
const SCOPES: readonly Scope[] = ['gate', 'supervisor', 'till']
/** What the door shows besides `/v1`. */
const PAGES: RegExp = /^\/(gate|sale|ticket)(-decoder)?(\.js|\.css)?$/

/** Callers that come from another device. */
class PhoneCallers extends Callers {
  override identify(token: string | undefined, from: string, call: string): Caller {
    const caller = super.identify(token, from, call)
    if (SCOPES.includes(caller.scope)) return caller
    throw new CoopError(
      'forbidden',
      `a token of scope ${caller.scope} works on the machine of the node alone`,
      'Make one for this phone: `coop token create NAME --scope gate`.',
    )
  }
}

/** The door for phones at gates and stalls: their pages and calls, on every address of the machine. */
export class PhoneDoor {
  readonly #node: CoopNode
  readonly #pages: PageFiles
  readonly #server: Server
  readonly #isTls: boolean
  readonly #api: ReturnType<typeof getRequestListener>

  private constructor(
    node: CoopNode,
    parts: { book: TokenBook; pages: PageFiles },
    options: PhoneDoorOptions,
  ) {
    this.#node = node
    this.#pages = parts.pages
    this.#isTls = options.tls !== null
    // The node's own token never comes through here: one that nobody knows stands in its place.
    const callers = new PhoneCallers(randomBytes(32).toString('hex'), parts.book)
    const { fetch } = createApi(node, { callers, stop: () => undefined })
    this.#api = getRequestListener(fetch, { overrideGlobalObjects: false })
    const listener: RequestListener = (request, response) => void this.#handle(request, response)
    this.#server = options.tls === null ? createPlainServer(listener) : createTlsServer(options.tls, listener)
    this.#server.headersTimeout = 10_000
    this.#server.requestTimeout = 30_000
    this.#server.keepAliveTimeout = 5_000
  }

  /** Listens on every IPv4 address. */
  static async start(
    node: CoopNode,
    parts: { book: TokenBook; pages: PageFiles },
    options: PhoneDoorOptions,
  ): Promise<PhoneDoor> {
    const door = open(() => new PhoneDoor(node, parts, options))
    await new Promise<void>((resolve, reject) => {
      door.#server.once('error', (cause) => {
        if (systemCode(cause) !== 'EADDRINUSE') return reject(cause)
        const next = 'Choose another with --phone-port, or 0 for any.'
        reject(new CoopError('port-in-use', `port ${options.port} for phones is in use`, next, cause))
      })
      door.#server.listen(options.port, '0.0.0.0', resolve)
    })
    return door
  }

  /** Addresses under which phones may find it, those of the local network first; loopback last. */
  get urls(): string[] {
    const { port } = this.#server.address() as AddressInfo
    return ownAddresses().map((it) => `${this.#isTls ? 'https' : 'http'}://${it}:${port}`)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = request.url ?? '/'
      if (!this.#isAllowed(request)) {
        const message = 'this address may not call this node'
        return sendError(
          response,
          new CoopError('unauthorized', message, `Use ${this.urls[0] ?? ''}/gate.`),
          401,
        )
      }
      if (url.startsWith('/v1/')) return await this.#api(request, response)
      const path = new URL(url, 'http://localhost').pathname
      const file = PAGES.test(path) ? await this.#pages.get(path) : null
      if (file === null)
        return sendError(
          response,
          new CoopError('usage', 'no such page', 'Open /gate, /sale or /ticket.'),
          404,
        )
      response.writeHead(200, { ...PAGE_HEADERS, 'content-type': file.type }).end(file.body)
    } catch (cause) {
      this.#node.config.log.error({ err: cause, url: request.url }, 'a request of a phone failed')
      if (response.headersSent) response.destroy()
      else sendError(response, asCoopError(cause), 500)
    }
  }

  /**
   * Against pages of other sites. Over http the Host must be an address of this machine, since a name can be made to
   * point here; over https the certificate has settled the name.
   */
  #isAllowed({ headers: { host, origin } }: IncomingMessage): boolean {
    if (host === undefined) return false
    const scheme = this.#isTls ? 'https' : 'http'
    if (origin !== undefined && origin !== `${scheme}://${host}`) return false
    return this.#isTls || this.urls.includes(`http://${host}`)
  }
}

/** Malformed PEM is a usage error, not a crash. */
function open(make: () => PhoneDoor): PhoneDoor {
  try {
    return make()
  } catch (cause) {
    throw new CoopError(
      'usage',
      'the certificate or key for phones cannot be used',
      'Give PEM files that belong together with --phone-cert and --phone-key.',
      cause,
    )
  }
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((it) => it ?? [])
  const own = all.filter((it) => isIPv4(it.address))
  return [...own.filter((it) => !it.internal), ...own.filter((it) => it.internal)].map((it) => it.address)
}

function sendError(response: ServerResponse, error: CoopError, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(error.toJSON()))
}
