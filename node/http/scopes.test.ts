import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRoute, z } from '@hono/zod-openapi'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CoopNode } from '#node/host'
import { SCOPES, TokenBook } from '#node/tokens'
import type { Scope, TokenView } from '#node/tokens'
import { createApi } from './api.ts'
import { Callers } from './caller.ts'
import type { Api } from './caller.ts'
import { describe as describeApi } from './open-api.ts'
import { checkScopes } from './route-scopes.ts'
import { HttpServer } from './server.ts'

/** What the document says of one call. */
interface Operation {
  'x-scopes': Scope[]
  security: object[]
  responses: Record<string, object>
}

let folder: string
let node: CoopNode
let server: HttpServer
let own: string
let calls: { call: string; method: string; path: string; operation: Operation }[]
const secrets = new Map<Scope, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-scopes-'))
  node = await CoopNode.open({
    ...{ dataPath: folder, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  server = await HttpServer.start(node, 0, () => null)
  own = await node.folder.token()
  for (const scope of SCOPES) {
    secrets.set(scope, (await create({ name: scope, scope })).secret)
  }
  const document = (await (await call('/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>
  }
  calls = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([name, operation]) => {
      const method = name.toUpperCase()
      return { call: `${method} ${path}`, method, path, operation }
    }),
  )
})
afterAll(async () => {
  await server.close()
  await node.close()
  await rm(folder, { recursive: true, force: true })
})

/** Any request to the node. */
async function call(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(server.url + path, init)
}

/** Makes a call of the document, with parameters that name nothing. */
async function callAs(
  token: string | undefined,
  { method, path }: { method: string; path: string },
): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  const init: RequestInit = { method, headers, ...(method === 'GET' ? {} : { body: '{}' }) }
  return call(path.replaceAll(/\{\w+\}/g, 'none'), init)
}

async function post(body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${own}`, 'content-type': 'application/json' }
  return call('/v1/tokens', { method: 'POST', headers, body: JSON.stringify(body) })
}

async function create(body: object): Promise<TokenView & { secret: string }> {
  return (await (await post(body)).json()) as TokenView & { secret: string }
}

async function revoke(id: string): Promise<Response> {
  return call(`/v1/tokens/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${own}` } })
}

describe('each call of the OpenAPI document', () => {
  test('names its scopes, is for admins at least, and changes nothing for read-only tokens', () => {
    expect(calls.length).toBeGreaterThan(25)
    for (const { call, method, operation } of calls) {
      expect(operation['x-scopes'], call).toContain('admin')
      expect(operation.security, call).toEqual([{ token: [] }])
      expect(Object.keys(operation.responses), call).toEqual(expect.arrayContaining(['401', '403']))
      if (method !== 'GET') expect(operation['x-scopes'], call).not.toContain('read-only')
    }
  })

  test.each(SCOPES)(
    'is denied to a token of scope %s outside its scope, and allowed inside',
    async (scope) => {
      let denied = 0
      for (const one of calls) {
        const response = await callAs(secrets.get(scope), one)
        if (one.operation['x-scopes'].includes(scope)) {
          expect([401, 403], `${scope} ${one.call}`).not.toContain(response.status)
          await response.body?.cancel()
          continue
        }
        denied += 1
        expect(response.status, `${scope} ${one.call}`).toBe(403)
        const { error } = (await response.json()) as { error: Record<string, string> }
        expect(error, one.call).toEqual({
          code: 'forbidden',
          message: expect.stringContaining(`scope ${scope} may not`),
          next: expect.stringContaining('coop token create'),
        })
      }
      expect(denied).toBe(calls.filter((it) => !it.operation['x-scopes'].includes(scope)).length)
      expect(denied > 0).toBe(scope !== 'admin')
    },
  )

  test('is denied in other spellings and by HEAD as well', async () => {
    const headers = { authorization: `Bearer ${secrets.get('read-only')}` }
    for (const path of ['/v1/%74okens', '/v1/./tokens', '/v1/x/../tokens', '/v1/tokens?x', '/v1/tokens#x'])
      expect((await call(path, { headers })).status, path).toBe(403)
    expect((await call('/v1/tokens', { headers, method: 'HEAD' })).status).toBe(403)
    for (const path of ['/v1/tokens/', '/v1//tokens', '/v1/Tokens'])
      expect((await call(path, { headers })).status, path).toBe(404)
  })

  test('is refused without a token, and with one that is none', async () => {
    const [good = ''] = secrets.values()
    for (const token of [undefined, 'x', good.slice(1), `${good}x`, good.replace('coop_', 'COOP_')])
      for (const one of calls) expect((await callAs(token, one)).status, one.call).toBe(401)
  })
})

/** What whoever sells or admits can see. */
const EVENTS = ['GET /v1/ticketing/events', 'GET /v1/ticketing/events/{event}']
const EVENT_CALLS = (names: readonly string[]): string[] =>
  names.map((it) => `POST /v1/ticketing/events/{event}/${it}`)
const SEEN = [
  ...['GET /v1/ledger/balances', 'GET /v1/ledger/rights', 'GET /v1/ledger/units'],
  ...['GET /v1/members', 'GET /v1/status'],
]

describe('what is written down of scopes, apart from the table', () => {
  test.each([
    [
      'till',
      [
        ...[...SEEN, ...EVENTS, 'POST /v1/ledger/entries', 'POST /v1/ledger/take'],
        ...EVENT_CALLS(['quotes', 'revocations', 'take', 'tickets']),
        'POST /v1/ticketing/sales',
      ],
    ],
    [
      'gate',
      [
        ...[
          ...SEEN,
          ...EVENTS,
          'GET /v1/ticketing/events/{event}/doubles',
          'GET /v1/ticketing/events/{event}/log',
        ],
        ...EVENT_CALLS(['hand', 'scans', 'take', 'undo', 'verify']),
      ],
    ],
    [
      'supervisor',
      [
        ...[
          ...SEEN,
          ...EVENTS,
          'GET /v1/ticketing/events/{event}/doubles',
          'GET /v1/ticketing/events/{event}/log',
        ],
        ...EVENT_CALLS(['hand', 'scans', 'take', 'undo', 'verify']),
      ],
    ],
  ])('a %s makes these calls and no other', (scope, expected) => {
    const allowed = calls.filter((it) => it.operation['x-scopes'].includes(scope as Scope))
    expect(allowed.map((it) => it.call).sort()).toEqual(expected)
  })

  test('a deploy token reads and uploads; it adds no path of the machine, which could be a secret of the node', () => {
    const allowed = calls.filter((it) => it.operation['x-scopes'].includes('deploy')).map((it) => it.call)
    const changing = allowed.filter((call) => !call.startsWith('GET '))
    expect(changing).toEqual(['PUT /v1/assets/upload'])
  })

  test('tokens are the business of admins alone', () => {
    for (const { call, operation } of calls)
      if (call.includes('/v1/tokens')) expect(operation['x-scopes'], call).toEqual(['admin'])
  })
})

describe('the API does not start', () => {
  let book: TokenBook
  const fresh = (): Api => createApi(node, { callers: new Callers('own', book), stop: () => null })
  beforeAll(async () => {
    book = await TokenBook.open(node.folder.tokensPath, node.findings)
  })

  test('with a call for which no scope is declared', () => {
    const route = createRoute({
      method: 'get',
      path: '/v1/extra',
      responses: { 200: { description: '', content: { 'text/plain': { schema: z.string() } } } },
    })
    const extended = fresh()
    extended.openapi(route, (context) => context.text('x', 200))
    expect(() => checkScopes(extended, describeApi(extended).calls)).toThrow(
      'no scope is declared for GET /v1/extra',
    )
    const hidden = fresh()
    hidden.post('/hidden', (context) => context.text('x'))
    expect(() => checkScopes(hidden, describeApi(hidden).calls)).toThrow(
      'no scope is declared for POST /hidden',
    )
  })

  test('with a scope for what is no call', () => {
    expect(() => checkScopes(fresh(), new Set(['GET /v1/status']))).toThrow('for what is no call')
  })
})

describe('a created token', () => {
  test('is read-only unless somebody says otherwise, shown once, listed with its last use, and revoked', async () => {
    const made = await create({ name: 'screen' })
    expect(made).toMatchObject({ name: 'screen', scope: 'read-only', expiresAtMs: null, lastUse: null })
    const headers = { authorization: `Bearer ${made.secret}`, 'user-agent': 'menu-screen/2' }
    expect((await call('/v1/status', { headers })).status).toBe(200)
    const list = await (await call('/v1/tokens', { headers: { authorization: `Bearer ${own}` } })).text()
    const { tokens } = JSON.parse(list) as { tokens: TokenView[] }
    expect(tokens.find((it) => it.id === made.id)).toMatchObject({
      lastUse: { call: 'GET /v1/status', from: '127.0.0.1, menu-screen/2', atMs: expect.any(Number) },
    })
    expect(list).not.toContain(made.secret.slice(14))
    expect((await revoke(made.id)).status).toBe(200)
    expect((await call('/v1/status', { headers })).status).toBe(401)
    const again = await revoke(made.id)
    const { error } = (await again.json()) as { error: { code: string } }
    expect([again.status, error.code]).toEqual([404, 'token-unknown'])
    for (const body of [{ name: '' }, { name: 'x', scope: 'queen' }, { name: 'x', expiresMs: 0 }])
      expect((await post(body)).status, JSON.stringify(body)).toBe(400)
  })

  test('says that it has expired', async () => {
    const { secret } = await create({ name: 'short', expiresMs: 1 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const answer = await call('/v1/status', { headers: { authorization: `Bearer ${secret}` } })
    const { error } = (await answer.json()) as { error: { message: string } }
    expect([answer.status, error.message]).toEqual([401, 'this access token has expired'])
  })

  test('takes the streams and live boards that are open on it along when it is revoked', async () => {
    const { id, secret } = await create({ name: 'page', scope: 'admin' })
    const response = await call('/v1/events', { headers: { authorization: `Bearer ${secret}` } })
    const url = `${server.url.replace('http', 'ws')}/v1/boards/menu/live`
    const socket = new WebSocket(url, ['coopmesh.board.1', `token.${secret}`])
    await once(socket, 'open')
    const closed = once(socket, 'close')
    expect((await revoke(id)).status).toBe(200)
    expect((await closed)[0]).toBe(1008)
    // Ends, or this test runs into its deadline.
    expect(await response.text()).toContain('changed')
  })

  test('opens a live board in the admin scope alone', async () => {
    const url = `${server.url.replace('http', 'ws')}/v1/boards/menu/live`
    for (const [scope, secret] of secrets) {
      const socket = new WebSocket(url, ['coopmesh.board.1', `token.${secret}`])
      const state = await new Promise((resolve) => {
        socket.on('open', () => resolve('open'))
        socket.on('error', () => resolve('refused'))
      })
      socket.terminate()
      expect(state, scope).toBe(scope === 'admin' ? 'open' : 'refused')
    }
  })
})
