import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/** What came of opening a stream. */
export interface StreamProbe {
  /** Bytes that the other side sent, beyond the agreement on a protocol. */
  bytes: number
  /** How it ended: the negotiation failed, or the stream was closed or reset. */
  end: 'not-opened' | 'closed'
}

/** libp2p with any key and any co-op's Noise prologue, and no manners of its own. */
export class RawPeer {
  readonly libp2p: Libp2p

  private constructor(libp2p: Libp2p) {
    this.libp2p = libp2p
  }

  static async create(keys: { seed: Uint8Array; coop: Uint8Array }): Promise<RawPeer> {
    const libp2p = await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', keys.seed),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise({ prologueBytes: keys.coop })],
      // As nodes have it: a paused stream is reset when more comes than its read buffer holds.
      streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 4 * 1024 * 1024 } })],
      connectionMonitor: { enabled: false },
    })
    return new RawPeer(libp2p)
  }

  async connect(address: string): Promise<Connection> {
    return this.libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(10_000) })
  }

  /** Opens a stream, says `bytes`, and counts what comes back until the other side ends it. */
  async probe(connection: Connection, protocol: string, bytes: Uint8Array): Promise<StreamProbe> {
    let stream: Stream
    try {
      stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(5_000) })
    } catch {
      return { bytes: 0, end: 'not-opened' }
    }
    let count = 0
    const closed = new Promise<void>((resolve) => {
      for (const event of ['close', 'remoteCloseWrite'] as const)
        stream.addEventListener(event, () => resolve())
    })
    stream.addEventListener('message', ({ data }) => {
      count += data.byteLength
    })
    if (stream.status === 'open') stream.send(bytes)
    if (stream.status === 'open' || stream.status === 'closing') await closed
    return { bytes: count, end: 'closed' }
  }

  async close(): Promise<void> {
    await this.libp2p.stop()
  }
}
