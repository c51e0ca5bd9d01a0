import { expect, test } from 'vitest'
import { admitSection, inviteSection, must, testCoop } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf, refusals, unsigned } from '../../test/actors/pen.ts'
import { nodeSigner } from '#node/crypto'
import { SEEN_MAX } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { compareBytes, toHex } from '../encoding/index.ts'
import { FORK_ENDS_MAX } from './fork-ends.ts'

test('an author with more heads than fit one commit does not list what its first part shows to be a fork', () => {
  const { pen, coop, admit, founder } = coopWithPen(21)
  const witness = new Pen(coop, admit('member').signer)
  const others = Array.from({ length: SEEN_MAX + 2 }, () => new Pen(coop, admit('venue').signer))
  const all = recordsOf(founder)
  const show = (records: readonly CommitRecord[]): void => {
    const result = founder.replica.ingest(records)
    expect(result.refused).toEqual([])
    founder.write(result.stored)
  }
  show(pen.written)
  const ways = Array.from({ length: 3 }, (_, i) => {
    const own = pen.more(1, i + 1)
    pen.forget(1)
    return own
  })
  const [low, ...rest] = ways.flat().sort((a, b) => compareBytes(a.id, b.id)) as [
    CommitRecord,
    CommitRecord,
    CommitRecord,
  ]
  witness.write({ seen: [headOf(all)] })
  const proof = rest.map((it) => headOf([it])).sort((a, b) => compareBytes(a.id, b.id))
  witness.write({ seen: proof })
  // The founder first hears of the third branch, then of many devices, then of who knows of the other two.
  show([low])
  for (const other of others) show([other.write({ seen: [headOf(all)] })])
  show([...rest, ...witness.written])
  const { commit } = must(founder.author([]))
  expect(commit.header.seen.some((it) => toHex(it.device) === toHex(pen.signer.publicKey))).toBe(false)
  const written = recordsOf(founder)
  const replica = reader(coop)
  for (const record of written) expect(refusals(replica.ingest([record]))).toEqual([])
  expect(replica.heads.root()).toEqual(founder.replica.heads.root())
})

/** Branches of two commits that part behind the pen's last one, ascending by the ids of their first commits. */
function branchesOf(pen: Pen, count: number): CommitRecord[][] {
  return Array.from({ length: count }, (_, i) => {
    const own = pen.more(2, i + 1)
    pen.forget(2)
    return own
  }).sort(([a], [b]) => compareBytes(a?.id ?? new Uint8Array(), b?.id ?? new Uint8Array()))
}

test('what an honest commit acknowledges can be sent on although no leaf behind it is told', () => {
  const { pen, admit, founder, mesh } = coopWithPen(23)
  const other = admit('member')
  const show = (records: readonly CommitRecord[]): void => {
    const result = founder.replica.ingest(records)
    expect(result.refused).toEqual([])
    founder.write(result.stored)
  }
  show(pen.written)
  const branches = branchesOf(pen, FORK_ENDS_MAX + 4)
  const [trunk, ...others] = branches.toReversed() as [CommitRecord[], ...CommitRecord[][]]
  pen.written.push(...trunk)
  // Where it parts first, the commits bear no good signatures of their own.
  const [left, right] = [1, 2].map((timeMs) => {
    const own = pen.more(2, timeMs + 100)
    pen.forget(2)
    return [unsigned(own[0] as CommitRecord), own[1] as CommitRecord]
  }) as [CommitRecord[], CommitRecord[]]
  show([...trunk, ...left])
  show(right)
  expect(must(founder.author([])).commit.header.seen.length).toBe(2)
  show(others.flat())
  must(founder.author([]))
  mesh.connect(founder, other)
  mesh.settle(120_000)
  expect(other.closed.concat(founder.closed)).toEqual([])
  expect(other.replica.pending.size).toBe(0)
  expect(other.replica.heads.root()).toEqual(founder.replica.heads.root())
})

test('a first commit that acknowledges no admission of its device is not stored, whoever knows of one', () => {
  const { coop, founder, founderSigner, random, crypto, admit, mesh } = testCoop(24)
  const [honest, other] = [admit('member'), admit('venue')]
  const stranger = new Pen(coop, nodeSigner(random.bytes(32)))
  const base = recordsOf(founder)
  const pen = new Pen(coop, founderSigner)
  pen.written.push(...base)
  const branches = branchesOf(pen, FORK_ENDS_MAX + 2)
  const admission = Array.from({ length: 60 }, (_, i) => {
    const secret = random.bytes(16)
    const commits = [
      pen.write({ timeMs: 1_000 + i }, [inviteSection(secret, 'venue', crypto)]),
      pen.write({}, [admitSection(coop, stranger.signer, { crypto, random, secret })]),
    ]
    pen.forget(2)
    return commits
  })
    .sort(([a], [b]) => compareBytes(a?.id ?? coop, b?.id ?? coop))
    .at(-1) as CommitRecord[]
  const show = (records: readonly CommitRecord[]) => {
    const result = honest.replica.ingest(records)
    honest.write(result.stored)
    return result
  }
  show([...base, ...admission])
  for (const branch of branches) expect(show(branch).refused).toEqual([])
  expect(refusals(show([stranger.write()]))).toEqual(['unknown-device'])
  must(honest.author([]))
  mesh.connect(honest, other)
  mesh.settle(120_000)
  expect(other.closed.concat(honest.closed)).toEqual([])
  expect(other.replica.pending.size).toBe(0)
  expect(other.replica.heads.root()).toEqual(honest.replica.heads.root())
})

test('a commit whose signature is covered by a refused one alone is not stored', () => {
  const { pen, admit, founder, mesh } = coopWithPen(22)
  const other = admit('member')
  const show = (records: readonly CommitRecord[]) => {
    const result = founder.replica.ingest(records)
    founder.write(result.stored)
    return result
  }
  show(pen.written)
  const bare = unsigned(pen.write())
  const head = headOf(recordsOf(founder))
  const liar = pen.write({ seen: [{ ...head, seq: head.seq + 1 }] })
  show([bare, liar])
  must(founder.author([]))
  mesh.connect(founder, other)
  mesh.settle(120_000)
  expect(other.replica.pending.size).toBe(0)
  expect(other.replica.heads.root()).toEqual(founder.replica.heads.root())
})

test('nor is one whose cover acknowledges a first commit that is refused in the same batch', () => {
  const { pen, coop, admit, founder } = coopWithPen(25)
  const stranger = new Pen(coop, admit('member').signer)
  founder.write(founder.replica.ingest(pen.written).stored)
  const first = stranger.write()
  const bare = unsigned(pen.write())
  const cover = pen.write({ seen: [headOf([first])] })
  const result = founder.replica.ingest([first, bare, cover])
  expect(refusals(result)).toEqual(['unknown-device', 'unsigned-stretch', 'unsigned-stretch'])
})

test('what an honest commit acknowledges can be sent on although nobody would be told of its cover', () => {
  const { pen, coop, admit, founder, mesh } = coopWithPen(26)
  const [ally, witness] = [new Pen(coop, admit('member').signer), new Pen(coop, admit('member').signer)]
  const other = admit('member')
  const show = (records: readonly CommitRecord[]): void => {
    const result = founder.replica.ingest(records)
    expect(result.refused).toEqual([])
    founder.write(result.stored)
  }
  const all = recordsOf(founder)
  for (const it of [ally, witness]) show([it.write({ seen: [headOf(all)] })])
  show(pen.written)
  /** A commit that is the last of many to follow the pen's last one: nobody is told of it by itself. Those others, and it. */
  const untold = (of: Pen): [CommitRecord[], CommitRecord] => {
    const once = (timeMs: number): CommitRecord => {
      const record = of.write({ timeMs })
      of.forget(1)
      return record
    }
    const others = Array.from({ length: 2 * FORK_ENDS_MAX }, (_, i) => once(i + 1))
    const most = others.map((it) => it.id).toSorted(compareBytes)[FORK_ENDS_MAX] ?? coop
    for (let timeMs = 100; ; timeMs += 1) {
      const record = once(timeMs)
      if (compareBytes(record.id, most) > 0) return [others, record]
    }
  }
  const [allies, hidden] = untold(ally)
  const [others, listed] = untold(pen)
  pen.written.push(listed)
  // The one signature that covers what the witness acknowledges, as the founder has it.
  const cover = pen.write({ seen: [headOf([hidden])] })
  witness.write({ seen: [headOf([listed])] })
  show([hidden])
  show([unsigned(listed), cover])
  for (const it of [...allies, ...others]) show([it])
  show(witness.written.slice(1))
  mesh.connect(founder, other)
  mesh.settle(120_000)
  expect(other.closed.concat(founder.closed)).toEqual([])
  expect(other.replica.pending.size).toBe(0)
  expect(other.replica.heads.root()).toEqual(founder.replica.heads.root())
})

test('a relay that spoilt all signatures it could does not keep a newcomer from the chain', () => {
  const { pen, admit, founder, mesh } = coopWithPen(27)
  const other = admit('member')
  pen.more(600)
  const last = pen.written.length - 1
  const spoilt = pen.written.map((it, i) => (i % 256 === 255 || i === last ? it : unsigned(it)))
  const result = founder.replica.ingest(spoilt)
  expect(result.refused).toEqual([])
  founder.write(result.stored)
  mesh.connect(founder, other)
  mesh.settle(120_000)
  expect(other.closed.concat(founder.closed)).toEqual([])
  expect(other.replica.heads.root()).toEqual(founder.replica.heads.root())
})
