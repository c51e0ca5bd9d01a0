import { expect, test, vi } from 'vitest'
import { Forker } from '../../test/actors/forker.ts'
import { coopWithPen, reader } from '../../test/actors/pen.ts'
import { nodeCrypto } from '#node/crypto'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'
import type { Replica } from '../replica/index.ts'
import type { Want } from './frame.ts'
import { HAVE_MAX } from './limits.ts'
import { knownOf, ordersOf } from './ranges.ts'

interface Tree {
  replica: Replica
  all: CommitRecord[]
  forker: Forker
  trunk: CommitRecord[]
  coop: Uint8Array
}

/** A replica that knows the co-op, and a device whose trunk it has. */
function tree(seed: number, length: number): Tree {
  const { pen, all, coop } = coopWithPen(seed)
  const forker = new Forker(coop, { pen, sha256: nodeCrypto().sha256 })
  const trunk = forker.fork([], 0, length, all)
  return { replica: reader(coop, [...all, ...trunk]), all, forker, trunk, coop }
}

function want(record: CommitRecord | undefined, have: readonly (CommitRecord | undefined)[] = []): Want {
  if (record === undefined) throw new Error('no commit')
  return { device: record.header.device, to: record.id, have: have.map((it) => it?.id ?? new Uint8Array(32)) }
}

/** Ids of what answers the wants, in the order sent. */
function answered(replica: Replica, wants: readonly Want[], isUrgentOnly = false): string[] {
  return [...ordersOf(replica, wants, isUrgentOnly)].map((order) => toHex(replica.history.idOf(order)))
}

const idsOf = (records: readonly CommitRecord[]): string[] => records.map((it) => toHex(it.id))

test('a range is what leads to its end and is not in the past of what is known, on whichever branch that is', () => {
  const { replica, forker, trunk } = tree(1, 6)
  const left = forker.fork(trunk, 6, 3)
  const right = forker.fork(trunk, 4, 5)
  replica.ingest([...left, ...right])
  expect(answered(replica, [want(trunk[5])])).toEqual(idsOf(trunk))
  expect(answered(replica, [want(left.at(-1), [trunk[2]])])).toEqual(idsOf(left.slice(3)))
  expect(answered(replica, [want(right.at(-1), [left.at(-1)])])).toEqual(idsOf(right.slice(4)))
  expect(answered(replica, [want(right.at(-1), [trunk[0], right[6], left.at(-1)])])).toEqual(
    idsOf(right.slice(7)),
  )
  expect(answered(replica, [want(left[6], [left.at(-1)])])).toEqual([])
  const both = [want(left.at(-1), [trunk[1]]), want(right.at(-1), [trunk[0]])]
  const expected = idsOf([...trunk.slice(1), ...left.slice(6), ...right.slice(4)])
  expect(answered(replica, both)).toEqual(expected)
  expect(answered(replica, both.toReversed())).toEqual(expected)
})

test('of a chain of which nothing that is named is here, the first commit alone is sent', () => {
  const { replica, trunk, all } = tree(2, 6)
  expect(answered(replica, [want(trunk.at(-1), [undefined])])).toEqual(idsOf(trunk.slice(0, 1)))
  // A commit of another device says nothing of this one.
  expect(answered(replica, [want(trunk.at(-1), [all[0]])])).toEqual(idsOf(trunk.slice(0, 1)))
})

test('an end that is not here, or of another device than is said, is left out', () => {
  const { replica, trunk, coop } = tree(3, 2)
  expect(answered(replica, [{ device: coop, to: trunk[1]?.id ?? coop, have: [] }])).toEqual([])
  expect(answered(replica, [{ device: trunk[1]?.header.device ?? coop, to: coop, have: [] }])).toEqual([])
})

test('thousands of ends on one long chain cost no more than the chain', () => {
  const { replica, forker, trunk } = tree(4, 1)
  const long = forker.fork(trunk, 1, 6_000)
  replica.ingest(long)
  const startMs = Date.now()
  // By any order of the places where they begin.
  const wants = long
    .slice(-5_000)
    .map((record, i) => want(record, i % 3 === 0 ? [trunk[0]] : i % 3 === 1 ? [long[900]] : []))
  expect(answered(replica, wants)).toEqual(idsOf(long))
  expect(Date.now() - startMs).toBeLessThan(3_000)
})

test('the steps back find the place where two branches parted, wherever that is', () => {
  for (const shared of [1, 2, 3, 8, 30, 64, 99]) {
    const mine = tree(5, 100)
    const theirs = reader(mine.coop, mine.all)
    const other = mine.forker.fork(mine.trunk, shared, 100 - shared)
    theirs.ingest(other)
    const device = other[0]?.header.device ?? mine.coop
    const have = knownOf(theirs, device, true)
    expect(have.length).toBeLessThanOrEqual(HAVE_MAX)
    const answer = answered(mine.replica, [{ device, to: mine.trunk[99]?.id ?? mine.coop, have }])
    // Each step back doubles, so that no more is sent twice than what had to be sent.
    expect(answer.slice(-(100 - shared))).toEqual(idsOf(mine.trunk.slice(shared)))
    expect(answer.length).toBeLessThanOrEqual(Math.min(99, 2 * (100 - shared) + 1))
  }
})

test('what waits is named, so that it is not sent again', () => {
  const { replica, trunk, coop } = tree(6, 2)
  const device = trunk[0]?.header.device ?? coop
  expect(knownOf(replica, device, false)).toEqual([trunk[1]?.id].map((it) => Uint8Array.from(it ?? [])))
  const nowhere = { device: new Uint8Array(32).fill(255), seq: 0, id: new Uint8Array(32) }
  const pen = coopWithPen(6).pen
  pen.written.splice(0, 1, ...trunk)
  const held = pen.write({ seen: [nowhere] })
  expect(replica.ingest([held]).waiting.length).toBe(1)
  expect(knownOf(replica, device, false).map(toHex)).toEqual(idsOf([held, trunk[1] as CommitRecord]))
  expect(knownOf(replica, new Uint8Array(32), true)).toEqual([])
})

test('of a device with very many branches those that everybody is told of are named first', () => {
  const { replica, forker, trunk, coop } = tree(7, 3)
  for (let i = 0; i < 40; i += 1) replica.ingest(forker.fork(trunk, 1 + (i % 3), 1))
  const device = trunk[0]?.header.device ?? coop
  const told = replica.heads.rowsOf(replica.history.findDevice(device)).map((it) => toHex(it.id))
  const named = knownOf(replica, device, true).map(toHex)
  expect(told.every((id) => named.includes(id))).toBe(true)
  expect(named.length).toBeLessThanOrEqual(HAVE_MAX)
  expect(named.at(-1)).toBe(toHex(trunk[0]?.id ?? coop))
})

test('after a cut every branch of a forked device goes on where it was, however many are unfinished', () => {
  const { pen, all, coop } = coopWithPen(8)
  const forker = new Forker(coop, { pen, sha256: nodeCrypto().sha256 })
  const trunk = forker.fork([], 0, 50, all)
  // The longest branch is of no help: the others part from each other, far from it and from the first commit.
  const long = forker.fork(trunk, 10, 900)
  const branches = [forker.fork(trunk, 20, 100)]
  while (branches.length < 20)
    branches.push(forker.fork(branches.at(-1) ?? trunk, 20 + 40 * branches.length, 100))
  const server = reader(coop, [...all, ...trunk, ...long, ...branches.flat()])
  for (const cut of [1, 17, 99]) {
    const behind = reader(coop, [...all, ...trunk, ...long])
    for (const branch of branches) behind.ingest(branch.slice(0, branch.length - cut))
    for (const branch of branches) {
      const have = knownOf(behind, pen.signer.publicKey, false)
      expect(have.length).toBeLessThanOrEqual(HAVE_MAX)
      // Not even what another branch, which goes on from there, has brought.
      const lacking = branch.filter((it) => behind.history.find(it.id) < 0)
      expect(answered(server, [{ ...want(branch.at(-1)), have }])).toEqual(idsOf(lacking))
    }
  }
})

test('a branch that parts from one that is not the longest is found by that one’s steps back', () => {
  const { pen, all, coop } = coopWithPen(9)
  const forker = new Forker(coop, { pen, sha256: nodeCrypto().sha256 })
  const trunk = forker.fork([], 0, 10, all)
  const long = forker.fork(trunk, 5, 2_000)
  const short = forker.fork(trunk, 10, 1_000)
  // The other side has the short branch only as far as its own parts from it, and nothing of the long one.
  const theirs = forker.fork(short, 900, 100)
  const server = reader(coop, [...all, ...theirs])
  const mine = reader(coop, [...all, ...short, ...long])
  const have = knownOf(mine, pen.signer.publicKey, false)
  const answer = answered(server, [{ device: pen.signer.publicKey, to: theirs.at(-1)?.id ?? coop, have }])
  expect(answer.slice(-100)).toEqual(idsOf(theirs.slice(900)))
  expect(answer.length).toBeLessThan(230)
})

test('thousands of ranges of one device that forked thousands of times: its proof is looked for once', () => {
  const { pen, all: known, coop: other } = coopWithPen(52)
  const start = pen.written.slice()
  const heads = Array.from({ length: 300 }, (_, i) => {
    const head = pen.write({ timeMs: i + 1 })
    pen.forget(1)
    return head
  })
  const replica = reader(other, [...known, ...start, ...heads])
  const looks = vi.spyOn(replica.history, 'branchesOf')
  const wants = heads.map((head) => ({ device: head.header.device, to: head.id, have: [] }))
  expect(ordersOf(replica, wants, true).length).toBeGreaterThan(2)
  expect(looks.mock.calls.length).toBe(1)
})
