import { expect, test } from 'vitest'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, decoded, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { SessionBench, rowOf } from '../../test/actors/session-bench.ts'
import type { MemoryNode } from '#simulations/mesh'
import type { CommitRecord } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import { WAITING_PER_DEVICE_MAX } from '../replica/index.ts'
import type { HeadRow } from '../replica/index.ts'
import { FRUITLESS_REQUESTS_MAX, REFUSALS_MAX, SHARE_RETRY_MS } from './limits.ts'
import { PullShare } from './pull-share.ts'

const { coop, all } = coopWithPen(41)

/** A row of a device that falls to the first of two sessions, or to the second. */
function rowFor(session: 'first' | 'second', number: number): HeadRow {
  const device = new Uint8Array(32).fill(number)
  const share = new PullShare()
  const sessions = [share.join(), share.join()] as const
  for (const it of sessions) share.note(it, 0)
  for (let start = 0; start < 65_536; start += 1) {
    device.set([start >> 8, start & 255])
    const isFirst = share.isMine(sessions[0], device, 0)
    if (isFirst === (session === 'first')) return { device, length: 1, id: device }
  }
  throw new Error('no such device')
}

/** Two sessions of one replica whose peers have nothing else. */
function twoSessions(): { a: SessionBench; b: SessionBench; sleep: (ms: number) => void } {
  const share = new PullShare()
  const replica = reader(coop, all)
  const [a, b] = [new SessionBench(replica, share), new SessionBench(replica, share)]
  const sleep = (ms: number): void => [a, b].forEach((it) => it.wakeAt(it.nowMs + ms))
  return { a: a.equalHello(), b: b.equalHello(), sleep }
}

function news(it: SessionBench, row: HeadRow): void {
  it.frame({ kind: 'rows', round: 0, rows: [row], isLast: true })
}

/** Requests, and the devices asked for in the last one. */
function asked(it: SessionBench): { count: number; devices: Uint8Array[] } {
  const wants = it.sent.flatMap((frame) => (frame.kind === 'want' ? [frame] : []))
  return { count: wants.length, devices: wants.at(-1)?.wants.map((want) => want.device) ?? [] }
}

test('two sessions whose shares are what only the other peer has ask for it all the same', () => {
  const { a, b, sleep } = twoSessions()
  const [toFirst, toSecond] = [rowFor('first', 1), rowFor('second', 2)]
  news(a, rowFor('first', 3))
  expect(asked(a).count).toBe(1)
  // Each peer has what falls to the other's session.
  news(b, toFirst)
  news(a, toSecond)
  a.frame({ kind: 'done', request: 1, isMore: false })
  expect([asked(a).count, asked(b).count]).toEqual([1, 0])
  sleep(SHARE_RETRY_MS)
  expect(asked(a).devices).toEqual([toSecond.device])
  a.frame({ kind: 'done', request: 2, isMore: false })
  sleep(SHARE_RETRY_MS)
  expect(asked(b).devices).toEqual([toFirst.device])
})

test('a peer that trickles an answer keeps what others have from nobody for long', () => {
  const { a, b, sleep } = twoSessions()
  const row = rowFor('first', 1)
  news(a, row)
  expect(asked(a).devices).toEqual([row.device])
  news(b, row)
  let arrived = 0
  while (asked(b).count === 0 && a.nowMs < 60_000) {
    arrived += 2_000
    a.give({ kind: 'arriving', bytes: arrived })
    sleep(1_000)
  }
  expect(a.closed).toBe('open')
  expect(asked(b).devices).toEqual([row.device])
  expect(a.nowMs).toBeLessThan(15_000)
})

test('an honest peer is not cut for chains whose admissions another peer withholds', () => {
  const made = testCoop(43)
  const { founder } = made
  for (let i = 0; i < 2.5 * REFUSALS_MAX; i += 1) {
    const pen = new Pen(made.coop, made.admit('member').signer)
    const last = headOf([decoded(founder.log.at(-1) ?? made.coop)])
    founder.write(founder.replica.ingest([pen.write({ seen: [last] })]).stored)
  }
  const log = recordsOf(founder)
  const own = log[0]?.header.device ?? expect.fail()
  const late = withheld(made, { known: log.slice(0, 1), device: own })
  expect(late.closed).toEqual([])
  expect(late.replica.logLength).toBe(log.length)
})

test('an honest peer is not cut for commits that find no room to wait for what another peer withholds', () => {
  const made = coopWithPen(47)
  const { founder, pen } = made
  founder.write(founder.replica.ingest(pen.written).stored)
  const known = recordsOf(founder)
  must(founder.author([]))
  pen.write({ seen: [headOf(recordsOf(founder))] })
  founder.write(founder.replica.ingest([...pen.written, ...pen.more(2.5 * WAITING_PER_DEVICE_MAX)]).stored)
  const own = known[0]?.header.device ?? expect.fail()
  const late = withheld(made, { known, device: own })
  expect(late.closed).toEqual([])
  expect(late.replica.logLength).toBe(founder.log.length)
})

/** A node that knows some commits and pulls the rest from the founder, while another session trickles a device's commits. */
function withheld(
  { mesh, coop: ofMade, crypto, founder }: TestCoop,
  { known, device }: { known: readonly CommitRecord[]; device: Uint8Array },
): MemoryNode {
  const late = mesh.add(openReplica({ coop: ofMade, crypto, signer: null }))
  late.write(late.replica.ingest(known).stored)
  const withholding = late.share.join()
  late.share.note(withholding, mesh.nowMs)
  late.share.claim(withholding, { devices: [device], nowMs: mesh.nowMs })
  mesh.connect(late, founder)
  const startMs = mesh.nowMs
  while (mesh.nowMs - startMs < 15_000) {
    mesh.settle(1_000)
    mesh.nowMs += 1
    late.share.progress(withholding, { bytes: 1_500, nowMs: mesh.nowMs })
  }
  return late
}

test('an honest peer is not cut for having nothing urgent to tell of what waits here', () => {
  const { pen, all: known, coop: other, founder } = coopWithPen(44)
  must(founder.author([]))
  const withheld = headOf(recordsOf(founder))
  const start = pen.written.slice()
  // Both ways of a fork wait here, so that it is not known here.
  const waiting = [1, 2].map((timeMs) => {
    const end = pen.write({ seen: [withheld], timeMs })
    pen.forget(1)
    return end
  })
  const replica = reader(other, [...known, ...start, ...waiting])
  expect(replica.pending.size).toBe(2)
  const it = new SessionBench(replica).equalHello()
  const ends = waiting.map((end, i) => ({ ...rowOf(end), length: 3, id: new Uint8Array(32).fill(i + 1) }))
  for (let request = 1; request <= FRUITLESS_REQUESTS_MAX + 2; request += 1) {
    it.frame({ kind: 'rows', round: 0, rows: ends, isLast: true })
    const want = it.sent.at(-1)
    if (want?.kind !== 'want' || !want.isUrgentOnly) break
    // What proves the fork is all that is urgent, and waits here already.
    it.frame({ kind: 'rows', round: 0, rows: ends, isLast: true })
    it.frame({ kind: 'done', request: want.request, isMore: false })
  }
  expect(it.closed).toBe('open')
})
