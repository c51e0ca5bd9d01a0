import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, PeerId } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import type { KadDHT } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { ping } from '@libp2p/ping'
import type { Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { toHex } from '#protocol/encoding'
import { membersOnly } from './members-only.ts'
import type { IsMember } from './members-only.ts'

/** The services that a node of the mesh runs. */
export interface MeshServices extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  dht: KadDHT
  pubsub: GossipSub
}

/** libp2p as the mesh uses it. */
export type MeshLibp2p = Libp2p<MeshServices>

/** What a mesh node is made from. */
export interface Libp2pInit {
  /** 32-byte seed of the device key: the PeerId is that key. */
  seed: Uint8Array
  coop: Uint8Array
  /** TCP port, 0 for any. */
  port: number
  /** Interface to listen on, as an IPv4 address. */
  host: string
  isMember: IsMember
  gater: ConnectionGater
  /** False keeps multicast quiet (tests, demo). */
  isMdnsOn: boolean
}

/**
 * Largest gossip message. Larger commits travel by the sync streams alone; a sale has under 1 KiB.
 */
export const GOSSIP_BYTES_MAX = 65_536

/**
 * The gossip topics of a co-op. `whole`: commits that everybody takes whole. `apart`: those with a payload that a device
 * may decline; whoever declines any hears of them by its sessions.
 */
export function gossipTopics(coop: Uint8Array): { whole: string; apart: string } {
  const whole = `/coopmesh/1/${toHex(coop)}`
  return { whole, apart: `${whole}/apart` }
}

/** Starts libp2p with everything scoped to one co-op: the Noise prologue, the DHT prefix, the mDNS tag, the topic. */
export async function startLibp2p(init: Libp2pInit): Promise<MeshLibp2p> {
  const { coop, isMember } = init
  const short = toHex(coop.subarray(0, 8))
  return createLibp2p<MeshServices>({
    privateKey: await generateKeyPairFromSeed('Ed25519', init.seed),
    addresses: { listen: [`/ip4/${init.host}/tcp/${init.port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise({ prologueBytes: coop })],
    // A paused stream is reset when the peer's window exceeds libp2p's read buffer of 4 MiB, so stay below it.
    streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 4 * 1024 * 1024 } })],
    peerDiscovery: init.isMdnsOn ? [mdns({ serviceTag: `_coop-${short}._udp.local`, interval: 10_000 })] : [],
    connectionGater: init.gater,
    // The defaults let a dozen idle sockets lock everyone out; these held against 60.
    connectionManager: {
      maxConnections: 300,
      maxIncomingPendingConnections: 200,
      inboundConnectionThreshold: 50,
      inboundUpgradeTimeout: 3_000,
      dialTimeout: 8_000,
      addressDialTimeout: 4_000,
      reconnectRetries: 0,
    },
    connectionMonitor: { pingInterval: 10_000, abortConnectionOnPingFailure: true },
    services: {
      identify: membersOnly(isMember, identify({ protocolPrefix: 'coopmesh', runOnConnectionOpen: false })),
      ping: membersOnly(isMember, ping()),
      dht: membersOnly(
        isMember,
        kadDHT({
          protocol: `/coopmesh/kad/1/${short}`,
          clientMode: false,
          peerInfoMapper: passthroughMapper,
          allowQueryWithZeroPeers: true,
        }),
      ),
      pubsub: membersOnly(
        isMember,
        gossipsub({
          // Commits carry their author's signature; the relay's would add nothing.
          globalSignaturePolicy: 'StrictNoSign',
          allowedTopics: Object.values(gossipTopics(coop)),
          maxInboundDataLength: GOSSIP_BYTES_MAX * 4,
          maxOutboundBufferSize: 4 * 1024 * 1024,
          scoreParams: { IPColocationFactorWeight: 0 },
          fallbackToFloodsub: false,
        }),
      ),
    },
  })
}

/** The raw device key behind a PeerId, or null for a key that is not Ed25519. */
export function deviceOf(peer: PeerId): Uint8Array | null {
  return peer.type === 'Ed25519' ? peer.publicKey.raw : null
}
