import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { afterEach, expect, test } from 'vitest'
import { RawPeer } from '../../test/actors/raw-peer.ts'
import { until } from '../../test/actors/until.ts'
import { FramedStream, RECEIVE_FRAMES_MAX, SEND_BYTES_MAX } from './framed-stream.ts'

const PROTOCOL = '/test/1'
const FRAME_BYTES = 512 * 1024
let peers: RawPeer[] = []

afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.close()))
  peers = []
})

/** A framed stream and the raw far end of it. */
async function pair(): Promise<{ near: FramedStream; far: Stream }> {
  const coop = new Uint8Array(randomBytes(32))
  const a = await RawPeer.create({ seed: new Uint8Array(randomBytes(32)), coop })
  const b = await RawPeer.create({ seed: new Uint8Array(randomBytes(32)), coop })
  peers = [a, b]
  const far = Promise.withResolvers<Stream>()
  await b.libp2p.handle(PROTOCOL, (stream) => far.resolve(stream))
  const connection = await a.connect(b.libp2p.getMultiaddrs()[0]?.toString() ?? '')
  const near = new FramedStream(await connection.newStream(PROTOCOL), FRAME_BYTES)
  return { near, far: await far.promise }
}

test('a sender waits for a slow reader over and over, and keeps little in memory', async () => {
  const { near, far } = await pair()
  let received = 0
  far.addEventListener('message', ({ data }) => {
    received += data.byteLength
    far.pause()
    setTimeout(() => far.status === 'open' && far.resume(), 5)
  })
  let most = 0
  for (let i = 0; i < 60; i += 1) {
    await near.send(new Uint8Array(FRAME_BYTES))
    most = Math.max(most, near.stream.writeBufferLength)
  }
  expect(most).toBeLessThanOrEqual(SEND_BYTES_MAX + FRAME_BYTES + 4)
  await until('everything arrives', () => received === 60 * (FRAME_BYTES + 4))
})

test('a sender to a peer that stops reading is freed when the stream ends', async () => {
  const { near, far } = await pair()
  far.addEventListener('message', () => far.pause())
  const sent = (async () => {
    for (;;) await near.send(new Uint8Array(FRAME_BYTES))
  })()
  setTimeout(() => near.abort('enough'), 500)
  await expect(sent).rejects.toMatchObject({ code: 'stream-ended' })
})

test('a flood of tiny frames that nobody reads ends the stream', async () => {
  const { near, far } = await pair()
  const tiny = Uint8Array.of(0, 0, 0, 1, 0)
  const flood = new Uint8Array(tiny.length * (RECEIVE_FRAMES_MAX + 1))
  for (let i = 0; i <= RECEIVE_FRAMES_MAX; i += 1) flood.set(tiny, i * tiny.length)
  far.send(flood)
  await until('the stream is ended', () => near.stream.status === 'aborted')
})

test('what is here of a frame is told before the frame is whole', async () => {
  const { near, far } = await pair()
  const parts: number[] = []
  near.onPart = (bytes) => parts.push(bytes)
  far.send(Uint8Array.of(0, 0, 0, 6, 1, 2))
  await until('a part is told', () => parts.length > 0)
  expect(parts).toEqual([6])
  far.send(Uint8Array.of(3, 4, 5, 6))
  expect(await near.next(5_000)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6))
  expect(parts).toEqual([6])
})
