import { readFile } from 'node:fs/promises'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../actors/node-process.ts'
import type { NodeProcess } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

/** Made for this test, for the name gate.test, valid for a hundred years; its key is in the file beside it. */
const CERT = join(ROOT, 'test/vectors/gate.test.cert.pem')
const KEY = join(ROOT, 'test/vectors/gate.test.key.pem')

let bench: Workbench
let nas: NodeProcess
let own: string
const tokens: Record<string, string> = {}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas', { args: ['--phone-port', '0'] })
  own = (await readFile(join(nas.folder, 'api.token'), 'utf8')).trim()
  for (const scope of ['gate', 'till', 'read-only', 'admin']) {
    const made = (await nas.api('POST', '/v1/tokens', { name: scope, scope })) as { secret: string }
    tokens[scope] = made.secret
  }
})
afterAll(() => bench.close())

async function ask(
  base: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  const { protocol, hostname, port, host } = new URL(base)
  const options = { hostname, port, path, headers: { host, ...headers }, rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    const sent = (protocol === 'https:' ? tlsRequest : plainRequest)(options, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      answer.on('end', () => resolve([answer.statusCode ?? 0, text]))
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('phones get the pages of gates, stalls and holders on every address, and nothing else', async () => {
  expect(nas.ready.phones.length).toBeGreaterThan(0)
  for (const base of nas.ready.phones) {
    for (const path of ['/gate', '/gate.js', '/gate.css', '/gate-decoder.js', '/sale', '/ticket'])
      expect((await ask(base, path))[0], base + path).toBe(200)
    for (const path of ['/', '/app.js', '/openapi.json', '/assets/bafkqaaa', '/gate/../', '/index.html'])
      expect((await ask(base, path))[0], base + path).toBe(404)
  }
})

test('tokens of gates and tills work through it; the owner’s and all others do not', async () => {
  const [base = ''] = nas.ready.phones
  const status = async (token: string): Promise<number> =>
    (await ask(base, '/v1/status', { authorization: `Bearer ${token}` }))[0]
  expect([await status(tokens['gate'] ?? ''), await status(tokens['till'] ?? '')]).toEqual([200, 200])
  expect([await status(tokens['read-only'] ?? ''), await status(tokens['admin'] ?? '')]).toEqual([403, 403])
  expect([await status(own), await status(''), (await ask(base, '/v1/status'))[0]]).toEqual([401, 401, 401])
})

test('a name that points here is refused, and so is a page of another site', async () => {
  const [base = ''] = nas.ready.phones
  const { port } = new URL(base)
  const authorization = `Bearer ${tokens['gate'] ?? ''}`
  for (const headers of [
    { host: `evil.example:${port}` },
    { host: '127.0.0.1' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
  ])
    expect((await ask(base, '/v1/status', { authorization, ...headers }))[0], JSON.stringify(headers)).toBe(
      401,
    )
  expect((await ask(base, '/v1/status', { authorization, origin: base }))[0]).toBe(200)
})

test('with a certificate it speaks https, under whatever name the certificate has', async () => {
  const hall = await bench.start('hall', {
    args: ['--phone-port', '0', '--phone-cert', CERT, '--phone-key', KEY],
  })
  const [base = ''] = hall.ready.phones
  expect(base).toMatch(/^https:/)
  const { port } = new URL(base)
  expect((await ask(base, '/gate', { host: `gate.test:${port}` }))[0]).toBe(200)
  expect((await ask(base, '/gate', { host: `gate.test:${port}`, origin: 'https://evil.example' }))[0]).toBe(
    401,
  )
  for (const args of [
    ['--phone-cert', CERT],
    ['--phone-port', '0', '--phone-cert', KEY, '--phone-key', KEY],
  ]) {
    const answer = await bench.coop(
      'other',
      'start',
      '--port',
      '0',
      '--http-port',
      '0',
      '--no-open',
      '--no-mdns',
      ...args,
    )
    expect([args.length, answer.code, answer.stderr.includes('phones')]).toEqual([args.length, 2, true])
  }
})
