import { sizeOfAssetMessage } from './asset-shelf.ts'
import type { AssetMessage } from './asset-shelf.ts'
import type { GossipMessage } from './gossip.ts'

/** What nodes of a simulation send each other over a link: what TCP, noise and libp2p carry in a real mesh. */
export type Message =
  /** The lower of two nodes opens a sync stream; whatever stream was open before is over. */
  | { kind: 'open'; stream: number }
  /** A frame with its prefix, or a part of it. */
  | { kind: 'frame'; stream: number; bytes: Uint8Array }
  /** The stream is over. */
  | { kind: 'reset'; stream: number }
  /** A small commit that was just written or passed on. */
  | GossipMessage
  /** The sender keeps no connection with this key: it wrote two histories, and here is that proven. */
  | { kind: 'suspended' }
  /** About assets, on a stream of its own. */
  | { kind: 'asset'; asset: AssetMessage }

/** Bytes of a message beside what it carries: a yamux header and a noise tag. */
export const MESSAGE_HEAD_BYTES = 28

/** Whoever stands at a place of the network: a node, or an adversary. */
export interface Actor {
  /** The pair can talk from now on. */
  linkUp(peer: number): void
  /** It cannot any more; what was under way is lost. */
  linkDown(peer: number): void
  receive(from: number, message: Message): void
}

/** Size of a message on its link. */
export function sizeOf(message: Message): number {
  if (message.kind === 'gossip') return MESSAGE_HEAD_BYTES + message.record.bytes.length
  if (message.kind === 'asset') return MESSAGE_HEAD_BYTES + sizeOfAssetMessage(message.asset)
  return MESSAGE_HEAD_BYTES + (message.kind === 'frame' ? message.bytes.length : 0)
}
