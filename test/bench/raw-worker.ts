import { randomBytes } from 'node:crypto'
import { FramedStream } from '#node/mesh'
import { RawPeer } from '../actors/raw-peer.ts'

/** `raw-worker.ts`: answers each frame, a number of bytes as text, with a frame of so many, 512 KiB at a time. */
const peer = await RawPeer.create({
  seed: new Uint8Array(randomBytes(32)),
  coop: new Uint8Array(32),
})
await peer.libp2p.handle('/bench/raw/1', async (stream) => {
  const framed = new FramedStream(stream, 64)
  const asked = Number(new TextDecoder().decode(await framed.next(10_000)))
  for (let left = asked; left > 0; left -= 524_288) await framed.send(new Uint8Array(Math.min(left, 524_288)))
})
process.send?.({ address: String(peer.libp2p.getMultiaddrs()[0]) })
process.once('message', () => process.exit(0))
