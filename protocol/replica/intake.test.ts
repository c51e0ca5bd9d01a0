import { expect, test } from 'vitest'
import {
  coopWithPen,
  decoded,
  headOf,
  reader,
  refusals,
  unsigned,
  withSignature,
} from '../../test/actors/pen.ts'
import { listSection } from '../../test/actors/coop-actors.ts'
import { nodeCrypto } from '#node/crypto'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import { SIGNATURE_RUN_MAX } from './intake.ts'
import { WAITING_PER_DEVICE_MAX } from './pending.ts'
import type { Replica } from './replica.ts'

const { sha256 } = nodeCrypto()
/** A head that never comes. */
const nowhere = { device: new Uint8Array(32).fill(255), seq: 0, id: new Uint8Array(32) }

/** Runs `closeRuns` on stored commits and gives back those that are to be sent. */
function closed(replica: Replica, records: readonly CommitRecord[]): CommitRecord[] {
  const orders = records.map((it) => replica.history.find(it.id))
  return replica.closeRuns(orders, (place) => records[place] ?? null).flatMap((place) => records[place] ?? [])
}

test('a batch in order is stored; the same batch again is all duplicates', () => {
  const { pen, all, coop } = coopWithPen(1)
  const replica = reader(coop)
  pen.more(5)
  const batch = [...all, ...pen.written]
  expect(replica.ingest(batch).stored.map((it) => it.order)).toEqual(batch.map((_, i) => i))
  expect(replica.ingest(batch)).toEqual({
    stored: [],
    waiting: [],
    released: [],
    late: [],
    duplicates: batch.length,
    refused: [],
    dropped: [],
  })
  expect(replica.ingest([...batch, ...batch]).duplicates).toBe(2 * batch.length)
})

test('gap: a commit whose predecessor is missing, also when the predecessor is refused', () => {
  const { pen, all, coop } = coopWithPen(2)
  const replica = reader(coop, all)
  const [first] = pen.written as [CommitRecord]
  const [second, third] = [pen.write(), pen.write()]
  expect(refusals(replica.ingest([second]))).toEqual(['gap'])
  const foreign = { ...first, header: { ...first.header, coop: new Uint8Array(32) } }
  expect(refusals(replica.ingest([foreign, second, third]))).toEqual(['other-coop', 'gap', 'gap'])
  expect(refusals(replica.ingest([...pen.written]))).toEqual([])
})

test('other-coop and unknown-epoch: commits of another co-op or of an epoch that nobody sealed', () => {
  const { pen, all, coop } = coopWithPen(3)
  const replica = reader(coop, all)
  pen.forget(1)
  expect(refusals(replica.ingest([pen.write({ coop: new Uint8Array(32) })]))).toEqual(['other-coop'])
  pen.forget(1)
  expect(refusals(replica.ingest([pen.write({ epoch: new Uint8Array(32) })]))).toEqual(['unknown-epoch'])
})

test('false-prev: a commit that follows one of another device or of another number', () => {
  const { pen, all, coop } = coopWithPen(4)
  const replica = reader(coop, [...all, ...pen.written])
  const seq = all.length
  const wrong = [
    pen.write({ seq, prev: headOf(all).id }), // the founder's last commit
    pen.write({ seq: 2, prev: pen.written[0]?.id ?? null }),
  ]
  for (const record of wrong) expect(refusals(replica.ingest([record]))).toEqual(['false-prev'])
  pen.forget(2)
  const next = pen.write()
  const skipping = pen.write({ seq: 3 })
  expect(refusals(replica.ingest([next, skipping]))).toEqual(['false-prev'])
  pen.forget(1)
  const waiting = pen.write({ seen: [nowhere] })
  expect(replica.ingest([waiting]).waiting.length).toBe(1)
  expect(refusals(replica.ingest([pen.write({ seq: 4 })]))).toEqual(['false-prev'])
})

test('false-seen: a head with another device or number than the commit has', () => {
  const { pen, all, coop } = coopWithPen(5)
  const replica = reader(coop, [...all, ...pen.written])
  const head = headOf(all)
  for (const lie of [{ seq: head.seq + 1 }, { device: nowhere.device }]) {
    const record = pen.write({ seen: [{ ...head, ...lie }] })
    expect(refusals(replica.ingest([record, pen.write()]))).toEqual(['false-seen', 'gap'])
    pen.forget(2)
  }
  expect(replica.ingest([pen.write({ seen: [head] })]).stored.length).toBe(1)
})

test('unknown-device: a chain whose admission is not known here; known later, it is taken', () => {
  const { pen, all, coop } = coopWithPen(6)
  const replica = reader(coop)
  pen.write()
  expect(refusals(replica.ingest([...pen.written]))).toEqual(['unknown-device', 'gap'])
  replica.ingest(all)
  expect(replica.ingest([...pen.written]).stored.length).toBe(2)
})

test('signature: a run with a bad last signature is refused whole, a bad one inside is covered by a later one', () => {
  const { pen, all, coop } = coopWithPen(7)
  const replica = reader(coop, all)
  const [a, b, c] = [...pen.written, pen.write(), pen.write()] as [CommitRecord, CommitRecord, CommitRecord]
  expect(refusals(replica.ingest([a, b, unsigned(c)]))).toEqual(['signature', 'signature', 'signature'])
  expect(refusals(replica.ingest([withSignature(a, new Uint8Array(64))]))).toEqual(['signature'])
  expect(replica.ingest([unsigned(a), unsigned(b), c]).stored.length).toBe(3)
})

test('signature: each branch of a fork in a batch needs one of its own', () => {
  const { pen, all, coop } = coopWithPen(8)
  const trunk = [...pen.written, pen.write()]
  const left = pen.more(2, 1)
  pen.forget(2)
  const right = pen.more(2, 2)
  const replica = reader(coop, all)
  const batch = [...trunk, ...left, ...right.slice(0, 1), unsigned(right[1] as CommitRecord)]
  expect(refusals(replica.ingest(batch))).toEqual(['signature', 'signature'])
  expect(replica.history.find(left[1]?.id ?? nowhere.id)).toBeGreaterThan(0)
  const onBad = reader(coop, all)
  const mixed = [...trunk, ...left.slice(0, 1), unsigned(left[1] as CommitRecord), ...right]
  expect(refusals(onBad.ingest(mixed))).toEqual(
    [...trunk, ...left].map(() => 'signature').concat('gap', 'gap'),
  )
})

test('payload-missing: a commit whose payload a relay left out is refused, where the document must travel whole', () => {
  const { pen, all, coop } = coopWithPen(9)
  const [genesis] = all as [CommitRecord]
  const bare: CommitRecord = { ...genesis, payloads: [null] }
  const replica = reader(coop)
  expect(refusals(replica.ingest([bare]))).toEqual(['payload-missing'])
  replica.ingest([...all, ...pen.written])
  const listed = pen.write({}, [listSection('x', sha256)])
  expect(refusals(replica.ingest([{ ...listed, payloads: [null] }]))).toEqual(['payload-missing'])
  expect(replica.ingest([listed]).stored.length).toBe(1)
})

test('unsigned-stretch: of every 256 commits of a run one bears a good signature', () => {
  const { pen, all, coop } = coopWithPen(10)
  pen.more(SIGNATURE_RUN_MAX)
  const chain = [...pen.written]
  const goodEnds = new Set([SIGNATURE_RUN_MAX - 1, SIGNATURE_RUN_MAX])
  const sparse = chain.map((record, i) => (goodEnds.has(i) ? record : unsigned(record)))
  const replica = reader(coop, all)
  expect(replica.ingest(sparse).stored.length).toBe(SIGNATURE_RUN_MAX + 1)
  const strict = reader(coop, all)
  const none = chain.map((record, i) => (i === SIGNATURE_RUN_MAX ? record : unsigned(record)))
  expect(new Set(refusals(strict.ingest(none)))).toEqual(new Set(['unsigned-stretch']))
  expect(strict.lengthOf(toHex(pen.signer.publicKey))).toBe(0)
})

test('a run that starts elsewhere than the one that was checked passes all the same', () => {
  // A relay may spoil every signature but those that the first receiver checks; the receiver passes them on.
  const { pen, all, coop } = coopWithPen(11)
  pen.more(400)
  const chain = [...pen.written]
  const spoilt = chain.map((record, i) => (i === 255 || i === 400 ? record : unsigned(record)))
  const [first, second] = [reader(coop, all), reader(coop, all)]
  expect(first.ingest(spoilt).stored.length).toBe(401)
  second.ingest(chain.slice(0, 100))
  expect(second.ingest(spoilt.slice(100)).stored.length).toBe(301)
})

test('a chain that waits in full keeps its place in the middle of a batch as far as a signature covers it, and no more', () => {
  const { pen, all, coop } = coopWithPen(12)
  const replica = reader(coop, all)
  // The chain waits for a commit that never comes, until its quota is full in the middle of a batch.
  pen.forget(1)
  pen.write({ seen: [nowhere] })
  pen.more(WAITING_PER_DEVICE_MAX + 10)
  const chain = [...pen.written]
  const at = WAITING_PER_DEVICE_MAX - 100
  const good = new Set([at - 1, chain.length - 1])
  const spoilt = chain.map((record, i) => (i % 256 === 255 || good.has(i) ? record : unsigned(record)))
  expect(replica.ingest(spoilt.slice(0, at)).waiting.length).toBe(at)
  // The next good signature is beyond what may wait.
  expect(new Set(refusals(replica.ingest(spoilt.slice(at))))).toEqual(new Set(['unsigned-stretch']))
  spoilt[WAITING_PER_DEVICE_MAX - 1] = chain[WAITING_PER_DEVICE_MAX - 1] as CommitRecord
  expect(replica.ingest(spoilt.slice(at)).waiting.length).toBe(100)
  const rest = replica.ingest(chain.slice(at))
  expect([rest.waiting.length, new Set(refusals(rest))]).toEqual([0, new Set(['waiting-quota', 'gap'])])
  expect(replica.pending.size).toBe(WAITING_PER_DEVICE_MAX)
})

test('a commit that waited is taken for checked only after its own signature was', () => {
  const { pen, founder, all, coop } = coopWithPen(13)
  const replica = reader(coop, [...all, ...pen.written])
  founder.author([])
  const news = founder.replica.history
  const last = news.length - 1
  const seen = [{ device: news.keyOf(0).slice(), seq: news.seqOf(last), id: news.idOf(last).slice() }]
  const [a, b] = [unsigned(pen.write({ seen })), pen.write()]
  expect(replica.ingest([a, b]).waiting.length).toBe(2)
  const missing = founder.log.at(-1) ?? new Uint8Array()
  const { waiting, stored, released } = replica.ingest([decoded(missing)])
  expect([waiting.length, stored.length, released]).toEqual([0, 3, [a.id, b.id]])
  expect(stored.map((it) => replica.isSigned(it.order))).toEqual([true, false, true])
  expect(closed(replica, [a])).toEqual([])
  expect(closed(replica, [a, b])).toEqual([a, b])
})

test('closeRuns keeps each chain up to its last good signature and the order of the rest', () => {
  const { pen, all, coop } = coopWithPen(14)
  const replica = reader(coop)
  const [a, b, c] = [...pen.written, pen.write(), pen.write()] as [CommitRecord, CommitRecord, CommitRecord]
  replica.ingest([...all, unsigned(a), unsigned(b), c])
  const batch = [all[0], all[1], unsigned(a), all[2], unsigned(b)] as CommitRecord[]
  expect(closed(replica, batch)).toEqual([all[0], all[1], all[2]])
  expect(closed(replica, [...batch, c])).toEqual([...batch, c])
})

test('closeRuns: the signature of a branch covers what it parts from', () => {
  const { pen, all, coop } = coopWithPen(15)
  const [root, trunk] = [...pen.written, pen.write()] as [CommitRecord, CommitRecord]
  const [left] = pen.more(1, 1) as [CommitRecord]
  pen.forget(1)
  const [right] = pen.more(1, 2) as [CommitRecord]
  const replica = reader(coop, [...all, unsigned(root), unsigned(trunk), left, right])
  const batch = [unsigned(root), unsigned(trunk), right]
  // The branch that goes on from `trunk` in the log is `left`, which is not sent.
  expect(closed(replica, batch)).toEqual(batch)
  expect(closed(replica, batch.slice(0, 2))).toEqual([])
  expect(reader(coop, all).ingest(batch).stored.length).toBe(3)
})
