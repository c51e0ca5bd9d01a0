import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { LivePage, openBoard } from '#node/boards'
import type { PageWire } from '#node/boards'
import { CoopError, asCoopError, systemCode } from '#node/errors'
import type { CoopNode } from '#node/host'
import { TokenBook } from '#node/tokens'
import { createApi } from './api.ts'
import { isAssetPath, serveAsset } from './asset-response.ts'
import { Callers, originOf } from './caller.ts'
import type { Caller } from './caller.ts'
import { isAllowedHost, isAllowedOrigin } from './guard.ts'
import { PAGE_HEADERS, PageFiles } from './page-files.ts'
import { PhoneDoor } from './phone-door.ts'
import type { PhoneDoorOptions } from './phone-door.ts'
import { needScope } from './route-scopes.ts'

/** Largest message of a page: one Yjs update and its frame. */
const PAGE_MESSAGE_BYTES_MAX = 300_000
/** How long a page may take to answer that its board is closed when the node ends. A frozen tab answers nothing. */
const PAGE_CLOSE_TIMEOUT_MS = 500
/** Bytes that may wait for a page that does not read; then it is cut. */
const PAGE_BUFFER_BYTES_MAX = 4 * 1024 * 1024

/** The node's HTTP door: the page, the API under `/v1`, assets, and live boards. Loopback only. */
export class HttpServer {
  readonly #node: CoopNode
  readonly #ownToken: string
  readonly #callers: Callers
  readonly #server: Server
  readonly #sockets: WebSocketServer
  readonly #page = new PageFiles()
  #phones: PhoneDoor | null = null
  readonly #pages = new Map<WebSocket, LivePage>()
  readonly #api: ReturnType<typeof getRequestListener>

  private constructor(node: CoopNode, ownToken: string, book: TokenBook, stop: () => void) {
    this.#node = node
    this.#ownToken = ownToken
    this.#callers = new Callers(ownToken, book)
    const { fetch } = createApi(node, { callers: this.#callers, stop })
    this.#api = getRequestListener(fetch, { overrideGlobalObjects: false })
    this.#server = createServer((request, response) => void this.#handle(request, response))
    // A slow or silent client holds nothing for long; uploads are as long as they need while bytes come.
    this.#server.headersTimeout = 10_000
    this.#server.requestTimeout = 0
    this.#server.keepAliveTimeout = 5_000
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: PAGE_MESSAGE_BYTES_MAX,
      handleProtocols: () => 'coopmesh.board.1',
    })
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /**
   * Listens on loopback; port 0 means any. `stop` is called when a client asks the node to stop.
   *
   * @param phones - null: no door for phones
   */
  static async start(
    node: CoopNode,
    port: number,
    stop: () => void,
    phones: PhoneDoorOptions | null = null,
  ): Promise<HttpServer> {
    const book = await TokenBook.open(node.folder.tokensPath, node.findings)
    const server = new HttpServer(node, await node.folder.token(), book, stop)
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (cause) => {
        if (systemCode(cause) !== 'EADDRINUSE') return reject(cause)
        reject(
          new CoopError(
            'port-in-use',
            `HTTP port ${port} is in use`,
            'Choose another with --http-port, or 0 for any.',
            cause,
          ),
        )
      })
      server.#server.listen(port, '127.0.0.1', resolve)
    })
    if (phones !== null) {
      try {
        server.#phones = await PhoneDoor.start(node, { book, pages: server.#page }, phones)
        node.phones = () => server.phoneUrls
      } catch (cause) {
        await server.close()
        throw cause
      }
    }
    node.on('reset', () => server.#closePages())
    await node.folder.announce(server.url)
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** `http://127.0.0.1:<port>`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** The address that signs a browser in. */
  get entryUrl(): string {
    return `${this.url}/#token=${this.#ownToken}`
  }

  /** Addresses for phones at gates and stalls; empty without a door for them. */
  get phoneUrls(): string[] {
    return this.#phones?.urls ?? []
  }

  async close(): Promise<void> {
    await this.#phones?.close()
    this.#closePages()
    this.#sockets.close()
    this.#server.closeAllConnections()
    const timer = setTimeout(() => {
      for (const page of this.#sockets.clients) page.terminate()
    }, PAGE_CLOSE_TIMEOUT_MS)
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    clearTimeout(timer)
    await this.#callers.book.close().catch((cause: unknown) => {
      this.#node.config.log.warn({ err: cause }, 'the last uses of tokens could not be kept')
    })
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = request.url ?? '/'
      const refusal = this.#refusal(request)
      if (refusal !== null) return sendError(response, refusal)
      if (isAssetPath(url)) {
        if (request.method === 'GET' || request.method === 'HEAD')
          return await serveAsset(this.#node, request, response)
        return sendError(
          response,
          new CoopError('usage', 'assets are read with GET', 'Use GET or HEAD.'),
          405,
        )
      }
      if (url.startsWith('/v1/') || url === '/openapi.json') return await this.#api(request, response)
      await this.#sendPage(url, response)
    } catch (cause) {
      this.#node.config.log.error({ err: cause, url: request.url }, 'a request failed')
      if (response.headersSent) response.destroy()
      else sendError(response, asCoopError(cause))
    }
  }

  /** Host and Origin, for everything. Tokens are the API's. */
  #refusal(request: IncomingMessage): CoopError | null {
    if (
      !isAllowedHost(request.headers.host, this.port) ||
      !isAllowedOrigin(request.headers.origin, this.port)
    ) {
      return new CoopError(
        'unauthorized',
        'this address may not call this node',
        `Use ${this.url} on the same machine.`,
      )
    }
    return null
  }

  async #sendPage(url: string, response: ServerResponse): Promise<void> {
    const file = await this.#page.get(new URL(url, 'http://localhost').pathname)
    if (file === null)
      return sendError(response, new CoopError('usage', `no such page: ${url}`, `Open ${this.url}/`), 404)
    response.writeHead(200, { ...PAGE_HEADERS, 'content-type': file.type }).end(file.body)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node takes its own listener off an upgraded socket; without one a reset by the client ends the process.
    socket.on('error', (cause) => this.#node.config.log.debug({ err: cause }, 'an upgrade broke off'))
    const url = request.url ?? ''
    const name = /^\/v1\/boards\/([a-z0-9._-]+)\/live$/.exec(url)?.[1]
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((it) => it.trim())
    const token = offered.find((it) => it.startsWith('token.'))?.slice('token.'.length)
    const caller =
      name === undefined || this.#refusal(request) !== null ? null : this.#liveCaller(request, token)
    if (name === undefined || caller === null) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n')
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (page) => {
      // A revoked token ends what is open on it.
      const onEnd = (): void => page.close(1008, 'the access token was revoked or has expired')
      caller.ended.addEventListener('abort', onEnd)
      page.on('close', () => caller.ended.removeEventListener('abort', onEnd))
      void this.#serveBoard(page, name)
    })
  }

  /** The caller of a live board, or null when its token does not allow that. */
  #liveCaller(request: IncomingMessage, token: string | undefined): Caller | null {
    const from = originOf(request.socket.remoteAddress, request.headers['user-agent'])
    try {
      const caller = this.#callers.identify(token, from, `GET ${request.url ?? ''}`)
      needScope(caller.scope, 'GET /v1/boards/{id}/live')
      return caller
    } catch (cause) {
      if (cause instanceof CoopError) return null
      throw cause
    }
  }

  async #serveBoard(socket: WebSocket, name: string): Promise<void> {
    socket.on('error', (cause) => this.#node.config.log.debug({ err: cause }, 'a page broke off'))
    try {
      const { engine } = this.#node.membership
      const admission = await engine.admission()
      const board = await openBoard(engine, name)
      if (socket.readyState !== socket.OPEN) return
      const wire: PageWire = {
        send: (message) => {
          if (socket.bufferedAmount > PAGE_BUFFER_BYTES_MAX) socket.close(1013, 'too slow')
          else socket.send(message)
        },
        close: (reason) => socket.close(1008, reason),
      }
      const page = new LivePage(engine, board, wire, admission)
      this.#pages.set(socket, page)
      socket.on('message', (data, isBinary) => {
        if (isBinary && Buffer.isBuffer(data)) page.receive(new Uint8Array(data))
        else socket.close(1003, 'binary messages only')
      })
      socket.on('close', () => {
        page.close()
        this.#pages.delete(socket)
      })
    } catch (cause) {
      socket.close(1011, asCoopError(cause).message.slice(0, 100))
    }
  }

  #closePages(): void {
    for (const [socket, page] of this.#pages) {
      page.close()
      socket.close(1012, 'the node starts anew')
    }
    this.#pages.clear()
  }
}

function sendError(response: ServerResponse, error: CoopError, status?: number): void {
  response.writeHead(status ?? (error.code === 'unauthorized' ? 401 : 500), {
    'content-type': 'application/json',
  })
  response.end(JSON.stringify(error.toJSON()))
}
