import { expect, test } from 'vitest'
import { must, listSection, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import { seededRandom } from '#simulations/mesh'
import type { MemoryNode } from '#simulations/mesh'
import { nodeSigner } from '#node/crypto'
import { CATALOGUE, CatalogueState, encodeCatalogueEntries } from '../catalogue/index.ts'
import {
  ENTRIES_MAX,
  PAYLOAD_BYTES_MAX,
  SECTIONS_MAX,
  SEEN_MAX,
  decodeRecord,
  encodeRecord,
  signCommit,
} from '../commit/index.ts'
import type { CommitRecord, Header, Section } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import type { Signer } from '../identity/index.ts'
import { SIGNATURE_RUN_MAX } from './intake.ts'
import type { CommitRefusal } from './intake.ts'
import { WAITING_PER_CHAIN_MAX } from './replica.ts'
import type { IntakeResult, Replica } from './replica.ts'

const sha256 = testCoop(0).crypto.sha256
const coopOf = testCoop
/** A head that never comes. */
const nowhere = {
  device: new Uint8Array(32).fill(255),
  author: 'ff'.repeat(32),
  seq: 0,
  id: new Uint8Array(32),
}

function records(node: MemoryNode): CommitRecord[] {
  return node.log.map((bytes) => {
    const decoded = decodeRecord(bytes, sha256)
    if (!decoded.ok) throw new Error(decoded.refusal)
    return decoded.record
  })
}

/** Commits that a device writes without a replica: whatever it likes. */
class Pen {
  readonly signer: Signer
  readonly #coop: Uint8Array
  readonly written: CommitRecord[] = []

  constructor(coop: Uint8Array, signer: Signer) {
    this.#coop = coop
    this.signer = signer
  }

  write(draft: Partial<Header> = {}, sections: readonly Section[] = []): CommitRecord {
    const last = this.written.at(-1)
    const defaults = {
      seq: this.written.length,
      prev: last?.id ?? null,
      epoch: this.#coop,
      seen: [],
      timeMs: 0,
    }
    const header = { coop: this.#coop, device: this.signer.publicKey, ...defaults, ...draft }
    const record = signCommit(header, sections, { signer: this.signer, sha256 })
    this.written.push(record)
    return record
  }

  /** Writes on another branch: as if the last `count` commits had not been written. */
  forget(count: number): void {
    this.written.splice(this.written.length - count)
  }
}

/** A founder and an admitted device whose first commit acknowledges its admission. */
function withPen(seed: number): { founder: MemoryNode; pen: Pen; all: CommitRecord[]; coop: Uint8Array } {
  const made = coopOf(seed)
  const { founder, coop } = made
  const venue = made.admit('venue')
  const pen = new Pen(coop, venue.signer)
  const all = records(founder)
  pen.write({ seen: [headOf(all)] })
  return { founder, pen, all, coop }
}

function headOf(list: readonly CommitRecord[], at = -1): Header['seen'][number] {
  const record = list.at(at)
  if (record === undefined) throw new Error('no commit')
  return { device: record.header.device, seq: record.header.seq, id: record.id }
}

function reader(coop: Uint8Array): Replica {
  return openReplica({ coop, crypto: coopOf(0).crypto, signer: null })
}

function withSignature(record: CommitRecord, signature: Uint8Array): CommitRecord {
  const decoded = decodeRecord(encodeRecord(record.headerBytes, signature, record.payloads), sha256)
  if (!decoded.ok) throw new Error(decoded.refusal)
  return decoded.record
}

/** The same commit with a signature that is well-formed and wrong. */
function unsigned(record: CommitRecord): CommitRecord {
  return withSignature(record, nodeSigner(new Uint8Array(32).fill(1)).sign(record.id))
}

function refusals(result: IntakeResult): CommitRefusal[] {
  return result.refused.map((it) => it.refusal)
}

function commits(pen: Pen, count: number): CommitRecord[] {
  return Array.from({ length: count }, () => pen.write())
}

test('a batch in order is stored; the same batch again is all duplicates', () => {
  const { pen, all, coop } = withPen(1)
  const replica = reader(coop)
  const batch = [...all, ...pen.written, ...commits(pen, 5)]
  expect(replica.ingest(batch).stored.map((it) => it.order)).toEqual(batch.map((_, i) => i))
  expect(replica.ingest(batch)).toEqual({ stored: [], duplicates: batch.length, refused: [] })
  expect(replica.ingest([...batch, ...batch]).duplicates).toBe(2 * batch.length)
})

test('gap: a commit whose predecessor is missing, also when the predecessor is refused', () => {
  const { pen, all, coop } = withPen(2)
  const replica = reader(coop)
  replica.ingest(all)
  const [first] = pen.written
  const [second, third] = [pen.write(), pen.write()]
  expect(refusals(replica.ingest([second]))).toEqual(['gap'])
  const foreign = {
    ...(first as CommitRecord),
    header: { ...(first as CommitRecord).header, coop: new Uint8Array(32) },
  }
  expect(refusals(replica.ingest([foreign, second, third]))).toEqual(['other-coop', 'gap', 'gap'])
  expect(refusals(replica.ingest([...pen.written]))).toEqual([])
})

test('other-coop and unknown-epoch: commits of another co-op or of an epoch that nobody sealed', () => {
  const { pen, all, coop } = withPen(3)
  const replica = reader(coop)
  replica.ingest(all)
  pen.forget(1)
  expect(refusals(replica.ingest([pen.write({ coop: new Uint8Array(32) })]))).toEqual(['other-coop'])
  pen.forget(1)
  expect(refusals(replica.ingest([pen.write({ epoch: new Uint8Array(32) })]))).toEqual(['unknown-epoch'])
})

test('fork: a second commit at a place is refused by name, the first stays', () => {
  const { pen, all, coop } = withPen(4)
  const replica = reader(coop)
  const [first, second] = [pen.write(), pen.write()]
  replica.ingest([...all, ...pen.written])
  pen.forget(2)
  const other = pen.write({ timeMs: 1 })
  const onOther = pen.write({ timeMs: 1 })
  expect(refusals(replica.ingest([other]))).toEqual(['fork'])
  expect(refusals(replica.ingest([onOther]))).toEqual(['fork'])
  expect(refusals(replica.ingest([pen.write({ timeMs: 1 })]))).toEqual(['fork']) // at our end, on another branch
  const chain = replica.chain(first.author)
  expect([chain?.length, chain?.ids.at(1), chain?.ids.at(2)]).toEqual([
    3,
    Uint8Array.from(first.id),
    Uint8Array.from(second.id),
  ])
  expect(replica.ingest([first, second]).duplicates).toBe(2)
})

test('fork: two branches within one batch leave the one that came first', () => {
  const { pen, all, coop } = withPen(5)
  const replica = reader(coop)
  const first = pen.write()
  const batch = [...all, ...pen.written]
  pen.forget(1)
  const other = pen.write({ timeMs: 1 })
  expect(refusals(replica.ingest([...batch, other]))).toEqual(['fork'])
  expect(replica.chain(first.author)?.ids.at(1)).toEqual(Uint8Array.from(first.id))
})

test('unknown-device: a chain whose admission is not known here; known later, it is taken', () => {
  const { pen, all, coop } = withPen(6)
  const replica = reader(coop)
  expect(refusals(replica.ingest([...pen.written, pen.write()]))).toEqual(['unknown-device', 'gap'])
  replica.ingest(all)
  expect(replica.ingest([...pen.written]).stored.length).toBe(2)
})

test('signature: a run with a bad last signature is refused whole, a bad one inside is covered by a later one', () => {
  const { pen, all, coop } = withPen(7)
  const replica = reader(coop)
  replica.ingest(all)
  const [a, b, c] = [...pen.written, pen.write(), pen.write()] as [CommitRecord, CommitRecord, CommitRecord]
  expect(refusals(replica.ingest([a, b, unsigned(c)]))).toEqual(['signature', 'signature', 'signature'])
  expect(refusals(replica.ingest([withSignature(a, new Uint8Array(64))]))).toEqual(['signature'])
  expect(replica.ingest([unsigned(a), unsigned(b), c]).stored.length).toBe(3)
})

test('payload-missing: a commit whose payload a relay left out is refused, of whatever document', () => {
  const { pen, all, coop } = withPen(8)
  const [genesis] = all as [CommitRecord]
  const bare: CommitRecord = { ...genesis, payloads: [null] }
  const replica = reader(coop)
  expect(refusals(replica.ingest([bare]))).toEqual(['payload-missing'])
  replica.ingest([...all, ...pen.written])
  const listed = pen.write({}, [listSection('x', sha256)])
  expect(refusals(replica.ingest([{ ...listed, payloads: [null] }]))).toEqual(['payload-missing'])
  expect(replica.ingest([listed]).stored.length).toBe(1)
})

test('signatures are checked every 256 commits of a run', () => {
  const { pen, all, coop } = withPen(9)
  const chain = [...pen.written, ...commits(pen, SIGNATURE_RUN_MAX)]
  const goodEnds = new Set([SIGNATURE_RUN_MAX - 1, SIGNATURE_RUN_MAX])
  const sparse = chain.map((record, i) => (goodEnds.has(i) ? record : unsigned(record)))
  const replica = reader(coop)
  replica.ingest(all)
  expect(replica.ingest(sparse).stored.length).toBe(SIGNATURE_RUN_MAX + 1)
  const strict = reader(coop)
  strict.ingest(all)
  const none = chain.map((record, i) => (i === SIGNATURE_RUN_MAX ? record : unsigned(record)))
  expect(new Set(refusals(strict.ingest(none)))).toEqual(new Set(['signature']))
  expect(strict.chain(pen.written[0]?.author ?? '')).toBe(undefined)
})

test('a run that starts elsewhere than the one that was checked passes all the same', () => {
  // A relay may spoil every signature but those that the first receiver checks; the receiver passes them on.
  const { pen, all, coop } = withPen(10)
  const chain = [...pen.written, ...commits(pen, 400)]
  const spoilt = chain.map((record, i) => (i === 255 || i === 400 ? record : unsigned(record)))
  const [first, second] = [reader(coop), reader(coop)]
  first.ingest(all)
  expect(first.ingest(spoilt).stored.length).toBe(401)
  second.ingest(all)
  second.ingest(chain.slice(0, 100))
  expect(second.ingest(spoilt.slice(100)).stored.length).toBe(301)
})

test('only commits are taken for checked whose own signature was', () => {
  const { pen, all, coop } = withPen(11)
  const replica = reader(coop)
  replica.ingest(all)
  // The chain waits for a commit that never comes, until its quota is full in the middle of a batch.
  pen.forget(1)
  pen.write({ seen: [nowhere] })
  const chain = [...pen.written, ...commits(pen, WAITING_PER_CHAIN_MAX + 10)]
  const at = WAITING_PER_CHAIN_MAX - 100
  const good = new Set([at - 1, chain.length - 1])
  const spoilt = chain.map((record, i) => (i % 256 === 255 || good.has(i) ? record : unsigned(record)))
  const last = spoilt[WAITING_PER_CHAIN_MAX - 1] as CommitRecord
  spoilt[WAITING_PER_CHAIN_MAX - 1] = unsigned(last)
  replica.ingest(spoilt.slice(0, at))
  replica.ingest([...spoilt.slice(at), spoilt[WAITING_PER_CHAIN_MAX - 1] as CommitRecord])
  expect(replica.chain(last.author)?.length).toBe(WAITING_PER_CHAIN_MAX)
  expect(replica.closeRuns([spoilt[WAITING_PER_CHAIN_MAX - 1] as CommitRecord])).toEqual([])
})

test('closeRuns keeps each chain up to its last good signature and the order of the rest', () => {
  const { pen, all, coop } = withPen(12)
  const replica = reader(coop)
  const [a, b, c] = [...pen.written, pen.write(), pen.write()] as [CommitRecord, CommitRecord, CommitRecord]
  replica.ingest([...all, unsigned(a), unsigned(b), c])
  const batch = [all[0], unsigned(a), all[1], unsigned(b), all[2]] as CommitRecord[]
  expect(replica.closeRuns(batch)).toEqual([all[0], all[1], all[2]])
  expect(replica.closeRuns([...batch, c])).toEqual([...batch, c])
})

test('a commit waits for what it acknowledges, and folds when that arrives', () => {
  const { founder, pen, all, coop } = withPen(13)
  const replica = reader(coop)
  replica.ingest([...all, ...pen.written])
  must(founder.author([listSection('a', sha256)]))
  const news = records(founder).slice(all.length)
  const waiting = [
    pen.write({ seen: [headOf(news)] }, [listSection('b', sha256)]),
    pen.write({}, [listSection('c', sha256)]),
  ]
  expect(replica.ingest(waiting).stored.length).toBe(2)
  expect([replica.chain(waiting[0]?.author ?? '')?.folded, replica.document(CATALOGUE)]).toEqual([1, null])
  replica.ingest(news)
  expect(replica.chain(waiting[0]?.author ?? '')?.folded).toBe(3)
  const catalogue = replica.document(CATALOGUE)
  expect(
    catalogue instanceof CatalogueState && [...catalogue.listings.values()].map((it) => it.name).sort(),
  ).toEqual(['a', 'b', 'c'])
})

test('an acknowledged head of another branch waits for that branch', () => {
  const { founder, pen, all, coop } = withPen(14)
  const replica = reader(coop)
  replica.ingest([...all, ...pen.written])
  must(founder.author([]))
  const news = records(founder).slice(all.length)
  pen.write({ seen: [{ ...headOf(news), id: new Uint8Array(32) }] })
  replica.ingest([...news, ...pen.written.slice(1)])
  const chain = replica.chain(pen.written[0]?.author ?? '')
  expect([chain?.length, chain?.folded]).toEqual([2, 1])
})

test('waiting-quota: 2,000 commits of a chain wait, one more is refused', () => {
  const { pen, all, coop } = withPen(15)
  const replica = reader(coop)
  pen.forget(1)
  pen.write({ seen: [nowhere] })
  const chain = [...pen.written, ...commits(pen, WAITING_PER_CHAIN_MAX)]
  expect(replica.ingest([...all, ...chain.slice(0, -1)]).refused).toEqual([])
  expect(refusals(replica.ingest(chain.slice(-1)))).toEqual(['waiting-quota'])
})

test('a device whose first commit does not acknowledge its admission stays without a role', () => {
  const { pen, all, coop } = withPen(16)
  const replica = reader(coop)
  pen.forget(1)
  pen.write({}, [listSection('x', sha256)])
  pen.write({ seen: [headOf(all)] }, [listSection('y', sha256)])
  expect(replica.ingest([...all, ...pen.written]).stored.length).toBe(all.length + 2)
  expect(replica.documentCounts(CATALOGUE)).toEqual({ commits: 2, refused: 2 })
})

test('a section of an unknown kind is stored and relayed, not folded', () => {
  const { pen, all, coop } = withPen(17)
  const replica = reader(coop)
  pen.write({}, [{ document: 'event/late', entries: 1, payload: Uint8Array.of(1) }])
  replica.ingest([...all, ...pen.written])
  expect(replica.chain(pen.written[0]?.author ?? '')?.folded).toBe(2)
  expect(replica.documentIds()).toEqual(['authority'])
})

test('more than 32 heads are acknowledged by several commits, so that the last knows them all', () => {
  const made = coopOf(18)
  const { founder, coop } = made
  const pens = Array.from({ length: SEEN_MAX + 8 }, () => new Pen(coop, made.admit('member').signer))
  const seen = [headOf(records(founder))]
  founder.write(founder.replica.ingest(pens.map((pen) => pen.write({ seen }))).stored)
  const written = must(founder.author([listSection('last', sha256)]))
  expect(written.stored.map(({ record }) => record.header.seen.length)).toEqual([SEEN_MAX, 8])
  expect(written.stored.map(({ record }) => record.header.sections.length)).toEqual([0, 1])
  expect(must(founder.author([])).commit.header.seen.length).toBe(0)
  for (const record of records(founder)) expect(decodeRecord(record.bytes, sha256).ok).toBe(true)
})

test('a device writes nothing that its peers would refuse to read', () => {
  const { founder } = coopOf(19)
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
    ['unknown-document', [board('event/late', 1)]],
  ]
  for (const [refusal, sections] of bad)
    expect(founder.author(sections)).toMatchObject({ ok: false, refusal })
  expect(founder.replica.logLength).toBe(before)
  expect(founder.author([many(ENTRIES_MAX)]).ok).toBe(true)
  for (const record of records(founder)) expect(decodeRecord(record.bytes, sha256).ok).toBe(true)
})

test('a device that is not on the roster, or has no key, writes nothing', () => {
  const { crypto, coop, founder } = coopOf(20)
  const stranger = openReplica({ coop, crypto, signer: nodeSigner(new Uint8Array(32).fill(8)) })
  expect(stranger.author([listSection('x', sha256)], 0)).toMatchObject({ ok: false, refusal: 'not-a-member' })
  const readOnly = reader(coop)
  readOnly.ingest(records(founder))
  expect(readOnly.author([], 0)).toMatchObject({ ok: false, refusal: 'read-only' })
})

test('chain-waits: a device whose own chain acknowledges what it lacks does not write on it', () => {
  const { pen, all, coop, founder } = withPen(21)
  const replica = openReplica({ coop, crypto: coopOf(0).crypto, signer: pen.signer })
  must(founder.author([]))
  replica.ingest([...all, ...pen.written, pen.write({ seen: [headOf(records(founder))] })])
  expect(replica.author([], 0)).toMatchObject({ ok: false, refusal: 'chain-waits' })
  replica.ingest(records(founder))
  expect(replica.author([], 0).ok).toBe(true)
})

test('a log loads into the same state, and not when a record is missing or of another co-op', () => {
  const made = coopOf(22)
  const { founder, coop } = made
  made.admit('member')
  must(founder.author([listSection('x', sha256)]))
  const replica = reader(coop)
  for (const record of records(founder)) expect(replica.load(record)).toBe(true)
  expect(stateHashes(replica)).toEqual(stateHashes(founder.replica))
  const torn = reader(coop)
  const [first, , third] = records(founder) as [CommitRecord, CommitRecord, CommitRecord]
  expect([torn.load(third), torn.load(first), torn.load(third), torn.load(first)]).toEqual([
    false,
    true,
    false,
    false,
  ])
  expect(reader(new Uint8Array(32)).load(first)).toBe(false)
})

test('equal commits give equal states in whatever order they come, chain by chain or mixed', () => {
  const made = coopOf(23)
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
  const all = records(founder)
  const expected = stateHashes(founder.replica)
  for (let round = 0; round < 10; round += 1) {
    const replica = reader(founder.replica.coop)
    for (let left = [...all]; left.length > 0;) {
      const result = replica.ingest(pickBatch(left, random))
      left = left.filter((record) => !result.stored.some((it) => it.record === record))
    }
    expect(stateHashes(replica)).toEqual(expected)
    expect(replica.heads.root()).toEqual(founder.replica.heads.root())
  }
})

/** A few records of one randomly chosen chain, in its order. */
function pickBatch(left: readonly CommitRecord[], random: { below(limit: number): number }): CommitRecord[] {
  const author = left[random.below(left.length)]?.author
  return left.filter((record) => record.author === author).slice(0, 1 + random.below(5))
}
