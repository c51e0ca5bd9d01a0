import { expect, test } from 'vitest'
import { Forker } from '../../test/actors/forker.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf, unsigned } from '../../test/actors/pen.ts'
import { SessionBench, rowOf } from '../../test/actors/session-bench.ts'
import { SessionPair } from '../../test/actors/session-pair.ts'
import { nodeCrypto } from '#node/crypto'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import type { Replica } from '../replica/index.ts'
import { forkDigest, forksTold } from './forks.ts'
import { PullShare } from './pull-share.ts'

const { sha256 } = nodeCrypto()

interface Stage {
  /** Has the admissions and the trunk of the device that will fork. */
  behind: Replica
  known: CommitRecord[]
  /** A long honest chain, stored by the other side before the fork. */
  long: CommitRecord[]
  trunk: CommitRecord[]
  /** The other branch, from its first own commit. */
  other: CommitRecord[]
}

function stage(seed: number, trunkLength = 4, count = 3): Stage {
  const made = coopWithPen(seed)
  const member = made.admit('member')
  const known = recordsOf(made.founder)
  const honest = new Pen(made.coop, member.signer)
  honest.write({ seen: [headOf(known)] })
  honest.more(3_000)
  const forker = new Forker(made.coop, { pen: made.pen, sha256 })
  const trunk = forker.fork([], 0, trunkLength, known)
  const other = forker.fork(trunk, 2, count).slice(2)
  const behind = reader(made.coop, [...known, ...trunk])
  return { behind, known, long: honest.written, trunk, other }
}

const ids = (records: readonly (CommitRecord | undefined)[]): string[] =>
  records.map((it) => toHex(it?.id ?? new Uint8Array()))

test('two replicas that meet: the proof of a fork that one lacks comes before anything else', () => {
  for (const isLeading of [true, false]) {
    const { behind, known, long, trunk, other } = stage(1)
    const ahead = reader(behind.coop, known)
    const pair = isLeading ? new SessionPair(behind, ahead) : new SessionPair(ahead, behind)
    const [mine, theirs] = isLeading ? [pair.leader, pair.follower] : [pair.follower, pair.leader]
    theirs.store([...known, ...long, ...trunk, ...other])
    mine.store(known)
    pair.open().until(() => pair.isSynced)
    expect([mine.closed, theirs.closed]).toEqual(['', ''])
    // The other branch up to the first commit whose signature the sender has checked itself: the end of a batch.
    expect(mine.came.slice(0, other.length + 1)).toEqual(ids([...other, long[0]]))
    expect(mine.came.length).toBe(long.length + other.length)
    const isUrgent = mine.sent.flatMap((it) => (it.kind === 'want' ? [it.isUrgentOnly] : []))
    expect([isUrgent[0], isUrgent.includes(true, 1)]).toEqual([true, false])
    expect(behind.forkEnds.forked.size).toBe(1)
  }
})

test('a proof whose own signature a relay spoilt comes with its path to a good one', () => {
  const { behind, known, long, trunk, other } = stage(2)
  const pair = new SessionPair(behind, reader(behind.coop, known))
  const spoilt = other.map((it, i) => (i === other.length - 1 ? it : unsigned(it)))
  pair.follower.store([...known, ...long, ...trunk, ...spoilt])
  pair.open().until(() => pair.isSynced)
  expect(pair.leader.came.slice(0, other.length)).toEqual(ids(other))
})

test('replicas that know the same forks, and have the same authority document, ask for nothing first', () => {
  const { behind, known, long, trunk, other } = stage(3)
  behind.ingest(other)
  const pair = new SessionPair(behind, reader(behind.coop, [...known, ...trunk, ...other]))
  pair.follower.store(long)
  pair.open().until(() => pair.isSynced)
  expect(pair.leader.sent.some((it) => it.kind === 'want' && it.isUrgentOnly)).toBe(false)
})

test('whoever learns of a fork tells its peers at once, with both ends, and each peer once', () => {
  const { behind, other } = stage(4)
  const bench = new SessionBench(behind).equalHello()
  const { stored } = behind.ingest(other.slice(0, 1))
  const devices = stored.map(({ order }) => behind.history.deviceOf(order))
  bench.give({ kind: 'changed', devices })
  const told = bench.sent.at(-1)
  expect(told?.kind === 'rows' && [told.round, told.rows.length]).toEqual([0, 2])
  behind.ingest(other.slice(1))
  const count = bench.sent.length
  bench.give({ kind: 'changed', devices })
  expect(bench.sent.length).toBe(count) // gathered, like any other news
})

test('a peer that is told of a fork asks for the proof first, whoever else is asked for that device', () => {
  const { behind, trunk, other, long } = stage(5)
  const share = new PullShare()
  const busy = new SessionBench(behind, share).hello()
  busy.answer([rowOf(long.at(-1)), rowOf(other.at(-1))])
  expect(busy.sent.at(-1)).toMatchObject({ kind: 'want', wants: { length: 2 } })
  const teller = new SessionBench(behind, share).equalHello()
  const ends = [rowOf(trunk.at(-1)), rowOf(other.at(-1))]
  teller.frame({ kind: 'rows', round: 0, rows: ends, isLast: true })
  const want = teller.sent.at(-1)
  expect(want?.kind === 'want' && want.isUrgentOnly && want.wants.map((it) => toHex(it.to))).toEqual(
    ids([other.at(-1)]),
  )
  // One end alone is news like any other, and left to the session that was asked.
  const second = new SessionBench(behind, share).equalHello()
  second.frame({ kind: 'rows', round: 0, rows: ends.slice(1), isLast: true })
  expect(second.sent.at(-1)?.kind).toBe('hello')
})

test('the digest of forks is that of the devices that forked, whatever their branches', () => {
  const { behind, known, trunk, other } = stage(6)
  expect(forkDigest(behind, sha256)).toEqual(new Uint8Array(32))
  behind.ingest(other.slice(0, 1))
  const [device] = trunk.map((it) => it.header.device)
  expect(forkDigest(behind, sha256)).toEqual(sha256(device ?? new Uint8Array()))
  const more = reader(behind.coop, [...known, ...trunk, ...other])
  expect(forkDigest(more, sha256)).toEqual(forkDigest(behind, sha256))
  expect(forksTold(behind, [rowOf(trunk.at(-1)), rowOf(other.at(-1))]).size).toBe(0)
})
