import { expect, test } from 'vitest'
import { listSection, must } from '../../test/actors/coop-actors.ts'
import { Pen, coopWithPen, headOf, reader, recordsOf } from '../../test/actors/pen.ts'
import { nodeCrypto } from '#node/crypto'
import { settleDocuments } from '#simulations/mesh'
import type { CatalogueState } from '../catalogue/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import { openReplica } from '../coop/index.ts'
import { compareBytes, toHex } from '../encoding/index.ts'
import { FORK_ENDS_MAX } from './fork-ends.ts'
import type { Replica } from './replica.ts'

const { sha256 } = nodeCrypto()
const ids = (records: readonly CommitRecord[]): string[] => records.map((it) => toHex(it.id)).sort()

/** Ids of the rows that peers are told of a device. */
function rowIds(replica: Replica, pen: Pen): string[] {
  const device = replica.history.findDevice(pen.signer.publicKey)
  return replica.heads.rowsOf(device).map((it) => toHex(it.id))
}

test('fork: both branches are kept, in one batch or in two, and both are told', () => {
  const { pen, all, coop } = coopWithPen(1)
  const left = pen.more(2, 1)
  pen.forget(2)
  const right = pen.more(3, 2)
  const [root] = pen.written as [CommitRecord]
  const apart = reader(coop, [...all, root, ...left])
  expect(apart.ingest(right)).toMatchObject({ refused: [], duplicates: 0 })
  const together = reader(coop, [...all, root, ...right.slice(0, 1), ...left, ...right.slice(1)])
  for (const replica of [apart, together]) {
    expect(replica.logLength).toBe(all.length + 6)
    expect(rowIds(replica, pen)).toEqual(ids([left[1], right[2]] as CommitRecord[]))
    expect(replica.lengthOf(toHex(pen.signer.publicKey))).toBe(4)
    expect(replica.ingest([...left, ...right]).duplicates).toBe(5)
  }
  expect(apart.heads.root()).toEqual(together.heads.root())
})

test('a device may fork at its first commit, and go on on both branches', () => {
  const { pen, all, coop } = coopWithPen(2)
  const left = [...pen.written, ...pen.more(1, 1)]
  pen.forget(2)
  const right = [pen.write({ seen: [headOf(all)], timeMs: 9 }), ...pen.more(1, 1)]
  const [a, b] = [reader(coop, [...all, ...left, ...right]), reader(coop, [...all, ...right, ...left])]
  expect(a.heads.root()).toEqual(b.heads.root())
  expect(rowIds(a, pen)).toEqual(ids([left[1], right[1]] as CommitRecord[]))
})

test('a commit acknowledges a fork by its proof: the first two commits where the device parted', () => {
  const { pen, all, coop, founder } = coopWithPen(3)
  const ways: CommitRecord[] = []
  for (let way = 0; way < 3; way += 1) {
    ways.push(...pen.more(1, way + 1))
    pen.more(2, way + 1)
    founder.write(founder.replica.ingest([...pen.written]).stored)
    pen.forget(3)
  }
  const proof = ways.toSorted((a, b) => compareBytes(a.id, b.id)).slice(0, 2)
  const { commit } = must(founder.author([]))
  expect(commit.header.seen.map((it) => [it.seq, toHex(it.id)])).toEqual(proof.map((it) => [1, toHex(it.id)]))
  expect(must(founder.author([])).commit.header.seen).toEqual([])
  expect(reader(coop, recordsOf(founder)).history.length).toBe(all.length + 1 + 9 + 2)
})

test('forked: a device that wrote two histories writes no more', () => {
  const { pen, all, coop } = coopWithPen(4)
  const replica = openReplica({ coop, crypto: nodeCrypto(), signer: pen.signer })
  replica.ingest([...all, ...pen.written, ...pen.more(1, 1)])
  expect(replica.author([], 0).ok).toBe(true)
  pen.forget(1)
  replica.ingest(pen.more(1, 2))
  expect(replica.author([], 0)).toMatchObject({ ok: false, refusal: 'forked' })
})

test('roots are equal whenever the commits are, also when an acknowledgement came before the fork was known', () => {
  const { pen, coop, admit, founder } = coopWithPen(5)
  const witness = new Pen(coop, admit('member').signer)
  const base = [...recordsOf(founder), ...pen.written]
  const branches = Array.from({ length: FORK_ENDS_MAX + 4 }, (_, i) => {
    const own = pen.more(2, i + 1)
    pen.forget(2)
    return own
  })
  const last = branches.toSorted((a, b) => compareBytes(a[0]?.id ?? coop, b[0]?.id ?? coop)).at(-1)
  if (last === undefined) throw new Error('no branch')
  const first = witness.write({ seen: [headOf(recordsOf(founder))] })
  const note = witness.write({ seen: [headOf(last)] })
  const orders = [
    [...base, ...branches.flat(), first, note],
    [...base, ...last, first, note, ...branches.filter((it) => it !== last).flat()],
    [...base, first, note, ...branches.flat()],
  ]
  const replicas = orders.map((order) => {
    const replica = reader(coop)
    for (const record of order) {
      replica.ingest([record])
      replica.heads.root() // as between any two commits a peer may ask
    }
    return replica
  })
  const rows = rowIds(replicas[0] as Replica, pen)
  expect([rows.length, rows.includes(toHex(last[1]?.id ?? coop))]).toEqual([FORK_ENDS_MAX + 1, true])
  for (const replica of replicas) {
    expect(replica.pending.size).toBe(0)
    expect(rowIds(replica, pen)).toEqual(rows)
    expect(toHex(replica.heads.root())).toBe(toHex((replicas[0] as Replica).heads.root()))
  }
})

test('what a forked device wrote beyond its proof is not in the past of the next commit', () => {
  const { pen, founder, coop } = coopWithPen(6)
  const left = pen.more(1, 1)
  const deep = pen.write({}, [listSection('deep', sha256)])
  founder.write(founder.replica.ingest([...pen.written]).stored)
  pen.forget(2)
  founder.write(founder.replica.ingest(pen.more(1, 2)).stored)
  const { history } = founder.replica
  const order = must(founder.author([])).stored.at(-1)?.order ?? -1
  expect(left.map((it) => history.knows(order, history.find(it.id)))).toEqual([true])
  expect(history.knows(order, history.find(deep.id))).toBe(false)
  expect(reader(coop, recordsOf(founder)).heads.root()).toEqual(founder.replica.heads.root())
})

test('authorityLengthOf: a branch inherits what its trunk bears, never more than the place where it parted', () => {
  const { pen, all, coop } = coopWithPen(7)
  const authority = { document: 'authority', entries: 1, payload: Uint8Array.of(0x80) }
  const first = pen.write({}, [authority])
  const plain = pen.more(2, 1)
  const late = pen.write({}, [authority])
  pen.forget(3)
  const early = pen.more(2, 2)
  pen.forget(1)
  const own = pen.write({}, [authority])
  const replica = reader(coop, [...all, ...pen.written.slice(0, 2), ...plain, late, ...early, own])
  const lengths = [first, late, early[1], own].map((it) =>
    replica.authorityLengthOf(replica.history.find(it?.id ?? coop)),
  )
  expect(lengths).toEqual([5, 5, 2, 4])
})

test('who knows that a chain has parted may list more of it, is not refused, and relies on none of it', () => {
  const { pen, coop, admit, founder } = coopWithPen(8)
  const witness = new Pen(coop, admit('member').signer)
  const base = [...recordsOf(founder), ...pen.written]
  const [left, deepLeft] = pen.more(2, 1) as [CommitRecord, CommitRecord]
  pen.forget(2)
  const [right] = pen.more(1, 2) as [CommitRecord]
  const start = witness.write({ seen: [headOf(recordsOf(founder))] })
  const proof = [headOf([left]), headOf([right])].sort((a, b) => compareBytes(a.id, b.id))
  const knows = witness.write({ seen: proof })
  const more = witness.write({ seen: [headOf([deepLeft])] })
  const { history, visibility, ...replica } = reader(coop, [
    ...base,
    left,
    deepLeft,
    right,
    start,
    knows,
    more,
  ])
  expect([replica.forkEnds.forked.size, history.length]).toEqual([1, base.length + 6])
  const [by, deep] = [history.find(more.id), history.find(deepLeft.id)]
  expect([history.knows(by, deep), history.relies(by, deep), visibility.isVisible(deep)]).toEqual([
    true,
    false,
    false,
  ])
})

test('what a forked device wrote is shown where somebody relies on it, and equal wherever the commits are', () => {
  const { pen, coop, admit, founder } = coopWithPen(9)
  const witness = new Pen(coop, admit('member').signer)
  const base = [...recordsOf(founder), ...pen.written]
  const early = pen.write({}, [listSection('early', sha256)])
  const left = pen.write({}, [listSection('left', sha256)])
  pen.forget(1)
  const right = pen.write({}, [listSection('right', sha256)])
  const further = pen.write({}, [listSection('further', sha256)])
  const start = witness.write({ seen: [headOf(recordsOf(founder))] })
  const relies = witness.write({ seen: [headOf([right])] })
  const names = (replica: Replica): string[] => {
    settle(replica)
    const state = replica.document('catalogue') as CatalogueState | null
    return [...(state?.listings.values() ?? [])].map((it) => it.name).sort()
  }
  const known = new Map<string, CommitRecord>()
  const settle = (replica: Replica): void => {
    settleDocuments(
      replica,
      (order) => known.get(toHex(replica.history.idOf(order)))?.bytes ?? new Uint8Array(),
      sha256,
    )
  }
  const all = [...base, early, left, right, further, start, relies]
  for (const record of all) known.set(toHex(record.id), record)
  expect(names(reader(coop, [...base, early, left]))).toEqual(['early', 'left'])
  expect(names(reader(coop, [...base, early, left, right, further]))).toEqual(['early'])
  const orders = [
    all,
    [...base, early, right, start, relies, further, left],
    [...base, start, early, left, right, relies, further],
  ]
  const hashes = orders.map((order) => {
    const replica = reader(coop)
    for (const record of order) replica.ingest([record])
    expect(names(replica)).toEqual(['early', 'right'])
    return toHex(replica.document('catalogue')?.stateHash() ?? new Uint8Array())
  })
  expect(new Set(hashes).size).toBe(1)
})

test('a document of which only branches that are not told hold sections is no document', () => {
  const { pen, coop, all } = coopWithPen(10)
  const branches = Array.from({ length: FORK_ENDS_MAX + 3 }, (_, i) => {
    const own = pen.write({ timeMs: i + 1 }, [listSection(`file ${i}`, sha256)])
    pen.forget(1)
    return own
  })
  const some = reader(coop, [...all, ...pen.written, ...branches])
  expect(some.documentIds()).toEqual(['authority'])
  const end = pen.written.at(-1)
  expect(
    end === undefined ? null : reader(coop, [...all, end, ...branches.slice(0, 1)]).documentIds(),
  ).toEqual([...['authority', 'catalogue']])
})
