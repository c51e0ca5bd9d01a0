import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { historyOf, pastsOf, randomGraph, reordered } from '../../test/actors/random-graph.ts'
import { compareBytes, toHex } from '../encoding/index.ts'
import { History } from '../history/index.ts'
import { forkProof, planAcknowledgements } from './acknowledge.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

test('a plan lists exactly the newest commits that are not known yet, none of which covers another', () => {
  const reached = { forked: 0, partly: 0, nothing: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 3, 10), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, {
        ...{ devices: 2 + random.below(4), commits: 40 },
        ...{ forkOneIn, seenMax: 4 },
      })
      const history = historyOf(graph)
      const pasts = pastsOf(graph)
      const device = random.below(history.deviceCount)
      const own = history.endsOf(device)[0] ?? -1
      const known = own < 0 ? new Set<number>() : (pasts[own] ?? new Set<number>())
      const candidates: number[] = []
      for (let other = 0; other < history.deviceCount; other += 1) {
        if (other === device) continue
        const branches = history.branchesOf(other)
        if (branches.length > 1) reached.forked += 1
        candidates.push(...(branches.length > 1 ? forkProof(history, branches) : history.endsOf(other)))
      }
      const news = candidates.filter((it) => !known.has(it))
      const maximal = news.filter((it) => !news.some((by) => by !== it && pasts[by]?.has(it) === true))
      const plan = planAcknowledgements(history, { own, device })
      expect(plan).toEqual(maximal.toSorted((a, b) => b - a))
      if (plan.length > 0 && plan.length < news.length) reached.partly += 1
      if (plan.length === 0) reached.nothing += 1
    }),
    { numRuns: 300 },
  )
  expect(Math.min(reached.forked, reached.partly, reached.nothing)).toBeGreaterThan(10)
})

test('a fork proof is the same two commits in whatever order the branches came', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 1, commits: 25, forkOneIn: 4, seenMax: 0 })
      const bySeq = (seq: number): number[] => [...graph.keys()].filter((at) => graph[at]?.seq === seq)
      const base = graph.findIndex((_, seq) => bySeq(seq).length > 1)
      if (base < 0) return
      const ids = bySeq(base).map((at) => graph[at]?.id ?? new Uint8Array())
      const expected = ids.toSorted(compareBytes).slice(0, 2)
      for (let i = 0; i < 4; i += 1) {
        const history = historyOf(graph, reordered(graph, random))
        expect(forkProof(history, history.branchesOf(0)).map((it) => toHex(history.idOf(it)))).toEqual(
          expected.map(toHex),
        )
      }
    }),
    { numRuns: 100 },
  )
})

test('a device with hundreds of thousands of branches is acknowledged by two of its commits', () => {
  const history = new History(3)
  const key = (i: number, kind: number): Uint8Array =>
    Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255, ...new Uint8Array(29).fill(kind))
  const root = history.add({ device: key(0, 1), seq: 0, id: key(0, 2), prev: -1, seen: [] })
  for (let i = 1; i <= 200_000; i += 1)
    history.add({ device: key(0, 1), seq: 1, id: key(i, 2), prev: root, seen: [] })
  expect(planAcknowledgements(history, { own: -1, device: -1 })).toEqual([2, 1])
})
