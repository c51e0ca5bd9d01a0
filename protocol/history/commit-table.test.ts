import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { historyOf, randomGraph, reordered } from '../../test/actors/random-graph.ts'
import type { MadeCommit } from '../../test/actors/random-graph.ts'
import { HistoryPool } from './commit-table.ts'
import type { HeadName } from './commit-table.ts'
import type { History } from './history.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** All that a history says of the commits of a graph, by id. */
function told(history: History, graph: readonly MadeCommit[]): unknown[] {
  return graph.flatMap(({ id, device }) => {
    const order = history.find(id)
    if (order < 0) return [null]
    const into = new Uint8Array(80)
    history.copyId(order, into, 3)
    history.copyKey(history.deviceOf(order), into, 40)
    const seen = history.seenOf(order)
    const walked: number[] = []
    history.everySeen(order, (head) => walked.push(head) > 0)
    expect(walked).toEqual(seen)
    const isBy = [device, device.with(0, (device[0] ?? 0) ^ 1)].map((key) => history.isBy(order, key))
    const firstByte = history.keyByteOf(history.deviceOf(order))
    return [[order, history.seqOf(order), seen, into, history.idOf(order).slice(), isBy, firstByte]]
  })
}

test('histories that share a pool say what they would say alone, whatever each of them holds and in which order', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 4), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 4, commits: 40, forkOneIn, seenMax: 3 })
      const pool = new HistoryPool()
      const kept = Array.from({ length: 4 }, () => {
        const places = reordered(graph, random).slice(0, 10 + random.below(31))
        return { places, shared: historyOf(graph, places, pool) }
      })
      for (const { places, shared } of kept) {
        const alone = historyOf(graph, places)
        expect([shared.length, shared.deviceCount]).toEqual([alone.length, alone.deviceCount])
        expect(told(shared, graph)).toEqual(told(alone, graph))
        for (let earlier = 0; earlier < shared.length; earlier += 1)
          expect(shared.knows(shared.length - 1, earlier)).toBe(alone.knows(alone.length - 1, earlier))
      }
    }),
    { numRuns: 40 },
  )
})

test('listed heads are found, or told to be missing or named falsely, with a pool as without', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 3, commits: 20, forkOneIn: 0, seenMax: 2 })
      const pool = new HistoryPool()
      historyOf(graph, graph.keys(), pool)
      const places = [...graph.keys()].slice(0, 12)
      const [shared, alone] = [historyOf(graph, places, pool), historyOf(graph, places)]
      const honest: HeadName[] = graph.map(({ id, device, seq }) => ({ id, device, seq }))
      const lists = [honest, honest.slice(0, 12), [], [{ ...first(honest), id: random.bytes(32) }]]
      lists.push([...honest.slice(0, 3), { ...first(honest), seq: 99 }])
      lists.push([{ ...first(honest), device: random.bytes(32) }, ...honest.slice(4)])
      // A list is asked for again: what was found of it is kept.
      for (const list of [...lists, ...lists]) expect(shared.ordersOf(list)).toEqual(alone.ordersOf(list))
      expect(shared.ordersOf(honest)?.filter((order) => order < 0).length).toBe(8)
      expect(lists.slice(-2).map((list) => shared.ordersOf(list))).toEqual([null, null])
    }),
    { numRuns: 40 },
  )
})

function first(honest: readonly HeadName[]): HeadName {
  const [head] = honest
  if (head === undefined) throw new RangeError('no commit')
  return head
}
