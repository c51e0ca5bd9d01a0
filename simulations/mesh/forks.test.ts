import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { listSection, must, stateHashes, testCoop } from '../../test/actors/coop-actors.ts'
import { Forker, show } from '../../test/actors/forker.ts'
import { Pen, recordsOf } from '../../test/actors/pen.ts'
import type { MemoryNode } from './memory-mesh.ts'

/** Connects all nodes in a ring with chords, until nothing moves. */
function meet(nodes: readonly MemoryNode[], connect: (a: MemoryNode, b: MemoryNode) => void): void {
  for (const [i, node] of nodes.entries()) {
    for (const step of [1, 2]) {
      const other = nodes[(i + step) % nodes.length]
      if (other !== undefined && other !== node) connect(node, other)
    }
  }
}

test('honest nodes agree whatever histories forking devices show to whom, after any schedule of cuts', () => {
  const reached = { refusals: 0, forked: 0, beyond: 0 }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const { mesh, founder, admit, crypto, random, coop } = testCoop(seed)
      const nodes = [founder, admit('member'), admit('venue'), admit('archive')]
      const cheats = [admit('member'), admit('venue')]
      const admissions = recordsOf(founder)
      for (const node of nodes.slice(1)) show(node, admissions)
      const forkers = cheats.map(({ signer }) => {
        return new Forker(coop, { pen: new Pen(coop, signer), sha256: crypto.sha256 })
      })
      for (let step = 0; step < 60; step += 1) {
        const a = nodes[random.below(nodes.length)] ?? founder
        const b = nodes[random.below(nodes.length)] ?? founder
        const forker = forkers[random.below(forkers.length)]
        const what = random.below(4)
        if (what === 0) a.author([listSection(`file ${step}`, crypto.sha256)])
        else if (what === 1) {
          const branch = forker?.any(random, admissions.at(-1) as (typeof admissions)[0]) ?? []
          if (!show(a, branch)) reached.refusals += 1
        } else if (what === 2) mesh.disconnect(a, b)
        else if (a !== b) mesh.connect(a, b)
        mesh.settle(random.below(300))
      }
      meet(nodes, (a, b) => mesh.connect(a, b))
      mesh.settle(120_000)
      for (const forker of forkers) {
        if (forker.branches.length > 1) reached.forked += 1
        if (forker.branches.length > 8) reached.beyond += 1
      }
      for (const node of nodes) {
        expect(node.closed).toEqual([])
        expect(toHex(node.replica.heads.root())).toBe(toHex(founder.replica.heads.root()))
        expect(node.replica.pending.size).toBe(0)
        expect(node.replica.authority.stateHash()).toEqual(founder.replica.authority.stateHash())
        expect(Object.keys(stateHashes(node.replica))).toEqual(Object.keys(stateHashes(founder.replica)))
      }
    }),
    { numRuns: 24 },
  )
  expect(reached.refusals).toBe(0)
  expect(Math.min(reached.forked, reached.beyond)).toBeGreaterThan(3)
})

test('the proof of a fork passes from node to node at once, before news are even gathered', () => {
  const { mesh, founder, admit, crypto, coop } = testCoop(5)
  const line = [founder, ...Array.from({ length: 5 }, () => admit('member'))]
  const cheat = admit('venue')
  const admissions = recordsOf(founder)
  for (const node of line.slice(1)) show(node, admissions)
  const forker = new Forker(coop, { pen: new Pen(coop, cheat.signer), sha256: crypto.sha256 })
  const trunk = forker.fork([], 0, 3, admissions)
  for (const node of line) show(node, trunk)
  for (const [i, node] of line.entries()) if (i > 0) mesh.connect(line[i - 1] ?? founder, node)
  mesh.settle()
  const startMs = mesh.nowMs
  must(founder.author([listSection('other news', crypto.sha256)]))
  show(founder, forker.fork(trunk, 1, 1))
  mesh.settle(0)
  expect(mesh.nowMs).toBe(startMs)
  expect(line.map((it) => it.replica.forkEnds.forked.size)).toEqual(line.map(() => 1))
  // The news that were written before have not come so far.
  expect(line.at(-1)?.replica.logLength).toBe(admissions.length + trunk.length + 1)
})
