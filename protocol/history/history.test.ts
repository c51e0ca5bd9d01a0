import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { chainOf, historyOf, pastsOf, randomGraph } from '../../test/actors/random-graph.ts'
import type { MadeCommit } from '../../test/actors/random-graph.ts'
import { History } from './history.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

function drawn(seed: number, forkOneIn: number): MadeCommit[] {
  const random = seededRandom(seed)
  return randomGraph(random, { devices: 1 + random.below(5), commits: 60, forkOneIn, seenMax: 3 })
}

test('a history answers as the plain sets would, with forks and without', () => {
  const reached = { forked: 0, parted: 0, unknown: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 2, 5, 20), (seed, forkOneIn) => {
      const graph = drawn(seed, forkOneIn)
      const history = historyOf(graph)
      const pasts = pastsOf(graph)
      for (const [at, commit] of graph.entries()) {
        const chain = new Set(chainOf(graph, at))
        expect([history.seqOf(at), history.prevOf(at), [...history.seenOf(at)]]).toEqual([
          commit.seq,
          commit.prev,
          commit.seen,
        ])
        expect([history.idOf(at), history.keyOf(history.deviceOf(at))]).toEqual([commit.id, commit.device])
        for (let earlier = 0; earlier < graph.length; earlier += 1) {
          const isKnown = pasts[at]?.has(earlier) === true
          if (history.knows(at, earlier) !== isKnown) throw new Error(`${at} knows ${earlier}: ${!isKnown}`)
          const isSame = graph[earlier]?.device === commit.device
          if (history.isAtOrAfter(at, earlier) !== (isSame && chain.has(earlier)))
            throw new Error(`${at} is at or after ${earlier}: ${!chain.has(earlier)}`)
          if (isSame && !chain.has(earlier) && earlier < at) reached.parted += 1
          if (!isKnown && earlier < at) reached.unknown += 1
        }
      }
      for (let device = 0; device < history.deviceCount; device += 1) {
        const own = [...graph.keys()].filter((at) => history.deviceOf(at) === device)
        const followed = new Set(own.map((at) => graph[at]?.prev))
        expect(history.endsOf(device)).toEqual(own.filter((at) => !followed.has(at)))
        if (history.endsOf(device).length > 1) reached.forked += 1
      }
    }),
    { numRuns: 100 },
  )
  expect(reached.forked).toBeGreaterThan(30)
  expect(Math.min(reached.parted, reached.unknown)).toBeGreaterThan(1_000)
})

test('questions about the past may come in any order', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const graph = drawn(seed, 4)
      const history = historyOf(graph)
      const pasts = pastsOf(graph)
      const random = seededRandom(seed + 1)
      for (let i = 0; i < 500; i += 1) {
        const [at, earlier] = [random.below(graph.length), random.below(graph.length)]
        expect(history.knows(at, earlier)).toBe(pasts[at]?.has(earlier))
      }
    }),
    { numRuns: 40 },
  )
})

test('a branch gives the commit of each seq of its whole line', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const graph = drawn(seed, 2)
      const history = historyOf(graph)
      for (const branch of history.branches) {
        const line = chainOf(graph, branch.end).toReversed()
        expect(branch.length).toBe(line.length)
        expect(line.map((_, seq) => branch.at(seq))).toEqual(line)
        expect([branch.at(-1), branch.at(line.length)]).toEqual([-1, -1])
      }
    }),
    { numRuns: 100 },
  )
})

test('what is not there is not found', () => {
  const history = new History(1)
  expect([history.find(new Uint8Array(32)), history.findDevice(new Uint8Array(32))]).toEqual([-1, -1])
  expect([history.length, history.deviceCount, history.branchesOf(-1)]).toEqual([0, 0, []])
  for (const ask of [() => history.idOf(0), () => history.keyOf(0), () => history.seqOf(0)])
    expect(ask).toThrow(RangeError)
})

test('a hundred thousand forks, each on the branch of the one before, are taken and walked in seconds', () => {
  const history = new History(3)
  const device = new Uint8Array(32).fill(9)
  const id = (i: number): Uint8Array => Uint8Array.of(i >> 16, (i >> 8) & 255, i & 255, ...new Uint8Array(29))
  let prev = history.add({ device, seq: 0, id: id(0), prev: -1, seen: [] })
  const startMs = Date.now()
  const count = 100_000
  for (let i = 1; i < count; i += 1) {
    // The side commit comes first, so that the trunk goes on as a branch of its own each time.
    history.add({ device, seq: i, id: id(2 * i - 1), prev, seen: [] })
    prev = history.add({ device, seq: i, id: id(2 * i), prev, seen: [] })
  }
  const trunk = history.branchOf(prev)
  let way = 0
  for (let seq = 0; seq < count; seq += 1) way += trunk.at(seq) === 2 * seq ? 1 : 0
  expect(way).toBe(count)
  expect(history.knows(prev, 0) && history.isAtOrAfter(prev, 2) && !history.knows(prev, 1)).toBe(true)
  expect(history.branchesOf(0).length).toBe(count)
  expect(Date.now() - startMs).toBeLessThan(10_000)
})
