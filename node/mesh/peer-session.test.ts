import { afterEach, expect, test, vi } from 'vitest'
import { pino } from 'pino'
import { RawPeer } from '../../test/actors/raw-peer.ts'
import { coopWithPen, reader } from '../../test/actors/pen.ts'
import { until } from '../../test/actors/until.ts'
import { nodeCrypto } from '#node/crypto'
import type { Decoder } from '#node/decoder'
import type { Engine } from '#node/engine'
import { HELLO_TIMEOUT_MS, PullShare } from '#protocol/sync'
import { FramedStream } from './framed-stream.ts'
import { PeerSession } from './peer-session.ts'

const { coop, all } = coopWithPen(3)
const peers: RawPeer[] = []

afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(peers.splice(0).map((peer) => peer.close()))
})

/** A session with a peer that says nothing. */
async function session(): Promise<PeerSession> {
  for (const fill of [1, 2]) peers.push(await RawPeer.create({ seed: new Uint8Array(32).fill(fill), coop }))
  const [near, far] = peers as [RawPeer, RawPeer]
  await far.libp2p.handle('/test/1', () => {})
  const connection = await near.connect(far.libp2p.getMultiaddrs()[0]?.toString() ?? '')
  const stream = new FramedStream(await connection.newStream('/test/1'), 1_024)
  const engine = { replica: reader(coop, all), durable: async () => {} } as unknown as Engine
  return new PeerSession(stream, {
    isOutside: false,
    ...{ engine, decoder: {} as Decoder, share: new PullShare(), crypto: nodeCrypto() },
    log: pino({ level: 'silent' }),
    ...{ onFault: () => {}, onChange: () => {}, onSuperseded: () => {}, onCompared: () => {} },
  })
}

test('a clock that is set back keeps no session with a peer that says nothing', async () => {
  const it = await session()
  vi.useFakeTimers({ toFake: ['Date'] })
  const run = it.run()
  vi.setSystemTime(Date.now() - 3_600_000)
  await until('it is ended', () => it.closeReason !== null, HELLO_TIMEOUT_MS + 2_000)
  await run
  expect(it.closeReason).toMatch(/^silent/)
})
