import { expect, test } from 'vitest'
import { listSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import { Pen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { SessionBench, rowOf, wantOf } from '../../test/actors/session-bench.ts'
import { encodeCanonical } from '../encoding/index.ts'
import type { Replica } from '../replica/index.ts'
import type { Frame } from './frame.ts'
import { encodeFrame } from './frame.ts'
import {
  ANNOUNCE_DELAY_MS,
  ANSWER_BYTES_PER_SECOND_MIN,
  ANSWER_TIMEOUT_MS,
  FRAMES_BURST_MAX,
  FRAMES_PER_SECOND_MAX,
  FRAME_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  LEAD_MS,
  PEER_CHAINS_MAX,
  QUIET_MS,
  ROUND_EVERY_MS,
  ROWS_MAX,
  SYNC_VERSION,
} from './limits.ts'

const base = testCoop(1)
const { crypto, coop, founder } = base
const member = base.admit('member')
for (let i = 0; i < 3; i += 1) must(founder.author([listSection(`file ${i}`, crypto.sha256)]))
const all = recordsOf(founder)
const last = all.at(-1)

const bench = (replica: Replica = reader(coop)): SessionBench => new SessionBench(replica)
const full = (): Replica => reader(coop, all)

test('a session says HELLO first and asks with digests when the roots differ', () => {
  const it = bench()
  expect(it.sent.map((frame) => frame.kind)).toEqual(['hello'])
  it.hello()
  expect(it.sent.map((frame) => frame.kind)).toEqual(['hello', 'digests'])
})

test('one side leads the round; the other does after two seconds if the leader does not', () => {
  const follower = bench().hello({ key: new Uint8Array(16) })
  expect(follower.sent.map((frame) => frame.kind)).toEqual(['hello'])
  follower.wakeAt(1_000 + LEAD_MS - 1)
  expect(follower.sent.length).toBe(1)
  follower.wakeAt(1_000 + LEAD_MS)
  expect(follower.sent.map((frame) => frame.kind)).toEqual(['hello', 'digests'])
  const led = bench().hello({ key: new Uint8Array(16) })
  led.frame({ kind: 'digests', round: 1, digests: new Uint8Array(1_024) })
  led.wakeAt(1_000 + LEAD_MS)
  expect(led.sent.map((frame) => frame.kind)).toEqual(['hello', 'brief'])
})

test('equal roots are synced at once, and said once', () => {
  const it = bench(full()).equalHello()
  it.frame({ kind: 'root', root: it.replica.heads.root() })
  expect(it.session.isSynced).toBe(true)
  expect(it.outputs.filter((output) => output.kind === 'synced').length).toBe(1)
  expect(it.sent.map((frame) => frame.kind)).toEqual(['hello'])
})

test('an empty replica is synced once it has what the HELLO of its peer promised', () => {
  const it = bench()
    .hello({ root: full().heads.root() })
    .answer([rowOf(last)])
  it.commits(all)
  it.frame({ kind: 'done', request: 1, isMore: false })
  for (const frame of it.sent.filter((sent) => sent.kind === 'want' && sent.request > 1)) {
    if (frame.kind === 'want') it.frame({ kind: 'done', request: frame.request, isMore: false })
  }
  const round = it.sent.findLast((frame) => frame.kind === 'digests')
  if (round?.kind === 'digests' && round.round > 1)
    it.frame({ kind: 'brief', round: round.round, buckets: [] })
  expect(it.session.isSynced).toBe(true)
  expect(it.sent.at(-1)?.kind).toBe('root')
})

test('malformed-frame: bytes that are no frame, before HELLO and after', () => {
  for (const bytes of [
    new Uint8Array(),
    Uint8Array.of(0xff),
    new Uint8Array(FRAME_BYTES_MAX + 1),
    encodeCanonical([99]),
  ]) {
    const [early, late] = [bench(), bench().hello()]
    for (const it of [early, late]) {
      it.give({ kind: 'frame', bytes })
      expect(it.closed).toMatch(/^malformed-frame: frame-/)
    }
  }
})

test('malformed-frame: a peer that names more unknown heads than any co-op has', () => {
  const it = bench().hello()
  const id = (i: number): Uint8Array => Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255, ...new Uint8Array(29))
  // While the round is open nothing is asked for, so that the plan only grows.
  for (let at = 0; at <= PEER_CHAINS_MAX; at += ROWS_MAX) {
    expect(it.closed).toBe('open')
    const rows = Array.from({ length: ROWS_MAX }, (_, i) => ({ device: coop, length: 1, id: id(at + i) }))
    it.frame({ kind: 'rows', round: 0, rows, isLast: true })
  }
  expect(it.closed).toBe(`malformed-frame: more than ${PEER_CHAINS_MAX} unknown heads or forks`)
})

test('malformed-frame: a peer that tells of more forks than any co-op has devices', () => {
  const it = bench(full()).equalHello()
  for (let told = 0; told <= PEER_CHAINS_MAX && it.closed === 'open'; told += ROWS_MAX / 2) {
    // The commit is here, so that none is asked for: only who is said to have forked is remembered.
    const rows = Array.from({ length: ROWS_MAX }, (_, i) => {
      const device = new Uint8Array(32)
      new DataView(device.buffer).setUint32(0, told + (i >> 1))
      return { device, length: 1, id: all[0]?.id ?? coop }
    })
    it.nowMs += 5_000
    it.frame({ kind: 'rows', round: 0, rows, isLast: true })
  }
  expect(it.closed).toBe(`malformed-frame: more than ${PEER_CHAINS_MAX} unknown heads or forks`)
})

test('other-version and other-coop: a peer of another mesh is turned away by name', () => {
  const version = SYNC_VERSION + 1
  expect(bench().hello({ version }).closed).toBe(`other-version: version ${version}`)
  const later = bench()
  later.fields([0, version, coop, coop, coop, new Uint8Array(16), 'more'])
  expect(later.closed).toMatch(/^other-version/)
  expect(bench().hello({ coop: new Uint8Array(32) }).closed).toMatch(/^other-coop/)
})

test('out-of-order: anything before HELLO, and HELLO twice', () => {
  const frames: Frame[] = [
    { kind: 'root', root: coop },
    { kind: 'done', request: 0, isMore: false },
    { kind: 'more', request: 0 },
    { kind: 'digests', round: 1, digests: new Uint8Array(1_024) },
    { kind: 'brief', round: 1, buckets: [] },
    { kind: 'ask', round: 1, tags: new Uint8Array() },
    { kind: 'rows', round: 0, rows: [], isLast: true },
    { kind: 'want', request: 1, isUrgentOnly: false, limit: 1, wants: [] },
    { kind: 'commits', request: 1, records: [Uint8Array.of(1)] },
  ]
  for (const frame of frames) {
    const it = bench()
    it.frame(frame)
    expect(it.closed).toBe(`out-of-order: '${frame.kind}' came before 'hello'`)
  }
  expect(bench().hello().hello().closed).toBe(`out-of-order: a second 'hello'`)
})

test('out-of-order: answers that nobody asked for, or of another request or round', () => {
  const frames: Frame[] = [
    { kind: 'brief', round: 2, buckets: [] },
    { kind: 'ask', round: 1, tags: new Uint8Array() },
    { kind: 'rows', round: 2, rows: [], isLast: true },
    { kind: 'rows', round: 1, rows: [], isLast: true }, // a brief is owed first
    { kind: 'done', request: 1, isMore: false },
    { kind: 'commits', request: 1, records: [Uint8Array.of(1)] },
  ]
  for (const frame of frames) {
    const it = bench().hello()
    it.frame(frame)
    expect(it.closed).toMatch(/^out-of-order/)
  }
  for (const frame of [
    { kind: 'done', request: 2, isMore: false },
    { kind: 'commits', request: 2, records: [Uint8Array.of(1)] },
  ] as Frame[]) {
    const it = bench().pulling(last)
    it.frame(frame)
    expect(it.closed).toMatch(/^out-of-order/)
  }
})

test('out-of-order: the same answer twice', () => {
  const rows = bench().pulling(last)
  rows.frame({ kind: 'rows', round: 1, rows: [], isLast: true })
  expect(rows.closed).toBe('out-of-order: rows of round 1')
  const briefs = bench().hello()
  briefs.frame({ kind: 'brief', round: 1, buckets: [{ bucket: 3, tags: new Uint8Array(6) }] })
  briefs.frame({ kind: 'brief', round: 1, buckets: [] })
  expect(briefs.closed).toBe('out-of-order: a brief of round 1')
  const asks = bench(full()).hello()
  asks.frame({ kind: 'digests', round: 4, digests: new Uint8Array(1_024) })
  for (let i = 0; i < 2; i += 1) asks.frame({ kind: 'ask', round: 4, tags: new Uint8Array() })
  expect(asks.closed).toBe(`out-of-order: 'ask' of round 4`)
  const done = bench().pulling(last)
  done.commits(all)
  for (let i = 0; i < 2; i += 1) done.frame({ kind: 'done', request: 1, isMore: false })
  expect(done.closed).toMatch(/^out-of-order: 'done' of request 1/)
})

test('out-of-order: a second request while the first is being answered', () => {
  const it = bench(full()).hello()
  it.frame(wantOf(last))
  it.frame({ ...wantOf(last), request: 2 })
  expect(it.closed).toMatch(/^out-of-order: a second request/)
})

test('flooding: 2,000 frames at once and 50 a second are borne, more cut the peer', () => {
  const it = bench(full()).equalHello()
  const root: Frame = { kind: 'root', root: it.replica.heads.root() }
  for (let i = 1; i < FRAMES_BURST_MAX; i += 1) it.frame(root)
  expect(it.closed).toBe('open')
  it.nowMs += 1_000
  for (let i = 0; i < FRAMES_PER_SECOND_MAX; i += 1) it.frame(root)
  expect(it.closed).toBe('open')
  it.frame(root)
  expect(it.closed).toMatch(/^flooding/)
})

test('flooding: confirmations of an answer that is over are counted, however honest each looks', () => {
  const it = bench(full()).equalHello()
  for (let i = 1; i < FRAMES_BURST_MAX; i += 1) it.frame({ kind: 'more', request: i })
  expect(it.closed).toBe('open')
  it.frame({ kind: 'more', request: 1 })
  expect(it.closed).toMatch(/^flooding/)
})

test('silent: a peer that never says HELLO is cut after 5 s, not before', () => {
  const it = bench()
  expect(it.session.wakeAtMs).toBe(1_000 + HELLO_TIMEOUT_MS)
  expect(it.wakeAt(1_000 + HELLO_TIMEOUT_MS - 1)).toEqual([])
  it.wakeAt(1_000 + HELLO_TIMEOUT_MS)
  expect(it.closed).toMatch(/^silent: no 'hello'/)
  expect(it.session.wakeAtMs).toBe(null)
})

test('silent: a peer that owes a brief, rows or commits is cut after 30 s without any', () => {
  const asked = bench().hello()
  asked.frame({ kind: 'brief', round: 1, buckets: [{ bucket: 3, tags: new Uint8Array(6) }] })
  for (const it of [bench().hello(), asked, bench().pulling(last)]) {
    it.wakeAt(1_000 + ANSWER_TIMEOUT_MS - 1)
    expect(it.closed).toBe('open')
    it.wakeAt(1_000 + ANSWER_TIMEOUT_MS)
    expect(it.closed).toMatch(/^silent: no answer/)
  }
})

test('silent: each batch of commits renews the time, a frame without any is refused', () => {
  const it = bench().pulling(last)
  it.nowMs += ANSWER_TIMEOUT_MS - 1
  it.commits(all)
  it.wakeAt(it.nowMs + 2)
  expect(it.closed).toBe('open')
  it.fields([4, 1, []])
  expect(it.closed).toBe('malformed-frame: frame-shape')
})

test('a large batch may come slowly: what is here of a frame counts before it is whole', () => {
  const it = bench().pulling(last)
  const whole = encodeFrame({ kind: 'commits', request: 1, records: all.map((record) => record.bytes) })
  const partEveryMs = 10_000
  for (let part = 1; part < 9; part += 1) {
    it.nowMs += partEveryMs
    it.give({ kind: 'arriving', bytes: part * ANSWER_BYTES_PER_SECOND_MIN * 10 })
    it.wakeAt(it.nowMs)
  }
  it.give({ kind: 'frame', bytes: whole })
  expect(it.closed).toBe('open')
})

test('stalling: parts of a frame that come too slowly, or of one that is no answer, earn nothing', () => {
  const slow = bench().pulling(last)
  for (let part = 1; part < 9; part += 1) {
    slow.wakeAt(slow.nowMs + 10_000)
    slow.give({ kind: 'arriving', bytes: part * ANSWER_BYTES_PER_SECOND_MIN * 4 })
  }
  expect(slow.closed).toMatch(/^stalling/)
  const other = bench().pulling(last)
  for (let part = 1; part < 5; part += 1) {
    other.nowMs += 10_000
    other.give({ kind: 'arriving', bytes: part * ANSWER_BYTES_PER_SECOND_MIN * 10 })
    other.wakeAt(other.nowMs)
  }
  other.frame({ kind: 'root', root: coop })
  other.wakeAt(other.nowMs)
  expect(other.closed).toMatch(/^(stalling|silent)/)
  const early = bench().pulling(last)
  early.give({ kind: 'arriving', bytes: 500_000 })
  early.frame({ kind: 'root', root: coop })
  early.wakeAt(1_000 + ANSWER_TIMEOUT_MS - 1)
  expect(early.closed).toBe('open')
})

test('a peer that owes nothing may be silent for ever', () => {
  const it = bench(full()).equalHello()
  for (let i = 1; i < 100; i += 1) it.wakeAt(1_000 + i * ROUND_EVERY_MS)
  expect(it.closed).toBe('open')
  expect(it.sent.filter((frame) => frame.kind === 'root').length).toBe(99)
})

test('a closed session answers nothing any more', () => {
  const it = bench()
  it.give({ kind: 'frame', bytes: new Uint8Array() })
  const count = it.outputs.length
  it.hello().frame({ kind: 'root', root: coop })
  it.wakeAt(10 ** 9)
  expect(it.outputs.length).toBe(count)
  expect(it.outputs.filter((output) => output.kind === 'close').length).toBe(1)
})

test('news are gathered for 100 ms and announced, except to the peer that sent them', () => {
  const it = bench(full()).equalHello()
  const news = new Pen(coop, member.signer).write({ seen: [headOf(all)] })
  it.replica.ingest([news])
  const device = it.replica.history.findDevice(news.header.device)
  it.give({ kind: 'changed', devices: [device] })
  expect(it.session.wakeAtMs).toBe(1_000 + ANNOUNCE_DELAY_MS)
  it.wakeAt(1_000 + ANNOUNCE_DELAY_MS)
  expect(it.sent.at(-1)).toMatchObject({ kind: 'rows', round: 0, rows: [{ length: 1 }] })
  const count = it.sent.length
  it.frame({ kind: 'rows', round: 0, rows: [rowOf(news)], isLast: true })
  it.give({ kind: 'changed', devices: [device] })
  it.wakeAt(1_000 + 2 * ANNOUNCE_DELAY_MS)
  expect(it.sent.length).toBe(count)
})

test('once it is quiet after news the roots are compared', () => {
  const it = bench(full()).equalHello()
  const news = new Pen(coop, member.signer).write({ seen: [headOf(all)] })
  it.replica.ingest([news])
  it.give({ kind: 'changed', devices: [0, 1] })
  it.wakeAt(1_000 + ANNOUNCE_DELAY_MS)
  expect(it.session.isSynced).toBe(false)
  it.wakeAt(1_000 + ANNOUNCE_DELAY_MS + QUIET_MS - 1)
  expect(it.sent.at(-1)?.kind).toBe('rows')
  it.wakeAt(1_000 + ANNOUNCE_DELAY_MS + QUIET_MS)
  expect(it.sent.at(-1)).toMatchObject({ kind: 'root' })
  it.frame({ kind: 'root', root: it.replica.heads.root() })
  expect(it.session.isSynced).toBe(true)
})
