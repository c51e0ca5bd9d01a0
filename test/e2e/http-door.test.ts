import { request } from 'node:http'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let token: string

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  token = (await readFile(join(nas.folder, 'api.token'), 'utf8')).trim()
})
afterAll(() => bench.close())

/** A request with exactly these headers; `fetch` would set Host itself. */
async function raw(
  path: string,
  headers: Record<string, string>,
  body: { method: string; text: string } = { method: 'GET', text: '' },
): Promise<{ status: number; text: string }> {
  const { hostname, port, host } = new URL(nas.ready.http)
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, path, method: body.method, headers: { host, ...headers } },
      (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
        answer.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(body.text)
  })
}

function codeOf(text: string): string {
  return (JSON.parse(text) as { error: { code: string } }).error.code
}

test('the API refuses a missing, a wrong and a cut token, on every path and method', async () => {
  const tokens = [
    undefined,
    'Bearer ',
    'Bearer x',
    `Bearer ${token.slice(1)}`,
    `Bearer ${token}x`,
    `Basic ${token}`,
  ]
  for (const [method, path] of [
    ['GET', '/v1/status'],
    ['POST', '/v1/stop'],
    ['POST', '/v1/invites'],
    ['GET', '/v1/no-such-call'],
    ['PUT', '/v1/assets/upload?name=x'],
  ] as const) {
    for (const authorization of tokens) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      const answer = await raw(path, headers, { method, text: method === 'GET' ? '' : '{}' })
      expect([answer.status, codeOf(answer.text)], `${method} ${path} ${authorization}`).toEqual([
        401,
        'unauthorized',
      ])
    }
  }
  expect((await raw('/v1/status', { authorization: `Bearer ${token}` })).status).toBe(200)
})

test('spellings of a path do not go around the token', async () => {
  for (const path of [
    '//v1/status',
    '/%761/status',
    '/V1/status',
    '/./v1/status',
    '/x/../v1/status',
    '/v1',
  ]) {
    const answer = await raw(path, {})
    expect(answer.status, path).toBeGreaterThanOrEqual(400)
    expect(answer.text, path).not.toContain(nas.device)
  }
  // An absolute request target, as for a proxy.
  const answer = await raw(`${nas.ready.http}/v1/status`, {})
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.text).not.toContain(nas.device)
})

test('a foreign Host is refused even with the token, for pages and assets too', async () => {
  const { port } = new URL(nas.ready.http)
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1.evil.example:${port}`,
  ]) {
    for (const path of ['/v1/status', '/', '/assets/bafkqaaa', '/openapi.json']) {
      const answer = await raw(path, { host, authorization: `Bearer ${token}` })
      expect(answer.status, `${host} ${path}`).toBeGreaterThanOrEqual(400)
      expect(answer.text).not.toContain(nas.device)
    }
  }
})

test('a foreign Origin is refused even with the token', async () => {
  const { port } = new URL(nas.ready.http)
  const authorization = `Bearer ${token}`
  for (const origin of ['https://evil.example', 'null', `https://127.0.0.1:${port}`, 'http://127.0.0.1:1']) {
    const answer = await raw('/v1/status', { authorization, origin })
    expect([answer.status, codeOf(answer.text)], origin).toEqual([401, 'unauthorized'])
  }
  expect((await raw('/v1/status', { authorization, origin: `http://127.0.0.1:${port}` })).status).toBe(200)
})

test('a live board refuses a socket without token or from a foreign page', async () => {
  const url = `${nas.ready.http.replace('http', 'ws')}/v1/boards/menu/live`
  const connect = async (protocols: string[], origin?: string): Promise<string> => {
    const socket = new WebSocket(url, protocols, origin === undefined ? {} : { origin })
    return new Promise((resolve) => {
      socket.on('open', () => resolve('open'))
      socket.on('error', () => resolve('refused'))
    }).then((state) => {
      socket.terminate()
      return String(state)
    })
  }
  expect(await connect(['coopmesh.board.1'])).toBe('refused')
  expect(await connect(['coopmesh.board.1', 'token.wrong'])).toBe('refused')
  expect(await connect(['coopmesh.board.1', `token.${token}`], 'https://evil.example')).toBe('refused')
  expect(await connect(['coopmesh.board.1', `token.${token}`])).toBe('open')
})

test('malformed calls are answered with usage and change nothing', async () => {
  const before = (await nas.status()).headsRoot
  const cases: [string, string, string][] = [
    ['POST', '/v1/invites', '{'],
    ['POST', '/v1/invites', '[]'],
    ['POST', '/v1/invites', '{"role":"queen"}'],
    ['POST', '/v1/invites', '{"uses":0}'],
    ['POST', '/v1/invites', '{"uses":1e99}'],
    ['POST', '/v1/invites', '{"expiresMs":-1}'],
    ['POST', '/v1/found', '{"name":7}'],
    ['POST', '/v1/join', '{}'],
    ['POST', '/v1/mesh', '{"state":"sideways"}'],
    ['POST', '/v1/boards/menu/fields', '{"key":"a"}'],
    ['POST', '/v1/boards/menu/fields', '"x"'],
    ['POST', '/v1/boards/menu/lists/todo', 'null'],
    ['POST', '/v1/assets/add', '{"paths":[]}'],
    ['POST', '/v1/assets/add', '{'],
    ['POST', '/v1/listings/unlist', '{"listing":1}'],
    ['DELETE', '/v1/invites/xyz', ''],
    ['GET', '/v1/nothing-here', ''],
  ]
  for (const [method, path, text] of cases) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await raw(path, headers, { method, text })
    expect(answer.status, `${method} ${path} ${text} ${answer.text}`).toBeGreaterThanOrEqual(400)
    expect(codeOf(answer.text), `${method} ${path} ${text}`).toBe('usage')
  }
  expect((await nas.status()).headsRoot).toBe(before)
})

test('a body of another type is a usage error and not an empty call', async () => {
  const before = (await nas.status()).commits
  const authorization = `Bearer ${token}`
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
    const headers: Record<string, string> =
      type === '' ? { authorization } : { authorization, 'content-type': type }
    const answer = await raw('/v1/invites', headers, { method: 'POST', text: '{"role":"venue"}' })
    expect(codeOf(answer.text), `${type} ${answer.text}`).toBe('usage')
  }
  expect((await nas.status()).commits).toBe(before)
})

test('names and paths of assets that are none are answered, not followed', async () => {
  for (const path of [
    '/assets/',
    '/assets/..%2f..%2fdevice.key',
    '/assets/%00',
    '/assets/%',
    '/assets/../device.key',
  ]) {
    const answer = await raw(path, {})
    expect(answer.status, path).toBeGreaterThanOrEqual(400)
    expect(answer.status, path).toBeLessThan(500)
    expect(answer.text, path).not.toContain('plain ')
  }
})
