import { expect, test } from 'vitest'
import { must, listSection, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf, refusals } from '../../test/actors/pen.ts'
import { seededRandom } from '#simulations/mesh'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { CATALOGUE, encodeCatalogueEntries } from '../catalogue/index.ts'
import { ENTRIES_MAX, PAYLOAD_BYTES_MAX, SECTIONS_MAX, SEEN_MAX, decodeRecord } from '../commit/index.ts'
import type { CommitRecord, Section } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import { toHex } from '../encoding/index.ts'

const { sha256 } = nodeCrypto()

test('unknown-device: a first commit that does not acknowledge the admission of its device', () => {
  const { pen, all, coop } = coopWithPen(16)
  const replica = reader(coop)
  pen.forget(1)
  pen.write({}, [listSection('x', sha256)])
  pen.write({ seen: [headOf(all)] }, [listSection('y', sha256)])
  expect(refusals(replica.ingest([...all, ...pen.written]))).toEqual(['unknown-device', 'gap'])
  // The same when it has to wait for what it acknowledges, and when its device has a chain.
  const early = reader(coop, all.slice(0, -1))
  const waiting = new Pen(coop, pen.signer).write({ seen: [headOf(all)] })
  expect(early.ingest([waiting]).refused.length).toBe(1) // not admitted by anything stored
  expect(refusals(replica.ingest([waiting]))).toEqual([])
  expect(refusals(replica.ingest(pen.written.slice(0, 1)))).toEqual(['unknown-device'])
})

test('a section of an unknown kind is stored and relayed, not folded', () => {
  const { pen, all, coop } = coopWithPen(17)
  const replica = reader(coop)
  pen.write({}, [{ document: 'gallery/late', entries: 1, payload: Uint8Array.of(1) }])
  replica.ingest([...all, ...pen.written])
  expect(replica.lengthOf(toHex(pen.signer.publicKey))).toBe(2)
  expect(replica.documentIds()).toEqual(['authority'])
})

test('a lazy replica folds a document when it is opened, to the same state, and goes on from there', () => {
  const { founder, coop, crypto } = testCoop(23)
  for (const name of ['a', 'b', 'c']) must(founder.author([listSection(name, sha256)]))
  const all = recordsOf(founder)
  const eager = reader(coop, all)
  const lazy = openReplica({ coop, crypto, signer: null, isLazy: true })
  const { stored } = lazy.ingest(all.slice(0, -1))
  expect([lazy.document(CATALOGUE), lazy.documents.countsOf(CATALOGUE).commits]).toEqual([null, 2])
  expect(lazy.authority.stateHash()).toEqual(eager.authority.stateHash())
  lazy.openDocument(CATALOGUE)
  lazy.documents.fold(CATALOGUE, stored.slice(-2))
  lazy.ingest(all)
  expect(lazy.documentLog(CATALOGUE)?.isCurrent).toBe(true)
  expect(lazy.document(CATALOGUE)?.stateHash()).toEqual(eager.document(CATALOGUE)?.stateHash())
})

test('more than 32 heads are acknowledged by several commits, so that the last knows them all', () => {
  const made = testCoop(18)
  const { founder, coop } = made
  const pens = Array.from({ length: SEEN_MAX + 8 }, () => new Pen(coop, made.admit('member').signer))
  const seen = [headOf(recordsOf(founder))]
  founder.write(founder.replica.ingest(pens.map((pen) => pen.write({ seen }))).stored)
  const written = must(founder.author([listSection('last', sha256)]))
  expect(written.stored.map(({ record }) => record.header.seen.length)).toEqual([SEEN_MAX, 8])
  expect(written.stored.map(({ record }) => record.header.sections.length)).toEqual([0, 1])
  expect(must(founder.author([])).commit.header.seen.length).toBe(0)
  for (const record of recordsOf(founder)) expect(decodeRecord(record.bytes, sha256).ok).toBe(true)
})

test('a device writes nothing that its peers would refuse to read', () => {
  const { founder } = testCoop(19)
  const before = founder.replica.logLength
  const good = listSection('x', sha256)
  const many = (count: number): Section => {
    const entry = { t: 'hold' as const, cid: Uint8Array.of(1, 0x55, 0x12, 0x20, ...new Uint8Array(32)) }
    return {
      document: CATALOGUE,
      entries: count,
      payload: encodeCatalogueEntries(Array.from({ length: count }, () => entry)),
    }
  }
  const board = (name: string, bytes: number): Section => {
    return { document: name, entries: 1, payload: new Uint8Array(bytes) }
  }
  const bad: [string, Section[]][] = [
    ['document-id', [board('board/Bad Name', 1)]],
    ['document-id', [board('board/a/b', 1)]],
    ['document-twice', [good, good]],
    ['entries', [many(ENTRIES_MAX + 1)]],
    ['payload-limit', [board('board/a', PAYLOAD_BYTES_MAX + 1)]],
    ['payload-limit', [good, board('board/a', PAYLOAD_BYTES_MAX), board('board/b', PAYLOAD_BYTES_MAX)]],
    ['too-many-sections', Array.from({ length: SECTIONS_MAX + 1 }, (_, i) => board(`board/${i}`, 1))],
    ['unknown-document', [board('gallery/late', 1)]],
  ]
  for (const [refusal, sections] of bad)
    expect(founder.author(sections)).toMatchObject({ ok: false, refusal })
  expect(founder.replica.logLength).toBe(before)
  expect(founder.author([many(ENTRIES_MAX)]).ok).toBe(true)
  for (const record of recordsOf(founder)) expect(decodeRecord(record.bytes, sha256).ok).toBe(true)
})

test('a device that is not on the roster, or has no key, writes nothing', () => {
  const { crypto, coop, founder } = testCoop(20)
  const stranger = openReplica({ coop, crypto, signer: nodeSigner(new Uint8Array(32).fill(8)) })
  expect(stranger.author([listSection('x', sha256)], 0)).toMatchObject({ ok: false, refusal: 'not-a-member' })
  const readOnly = reader(coop)
  readOnly.ingest(recordsOf(founder))
  expect(readOnly.author([], 0)).toMatchObject({ ok: false, refusal: 'read-only' })
})

test('a log loads into the same state, and not when a record is missing or of another co-op', () => {
  const made = testCoop(22)
  const { founder, coop } = made
  made.admit('member')
  must(founder.author([listSection('x', sha256)]))
  const replica = reader(coop)
  for (const record of recordsOf(founder)) expect(replica.load(record, true)).toBe(true)
  expect(stateHashes(replica)).toEqual(stateHashes(founder.replica))
  const torn = reader(coop)
  const [first, , third] = recordsOf(founder) as [CommitRecord, CommitRecord, CommitRecord]
  expect([
    torn.load(third, true),
    torn.load(first, true),
    torn.load(third, true),
    torn.load(first, true),
  ]).toEqual([false, true, false, false])
  expect(reader(new Uint8Array(32)).load(first, true)).toBe(false)
})

test('equal commits give equal states in whatever order they come, chain by chain or mixed', () => {
  const made = testCoop(23)
  const { founder, mesh } = made
  const nodes = [founder, made.admit('member'), made.admit('venue'), made.admit('observer')]
  for (const node of nodes.slice(1)) mesh.connect(founder, node)
  mesh.settle()
  const random = seededRandom(5)
  for (let i = 0; i < 30; i += 1) {
    nodes[random.below(4)]?.author([listSection(`file ${i}`, sha256)])
    if (i % 7 === 0) mesh.settle(500)
  }
  mesh.settle()
  const all = recordsOf(founder)
  const expected = stateHashes(founder.replica)
  for (let round = 0; round < 10; round += 1) {
    const replica = reader(founder.replica.coop)
    for (let left = [...all]; left.length > 0;) {
      const result = replica.ingest(pickBatch(left, random))
      const taken = new Set([...result.stored.map((it) => it.record), ...result.waiting])
      left = left.filter((record) => !taken.has(record))
    }
    expect(stateHashes(replica)).toEqual(expected)
    expect(replica.heads.root()).toEqual(founder.replica.heads.root())
  }
})

test('an index restores the same links, and what does not follow is not taken', () => {
  const { founder, coop, pen, all } = coopWithPen(24)
  pen.more(1, 1)
  pen.forget(1)
  pen.more(1, 2)
  founder.write(founder.replica.ingest([...pen.written]).stored)
  const { history } = founder.replica
  const replica = reader(coop)
  const rows = Array.from({ length: history.length }, (_, order) => ({
    device: history.keyOf(history.deviceOf(order)).slice(),
    seq: history.seqOf(order),
    id: history.idOf(order).slice(),
    prev: history.prevOf(order),
    seen: [...history.seenOf(order)],
    isSigned: founder.replica.isSigned(order),
    documents: order < all.length ? ['authority'] : [],
  }))
  for (const [order, row] of rows.entries()) {
    const wrong = [
      { ...row, prev: history.length },
      { ...row, seen: [history.length] },
      { ...row, seq: row.seq + 1 },
    ]
    expect(wrong.map((it) => replica.restore(it))).toEqual([false, false, false])
    expect(replica.restore(row)).toBe(true)
    expect(replica.logLength).toBe(order + 1)
  }
  expect(replica.heads.root()).toEqual(founder.replica.heads.root())
  expect(replica.authorityLengthOf(0)).toBe(all.length)
  expect(replica.documents.countsOf('authority').commits).toBe(all.length)
})

/** A few records of one randomly chosen chain, in its order. */
function pickBatch(left: readonly CommitRecord[], random: { below(limit: number): number }): CommitRecord[] {
  const device = toHex(left[random.below(left.length)]?.header.device ?? new Uint8Array())
  return left.filter((it) => toHex(it.header.device) === device).slice(0, 1 + random.below(5))
}
