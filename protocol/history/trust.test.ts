import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import {
  forkSeqOf,
  historyOf,
  pastsOf,
  randomGraph,
  reliancesOf,
  reordered,
} from '../../test/actors/random-graph.ts'
import { History } from './history.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

test('a history tells what commits rely on as the plain sets would, in whatever order the commits came', () => {
  const reached = { relied: 0, merelyKnown: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 3, 8), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 2 + random.below(4), commits: 50, forkOneIn, seenMax: 3 })
      const reliances = reliancesOf(graph)
      const pasts = pastsOf(graph)
      const places = reordered(graph, random)
      const history = historyOf(graph, places)
      for (const [order, at] of places.entries()) {
        for (const [earlier, it] of places.entries()) {
          const isRelied = reliances[at]?.has(it) === true
          if (history.relies(order, earlier) !== isRelied)
            throw new Error(`${at} relies on ${it}: ${!isRelied}`)
          if (isRelied) reached.relied += 1
          else if (pasts[at]?.has(it) === true) reached.merelyKnown += 1
        }
      }
    }),
    { numRuns: 150 },
  )
  expect(Math.min(reached.relied, reached.merelyKnown)).toBeGreaterThan(500)
})

test('where a past shows that a chain parts', () => {
  const reached = { parted: 0, whole: 0 }
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 3, commits: 40, forkOneIn: 4, seenMax: 3 })
      const history = historyOf(graph)
      const pasts = pastsOf(graph)
      for (const at of graph.keys()) {
        const past = history.past.copy(at)
        for (let device = 0; device < history.deviceCount; device += 1) {
          const key = graph.find((it) => history.deviceOf(history.find(it.id)) === device)?.device
          const expected = forkSeqOf(graph, pasts[at] ?? [], key ?? new Uint8Array())
          expect(history.forkSeqIn(past, device)).toBe(expected)
          if (expected === Infinity) reached.whole += 1
          else reached.parted += 1
        }
      }
    }),
    { numRuns: 60 },
  )
  expect(Math.min(reached.parted, reached.whole)).toBeGreaterThan(500)
})

test('who lists both commits of a fork as its proof relies on neither, but on what came before', () => {
  const history = new History(1)
  const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
  const add = (device: number, seq: number, prev: number, seen: number[] = []): number =>
    history.add({ device: id(device), seq, id: id(100 + history.length), prev, seen })
  const root = add(1, 0, -1)
  const [left, right] = [add(1, 1, root), add(1, 1, root)]
  const early = add(2, 0, -1, [left])
  const late = add(3, 0, -1, [left, right])
  const both = add(4, 0, -1, [early, late])
  expect([left, right].map((it) => history.relies(early, it))).toEqual([true, false])
  expect([root, left, right].map((it) => history.relies(late, it))).toEqual([true, false, false])
  expect([root, left, right].map((it) => history.relies(both, it))).toEqual([true, true, false])
  expect([history.trustedHead(late, left), history.trustedHead(early, left)]).toEqual([root, left])
  expect([...history.forks]).toEqual([[0, 1]])
})
