import { expect, test } from 'vitest'
import { listSection, must, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import type { MemoryNode } from '#simulations/mesh'
import { nodeSigner } from '#node/crypto'
import { decodeRecord, encodeRecord, signCommit } from '../commit/index.ts'
import type { CommitRecord, Header, Section } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import type { Signer } from '../identity/index.ts'
import type { Replica } from '../replica/index.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import type { Frame } from './frame.ts'
import { prefixFrame } from './frame-splitter.ts'
import {
  ANNOUNCE_DELAY_MS,
  ANSWER_TIMEOUT_MS,
  FRAME_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  PEER_CHAINS_MAX,
  REFUSALS_MAX,
  QUIET_MS,
  ROUND_EVERY_MS,
  ROWS_MAX,
  SYNC_VERSION,
} from './limits.ts'
import { SyncSession } from './session.ts'
import type { SessionInput, SessionOutput } from './session.ts'

const base = testCoop(1)
const { crypto, coop, founder } = base
const { sha256 } = crypto
const cheat = base.admit('member')
for (let i = 0; i < 3; i += 1) must(founder.author([listSection(`file ${i}`, sha256)]))
const all = founder.log.map(decoded)

/** One session under test, with a peer that says whatever the test wants. */
class Bench {
  readonly session: SyncSession
  readonly replica: Replica
  nowMs = 1_000
  readonly outputs: SessionOutput[] = []

  constructor(replica: Replica = reader()) {
    this.replica = replica
    this.session = new SyncSession({ replica, sha256, key: new Uint8Array(16).fill(1) })
    this.give({ kind: 'open' })
  }

  give(input: SessionInput): SessionOutput[] {
    const out = this.session.handle(input, this.nowMs)
    this.outputs.push(...out)
    return out
  }

  frame(frame: Frame): SessionOutput[] {
    return this.give({ kind: 'frame', bytes: encodeFrame(frame) })
  }

  fields(fields: Value): SessionOutput[] {
    return this.give({ kind: 'frame', bytes: encodeCanonical(fields) })
  }

  hello(changes: Partial<Extract<Frame, { kind: 'hello' }>> = {}): this {
    const zeros = new Uint8Array(32)
    const key = new Uint8Array(16).fill(2)
    this.frame({ kind: 'hello', version: SYNC_VERSION, coop, authority: zeros, root: zeros, key, ...changes })
    return this
  }

  /** After HELLO, an answered round and thus with a request under way. */
  pulling(length = all.length, id = all.at(-1)?.id ?? new Uint8Array(32)): this {
    const device = all[0]?.header.device ?? new Uint8Array(32)
    this.hello().frame({ kind: 'rows', round: 1, rows: [{ device, length, id }], isLast: true })
    return this
  }

  /** Hands in commits as a peer would and lets the replica take them. */
  commits(records: readonly CommitRecord[], request = 1): void {
    const out = this.frame({ kind: 'commits', request, records: records.map((it) => it.bytes) })
    for (const output of out) {
      if (output.kind === 'ingest')
        this.give({ kind: 'ingested', result: this.replica.ingest(output.records) })
    }
  }

  wakeAt(atMs: number): SessionOutput[] {
    this.nowMs = atMs
    return this.give({ kind: 'wake' })
  }

  get sent(): Frame[] {
    return this.outputs.flatMap((output) => (output.kind === 'send' ? [frameOf(output.bytes)] : []))
  }

  get closed(): string {
    const close = this.outputs.find((output) => output.kind === 'close')
    return close === undefined ? 'open' : `${close.code}: ${close.detail}`
  }
}

/** Commits written without a replica. */
function branch(signer: Signer, from: Partial<Header>, count: number, timeMs: number): CommitRecord[] {
  const written: CommitRecord[] = []
  let at = { seq: 0, prev: null as Uint8Array | null, ...from }
  for (let i = 0; i < count; i += 1) {
    const header = {
      coop,
      device: signer.publicKey,
      epoch: coop,
      timeMs,
      seen: i === 0 ? (from.seen ?? []) : [],
    }
    const record = signCommit({ ...header, seq: at.seq, prev: at.prev }, [], { signer, sha256 })
    written.push(record)
    at = { ...at, seq: at.seq + 1, prev: record.id }
  }
  return written
}

function decoded(bytes: Uint8Array): CommitRecord {
  const result = decodeRecord(bytes, sha256)
  if (!result.ok) throw new Error(result.refusal)
  return result.record
}

function frameOf(bytes: Uint8Array): Frame {
  const result = decodeFrame(bytes.subarray(4))
  if (!result.ok) throw new Error(result.refusal)
  return result.frame
}

function reader(): Replica {
  return openReplica({ coop, crypto, signer: null })
}

function full(): Replica {
  const replica = reader()
  replica.ingest(all)
  return replica
}

function headOf(record: CommitRecord | undefined): Header['seen'][number] {
  if (record === undefined) throw new Error('no commit')
  return { device: record.header.device, seq: record.header.seq, id: record.id }
}

function unsigned(record: CommitRecord): CommitRecord {
  const wrong = nodeSigner(new Uint8Array(32).fill(1)).sign(record.id)
  return decoded(encodeRecord(record.headerBytes, wrong, record.payloads))
}

test('a session says HELLO first and asks with digests when the roots differ', () => {
  const bench = new Bench()
  expect(bench.sent.map((it) => it.kind)).toEqual(['hello'])
  bench.hello()
  expect(bench.sent.map((it) => it.kind)).toEqual(['hello', 'digests'])
})

test('equal roots are synced at once, and said once', () => {
  const bench = new Bench(full())
  bench.hello({ root: bench.replica.heads.root(), authority: bench.replica.authority.stateHash() })
  bench.frame({ kind: 'root', root: bench.replica.heads.root() })
  expect(bench.session.isSynced).toBe(true)
  expect(bench.outputs.filter((it) => it.kind === 'synced').length).toBe(1)
  expect(bench.sent.map((it) => it.kind)).toEqual(['hello'])
})

test('an empty replica is synced once it has what the HELLO of its peer promised', () => {
  const bench = new Bench()
  const { device } = all[0]?.header ?? { device: new Uint8Array(32) }
  const rows = [{ device, length: all.length, id: all.at(-1)?.id ?? new Uint8Array(32) }]
  bench.hello({ root: full().heads.root() }).frame({ kind: 'rows', round: 1, rows, isLast: true })
  bench.commits(all)
  bench.frame({ kind: 'done', request: 1 })
  for (const frame of bench.sent.filter((it) => it.kind === 'want' && it.request > 1)) {
    if (frame.kind === 'want') bench.frame({ kind: 'done', request: frame.request })
  }
  const round = bench.sent.findLast((it) => it.kind === 'digests')
  if (round?.kind === 'digests') bench.frame({ kind: 'rows', round: round.round, rows: [], isLast: true })
  expect(bench.session.isSynced).toBe(true)
  expect(bench.sent.at(-1)?.kind).toBe('root')
})

test('malformed-frame: bytes that are no frame, before HELLO and after', () => {
  for (const bytes of [
    new Uint8Array(),
    Uint8Array.of(0xff),
    new Uint8Array(FRAME_BYTES_MAX + 1),
    encodeCanonical([9]),
  ]) {
    const early = new Bench()
    early.give({ kind: 'frame', bytes })
    const late = new Bench().hello()
    late.give({ kind: 'frame', bytes })
    for (const bench of [early, late]) expect(bench.closed).toMatch(/^malformed-frame: frame-/)
  }
})

test('malformed-frame: a peer that names more devices than any co-op has', () => {
  const bench = new Bench().hello()
  const device = (i: number): Uint8Array =>
    Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255, ...new Uint8Array(29))
  for (let at = 0; at <= PEER_CHAINS_MAX; at += ROWS_MAX) {
    expect(bench.closed).toBe('open')
    const rows = Array.from({ length: ROWS_MAX }, (_, i) => ({
      device: device(at + i),
      length: 1,
      id: new Uint8Array(32),
    }))
    bench.frame({ kind: 'rows', round: 0, rows, isLast: true })
  }
  expect(bench.closed).toBe(`malformed-frame: more than ${PEER_CHAINS_MAX} devices`)
})

test('other-version and other-coop: a peer of another mesh is turned away by name', () => {
  expect(new Bench().hello({ version: SYNC_VERSION + 1 }).closed).toBe(
    `other-version: version ${SYNC_VERSION + 1}`,
  )
  const later = new Bench()
  later.fields([0, SYNC_VERSION + 1, coop, coop, coop, new Uint8Array(16), 'more'])
  expect(later.closed).toMatch(/^other-version/)
  expect(new Bench().hello({ coop: new Uint8Array(32) }).closed).toMatch(/^other-coop/)
})

test('out-of-order: anything before HELLO, and HELLO twice', () => {
  const frames: Frame[] = [
    { kind: 'root', root: coop },
    { kind: 'done', request: 0 },
    { kind: 'digests', round: 1, digests: new Uint8Array(2_048) },
    { kind: 'rows', round: 0, rows: [], isLast: true },
    { kind: 'want', request: 1, isAuthorityOnly: false, wants: [] },
    { kind: 'commits', request: 1, records: [Uint8Array.of(1)] },
  ]
  for (const frame of frames) {
    const bench = new Bench()
    bench.frame(frame)
    expect(bench.closed).toBe(`out-of-order: '${frame.kind}' came before 'hello'`)
  }
  expect(new Bench().hello().hello().closed).toBe(`out-of-order: a second 'hello'`)
})

test('out-of-order: answers that nobody asked for, or of another request or round', () => {
  const frames: Frame[] = [
    { kind: 'rows', round: 2, rows: [], isLast: true },
    { kind: 'done', request: 1 },
    { kind: 'commits', request: 1, records: [Uint8Array.of(1)] },
  ]
  for (const frame of frames) {
    const bench = new Bench().hello()
    bench.frame(frame)
    expect(bench.closed).toMatch(/^out-of-order/)
  }
  for (const frame of [
    { kind: 'done', request: 2 },
    { kind: 'commits', request: 2, records: [Uint8Array.of(1)] },
  ] as Frame[]) {
    const bench = new Bench().pulling()
    bench.frame(frame)
    expect(bench.closed).toMatch(/^out-of-order/)
  }
})

test('out-of-order: the same answer twice', () => {
  const rows = new Bench().pulling()
  rows.frame({ kind: 'rows', round: 1, rows: [], isLast: true })
  expect(rows.closed).toBe('out-of-order: rows of round 1')
  const done = new Bench().pulling()
  done.commits(all)
  for (let i = 0; i < 2; i += 1) done.frame({ kind: 'done', request: 1 })
  expect(done.closed).toBe(`out-of-order: 'done' of request 1`)
})

test('out-of-order: a second request while the first is being answered', () => {
  const bench = new Bench(full()).hello()
  const device = all[0]?.header.device ?? coop
  const want: Frame = {
    kind: 'want',
    request: 1,
    isAuthorityOnly: false,
    wants: [{ device, from: 0, to: 9 }],
  }
  bench.frame(want)
  bench.frame({ ...want, request: 2 })
  expect(bench.closed).toMatch(/^out-of-order: a second request/)
})

test('malformed-commit: a record that does not decode', () => {
  const bench = new Bench().pulling()
  bench.frame({ kind: 'commits', request: 1, records: [Uint8Array.of(0x80)] })
  expect(bench.closed).toBe('malformed-commit: record-shape')
})

test('refused-commit: a bad signature, another co-op or a payload left out cuts the peer', () => {
  const [genesis] = all as [CommitRecord]
  const bare = decoded(encodeRecord(genesis.headerBytes, genesis.signature, [null]))
  const foreign = testCoop(2).founder.log.map(decoded)
  for (const [records, name] of [
    [[unsigned(genesis)], 'signature'],
    [[bare], 'payload-missing'],
    [foreign, 'other-coop'],
  ] as const) {
    const bench = new Bench().pulling()
    bench.commits(records)
    expect(bench.closed).toMatch(new RegExp(`^refused-commit: ${name} at `))
  }
})

test('refused-commit: 64 chains of unknown devices are borne, one more cuts the peer', () => {
  const strangers = Array.from({ length: REFUSALS_MAX + 1 }, (_, i) => {
    return branch(nodeSigner(new Uint8Array(32).fill(i + 10)), {}, 1, 0)[0] as CommitRecord
  })
  const bench = new Bench().pulling()
  bench.commits(strangers.slice(0, REFUSALS_MAX))
  expect(bench.closed).toBe('open')
  bench.commits(strangers.slice(REFUSALS_MAX))
  expect(bench.closed).toBe(`refused-commit: ${REFUSALS_MAX + 1} in a row`)
  const forgiven = new Bench().pulling()
  forgiven.commits(strangers.slice(0, REFUSALS_MAX))
  forgiven.commits(all)
  forgiven.commits(strangers.slice(0, REFUSALS_MAX))
  expect(forgiven.closed).toBe('open')
})

test('an honest peer that holds the longer branch of a fork stays connected', () => {
  const seen = [headOf(all.at(-1))]
  const [first] = branch(cheat.signer, { seen }, 1, 0) as [CommitRecord]
  const next = { seq: 1, prev: first.id }
  const bench = new Bench(full())
  bench.replica.ingest([first, ...branch(cheat.signer, next, 1, 1)])
  const longer = branch(cheat.signer, next, 3 * REFUSALS_MAX, 2)
  const row = { device: cheat.signer.publicKey, length: longer.length + 1, id: longer.at(-1)?.id ?? coop }
  bench.hello().frame({ kind: 'rows', round: 1, rows: [row], isLast: true })
  expect(bench.sent.at(-1)).toMatchObject({ kind: 'want', wants: [{ from: 2, to: longer.length + 1 }] })
  bench.commits(longer.slice(1))
  bench.frame({ kind: 'done', request: 1 })
  expect(bench.closed).toBe('open')
  // The other branch is not asked for again in this session.
  bench.frame({ kind: 'rows', round: 0, rows: [{ ...row, length: row.length + 1 }], isLast: true })
  expect(bench.sent.filter((it) => it.kind === 'want' && !it.isAuthorityOnly).length).toBeLessThanOrEqual(1)
})

test('silent: a peer that never says HELLO is cut after 5 s, not before', () => {
  const bench = new Bench()
  expect(bench.session.wakeAtMs).toBe(1_000 + HELLO_TIMEOUT_MS)
  expect(bench.wakeAt(1_000 + HELLO_TIMEOUT_MS - 1)).toEqual([])
  bench.wakeAt(1_000 + HELLO_TIMEOUT_MS)
  expect(bench.closed).toMatch(/^silent: no 'hello'/)
  expect(bench.session.wakeAtMs).toBe(null)
})

test('silent: a peer that owes rows or commits is cut after 30 s without any', () => {
  for (const bench of [new Bench().hello(), new Bench().pulling()]) {
    bench.wakeAt(1_000 + ANSWER_TIMEOUT_MS - 1)
    expect(bench.closed).toBe('open')
    bench.wakeAt(1_000 + ANSWER_TIMEOUT_MS)
    expect(bench.closed).toMatch(/^silent: no answer/)
  }
})

test('silent: each batch of commits renews the time, a frame without any is refused', () => {
  const bench = new Bench().pulling()
  bench.nowMs += ANSWER_TIMEOUT_MS - 1
  bench.commits(all)
  bench.wakeAt(bench.nowMs + 2)
  expect(bench.closed).toBe('open')
  bench.fields([4, 1, []])
  expect(bench.closed).toBe('malformed-frame: frame-shape')
})

test('a peer that owes nothing may be silent for ever', () => {
  const bench = new Bench(full())
  bench.hello({ root: bench.replica.heads.root(), authority: bench.replica.authority.stateHash() })
  for (let i = 1; i < 100; i += 1) bench.wakeAt(1_000 + i * ROUND_EVERY_MS)
  expect(bench.closed).toBe('open')
  expect(bench.sent.filter((it) => it.kind === 'root').length).toBe(99)
})

test('a closed session answers nothing any more', () => {
  const bench = new Bench()
  bench.give({ kind: 'frame', bytes: new Uint8Array() })
  const count = bench.outputs.length
  bench.hello().frame({ kind: 'root', root: coop })
  bench.wakeAt(10 ** 9)
  expect(bench.outputs.length).toBe(count)
  expect(bench.outputs.filter((it) => it.kind === 'close').length).toBe(1)
})

test('the authority document is asked for first, and only what it needs', () => {
  const bench = new Bench().pulling()
  expect(bench.sent.at(-1)).toMatchObject({ kind: 'want', isAuthorityOnly: true })
  const server = new Bench(full()).hello()
  const device = all[0]?.header.device ?? coop
  server.frame({
    kind: 'want',
    request: 1,
    isAuthorityOnly: true,
    wants: [{ device, from: 0, to: all.length }],
  })
  const read = server.outputs.find((it) => it.kind === 'read')
  expect(read?.orders.length).toBe(all.length - 3) // the three listings came after the last act of authority
})

test('a request beyond what we have, or for a device that we do not know, is answered with what there is', () => {
  const bench = new Bench(full()).hello()
  const device = all[0]?.header.device ?? coop
  bench.frame({
    kind: 'want',
    request: 7,
    isAuthorityOnly: false,
    wants: [
      { device: coop, from: 0, to: 5 },
      { device, from: 4, to: 2 ** 32 },
    ],
  })
  const read = bench.outputs.find((it) => it.kind === 'read')
  expect(read?.orders).toEqual([4, 5])
  bench.give({ kind: 'records', records: all.slice(4) })
  expect(bench.sent.slice(-2).map((it) => it.kind)).toEqual(['commits', 'done'])
})

test('news are gathered for 100 ms and announced, except to the peer that sent them', () => {
  const bench = new Bench(full())
  bench.hello({ root: bench.replica.heads.root(), authority: bench.replica.authority.stateHash() })
  const [news] = branch(cheat.signer, { seen: [headOf(all.at(-1))] }, 1, 0) as [CommitRecord]
  bench.replica.ingest([news])
  const chain = bench.replica.chain(news.author)
  if (chain === undefined) throw new Error('no chain')
  bench.give({ kind: 'changed', chains: [chain] })
  expect(bench.session.wakeAtMs).toBe(1_000 + ANNOUNCE_DELAY_MS)
  bench.wakeAt(1_000 + ANNOUNCE_DELAY_MS)
  expect(bench.sent.at(-1)).toMatchObject({ kind: 'rows', round: 0, rows: [{ length: 1 }] })
  const count = bench.sent.length
  bench.frame({
    kind: 'rows',
    round: 0,
    rows: [{ device: news.header.device, length: 1, id: news.id }],
    isLast: true,
  })
  bench.give({ kind: 'changed', chains: [chain] })
  bench.wakeAt(1_000 + 2 * ANNOUNCE_DELAY_MS)
  expect(bench.sent.length).toBe(count)
})

test('once it is quiet after news the roots are compared', () => {
  const bench = new Bench(full())
  bench.hello({ root: bench.replica.heads.root(), authority: bench.replica.authority.stateHash() })
  const [news] = branch(cheat.signer, { seen: [headOf(all.at(-1))] }, 1, 0) as [CommitRecord]
  bench.replica.ingest([news])
  bench.give({ kind: 'changed', chains: bench.replica.chains() })
  bench.wakeAt(1_000 + ANNOUNCE_DELAY_MS)
  expect(bench.session.isSynced).toBe(false)
  bench.wakeAt(1_000 + ANNOUNCE_DELAY_MS + QUIET_MS - 1)
  expect(bench.sent.at(-1)?.kind).toBe('rows')
  bench.wakeAt(1_000 + ANNOUNCE_DELAY_MS + QUIET_MS)
  expect(bench.sent.at(-1)).toMatchObject({ kind: 'root' })
  bench.frame({ kind: 'root', root: bench.replica.heads.root() })
  expect(bench.session.isSynced).toBe(true)
})

test('two commits of the largest size go in two frames that a peer takes', () => {
  const section = (name: string, length: number): Section => {
    return { document: `board/${name}`, entries: 1, payload: new Uint8Array(length) }
  }
  const server = full()
  const { signer } = cheat
  const header = { coop, device: signer.publicKey, epoch: coop, timeMs: 0 }
  const seen = [headOf(all.at(-1))]
  const first = signCommit(
    { ...header, seq: 0, prev: null, seen },
    [section('a', 262_000), section('b', 261_500)],
    { signer, sha256 },
  )
  const second = signCommit(
    { ...header, seq: 1, prev: first.id, seen: [] },
    [section('a', 262_144), section('b', 262_144)],
    { signer, sha256 },
  )
  expect(server.ingest([first, second]).stored.length).toBe(2)
  const bench = new Bench(server).hello()
  bench.frame({
    kind: 'want',
    request: 1,
    isAuthorityOnly: false,
    wants: [{ device: signer.publicKey, from: 0, to: 2 }],
  })
  bench.give({ kind: 'records', records: [first, second] })
  bench.give({ kind: 'records', records: [second] })
  const sends = bench.outputs.flatMap((it) => (it.kind === 'send' ? [it.bytes.length - 4] : []))
  expect(sends.slice(-3).every((length) => length <= FRAME_BYTES_MAX)).toBe(true)
  expect(bench.sent.slice(-3).map((it) => it.kind)).toEqual(['commits', 'commits', 'done'])
})

test('a large run whose last signature alone is good is passed on in one frame', () => {
  const { signer } = cheat
  const header = { coop, device: signer.publicKey, epoch: coop, timeMs: 0 }
  const payload = (fill: number): Section[] => [
    { document: 'board/a', entries: 1, payload: new Uint8Array(262_144).fill(fill) },
    { document: 'board/b', entries: 1, payload: new Uint8Array(260_000).fill(fill) },
  ]
  const tools = { signer, sha256 }
  const first = signCommit({ ...header, seq: 0, prev: null, seen: [headOf(all.at(-1))] }, payload(1), tools)
  const second = signCommit({ ...header, seq: 1, prev: first.id, seen: [] }, payload(2), tools)
  const records = [unsigned(first), second]
  expect(
    encodeFrame({ kind: 'commits', request: 1, records: records.map((it) => it.bytes) }).length,
  ).toBeLessThan(FRAME_BYTES_MAX)
  const server = full()
  server.ingest(records)
  const bench = new Bench(server).hello()
  bench.frame({
    kind: 'want',
    request: 1,
    isAuthorityOnly: false,
    wants: [{ device: signer.publicKey, from: 0, to: 2 }],
  })
  bench.give({ kind: 'records', records })
  const frame = bench.sent.at(-2)
  expect(frame?.kind === 'commits' && frame.records.length).toBe(2)
  expect(bench.sent.at(-1)?.kind).toBe('done')
})

test('a log that cannot be read ends the answer instead of hanging it', () => {
  const bench = new Bench(full()).hello()
  const device = all[0]?.header.device ?? coop
  bench.frame({ kind: 'want', request: 1, isAuthorityOnly: false, wants: [{ device, from: 0, to: 2 }] })
  bench.give({ kind: 'records', records: [] })
  expect(bench.sent.at(-1)).toEqual({ kind: 'done', request: 1 })
})

test('replayed frames of another session end this one and harm no state', () => {
  const server = new Bench(full()).hello()
  const client = new Bench().pulling()
  const device = all[0]?.header.device ?? coop
  server.frame({ kind: 'want', request: 1, isAuthorityOnly: false, wants: [{ device, from: 0, to: 9 }] })
  server.give({ kind: 'records', records: all })
  const recorded = server.sent
  for (const frame of recorded) client.frame(frame)
  expect(client.closed).toBe(`out-of-order: a second 'hello'`)
  expect(client.replica.logLength).toBe(0)
})

test('a cut stream is resumed: what was stored is not sent again', () => {
  const made = testCoop(4)
  const { mesh, founder: node } = made
  const venue = made.admit('venue')
  for (let i = 0; i < 40; i += 1) must(node.author([listSection(`file ${i}`, sha256)]))
  const cutAfter = (a: MemoryNode, b: MemoryNode): void => {
    mesh.connect(a, b)
    expect(() => mesh.settle(0, 6)).toThrow('did not come to rest')
    mesh.disconnect(a, b)
  }
  for (let i = 0; i < 5; i += 1) cutAfter(node, venue)
  mesh.connect(node, venue)
  mesh.settle()
  expect(stateHashes(venue.replica)).toEqual(stateHashes(node.replica))
  expect(new Set(venue.log.map(toHex)).size).toBe(venue.log.length)
  expect(prefixFrame(Uint8Array.of(1))).toEqual(Uint8Array.of(0, 0, 0, 1, 1))
})
