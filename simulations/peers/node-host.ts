import type { CommitRecord } from '#protocol/commit'
import type { CommitRefusal } from '#protocol/replica'
import type { CloseCode } from '#protocol/sync'
import type { Simulator, Timers } from '../kernel/index.ts'
import type { Network } from '../network/index.ts'
import type { GossipBook } from './gossip.ts'
import type { Message } from './messages.ts'
import type { SimCrypto } from './sim-crypto.ts'

/** Interesting states that nodes were in, counted. A campaign that never reaches one has tested nothing of it. */
export const STATES = [
  'joined',
  'synced',
  'acknowledged',
  'waiting',
  'forked',
  'hidden',
  'endorsed',
  'rebuilt',
  'suspended',
  'superseded',
  'rejoined',
  'torn',
  'lost-unsynced',
  'rotted',
  'mended',
  'set-aside',
  'own-chain-short',
  'full',
  'slow',
  'image-restored',
  'cloned',
  'partitioned',
  'one-way-cut',
  'clock-jumped',
  'session-cut',
  'gossip',
  'backpressure',
  'attacked',
  'asset-fetched',
  'asset-refused',
  'asset-mended',
  'outside',
  'sealed',
  'sealed-bare',
  'member-removed',
  'device-closed',
  'device-suspended',
  'device-left',
  'recovered',
  'adopted',
  'proposed',
  'approved',
  'declined',
  'round-given-up',
  'double-voted',
  'signature-withheld',
  'late-shown',
  'late-hidden',
] as const
/** One of them. */
export type ReachedState = (typeof STATES)[number]

/** Why a device did not write. */
export type WriteRefusal = 'off' | 'full' | 'superseded' | 'own-chain-short' | 'asking' | 'closed' | 'refused'

/** What nodes tell of themselves; checkers listen. */
export interface NodeObserver {
  reached(state: ReachedState, node: number): void
  /** A commit of the node's own key is on its disk, so that others may hear of it. */
  signed(node: number, record: CommitRecord): void
  /** The author was told that its commit is safe. */
  acknowledged(node: number, record: CommitRecord): void
  /** A commit from a peer was refused. */
  refused(node: number, from: number, record: CommitRecord, refusal: CommitRefusal): void
  /** A node ended a session because of what the peer did. */
  cut(node: number, peer: number, code: CloseCode, detail: string): void
  /** A node now knows that a device (hex) wrote two histories. */
  foundFork(node: number, device: string): void
}

/** What all nodes of a world share. */
export interface NodeHost {
  readonly sim: Simulator
  readonly network: Network
  readonly crypto: SimCrypto
  readonly coop: Uint8Array
  readonly observer: NodeObserver
  readonly isGossiping: boolean
  readonly gossip: GossipBook
  /** By link: when its session wants to be woken; when it is dialled again; when what waits is tried again. */
  readonly wakes: Timers
  readonly dials: Timers
  readonly drains: Timers
  /** By link: when a device outside is served no longer. */
  readonly farewells: Timers
  /** Draws how long an fsync takes, in microseconds. */
  syncUs(node: number): number
  /** Key (hex) of the device at a place of the network. */
  deviceAt(node: number): string
  send(from: number, to: number, message: Message): void
  /** Sends a message over several links of one node. */
  spread(links: readonly number[], message: Message): void
  /** Calls `synced` of the node in a slot after `delayUs`. `life`: which life of the node it is for. */
  afterSync(slot: number, delayUs: number, life: number): void
  /** Calls `retry` of the node in a slot after `delayUs`. */
  afterRetry(slot: number, delayUs: number, life: number): void
}
