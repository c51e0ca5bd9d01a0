import { expect, test } from 'vitest'
import { listSection, must } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf, refusals } from '../../test/actors/pen.ts'
import { nodeCrypto } from '#node/crypto'
import { CATALOGUE, CatalogueState } from '../catalogue/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import { toHex } from '../encoding/index.ts'
import {
  Pending,
  WAITING_BYTES_MAX,
  WAITING_BYTES_PER_DEVICE_MAX,
  WAITING_PER_DEVICE_MAX,
} from './pending.ts'

const { crypto, sha256 } = { crypto: nodeCrypto(), sha256: nodeCrypto().sha256 }
const nowhere = { device: new Uint8Array(32).fill(255), seq: 0, id: new Uint8Array(32) }
const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const hex = (ids: readonly Uint8Array[]): string[] => ids.map(toHex).sort()

function lengthOf(replica: { lengthOf(device: string): number }, pen: Pen): number {
  return replica.lengthOf(toHex(pen.signer.publicKey))
}

test('a commit waits for what it acknowledges, and folds when that arrives', () => {
  const { founder, pen, all, coop } = coopWithPen(13)
  const replica = reader(coop, [...all, ...pen.written])
  must(founder.author([listSection('a', sha256)]))
  const news = recordsOf(founder).slice(all.length)
  const waiting = [
    pen.write({ seen: [headOf(news)] }, [listSection('b', sha256)]),
    pen.write({}, [listSection('c', sha256)]),
  ]
  const before = replica.heads.root()
  expect(replica.ingest(waiting)).toMatchObject({ stored: [], waiting, refused: [] })
  expect([lengthOf(replica, pen), replica.document(CATALOGUE)]).toEqual([1, null])
  expect([replica.heads.root(), replica.pending.records()]).toEqual([before, waiting])
  expect(replica.ingest(waiting).duplicates).toBe(2)
  const result = replica.ingest(news)
  expect(result.stored.map((it) => it.record.id)).toEqual([...news, ...waiting].map((it) => it.id))
  expect(result.released).toEqual(waiting.map((it) => it.id))
  expect([lengthOf(replica, pen), replica.pending.size]).toEqual([3, 0])
  const catalogue = replica.document(CATALOGUE)
  const names =
    catalogue instanceof CatalogueState ? [...catalogue.listings.values()].map((it) => it.name) : []
  expect(names.sort()).toEqual(['a', 'b', 'c'])
})

test('an acknowledged head of another branch waits for that branch', () => {
  const { founder, pen, all, coop } = coopWithPen(14)
  const replica = reader(coop, [...all, ...pen.written])
  must(founder.author([]))
  const news = recordsOf(founder).slice(all.length)
  const unknown = pen.write({ seen: [{ ...headOf(news), id: new Uint8Array(32) }] })
  expect(replica.ingest([...news, unknown])).toMatchObject({ waiting: [unknown] })
  expect([lengthOf(replica, pen), replica.pending.size]).toEqual([1, 1])
})

test('a commit that waits for several is folded with the last of them', () => {
  const { founder, pen, all, coop, admit } = coopWithPen(15)
  const other = admit('member')
  founder.write(founder.replica.ingest([...pen.written]).stored)
  other.write(other.replica.ingest(recordsOf(founder)).stored)
  must(other.author([]))
  must(founder.author([]))
  const [theirs, ours] = [recordsOf(other), recordsOf(founder)]
  const seen = [headOf(theirs), headOf(ours)].sort((a, b) => (toHex(a.device) < toHex(b.device) ? -1 : 1))
  const both = pen.write({ seen })
  const replica = reader(coop, [...all, ...pen.written.slice(0, 1)])
  expect(replica.ingest([both]).waiting).toEqual([both])
  expect(replica.ingest(ours).released).toEqual([])
  expect(replica.ingest(theirs).released).toEqual([both.id])
})

test('waiting-quota: 2,000 commits of a device wait, one more is refused, and taken once there is room', () => {
  const { pen, all, coop, founder } = coopWithPen(16)
  must(founder.author([]))
  const news = recordsOf(founder).slice(all.length)
  const replica = reader(coop, [...all, ...pen.written])
  pen.write({ seen: [headOf(news)] })
  pen.more(WAITING_PER_DEVICE_MAX)
  const chain = pen.written.slice(1)
  expect(replica.ingest(chain.slice(0, -1)).refused).toEqual([])
  expect(refusals(replica.ingest(chain.slice(-1)))).toEqual(['waiting-quota'])
  expect(replica.ingest(news).stored.length).toBe(1 + WAITING_PER_DEVICE_MAX)
  expect(replica.ingest(chain.slice(-1)).stored.length).toBe(1)
})

test('the quota is per device: branches share it, another device has its own', () => {
  const { pen, coop, admit, founder } = coopWithPen(17)
  const other = admit('member')
  const replica = reader(coop, [...recordsOf(founder), ...pen.written])
  for (let branch = 0; branch < 2; branch += 1) {
    pen.write({ seen: [nowhere], timeMs: branch })
    pen.more(WAITING_PER_DEVICE_MAX / 2 - 1, branch)
    expect(replica.ingest(pen.written.slice(1)).refused).toEqual([])
    pen.forget(WAITING_PER_DEVICE_MAX / 2)
  }
  expect(refusals(replica.ingest([pen.write({ seen: [nowhere], timeMs: 2 })]))).toEqual(['waiting-quota'])
  other.write(other.replica.ingest(recordsOf(founder)).stored)
  expect(replica.ingest([must(other.author([])).commit]).stored.length).toBe(1)
})

test('chain-waits: a device whose own chain acknowledges what it lacks does not write on it', () => {
  const { pen, all, coop, founder } = coopWithPen(18)
  const replica = openReplica({ coop, crypto, signer: pen.signer })
  must(founder.author([]))
  replica.ingest([...all, ...pen.written, pen.write({ seen: [headOf(recordsOf(founder))] })])
  expect(replica.author([], 0)).toMatchObject({ ok: false, refusal: 'chain-waits' })
  replica.ingest(recordsOf(founder))
  expect(replica.author([], 0).ok).toBe(true)
})

test('what waits for a commit that can never be folded is dropped with it', () => {
  const { pen, all, coop, founder } = coopWithPen(19)
  const replica = reader(coop, [...all, ...pen.written])
  must(founder.author([]))
  const news = recordsOf(founder).slice(all.length)
  const head = headOf(news)
  const lying = pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })
  const after = [pen.write(), pen.write({ seen: [nowhere] })]
  expect(replica.ingest([lying, ...after]).waiting.length).toBe(3)
  const result = replica.ingest(news)
  expect([result.stored.length, result.dropped.map((it) => it.refusal)]).toEqual([1, ['false-seen']])
  expect(hex(result.released)).toEqual(hex([lying, ...after].map((it) => it.id)))
  expect(replica.pending.size).toBe(0)
  expect(replica.pending.isWaiting(toHex(pen.signer.publicKey))).toBe(false)
})

test('what waits for a commit that is refused when it comes is dropped too', () => {
  const { pen, founder, coop, admit } = coopWithPen(20)
  const other = admit('member')
  const everything = recordsOf(founder)
  const replica = reader(coop, [...everything, ...pen.written])
  const head = headOf(everything)
  const lying = pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })
  const others = openReplica({ coop, crypto, signer: other.signer })
  others.ingest(everything)
  const first = must(others.author([], 0)).commit
  const otherPen = new Pen(coop, other.signer)
  const trusting = otherPen.write({ seq: 1, prev: first.id, seen: [headOf([lying])] })
  expect(replica.ingest([first, trusting]).waiting).toEqual([trusting])
  const result = replica.ingest([lying])
  expect([refusals(result), result.released]).toEqual([['false-seen'], [trusting.id]])
  expect(replica.pending.size).toBe(0)
})

test('commits that wait are released once, and those that were dropped not at all', () => {
  const { pen } = coopWithPen(21)
  const [a, b, c] = pen.more(3) as [CommitRecord, CommitRecord, CommitRecord]
  const pending = new Pending()
  pending.add(a, [id(1)], true)
  pending.add(b, [a.id, id(2)], true)
  pending.add(c, [id(2)], true)
  const device = pen.signer.publicKey
  expect([pending.size, pending.has(b.id), pending.get(b.id), pending.get(id(9))]).toEqual([
    3,
    true,
    b,
    undefined,
  ])
  expect(pending.endsOf(device)).toEqual([c.id])
  expect(pending.release(id(9))).toEqual([])
  expect(pending.drop(id(1))).toEqual([a, b])
  expect(pending.endsOf(device)).toEqual([c.id])
  expect(pending.release(id(2)).map((it) => it.record)).toEqual([c])
  expect([pending.release(id(2)), pending.release(a.id), pending.size]).toEqual([[], [], 0])
  expect([pending.endsOf(device), pending.hasRoomFor(a), pending.bytes]).toEqual([[], true, 0])
})

test('a commit that was dropped and came again waits as if for the first time', () => {
  const { pen } = coopWithPen(22)
  const [a] = pen.more(1) as [CommitRecord]
  const pending = new Pending()
  for (let i = 0; i < 3; i += 1) {
    pending.add(a, [id(1), id(2)], true)
    expect(pending.drop(id(1))).toEqual([a])
  }
  pending.add(a, [id(1), id(2)], true)
  expect(pending.release(id(2))).toEqual([])
  expect(pending.release(id(1)).map((it) => it.record)).toEqual([a])
})

test('a signature covers what waits before it as far as that is folded together with it', () => {
  const { pen } = coopWithPen(26)
  const chain = pen.more(6)
  const pending = new Pending()
  const [a, b, c, d, e] = chain as [CommitRecord, CommitRecord, CommitRecord, CommitRecord, CommitRecord]
  pending.add(a, [id(1)], false)
  pending.add(b, [a.id], false)
  pending.add(c, [b.id, id(2)], false)
  pending.add(d, [c.id], true)
  pending.add(e, [d.id], false)
  pending.release(id(2))
  const found = [id(1), a.id, b.id, c.id, d.id].flatMap((it) => pending.release(it))
  expect(found.map((it) => [it.isSigned, it.isCovered])).toEqual([
    [false, false],
    [false, false],
    [false, true],
    [true, true],
    [false, false],
  ])
})

test('waiting-quota: 4 MiB of a device wait, whatever their number; what frees them makes room', () => {
  const { pen, all, coop, founder } = coopWithPen(23)
  must(founder.author([]))
  const news = recordsOf(founder).slice(all.length)
  const replica = reader(coop, [...all, ...pen.written])
  const large = (i: number): CommitRecord => {
    const payload = new Uint8Array(261_000).fill(i)
    return pen.write({ seen: i === 0 ? [headOf(news)] : [] }, [{ document: 'board/a', entries: 1, payload }])
  }
  const chain = Array.from({ length: 17 }, (_, i) => large(i))
  const result = replica.ingest(chain)
  expect([result.waiting.length, refusals(result)]).toEqual([16, ['waiting-quota']])
  expect(replica.pending.bytes).toBeLessThanOrEqual(WAITING_BYTES_PER_DEVICE_MAX)
  expect(replica.ingest(news).stored.length).toBe(17)
  expect(replica.pending.bytes).toBe(0)
  expect(replica.ingest(chain.slice(-1)).stored.length).toBe(1)
})

test('64 MiB wait in all, whoever wrote them, and not a byte more', () => {
  const { pen } = coopWithPen(24)
  const pending = new Pending()
  const payload = new Uint8Array(500_000)
  const sections = [0, 1].map((i) => {
    return { document: `board/${i}`, entries: 1, payload: payload.subarray(0, 250_000) }
  })
  const record = pen.write({}, sections)
  let count = 0
  /** The same commit as if others had written it: their ids and keys are all that is looked at. */
  const another = (): CommitRecord => {
    count += 1
    const own = sha256(Uint8Array.of(count >> 8, count & 255))
    return { ...record, id: own, header: { ...record.header, device: own } }
  }
  while (pending.hasRoomFor(another())) pending.add(another(), [id(1)], true)
  expect(WAITING_BYTES_MAX - pending.bytes).toBeLessThan(record.bytes.length)
  // What another waits for is held to this limit too: it is one of memory.
  const awaited = another()
  pending.release(id(1))
  expect(pending.bytes).toBe(0)
  pending.add(another(), [awaited.id], true)
  expect(pending.hasRoomFor(awaited)).toBe(true)
})

test('what a waiting commit acknowledges is taken past its author’s quota', () => {
  const { pen, coop, admit, founder } = coopWithPen(25)
  const other = admit('member')
  const known = recordsOf(founder)
  const replica = reader(coop, [...known, ...pen.written])
  const [first] = pen.written
  pen.write({ seen: [nowhere] })
  pen.more(WAITING_PER_DEVICE_MAX - 1)
  expect(replica.ingest(pen.written.slice(1)).waiting.length).toBe(WAITING_PER_DEVICE_MAX)
  // Two more branches of the same device; somebody has seen one of them.
  const branch = (timeMs: number): CommitRecord => {
    const it = new Pen(coop, pen.signer)
    it.written.push(first as CommitRecord)
    return it.write({ seen: [nowhere], timeMs })
  }
  const [seen, unseen] = [branch(7), branch(8)]
  const witness = new Pen(coop, other.signer)
  witness.write({ seen: [headOf(known)] })
  expect(replica.ingest([...witness.written, witness.write({ seen: [headOf([seen])] })]).refused).toEqual([])
  expect(refusals(replica.ingest([unseen]))).toEqual(['waiting-quota'])
  expect(replica.ingest([seen]).waiting).toEqual([seen])
})
