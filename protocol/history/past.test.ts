import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { historyOf, pastsOf, randomGraph } from '../../test/actors/random-graph.ts'
import { History } from './history.ts'
import { PAST_NUMBERS_MAX, Past, PastVector, SEARCH_STEPS_MAX } from './past.ts'

test('a vector holds the union of the pasts of what was added, and a copy goes its own way', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 4, commits: 50, forkOneIn: 4, seenMax: 3 })
      const history = historyOf(graph)
      const pasts = pastsOf(graph)
      const vector = new PastVector(history)
      const known = new Set<number>()
      const check = (asked: PastVector): void => {
        for (let at = 0; at < graph.length; at += 1)
          expect(asked.knows(history.branchOf(at), history.seqOf(at))).toBe(known.has(at))
        for (const branch of history.branches) {
          const own = Array.from({ length: branch.orders.length }, (_, i) => branch.orders.at(i) ?? -1)
          const last = own.findLastIndex((at) => known.has(at))
          expect(asked.lengthOf(branch)).toBe(last < 0 ? 0 : branch.base + last + 1)
        }
      }
      for (let i = 0; i < 4; i += 1) {
        const at = random.below(graph.length)
        for (const it of pasts[at] ?? []) known.add(it)
        vector.add(at)
        check(vector)
      }
      const copy = vector.copy()
      vector.add(graph.length - 1)
      check(copy)
      const past = history.past.copy(3)
      expect(history.past.copy(-1).lengthOf(history.branchOf(0))).toBe(0)
      for (let at = 0; at < graph.length; at += 1)
        expect(past.knows(history.branchOf(at), history.seqOf(at))).toBe(pasts[3]?.has(at))
    }),
    { numRuns: 60 },
  )
})

test('more vectors than are kept change no answer', () => {
  // Each device acknowledges the three before it, and each is asked, twice over: most vectors are dropped in between.
  const devices = 2_100
  const history = new History(5)
  const key = (i: number, kind: number): Uint8Array =>
    Uint8Array.of(i >> 8, i & 255, kind, ...new Uint8Array(29))
  for (let i = 0; i < devices; i += 1) {
    const seen = [i - 1, i - 2, i - 7].filter((it) => it >= 0)
    history.add({ device: key(i, 0), seq: 0, id: key(i, 1), prev: -1, seen })
  }
  for (let i = 0; i < devices; i += 1)
    history.add({ device: key(i, 0), seq: 1, id: key(i, 2), prev: i, seen: i === 0 ? [] : [i - 1] })
  expect((devices * devices) / PAST_NUMBERS_MAX).toBeGreaterThan(1)
  for (let round = 0; round < 2; round += 1) {
    for (let i = 0; i < devices; i += 1) {
      const order = devices + i
      expect(history.knows(order, 0)).toBe(true)
      expect(history.knows(order, Math.min(i + 1, devices - 1))).toBe(i === devices - 1)
      if (i > 0) expect(history.knows(order, order - 1)).toBe(false)
    }
  }
})

test('a question about each of many new chains looks at a few commits, not at the whole past', () => {
  // Each device writes once and acknowledges three before it; all rest on one commit of the first.
  const devices = 2_000
  const history = new History(5)
  const key = (i: number, kind: number): Uint8Array =>
    Uint8Array.of(i >> 8, i & 255, kind, ...new Uint8Array(29))
  for (let i = 0; i < devices; i += 1) {
    const seen = [i - 1, i - 40, i - 90].filter((it) => it >= 0)
    history.add({ device: key(i, 0), seq: 0, id: key(i, 1), prev: -1, seen })
  }
  let looks = 0
  const past = new Past({
    branches: history.branches,
    branchOf: (order) => history.branchOf(order),
    seqOf: (order) => history.seqOf(order),
    seenOf: (order) => {
      looks += 1
      return history.seenOf(order)
    },
    everySeen: (order, passes) => {
      looks += 1
      return history.everySeen(order, passes)
    },
  })
  for (let order = 1; order < devices; order += 1) expect(past.knows(order, 0)).toBe(true)
  expect(looks / devices).toBeLessThan(SEARCH_STEPS_MAX / 4)
  // What is not in the past is still found out from all of it.
  history.add({ device: key(devices, 0), seq: 0, id: key(devices, 1), prev: -1, seen: [] })
  history.add({ device: key(devices + 1, 0), seq: 0, id: key(devices + 1, 1), prev: -1, seen: [devices - 1] })
  looks = 0
  expect(past.knows(devices + 1, devices)).toBe(false)
  expect(past.knows(devices + 1, 1)).toBe(true)
  expect(past.knows(devices - 1, 0)).toBe(true)
  expect(looks).toBeGreaterThan(0)
})
