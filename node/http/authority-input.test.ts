import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CoopNode } from '#node/host'
import { HttpServer } from './server.ts'

let folder: string
let node: CoopNode
let server: HttpServer
let token: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-input-'))
  node = await CoopNode.open({
    ...{ dataPath: folder, statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
  await node.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  server = await HttpServer.start(node, 0, () => null)
  token = await node.folder.token()
})
afterAll(async () => {
  await server.close()
  await node.close()
  await rm(folder, { recursive: true, force: true })
})

/** The code and words that a call is refused with. */
async function refusalOf(path: string, body: unknown): Promise<{ code: string; message: string }> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(server.url + path, { method: 'POST', headers, body: text })
  expect(answer.status, path).toBeGreaterThanOrEqual(400)
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  return error
}

/** Turns the words behind it around. */
const TURNED = 'Ada\u202Eadmin'
const ASKED = { changes: [{ kind: 'slots', device: 'nas', count: 1 }], reason: '' }
const ABC = 'ab'.repeat(32)

const REFUSED: [string, string, unknown, string, RegExp][] = [
  ['no changes', '/v1/proposals', { changes: [], reason: '' }, 'usage', /changes/],
  ['17 changes', '/v1/proposals', { changes: Array(17).fill(ASKED.changes[0]) }, 'usage', /changes/],
  ['an unknown change', '/v1/proposals', { changes: [{ kind: 'crown', member: 'Ada' }] }, 'usage', /kind/],
  ['no slots', '/v1/proposals', { changes: [{ ...ASKED.changes[0], count: 0 }] }, 'usage', /count/],
  [
    'slots without end',
    '/v1/proposals',
    { changes: [{ ...ASKED.changes[0], count: 1e9 }] },
    'usage',
    /count/,
  ],
  [
    'a role that nobody is given',
    '/v1/proposals',
    { changes: [{ kind: 'role', member: 'Ada', role: 'steward' }] },
    'usage',
    /role/,
  ],
  [
    'a member who is nobody',
    '/v1/proposals',
    { changes: [{ kind: 'remove', member: 'Bo' }] },
    'member-unknown',
    /no member is called 'Bo'/,
  ],
  [
    'a member with a name made to deceive',
    '/v1/proposals',
    { changes: [{ kind: 'remove', member: TURNED }] },
    'member-unknown',
    /'Ada\\u\{202e\}admin'/,
  ],
  [
    'a device with look-alike letters',
    '/v1/suspensions',
    { device: 'n\u0430s', reason: '' },
    'device-unknown',
    /'n\\u\{430\}s'/,
  ],
  [
    'settling a commit that is nowhere',
    '/v1/proposals',
    { changes: [{ kind: 'settle', device: 'nas', commit: ABC }] },
    'commit-unknown',
    /commit/,
  ],
  [
    'a floor below the ground',
    '/v1/proposals',
    { changes: [{ kind: 'floor', height: -1 }] },
    'usage',
    /height/,
  ],
  ['a reason that turns', '/v1/proposals', { ...ASKED, reason: TURNED }, 'usage', /reason/],
  ['a long reason', '/v1/proposals', { ...ASKED, reason: 'x'.repeat(501) }, 'usage', /reason/],
  [
    '10 MB of a reason',
    '/v1/proposals',
    { ...ASKED, reason: 'x'.repeat(10_000_000) },
    'usage',
    /at most 4194304/,
  ],
  ['10 MB of nothing', '/v1/proposals', '['.repeat(10_000_000), 'usage', /at most 4194304/],
  ['4 MB of depth', '/v1/proposals', '['.repeat(4_000_000), 'usage', /./],
  ['a proposal that is none', `/v1/proposals/${ABC}/sign`, {}, 'proposal-unknown', /no open proposal/],
  ['10 MB of an invite', '/v1/join', { link: `coop://join/${'A'.repeat(10_000_000)}` }, 'usage', /at most/],
  ['an invite for nobody in particular', '/v1/invites', { role: 'steward', uses: 1 }, 'usage', /role/],
  ['the leave of who alone can decide', '/v1/leave', {}, 'refused', /decision-unfit/],
]

test.each(REFUSED)('%s: refused by name, and nothing is written', async (_, path, body, code, words) => {
  const { replica } = node.membership.engine
  const before = replica.logLength
  const refusal = await refusalOf(path, body)
  expect(refusal.code, refusal.message).toBe(code)
  expect(refusal.message).toMatch(words)
  expect(replica.logLength).toBe(before)
})

test('what was decided is not signed again', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(ASKED) }
  const { id } = (await (await fetch(`${server.url}/v1/proposals`, init)).json()) as { id: string }
  expect(await refusalOf(`/v1/proposals/${id}/sign`, {})).toMatchObject({
    message: expect.stringContaining('proposal-decided'),
  })
})

test('a body that does not say how long it is is not read', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = new ReadableStream({
    start: (stream) => {
      stream.enqueue(new TextEncoder().encode(JSON.stringify(ASKED)))
      stream.close()
    },
  })
  const init = { method: 'POST', headers, body, duplex: 'half' }
  const answer = await fetch(`${server.url}/v1/proposals`, init)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    error: { code: 'usage', message: expect.stringContaining('says how many') },
  })
})
