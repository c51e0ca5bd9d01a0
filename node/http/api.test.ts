import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test } from 'vitest'
import { CoopNode } from '#node/host'
import { TokenBook } from '#node/tokens'
import { createApi } from './api.ts'
import { Callers } from './caller.ts'

test('the recovery kit reaches its owner though the port of the mesh is in use', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coopmesh-api-'))
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const place = {
    dataPath: folder,
    statePath: null,
    passphrase: undefined,
    port,
    host: '127.0.0.1',
    isMdnsOn: false,
  }
  const node = await CoopNode.open({ ...place, log: pino({ level: 'silent' }) })
  const callers = new Callers('own', await TokenBook.open(node.folder.tokensPath, node.findings))
  const api = createApi(node, { callers, stop: () => null })
  const body = JSON.stringify({ name: 'North Market' })
  const authorization = 'Bearer own'
  const headers = { 'content-type': 'application/json', authorization }
  const founded = await api.request('/v1/found', { method: 'POST', body, headers })
  expect(founded.status).toBe(200)
  const { recoveryKit } = (await founded.json()) as { recoveryKit: { words: string } }
  expect(recoveryKit.words.split(' ')).toHaveLength(24)
  const status = (await (await api.request('/v1/status', { headers: { authorization } })).json()) as {
    mesh: string
    warnings: object[]
  }
  expect(status.mesh).toBe('off')
  expect(status.warnings).toContainEqual(expect.objectContaining({ code: 'port-in-use' }))
  await node.close()
  other.close()
  await rm(folder, { recursive: true, force: true })
})
