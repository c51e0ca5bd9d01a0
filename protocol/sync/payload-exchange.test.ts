import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { BoardPage } from '../../test/actors/board-page.ts'
import { listSection, must, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import type { TestCoop } from '../../test/actors/coop-actors.ts'
import { decoded, reader, recordsOf } from '../../test/actors/pen.ts'
import { SessionBench } from '../../test/actors/session-bench.ts'
import type { MemoryNode } from '#simulations/mesh'
import { encodeRecord, withoutPayloads } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import { DECLINED_MAX } from '../replica/index.ts'
import type { Replica } from '../replica/index.ts'
import type { Frame } from './frame.ts'
import {
  ANSWER_TIMEOUT_MS,
  FETCHED_TWICE_MAX,
  FETCH_BYTES_TARGET,
  FETCH_MAX,
  ROUND_EVERY_MS,
} from './limits.ts'

const WALL = 'board/wall'
const MENU = 'board/menu'
/** Longer than a header: what is not sent shows. */
const WORDS = 'all day long the bakery sells bread '.repeat(200)

function write(node: MemoryNode, document: string, text = WORDS): void {
  const page = new BoardPage(node, document)
  must(page.edit((doc) => doc.getText('text').insert(0, text)) ?? { ok: false })
}

/** A founder that wrote on both boards and listed an asset, and other members that know nothing yet. */
function story(seed: number, others: number, edits = 5): TestCoop & { nodes: MemoryNode[] } {
  const made = testCoop(seed)
  const nodes = [made.founder, ...Array.from({ length: others }, () => made.admit('member'))]
  for (let i = 0; i < edits; i += 1) write(made.founder, WALL)
  write(made.founder, MENU, 'soup')
  must(made.founder.author([listSection('bread', made.crypto.sha256)]))
  return { ...made, nodes }
}

const missingOf = (node: MemoryNode, document: string): number =>
  node.replica.documentLog(document)?.missingCount ?? 0
const rootsOf = (nodes: readonly MemoryNode[]): Set<string> =>
  new Set(nodes.map((it) => Buffer.from(it.replica.heads.root()).toString('hex')))

test('payloads that a device declines are not sent to it; its headers, chains and other documents are whole', () => {
  const { mesh, founder, nodes } = story(1, 2)
  const [, nas, box] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  nas.decline([WALL])
  mesh.connect(founder, nas)
  mesh.settle()
  const declinedBytes = nas.taken.bytes
  mesh.connect(founder, box)
  mesh.settle()
  expect(rootsOf(nodes).size).toBe(1)
  expect(box.taken.bytes - declinedBytes).toBeGreaterThan(5 * WORDS.length)
  expect(declinedBytes).toBeLessThan(WORDS.length)
  expect(missingOf(nas, WALL)).toBe(5)
  expect(nas.replica.document(WALL)).toBe(null)
  const { [WALL]: wall, ...others } = stateHashes(box.replica)
  expect(wall).not.toBe('')
  expect(stateHashes(nas.replica)).toEqual({ ...others, [WALL]: '' })
  expect([...founder.closed, ...nas.closed, ...box.closed]).toEqual([])
})

test('a declined document cannot be written, nor one of which parts are missing', () => {
  const { mesh, founder, nodes } = story(2, 2)
  const [, nas, box] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  nas.decline([WALL])
  mesh.connect(founder, nas)
  mesh.settle()
  mesh.disconnect(founder, nas)
  mesh.connect(nas, box)
  mesh.settle()
  const section = { document: WALL, entries: 1, payload: new Uint8Array() }
  expect(nas.author([section])).toMatchObject({ refusal: 'document-declined' })
  expect(box.author([section])).toMatchObject({ refusal: 'document-incomplete' })
  expect(nas.replica.openDocument(WALL)).toBe(null)
})

test('a device that changes its mind is sent what it lacks, and no more than once', () => {
  const { mesh, founder, nodes } = story(3, 1, 40)
  const [, nas] = nodes as [MemoryNode, MemoryNode]
  nas.decline([WALL])
  mesh.connect(founder, nas)
  mesh.settle()
  const before = mesh.sentBytes
  nas.decline([])
  mesh.settle()
  expect(stateHashes(nas.replica)).toEqual(stateHashes(founder.replica))
  expect(mesh.sentBytes - before).toBeLessThan(1.1 * 40 * WORDS.length)
  // What came later is in the log like everything else, and passed on.
  const late = testNode(mesh, nas)
  mesh.disconnect(founder, nas)
  mesh.connect(nas, late)
  mesh.settle()
  expect(stateHashes(late.replica)).toEqual(stateHashes(founder.replica))
})

function testNode(mesh: TestCoop['mesh'], like: MemoryNode): MemoryNode {
  return mesh.add(reader(like.replica.coop))
}

test('a document that was whole is closed when a part comes without payload, and open again when that is here', () => {
  const { mesh, founder, nodes } = story(4, 2)
  const [, nas, box] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  for (const node of [nas, box]) mesh.connect(founder, node)
  mesh.settle()
  const closed: string[] = []
  box.replica.documents.onClosed = (id) => closed.push(id)
  mesh.disconnect(founder, box)
  nas.decline([WALL])
  write(founder, WALL, 'more')
  mesh.settle()
  mesh.connect(nas, box)
  mesh.settle()
  expect(missingOf(box, WALL)).toBe(1)
  expect(closed).toEqual([WALL])
  // The peer lacks it too and is not asked over and over.
  const before = mesh.sentBytes
  mesh.settle(10 * ROUND_EVERY_MS)
  expect(mesh.sentBytes - before).toBeLessThan(2_000)
  mesh.connect(founder, box)
  mesh.settle()
  expect(stateHashes(box.replica)).toEqual(stateHashes(founder.replica))
})

test('a peer that gets what it lacked says so, and is asked again', () => {
  const { mesh, founder, nodes } = story(5, 2)
  const [, nas, box] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  nas.decline([WALL])
  mesh.connect(founder, nas)
  mesh.settle()
  mesh.connect(nas, box)
  mesh.settle()
  expect(missingOf(box, WALL)).toBe(5)
  nas.decline([])
  mesh.settle(2 * ROUND_EVERY_MS)
  for (const node of [nas, box]) expect(stateHashes(node.replica)).toEqual(stateHashes(founder.replica))
})

test('two that lack different parts complete each other', () => {
  const { mesh, founder, nodes } = story(6, 2, 0)
  const [, left, right] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  for (const node of [left, right]) mesh.connect(founder, node)
  left.decline([WALL])
  mesh.settle()
  write(founder, WALL, 'first')
  mesh.settle()
  left.decline([])
  mesh.disconnect(founder, left)
  right.decline([WALL])
  mesh.settle()
  write(founder, WALL, 'second')
  mesh.settle()
  mesh.disconnect(founder, right)
  mesh.connect(founder, left)
  // Only the second one comes: the first is lost here before it is asked for.
  mesh.settle()
  left.replica.documents.holes.lose(WALL, left.replica.documentLog(WALL)?.orders.at(0) ?? -1)
  const at = left.replica.documentLog(WALL)?.orders.at(0) ?? -1
  left.log[at] = withoutPayloads(decoded(left.log[at] ?? new Uint8Array()), () => true).bytes
  mesh.disconnect(founder, left)
  right.decline([])
  expect([missingOf(left, WALL), missingOf(right, WALL)]).toEqual([1, 1])
  mesh.connect(left, right)
  mesh.settle(2 * ROUND_EVERY_MS)
  for (const node of [left, right]) expect(stateHashes(node.replica)).toEqual(stateHashes(founder.replica))
})

test('what a device wrote itself it keeps and serves, whatever it declines', () => {
  const { mesh, founder, nodes } = story(7, 2)
  const [, nas, box] = nodes as [MemoryNode, MemoryNode, MemoryNode]
  for (const node of [nas, box]) mesh.connect(founder, node)
  mesh.settle()
  mesh.disconnect(founder, box)
  mesh.disconnect(founder, nas)
  write(nas, WALL, 'mine')
  nas.decline([WALL])
  mesh.connect(nas, box)
  mesh.settle()
  expect(missingOf(box, WALL)).toBe(0)
  // What its disk lost comes back to it although it declines the document.
  const own = recordsOf(nas).filter(
    (it) => Buffer.from(it.header.device).toString('hex') === nas.replica.device,
  )
  const order = nas.replica.history.find(own.at(-1)?.id ?? new Uint8Array(32))
  nas.log[order] = withoutPayloads(decoded(nas.log[order] ?? new Uint8Array()), () => true).bytes
  nas.replica.documents.holes.lose(WALL, order)
  mesh.settle(2 * ROUND_EVERY_MS)
  expect(missingOf(nas, WALL)).toBe(0)
})

test('a device that asked for its own parts of a declined document asks for the others once it wants it', () => {
  const made = story(11, 0)
  const { mesh, founder, coop, crypto } = made
  const lost = made.admit('member')
  mesh.connect(founder, lost)
  mesh.settle()
  write(lost, WALL, 'mine')
  mesh.settle()
  mesh.disconnect(founder, lost)
  // The same device with an empty disk.
  const nas = mesh.add(openReplica({ coop, crypto, signer: lost.signer }))
  nas.decline([WALL])
  mesh.connect(founder, nas)
  mesh.settle(2 * ROUND_EVERY_MS)
  expect(nas.replica.documentLog(WALL)).toMatchObject({ missingCount: 5, ownMissingCount: 0 })
  nas.decline([])
  mesh.settle()
  expect(stateHashes(nas.replica)).toEqual(stateHashes(founder.replica))
})

test('a payload that comes with a commit which is here already is taken', () => {
  const { coop, founder } = story(8, 0)
  const records = recordsOf(founder)
  const replica = reader(coop, records.map(bare))
  expect(replica.documentLog(WALL)?.missingCount).toBe(5)
  const { late } = replica.ingest(records)
  expect(late.map((it) => it.document)).toEqual([...Array.from({ length: 5 }, () => WALL), MENU])
  expect(replica.documents.staleIds().sort()).toEqual([MENU, WALL])
  expect(replica.ingest(records).late).toEqual([])
})

test('payloads of declined documents are left out whoever sends them; whole records of others are not copied', () => {
  const { coop, founder } = story(9, 0)
  const records = recordsOf(founder)
  const replica = reader(coop)
  const whole = replica.begin(records).left()
  expect(whole.every((it, i) => it === records[i])).toBe(true)
  replica.documents.holes.decline([WALL])
  const stripped = replica.begin(records).left()
  expect(stripped.map((it, i) => it === records[i])).toEqual(
    records.map((it) => it.header.sections[0]?.document !== WALL),
  )
  expect(replica.ingest(records).refused).toEqual([])
  expect(replica.documentLog(WALL)?.missingCount).toBe(5)
})

test('authority and catalogue cannot be declined, nor more than 64 documents', () => {
  const { holes } = reader(testCoop(10).coop).documents
  for (const id of ['authority', 'catalogue', 'ledger', 'board'])
    expect(() => holes.decline([id])).toThrow(RangeError)
  const ids = Array.from({ length: DECLINED_MAX + 1 }, (_, i) => `board/${i}`)
  expect(() => holes.decline(ids)).toThrow(RangeError)
  holes.decline(ids.slice(1))
  expect(holes.declined.size).toBe(DECLINED_MAX)
})

/** A commit as a peer sends it that leaves out what it may. */
function bare(record: CommitRecord): CommitRecord {
  return withoutPayloads(record, (document) => document.startsWith('board/'))
}

const made = story(20, 0, 300)
const records = recordsOf(made.founder)
const walls = records.filter((it) => it.header.sections[0]?.document === WALL)
/** A replica with headers alone of the boards. */
const hollow = (): Replica => reader(made.coop, records.map(bare))
const full = (): Replica => reader(made.coop, records)
const payloadOf = (record: CommitRecord | undefined): Uint8Array => record?.payloads[0] ?? new Uint8Array()
const asking = (): SessionBench => new SessionBench(hollow()).equalHello()
/** A session that lacks one payload. */
const askingForOne = (): SessionBench =>
  new SessionBench(
    reader(
      made.coop,
      records.map((it) => withoutPayloads(it, (document) => document === MENU)),
    ),
  ).equalHello()
const idsOf = (list: readonly CommitRecord[]): Uint8Array[] => list.map((it) => new Uint8Array(it.id))

/** The last request for payloads that the session sent. */
function asked(bench: SessionBench): Extract<Frame, { kind: 'fetch' }> {
  const frame = bench.sent.findLast((it) => it.kind === 'fetch')
  if (frame === undefined) throw new Error('nothing was asked for')
  return frame
}

/** Answers a request for payloads from the log, as the host does. */
function fetched(bench: SessionBench, frame: Extract<Frame, { kind: 'fetch' }>): void {
  for (const output of bench.frame(frame))
    if (output.kind === 'read-payloads') {
      const found = output.orders.map((order) => ({
        order,
        bytes: records[order]?.bytes ?? new Uint8Array(),
      }))
      bench.give({ kind: 'payload-records', records: found })
    }
}

test('what is missing is asked for in the order of the log, one request at a time', () => {
  const bench = asking()
  const first = asked(bench)
  expect(first.document).toBe(WALL)
  expect(first.ids).toEqual(idsOf(walls.slice(0, FETCH_MAX)))
  bench.frame({ kind: 'payloads', request: first.request, payloads: [null, null] })
  const second = asked(bench)
  expect(second.ids).toEqual(idsOf(walls.slice(2, FETCH_MAX + 2)))
  bench.frame({ kind: 'payloads', request: second.request, payloads: second.ids.map(() => null) })
  const third = asked(bench)
  expect(third.ids).toEqual(idsOf(walls.slice(FETCH_MAX + 2)))
  bench.frame({ kind: 'payloads', request: third.request, payloads: third.ids.map(() => null) })
  expect(asked(bench).document).toBe(MENU)
  expect(bench.closed).toBe('open')
})

test('an answer has the first ones that fit; what is not here is null, and costs no reading', () => {
  const bench = new SessionBench(full()).equalHello()
  const foreign = new Uint8Array(32)
  fetched(bench, { kind: 'fetch', request: 1, document: WALL, ids: [foreign, ...idsOf(walls.slice(0, 200))] })
  const answer = bench.sent.findLast((it) => it.kind === 'payloads')
  const sizes = answer?.payloads.map((it) => it?.length ?? 0) ?? []
  expect(answer?.payloads[0]).toBe(null)
  expect(answer?.payloads[1]).toEqual(payloadOf(walls[0]))
  const total = sizes.reduce((sum, it) => sum + it, 0)
  expect(total).toBeLessThanOrEqual(FETCH_BYTES_TARGET)
  expect(total + payloadOf(walls[0]).length).toBeGreaterThan(FETCH_BYTES_TARGET)
  const hollowBench = asking()
  const out = hollowBench.frame({ kind: 'fetch', request: 9, document: WALL, ids: idsOf(walls.slice(0, 3)) })
  expect(out.some((it) => it.kind === 'read-payloads')).toBe(false)
  expect(hollowBench.sent.at(-1)).toEqual({ kind: 'payloads', request: 9, payloads: [null, null, null] })
})

test('a commit that this disk does not give back is answered as one that is not here', () => {
  const bench = new SessionBench(full()).equalHello()
  bench.frame({ kind: 'fetch', request: 1, document: WALL, ids: idsOf(walls.slice(0, 2)) })
  bench.give({ kind: 'payload-records', records: [] })
  expect(bench.sent.at(-1)).toEqual({ kind: 'payloads', request: 1, payloads: [null] })
  const [wall] = walls as [CommitRecord]
  bench.frame({ kind: 'fetch', request: 2, document: WALL, ids: [wall.id] })
  const bytes = encodeRecord(wall.headerBytes, wall.signature, [payloadOf(wall).map((it) => it ^ 1)])
  bench.give({ kind: 'payload-records', records: [{ order: records.indexOf(wall), bytes }] })
  expect(bench.sent.at(-1)).toEqual({ kind: 'payloads', request: 2, payloads: [null] })
})

test('false-payload: other bytes than the header names cut the peer', () => {
  const bench = askingForOne()
  const { request } = asked(bench)
  const [fill] = bench.frame({ kind: 'payloads', request, payloads: [Uint8Array.of(1)] })
  expect(fill).toMatchObject({ kind: 'fill', sent: { document: MENU } })
  bench.give({ kind: 'filled', outcome: { ok: false, refusal: 'payload-hash' } })
  expect(bench.closed).toBe(`false-payload: payload-hash in '${MENU}'`)
})

test('out-of-order: payloads that nobody asked for, too many of them, twice, or a second request', () => {
  const unasked = new SessionBench(full()).equalHello()
  unasked.frame({ kind: 'payloads', request: 1, payloads: [null] })
  const many = askingForOne()
  many.frame({ kind: 'payloads', request: 1, payloads: [null, null] })
  const other = askingForOne()
  other.frame({ kind: 'payloads', request: 2, payloads: [null] })
  const twice = askingForOne()
  for (let i = 0; i < 2; i += 1) twice.frame({ kind: 'payloads', request: 1, payloads: [Uint8Array.of(1)] })
  const second = new SessionBench(full()).equalHello()
  for (const request of [1, 2])
    second.frame({ kind: 'fetch', request, document: WALL, ids: idsOf(walls.slice(0, 1)) })
  for (const bench of [unasked, many, other, twice, second]) expect(bench.closed).toMatch(/^out-of-order/)
})

test('silent: a peer that owes payloads for 30 s is cut, and another session takes its place', () => {
  const bench = askingForOne()
  const other = new SessionBench(bench.replica).equalHello()
  expect(other.sent.some((it) => it.kind === 'fetch')).toBe(false)
  bench.wakeAt(bench.nowMs + ANSWER_TIMEOUT_MS)
  expect(bench.closed).toMatch(/^silent: no payloads/)
  other.wakeAt(bench.nowMs + 1_000)
  expect(other.sent.findLast((it) => it.kind === 'fetch')?.document).toBe(MENU)
})

test('wasteful: payloads asked for again and again', () => {
  const bench = new SessionBench(full()).equalHello()
  const ids = idsOf(walls.slice(0, 30))
  let requests = 0
  while (bench.closed === 'open' && requests < 100) {
    bench.nowMs += 1_000
    requests += 1
    fetched(bench, { kind: 'fetch', request: requests, document: WALL, ids })
  }
  expect(bench.closed).toMatch(/^wasteful: more than 1024 payloads asked for twice/)
  expect(requests).toBe(1 + Math.ceil(FETCHED_TWICE_MAX / ids.length))
})

test('flooding: requests for payloads that are not here, and lists that change for ever', () => {
  const bench = asking()
  const ids = Array.from({ length: FETCH_MAX }, (_, i) => new Uint8Array(32).fill(i))
  for (let request = 1; bench.closed === 'open' && request < 1_000; request += 1)
    bench.frame({ kind: 'fetch', request, document: WALL, ids })
  const fickle = asking()
  for (let i = 0; fickle.closed === 'open' && i < 3_000; i += 1)
    fickle.frame({ kind: 'decline', documents: i % 2 === 0 ? [WALL] : [] })
  for (const { closed } of [bench, fickle]) expect(closed).toMatch(/^flooding/)
})

test('a peer that says over and over that it has more is asked anew every 30 s at most', () => {
  const bench = asking()
  const count = (): number => bench.sent.filter((it) => it.kind === 'fetch').length
  let answered = 0
  const deny = (): void => {
    for (; answered < count(); answered += 1) {
      const { request, ids } = asked(bench)
      bench.frame({ kind: 'payloads', request, payloads: ids.map(() => null) })
    }
  }
  deny()
  const once = count()
  for (let i = 0; i < 40; i += 1) {
    bench.nowMs += 1_000
    bench.frame({ kind: 'decline', documents: [] })
    deny()
  }
  expect(bench.closed).toBe('open')
  expect(count()).toBeLessThanOrEqual(3 * once)
})

test('refused-commit: a header without its payload where the document must travel whole', () => {
  const { founder, coop } = story(21, 0, 1)
  const sent = recordsOf(founder)
  const bench = new SessionBench(reader(coop)).pulling(sent.at(-1))
  bench.commits(
    sent.map((it) => withoutPayloads(it, (document) => document === 'catalogue' || document === WALL)),
  )
  expect(bench.closed).toMatch(/^refused-commit: payload-missing/)
})

/** One device asks another for a payload of a commit that the other gets later, whole. */
const ASKED_TOO_EARLY: [number, boolean, Step[]] = [
  0,
  true,
  [
    { kind: 'decline', node: 2, mask: 1 },
    { kind: 'link', node: 0, other: 2 },
    { kind: 'settle', forMs: 1 },
    { kind: 'write', node: 0, menu: false },
    { kind: 'decline', node: 0, mask: 0 },
    { kind: 'link', node: 1, other: 0 },
  ],
]

type Step =
  | { kind: 'write'; node: number; menu: boolean }
  | { kind: 'decline'; node: number; mask: number }
  | { kind: 'link'; node: number; other: number }
  | { kind: 'settle'; forMs: number }

test('any mix of decliners, links and times: once everybody wants all, all states are equal', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), node: fc.nat(3), menu: fc.boolean() }),
    fc.record({ kind: fc.constant('decline' as const), node: fc.nat(3), mask: fc.nat(3) }),
    fc.record({ kind: fc.constant('link' as const), node: fc.nat(3), other: fc.nat(3) }),
    fc.record({ kind: fc.constant('settle' as const), forMs: fc.integer({ min: 1, max: 2_000 }) }),
  )
  const run = fc.tuple(fc.nat(1_000), fc.boolean(), fc.array(step, { minLength: 5, maxLength: 40 }))
  fc.assert(
    fc.property(run, ([seed, isLine, steps]) => {
      const { mesh, nodes } = story(seed, 3, 1)
      for (const it of steps) {
        if (it.kind === 'settle') mesh.settle(it.forMs)
        else {
          const node = nodes[it.node] as MemoryNode
          if (it.kind === 'decline') node.decline([WALL, MENU].filter((_, i) => ((it.mask >> i) & 1) === 1))
          else if (it.kind === 'write') writeIfOpen(node, it.menu ? MENU : WALL)
          else if (it.node !== it.other) toggle(mesh, node, nodes[it.other] as MemoryNode)
        }
      }
      for (const node of nodes) node.decline([])
      // Where each has two neighbours at most, payloads go from hand to hand.
      for (const [i, node] of nodes.entries())
        for (const [at, other] of nodes.slice(i + 1).entries())
          if (!isLine || at === 0) mesh.connect(node, other)
          else mesh.disconnect(node, other)
      mesh.settle(8 * ROUND_EVERY_MS)
      expect(nodes.flatMap((it) => it.closed)).toEqual([])
      expect(nodes.map((it) => missingOf(it, WALL) + missingOf(it, MENU))).toEqual([0, 0, 0, 0])
      const [first] = nodes as [MemoryNode]
      for (const { replica } of nodes) expect(stateHashes(replica)).toEqual(stateHashes(first.replica))
    }),
    { numRuns: 60, examples: [[ASKED_TOO_EARLY]] },
  )
})

function writeIfOpen(node: MemoryNode, document: string): void {
  const isMember = node.replica.standing !== null
  if (isMember && node.replica.openDocument(document) !== null) write(node, document, 'word ')
}

function toggle(mesh: TestCoop['mesh'], node: MemoryNode, other: MemoryNode): void {
  if (node.sessions.has(other)) mesh.disconnect(node, other)
  else mesh.connect(node, other)
}
