import { expect, test } from 'vitest'
import { stateHashes } from '../../test/actors/coop-actors.ts'
import { Forker, show } from '../../test/actors/forker.ts'
import { coopWithPen, recordsOf } from '../../test/actors/pen.ts'
import type { MemoryMesh, MemoryNode } from '#simulations/mesh'
import type { CommitRecord } from '../commit/index.ts'
import { toHex } from '../encoding/index.ts'

interface Stage {
  mesh: MemoryMesh
  a: MemoryNode
  b: MemoryNode
  forker: Forker
  /** Commits that admit the forker and the two. */
  admissions: CommitRecord[]
}

/** Two honest nodes that know the same, and a device that forks. */
function stage(seed: number): Stage {
  const made = coopWithPen(seed)
  const [a, b] = [made.admit('member'), made.admit('member')]
  const admissions = recordsOf(made.founder)
  for (const node of [a, b]) expect(show(node, admissions)).toBe(true)
  const forker = new Forker(made.coop, { pen: made.pen, sha256: made.crypto.sha256 })
  return { mesh: made.mesh, a, b, forker, admissions }
}

function expectSame({ mesh, a, b }: Stage, length?: number): void {
  mesh.connect(a, b)
  mesh.settle(60_000)
  expect([a.closed, b.closed]).toEqual([[], []])
  expect(toHex(a.replica.heads.root())).toBe(toHex(b.replica.heads.root()))
  for (const node of [a, b]) expect(node.sessions.values().next().value?.isSynced).toBe(true)
  const ids = (node: MemoryNode): string[] =>
    recordsOf(node)
      .map((it) => toHex(it.id))
      .sort()
  if (length !== undefined) expect([ids(a), ids(a).length]).toEqual([ids(b), length])
  expect(Object.keys(stateHashes(a.replica))).toEqual(Object.keys(stateHashes(b.replica)))
}

test('a fork that one side knows reaches the other', () => {
  const it = stage(1)
  const trunk = it.forker.fork([], 0, 3, it.admissions)
  for (const node of [it.a, it.b]) show(node, trunk)
  show(it.a, it.forker.fork(trunk, 2, 2))
  expectSame(it, it.admissions.length + 5)
})

test('each side learns the branch that only the other has, of equal and of unequal length', () => {
  for (const [left, right] of [
    [1, 1],
    [3, 3],
    [1, 5],
    [7, 2],
    [40, 300],
  ] as const) {
    for (const shared of [1, 2, 100]) {
      const it = stage(left * 1_000 + right * 10 + shared)
      const trunk = it.forker.fork([], 0, shared, it.admissions)
      show(it.a, it.forker.fork(trunk, shared, left))
      show(it.b, it.forker.fork(trunk, shared, right))
      expectSame(it, it.admissions.length + shared + left + right)
    }
  }
})

test('two histories that part at the first commit reach both sides', () => {
  for (const [left, right] of [
    [1, 1],
    [2, 2],
    [1, 4],
    [20, 3],
  ] as const) {
    const it = stage(left * 10 + right)
    show(it.a, it.forker.fork([], 0, left, it.admissions))
    show(it.b, it.forker.fork([], 0, right, it.admissions))
    expectSame(it, it.admissions.length + left + right)
  }
})

test('more branches than are told: the roots meet all the same, and what was told is on both sides', () => {
  for (let seed = 1; seed < 6; seed += 1) {
    const it = stage(seed)
    const trunk = it.forker.fork([], 0, 4, it.admissions)
    for (let i = 0; i < 30; i += 1) {
      const branch = it.forker.fork(trunk, 1 + (i % 4), 1 + (i % 3))
      show(i % 2 === 0 ? it.a : it.b, branch)
    }
    expectSame(it)
  }
})

test('a fork at every commit, each branch on one side only, reaches both as far as it is told', () => {
  const it = stage(9)
  let trunk = it.forker.fork([], 0, 1, it.admissions)
  for (let i = 0; i < 40; i += 1) {
    show(i % 2 === 0 ? it.a : it.b, it.forker.fork(trunk, trunk.length, 1))
    trunk = it.forker.fork(trunk, trunk.length, 1)
  }
  for (const node of [it.a, it.b]) show(node, trunk)
  expectSame(it)
})

test('a cut in the middle of learning branches is made good by the next session', () => {
  for (let cutAt = 1; cutAt < 40; cutAt += 3) {
    const it = stage(cutAt)
    const trunk = it.forker.fork([], 0, 5, it.admissions)
    show(it.a, it.forker.fork(trunk, 3, 4))
    show(it.b, it.forker.fork(trunk, 4, 2))
    it.mesh.connect(it.a, it.b)
    try {
      it.mesh.settle(0, cutAt)
    } catch {
      // cut while something was under way
    }
    it.mesh.disconnect(it.a, it.b)
    expectSame(it, it.admissions.length + 3 + 4 + 1 + 2)
  }
})
