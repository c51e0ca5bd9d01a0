import { expect, test } from 'vitest'
import { listSection, must, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, decoded, headOf, reader, recordsOf, unsigned } from '../../test/actors/pen.ts'
import { SessionBench, rowOf, wantOf } from '../../test/actors/session-bench.ts'
import { nodeSigner } from '#node/crypto'
import { encodeRecord, signCommit } from '../commit/index.ts'
import type { CommitRecord, Section } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import type { Replica } from '../replica/index.ts'
import { encodeFrame } from './frame.ts'
import { prefixFrame } from './frame-splitter.ts'
import {
  BATCHES_AHEAD,
  BATCH_COMMITS_MAX,
  DUPLICATES_MAX,
  FRAME_BYTES_MAX,
  FRUITLESS_REQUESTS_MAX,
  REFUSALS_MAX,
  REQUEST_COMMITS_ALONE,
  REQUEST_COMMITS_FIRST,
} from './limits.ts'

const base = testCoop(1)
const { crypto, coop, founder } = base
const { sha256 } = crypto
const { signer } = base.admit('member')
for (let i = 0; i < 3; i += 1) must(founder.author([listSection(`file ${i}`, sha256)]))
const all = recordsOf(founder)
const last = all.at(-1)

const bench = (replica: Replica = reader(coop)): SessionBench => new SessionBench(replica)
const full = (): Replica => reader(coop, all)
const pulling = (): SessionBench => bench().pulling(last)

test('malformed-commit: a record that does not decode', () => {
  const it = pulling()
  for (const output of it.frame({ kind: 'commits', request: 1, records: [Uint8Array.of(0x80)] }))
    if (output.kind === 'ingest') it.ingest(output.records)
  expect(it.closed).toBe('malformed-commit: record-shape')
})

test('refused-commit: a bad signature, another co-op, a payload left out or a false link cuts the peer', () => {
  const [genesis] = all as [CommitRecord]
  const bare = decoded(encodeRecord(genesis.headerBytes, genesis.signature, [null]))
  const foreign = recordsOf(testCoop(2).founder)
  const pen = new Pen(coop, signer)
  const head = headOf(all)
  const first = pen.write({ seen: [head] })
  const lie = pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })
  pen.forget(1)
  const cases: [CommitRecord[], string][] = [
    [[unsigned(genesis)], 'signature'],
    [[bare], 'payload-missing'],
    [foreign, 'other-coop'],
    [[...all, first, lie], 'false-seen'],
    [[...all, first, pen.write({ prev: genesis.id })], 'false-prev'],
  ]
  for (const [records, name] of cases) {
    const it = pulling()
    it.commits(records)
    expect(it.closed).toMatch(new RegExp(`^refused-commit: ${name} at `))
  }
})

test('refused-commit: 64 chains of unknown devices are borne, one more cuts the peer', () => {
  const strangers = Array.from({ length: REFUSALS_MAX + 1 }, (_, i) =>
    new Pen(coop, nodeSigner(new Uint8Array(32).fill(i + 10))).write(),
  )
  const it = pulling()
  it.commits(strangers.slice(0, REFUSALS_MAX))
  expect(it.closed).toBe('open')
  it.commits(strangers.slice(REFUSALS_MAX))
  expect(it.closed).toBe(`refused-commit: ${REFUSALS_MAX + 1} in a row`)
  const forgiven = pulling()
  forgiven.commits(strangers.slice(0, REFUSALS_MAX))
  forgiven.commits(all.slice(0, -1))
  forgiven.frame({ kind: 'done', request: 1, isMore: true })
  forgiven.commits(strangers.slice(0, REFUSALS_MAX), 2)
  expect(forgiven.closed).toBe('open')
})

test('out-of-order: two batches may be under way unconfirmed, not three, and no third confirmation of two', () => {
  const it = pulling()
  for (let i = 0; i < BATCHES_AHEAD; i += 1)
    it.frame({ kind: 'commits', request: 1, records: [all[i]?.bytes ?? coop] })
  expect(it.closed).toBe('open')
  it.frame({ kind: 'commits', request: 1, records: [all[2]?.bytes ?? coop] })
  expect(it.closed).toMatch(/^out-of-order: more than 2 batches/)
  const server = bench(full()).hello()
  server.frame(wantOf(last))
  server.frame({ kind: 'more', request: 1 })
  expect(server.closed).toMatch(/^out-of-order: 'more' of a batch that was not sent/)
})

test('a batch that is stored is confirmed, unless the answer is over', () => {
  const it = pulling()
  it.commits(all.slice(0, 2))
  expect(it.sent.at(-1)).toEqual({ kind: 'more', request: 1 })
  const out = it.frame({ kind: 'commits', request: 1, records: all.slice(2).map((record) => record.bytes) })
  it.frame({ kind: 'done', request: 1, isMore: false })
  const count = it.sent.filter((frame) => frame.kind === 'more').length
  for (const output of out) if (output.kind === 'ingest') it.ingest(output.records)
  expect(it.sent.filter((frame) => frame.kind === 'more').length).toBe(count)
  expect(it.replica.logLength).toBe(all.length)
})

test('wasteful: 4,096 known commits in one answer are borne, one more cuts the peer', () => {
  const it = bench(full())
    .hello()
    .answer([{ device: coop, length: 1, id: coop }])
  const [record] = all as [CommitRecord]
  const batch = (count: number): CommitRecord[] => Array.from({ length: count }, () => record)
  // The first answer is short; as fast as that came, the second may be a long one.
  it.commits(batch(REQUEST_COMMITS_FIRST))
  it.frame({ kind: 'done', request: 1, isMore: true })
  for (let sent = 0; sent < DUPLICATES_MAX; sent += 1_024) it.commits(batch(1_024), 2)
  expect(it.closed).toBe('open')
  it.commits(batch(1), 2)
  expect(it.closed).toMatch(/^wasteful: 4097 known commits/)
})

test('known commits that came by another way since they were asked for are not counted', () => {
  const { pen, all: known, coop: other } = coopWithPen(8)
  const replica = reader(other, known)
  const count = DUPLICATES_MAX + 1_000
  const news = [...pen.written, ...pen.more(count - 1)]
  const it = new SessionBench(replica).pulling(news.at(-1))
  const first = news.slice(0, REQUEST_COMMITS_FIRST)
  it.commits(first)
  it.frame({ kind: 'done', request: 1, isMore: true })
  replica.ingest(news.slice(REQUEST_COMMITS_FIRST))
  for (let at = REQUEST_COMMITS_FIRST; at < count; at += 1_000) it.commits(news.slice(at, at + 1_000), 2)
  expect(it.closed).toBe('open')
  for (let i = 0; i < DUPLICATES_MAX && it.closed === 'open'; i += 1_000) it.commits(news.slice(0, 1_000), 2)
  expect(it.closed).toMatch(/^wasteful/)
})

test('wasteful: a peer that names heads and never serves them is asked nine times', () => {
  const it = bench(full()).hello().answer([])
  let asked = 0
  for (let i = 0; it.closed === 'open' && i < 100; i += 1) {
    const row = { device: coop, length: 1, id: new Uint8Array(32).fill(i + 1) }
    it.frame({ kind: 'rows', round: 0, rows: [row], isLast: true })
    const want = it.sent.at(-1)
    if (want?.kind !== 'want') throw new Error(`no request: ${want?.kind}`)
    // Nothing need be urgent.
    if (!want.isUrgentOnly) asked += 1
    it.frame({ kind: 'done', request: want.request, isMore: false })
    if (it.closed === 'open' && it.sent.at(-1)?.kind === 'digests') it.answer([], i + 2)
  }
  expect([asked, it.closed]).toEqual([
    FRUITLESS_REQUESTS_MAX + 1,
    `wasteful: ${FRUITLESS_REQUESTS_MAX + 1} answers in a row brought nothing`,
  ])
})

test('answers that gossip came before are no waste: a peer that writes all the time stays connected', () => {
  const { pen, all: known, coop: other } = coopWithPen(7)
  const it = new SessionBench(reader(other, [...known, ...pen.written])).hello().answer([])
  for (let i = 0; i < FRUITLESS_REQUESTS_MAX + 4; i += 1) {
    const [news] = pen.more(1) as [CommitRecord]
    it.frame({ kind: 'rows', round: 0, rows: [rowOf(news)], isLast: true })
    const want = it.sent.findLast((frame) => frame.kind === 'want')
    const request = want?.kind === 'want' ? want.request : -1
    it.replica.ingest([news])
    it.commits([news], request)
    it.frame({ kind: 'done', request, isMore: false })
    expect([i, request, it.closed]).toEqual([i, i + 1, 'open'])
  }
})

test('a request stays below the frame limit, however many heads of known devices a peer makes up', () => {
  const { pen, all: known, coop: other } = coopWithPen(5)
  pen.more(60)
  const it = new SessionBench(reader(other, [...known, ...pen.written])).hello()
  const rows = Array.from({ length: 8_192 }, (_, i) => ({
    device: pen.signer.publicKey,
    length: 1,
    id: Uint8Array.of(i >> 8, i & 255, ...new Uint8Array(30)),
  }))
  it.answer(rows)
  const want = it.sent.findLast((frame) => frame.kind === 'want')
  expect(want?.kind === 'want' && want.wants.length > 1_000).toBe(true)
  expect(encodeFrame(want ?? { kind: 'root', root: other }).length).toBeLessThanOrEqual(FRAME_BYTES_MAX)
})

test('the authority document is asked for first, and only what it needs', () => {
  expect(pulling().sent.at(-1)).toMatchObject({ kind: 'want', isUrgentOnly: true })
  const server = bench(full()).hello()
  server.frame({ ...wantOf(last), isUrgentOnly: true })
  expect(server.read.length).toBe(all.length - 3) // the three listings came after the last act of authority
})

test('what the authority document needs of other chains comes with it: all that its acts acknowledge', () => {
  const { pen, founder: steward, admit } = coopWithPen(6)
  pen.more(4)
  steward.write(steward.replica.ingest(pen.written.slice(0, 3)).stored)
  admit('member') // an act that acknowledges the first three commits of the pen
  steward.write(steward.replica.ingest(pen.written.slice(3)).stored)
  must(steward.author([listSection('later', sha256)]))
  const server = new SessionBench(steward.replica).hello()
  const log = recordsOf(steward)
  const ends = [log.at(-1), pen.written.at(-1)].map(rowOf)
  const wants = ends.map(({ device, id }) => ({ device, to: id, have: [] }))
  server.frame({ kind: 'want', request: 1, isUrgentOnly: true, limit: 100, wants })
  const served = server.read.map((order) => log[order])
  const own = served.filter((it) => toHex(it?.header.device ?? coop) === toHex(pen.signer.publicKey))
  expect(own.map((it) => it?.header.seq)).toEqual([0, 1, 2])
  const fresh = reader(steward.replica.coop, served as CommitRecord[])
  expect([fresh.pending.size, fresh.authority.stateHash()]).toEqual([
    0,
    steward.replica.authority.stateHash(),
  ])
})

test('a request is answered with what there is, up to its limit, and says whether that cut it short', () => {
  const it = bench(full()).hello()
  const [first] = all as [CommitRecord]
  const unknown = { device: coop, to: coop, have: [] }
  const known = { device: first.header.device, to: last?.id ?? coop, have: [all[3]?.id ?? coop] }
  it.frame({ kind: 'want', request: 7, isUrgentOnly: false, limit: 99, wants: [unknown, known] })
  expect(it.read).toEqual([4, 5])
  it.records(all.slice(4))
  expect(it.sent.slice(-2).map((frame) => frame.kind)).toEqual(['commits', 'done'])
  expect(it.sent.at(-1)).toEqual({ kind: 'done', request: 7, isMore: false })
  const short = bench(full()).hello()
  short.frame({ ...wantOf(last), limit: 2 })
  expect(short.read).toEqual([0, 1])
  short.records(all.slice(0, 2))
  expect(short.sent.at(-1)).toEqual({ kind: 'done', request: 1, isMore: true })
})

test('two commits of the largest size go in two frames that a peer takes', () => {
  const section = (name: string, length: number): Section => {
    return { document: `board/${name}`, entries: 1, payload: new Uint8Array(length) }
  }
  const pen = new Pen(coop, signer)
  const first = pen.write({ seen: [headOf(all)] }, [section('a', 262_000), section('b', 261_500)])
  const second = pen.write({}, [section('a', 262_144), section('b', 262_144)])
  const it = bench(reader(coop, [...all, first, second])).hello()
  it.frame(wantOf(second))
  it.records([first, second])
  it.records([second])
  const sends = it.outputs.flatMap((output) => (output.kind === 'send' ? [output.bytes.length - 4] : []))
  expect(sends.slice(-3).every((length) => length <= FRAME_BYTES_MAX)).toBe(true)
  expect(it.sent.slice(-3).map((frame) => frame.kind)).toEqual(['commits', 'commits', 'done'])
})

test('a large run whose last signature alone is good is passed on in one frame', () => {
  const header = { coop, device: signer.publicKey, epoch: coop, timeMs: 0 }
  const payload = (fill: number): Section[] => [
    { document: 'board/a', entries: 1, payload: new Uint8Array(262_144).fill(fill) },
    { document: 'board/b', entries: 1, payload: new Uint8Array(260_000).fill(fill) },
  ]
  const tools = { signer, sha256 }
  const first = signCommit({ ...header, seq: 0, prev: null, seen: [headOf(all)] }, payload(1), tools)
  const second = signCommit({ ...header, seq: 1, prev: first.id, seen: [] }, payload(2), tools)
  const records = [unsigned(first), second]
  const it = bench(reader(coop, [...all, ...records])).hello()
  it.frame(wantOf(second))
  it.records(records)
  const frame = it.sent.at(-2)
  expect(frame?.kind === 'commits' && frame.records.length).toBe(2)
  expect(it.sent.at(-1)?.kind).toBe('done')
})

test('more batches than two are sent only as the peer confirms', () => {
  const { pen, all: known, coop: other } = coopWithPen(7)
  pen.more(3 * BATCH_COMMITS_MAX)
  const log = [...known, ...pen.written]
  const it = new SessionBench(reader(other, log)).hello()
  it.frame(wantOf(pen.written.at(-1)))
  const give = (): void => void it.records(it.read.map((order) => log[order] as CommitRecord))
  const counts = (): number[] => [
    it.outputs.filter((output) => output.kind === 'read').length,
    it.sent.filter((frame) => frame.kind === 'commits').length,
  ]
  for (let i = 0; i <= BATCHES_AHEAD; i += 1) give()
  // The next one is read already, and goes at once when the peer confirms one.
  expect(counts()).toEqual([BATCHES_AHEAD + 1, BATCHES_AHEAD])
  it.frame({ kind: 'more', request: 1 })
  expect(counts()).toEqual([BATCHES_AHEAD + 2, BATCHES_AHEAD + 1])
})

test('a log that cannot be read ends the answer instead of hanging it', () => {
  const it = bench(full()).hello()
  it.frame(wantOf(last))
  it.give({ kind: 'records', records: [] })
  expect(it.sent.at(-1)).toEqual({ kind: 'done', request: 1, isMore: false })
})

test('replayed frames of another session end this one and harm no state', () => {
  const server = bench(full()).hello()
  server.frame(wantOf(last))
  server.records(all)
  const client = pulling()
  for (const frame of server.sent) client.frame(frame)
  expect(client.closed).toBe(`out-of-order: a second 'hello'`)
  expect(client.replica.logLength).toBe(0)
})

test('a cut stream is resumed: what was stored is not sent again, beyond what was under way', () => {
  for (let cutAt = 1; cutAt < 30; cutAt += 1) {
    const made = testCoop(4)
    const { mesh, founder: node } = made
    const venue = made.admit('venue')
    for (let i = 0; i < 40; i += 1) must(node.author([listSection(`file ${i}`, sha256)]))
    const wholeBytes = node.log.reduce((sum, record) => sum + record.length, 0)
    for (let cut = 0; cut < 3; cut += 1) {
      mesh.connect(node, venue)
      let isDone = true
      try {
        mesh.settle(0, cutAt)
      } catch {
        isDone = false
      }
      mesh.disconnect(node, venue)
      if (isDone) break
    }
    const storedBytes = venue.log.reduce((sum, record) => sum + record.length, 0)
    const sentBefore = mesh.sentBytes
    mesh.connect(node, venue)
    mesh.settle()
    expect(stateHashes(venue.replica)).toEqual(stateHashes(node.replica))
    expect(new Set(venue.log.map(toHex)).size).toBe(venue.log.length)
    expect(mesh.sentBytes - sentBefore).toBeLessThan(wholeBytes - storedBytes + 6_000)
  }
  expect(prefixFrame(Uint8Array.of(1))).toEqual(Uint8Array.of(0, 0, 0, 1, 1))
})

test('the first answer is short, later ones as long as suits how fast commits come', () => {
  const { pen, all: known, coop: other } = coopWithPen(8)
  pen.more(20_000)
  const limitAfter = (ms: number): number => {
    const it = new SessionBench(reader(other, known)).hello().answer([rowOf(pen.written.at(-1))])
    // First what is urgent, which is nothing.
    it.frame({ kind: 'done', request: 1, isMore: false })
    const first = it.sent.at(-1)
    expect(first?.kind === 'want' && first.limit).toBe(REQUEST_COMMITS_FIRST)
    it.nowMs += ms
    it.commits(pen.written.slice(0, REQUEST_COMMITS_FIRST), 2)
    it.frame({ kind: 'done', request: 2, isMore: true })
    const second = it.sent.at(-1)
    return second?.kind === 'want' ? second.limit : 0
  }
  expect([limitAfter(1), limitAfter(100), limitAfter(20_000)]).toEqual([
    REQUEST_COMMITS_ALONE,
    2_560,
    REQUEST_COMMITS_FIRST,
  ])
})

test('commits that are here, stored or waiting, are not asked for again, and so are not sent', () => {
  const { pen, all: known, coop: other, founder: steward } = coopWithPen(9)
  must(steward.author([]))
  const news = recordsOf(steward).slice(known.length)
  pen.write({ seen: [headOf(news)] })
  pen.more(5)
  const replica = reader(other, [...known, ...pen.written.slice(0, 4)])
  expect(replica.pending.size).toBe(3)
  const it = new SessionBench(replica).hello().answer([rowOf(pen.written.at(-1))])
  const want = it.sent.at(-1)
  const server = new SessionBench(reader(other, [...known, ...news, ...pen.written])).hello()
  server.frame(want?.kind === 'want' ? { ...want, isUrgentOnly: false } : wantOf(last))
  expect(server.read.map((order) => toHex(server.replica.history.idOf(order)))).toEqual(
    pen.written.slice(4).map((record) => toHex(record.id)),
  )
})
