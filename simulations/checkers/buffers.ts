import { WAITING_BYTES_MAX } from '#protocol/replica'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import { ANSWERS_MAX, STREAM_BYTES_MAX, UNSYNCED_BYTES_MAX } from '../peers/index.ts'
import type { SimNode } from '../peers/index.ts'
import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

/** One input may bring this many answers: rows of a large co-op, in frames. A guess. */
const ANSWERS_AT_ONCE = 64
/** What a peer may have on its way and the host not taken yet: a full stream and one frame. */
const INBOX_BYTES_MAX = STREAM_BYTES_MAX + 2 * FRAME_BYTES_MAX

/** Every buffer of every node stays within its limit. */
export const buffers: Checker = (world) =>
  world.nodes.flatMap((node) =>
    overfull(node).map((detail) =>
      violation(world, { checker: 'buffers', kind: 'correctness', detail, nodes: [node.number] }),
    ),
  )

function overfull({ number, replica, links, unsyncedBytes }: SimNode): string[] {
  const found: string[] = []
  const look = (what: string, value: number, most: number): void => {
    if (value > most) found.push(`node ${number}: ${what} is ${value}, above ${most}`)
  }
  look('bytes of waiting commits', replica?.pending.bytes ?? 0, WAITING_BYTES_MAX)
  look('bytes that wait for the disk', unsyncedBytes, UNSYNCED_BYTES_MAX + FRAME_BYTES_MAX)
  for (const link of links.values()) {
    look(`answers to ${link.peer}`, link.outgoing.length, ANSWERS_MAX + ANSWERS_AT_ONCE)
    look(`batches of ${link.peer}`, link.batches.length, 2)
    look(`bytes of ${link.peer} not read`, sum(link.inbox), INBOX_BYTES_MAX)
  }
  return found
}

function sum(frames: readonly Uint8Array[]): number {
  return frames.reduce((bytes, frame) => bytes + frame.length, 0)
}
