import pino from 'pino'
import { expect, test } from 'vitest'
import { SYNC_VERSION, PullShare, encodeFrame } from '#protocol/sync'
import { nodeCrypto } from '#node/crypto'
import { testCoop } from '../../test/actors/coop-actors.ts'
import type { FramedStream } from './framed-stream.ts'
import { StreamEnded } from './framed-stream.ts'
import { OUTSIDE, OUTSIDE_BYTES_MAX, OUTSIDE_SENT_BYTES_MAX } from './outsiders.ts'
import { PeerSession } from './peer-session.ts'
import type { PeerSessionParts } from './peer-session.ts'

/** Runs a session with a peer that says hello, and a root when so many bytes have gone to and fro; why it ended. */
async function endOf(
  isOutside: boolean,
  { bytesIn, bytesOut }: { bytesIn: number; bytesOut: number },
): Promise<{ reason: string | null; sent: number }> {
  const { founder, coop } = testCoop(3)
  const { replica } = founder
  const zeros = new Uint8Array(32)
  const hello = { kind: 'hello', version: SYNC_VERSION, coop, forks: zeros } as const
  const frames = [
    encodeFrame({
      ...{ ...hello, authority: replica.authority.stateHash(), root: replica.heads.root() },
      key: new Uint8Array(16).fill(9),
    }),
    encodeFrame({ kind: 'root', root: zeros }),
  ]
  let sent = 0
  const stream = {
    ...{ bytesIn: 0, bytesOut: 0, onPart: null },
    next: async () => {
      const frame = frames.shift()
      if (frame === undefined) throw new StreamEnded('the peer closed the stream')
      if (frames.length === 0) Object.assign(stream, { bytesIn, bytesOut })
      await new Promise((resolve) => setImmediate(resolve))
      return frame
    },
    sendRaw: async () => {
      sent += 1
    },
    abort: () => undefined,
  }
  const engine = {
    replica,
    durable: async () => undefined,
    noteSynced: () => undefined,
    repairWants: () => [],
  }
  const none = (): void => undefined
  const parts = {
    ...{ engine, isOutside, crypto: nodeCrypto(), share: new PullShare(), log: pino({ level: 'silent' }) },
    ...{ onFault: none, onChange: none, onSuperseded: none, onCompared: none },
  }
  const session = new PeerSession(stream as unknown as FramedStream, parts as unknown as PeerSessionParts)
  await session.run()
  return { reason: session.closeReason, sent }
}

test('a session with a device outside ends when too much went over it, one with a member does not', async () => {
  const much = { bytesIn: OUTSIDE_BYTES_MAX + 1, bytesOut: 0 }
  const many = { bytesIn: 0, bytesOut: OUTSIDE_SENT_BYTES_MAX + 1 }
  const few = { bytesIn: OUTSIDE_BYTES_MAX, bytesOut: OUTSIDE_SENT_BYTES_MAX }
  const reasons = async (isOutside: boolean): Promise<(string | null)[]> =>
    Promise.all([much, many, few].map(async (it) => (await endOf(isOutside, it)).reason))
  const ended = 'the peer closed the stream'
  expect(await reasons(true)).toEqual([OUTSIDE, OUTSIDE, ended])
  expect(await reasons(false)).toEqual([ended, ended, ended])
})
