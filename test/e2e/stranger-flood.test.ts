import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInviteLink } from '#protocol/invite'
import { STRANGERS_MAX } from '#node/mesh'
import type { NodeProcess } from '../actors/node-process.ts'
import { RawPeer } from '../actors/raw-peer.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess
let coop: Uint8Array

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
  const parsed = parseInviteLink(await nas.invite('venue'))
  if (!parsed.ok) throw new Error(parsed.refusal)
  coop = parsed.link.coop
})
afterAll(async () => bench.close())

async function stranger(): Promise<RawPeer> {
  return RawPeer.create({ seed: new Uint8Array(randomBytes(32)), coop })
}

test('of many unknown keys that connect at once no more than the limit stay', async () => {
  const address = await nas.address()
  const peers = await Promise.all(Array.from({ length: STRANGERS_MAX * 3 }, () => stranger()))
  const connections = await Promise.all(peers.map((peer) => peer.connect(address).catch(() => null)))
  await until('the others are cut', () => {
    return connections.filter((it) => it?.status === 'open').length <= STRANGERS_MAX
  })
  await Promise.all(peers.map((peer) => peer.close()))
})

test('an unknown key that proposes protocols without end is cut, and the node answers all the while', async () => {
  const peer = await until('the door has room', async () => {
    const one = await stranger()
    const connection = await one.connect(await nas.address()).catch(() => null)
    return connection?.status === 'open' && { one, connection }
  })
  // Multistream-select: a length, then the name; here a name of one letter, a million times.
  const proposals = Uint8Array.from({ length: 3_000_000 }, (_, i) => [2, 0x61, 0x0a][i % 3] ?? 0)
  for (let i = 0; i < 20; i += 1) {
    const signal = AbortSignal.timeout(5_000)
    void peer.connection.newStream('/test/1', { signal }).catch(() => null)
  }
  await until(
    'streams are open',
    () => peer.connection.streams.length > 0 || peer.connection.status !== 'open',
  )
  for (const stream of peer.connection.streams) if (stream.status === 'open') stream.send(proposals)
  const startMs = Date.now()
  await nas.status()
  expect(Date.now() - startMs).toBeLessThan(2_000)
  await until('it is cut', () => peer.connection.status !== 'open', 5_000)
  await peer.one.close()
})
