import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import { historyOf, pastsOf, randomGraph, reordered } from '../../test/actors/random-graph.ts'
import type { MadeCommit } from '../../test/actors/random-graph.ts'
import { compareBytes, toHex } from '../encoding/index.ts'
import { History } from '../history/index.ts'
import { FORK_ENDS_MAX, ForkEnds } from './fork-ends.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** What a replica that has these places of the graph, come in this order, tells its peers: places of ends. */
function told(graph: readonly MadeCommit[], places: readonly number[]): number[] {
  const history = historyOf(graph, places)
  const ends = notedEnds(history)
  return Array.from({ length: history.deviceCount }, (_, device) => ends.of(device))
    .flat()
    .map((order) => places[order] ?? -1)
    .sort((a, b) => a - b)
}

/** Ends after every commit was noted, as if it had just come. */
function notedEnds(history: History): ForkEnds {
  const growing = new History(1)
  const ends = new ForkEnds(growing)
  for (let order = 0; order < history.length; order += 1) {
    growing.add({
      device: history.keyOf(history.deviceOf(order)),
      seq: history.seqOf(order),
      id: history.idOf(order),
      prev: history.prevOf(order),
      seen: [...history.seenOf(order)],
    })
    ends.note(order)
    if (order % 7 === 0) ends.of(0) // asked now and then, as roots are
  }
  return ends
}

/** The first leaves of a device's tree and those behind all that told commits acknowledge: the slow and plain way. */
function plainEnds(graph: readonly MadeCommit[], places: readonly number[]): number[] {
  const has = new Set(places)
  const isForked = new Set<string>()
  const children = new Map<string, number[]>()
  const keyOf = (at: number): string => toHex(graph[at]?.device ?? new Uint8Array())
  for (const at of has) {
    const parent = `${keyOf(at)}/${graph[at]?.prev ?? -1}`
    const others = children.get(parent) ?? []
    children.set(parent, [...others, at])
    if (others.length > 0) isForked.add(keyOf(at))
  }
  const byId = (a: number, b: number): number =>
    compareBytes(graph[a]?.id ?? new Uint8Array(), graph[b]?.id ?? new Uint8Array())
  const leavesFrom = (key: string, at: number): number[] => {
    const next = children.get(`${key}/${at}`) ?? []
    return next.length === 0 ? [at] : next.toSorted(byId).flatMap((it) => leavesFrom(key, it))
  }
  const toldOnes = new Set<number>()
  const tell = (end: number): void => {
    for (let at = end; at >= 0; at = graph[at]?.prev ?? -1) toldOnes.add(at)
  }
  for (const key of new Set([...has].map(keyOf))) {
    const leaves = leavesFrom(key, -1)
    leaves.slice(0, isForked.has(key) ? FORK_ENDS_MAX : 1).forEach(tell)
    // The first leaf behind either commit of the fork proof.
    const own = [...has].filter((at) => keyOf(at) === key)
    const seqOf = (at: number): number => graph[at]?.seq ?? -1
    const twice = own.map(seqOf).filter((seq, i, all) => all.indexOf(seq) !== i)
    const proof = own.filter((at) => seqOf(at) === Math.min(...twice)).toSorted(byId)
    const other = proof[1]
    if (other === undefined) continue
    const isBehind = (leaf: number): boolean => {
      for (let at = leaf; at >= 0; at = graph[at]?.prev ?? -1) if (at === other) return true
      return false
    }
    leaves.filter(isBehind).slice(0, 1).forEach(tell)
  }
  for (let size = -1; size !== toldOnes.size;) {
    size = toldOnes.size
    for (const at of [...toldOnes])
      for (const seen of graph[at]?.seen ?? [])
        if (isForked.has(keyOf(seen))) leavesFrom(keyOf(seen), seen).slice(0, 1).forEach(tell)
  }
  const followed = new Set([...toldOnes].map((at) => graph[at]?.prev))
  return [...toldOnes].filter((at) => !followed.has(at)).sort((a, b) => a - b)
}

test('equal sets of commits give equal ends in whatever order they came', () => {
  const reached = { bounded: 0, beyond: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 4), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 3, commits: 60, forkOneIn, seenMax: 1 })
      const expected = plainEnds(graph, [...graph.keys()])
      for (let i = 0; i < 3; i += 1) expect(told(graph, reordered(graph, random))).toEqual(expected)
      const history = historyOf(graph)
      for (let device = 0; device < history.deviceCount; device += 1) {
        const own = expected.filter((at) => history.deviceOf(at) === device).length
        if (own < history.branchesOf(device).length) reached.bounded += 1
        if (own > FORK_ENDS_MAX) reached.beyond += 1
      }
    }),
    { numRuns: 60 },
  )
  expect(Math.min(reached.bounded, reached.beyond)).toBeGreaterThan(10)
})

test('two replicas that give each other what they tell end up telling the same', () => {
  const reached = { different: 0, more: 0, rounds: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 4), fc.constantFrom(0, 1), (seed, forkOneIn, seenMax) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 3, commits: 80, forkOneIn, seenMax })
      const pasts = pastsOf(graph)
      const closure = (places: Iterable<number>): Set<number> =>
        new Set([...places].flatMap((at) => [...(pasts[at] ?? [])]))
      const some = (): Set<number> => closure(Array.from({ length: 12 }, () => random.below(graph.length)))
      const sides = [some(), some()] as [Set<number>, Set<number>]
      const tells = (side: Set<number>): number[] =>
        told(
          graph,
          [...side].sort((a, b) => a - b),
        )
      let [a, b] = [tells(sides[0]), tells(sides[1])]
      if (a.join() !== b.join()) reached.different += 1
      if (a.length > FORK_ENDS_MAX + 3) reached.more += 1
      let round = 0
      for (; a.join() !== b.join(); round += 1) {
        expect(round).toBeLessThan(3)
        const [fromA, fromB] = [closure(a), closure(b)]
        for (const at of fromA) sides[1].add(at)
        for (const at of fromB) sides[0].add(at)
        ;[a, b] = [tells(sides[0]), tells(sides[1])]
      }
      reached.rounds = Math.max(reached.rounds, round)
    }),
    { numRuns: 100 },
  )
  expect(Math.min(reached.different, reached.more)).toBeGreaterThan(10)
  expect(reached.rounds).toBeGreaterThan(0)
})

test('a device that never forked has its end, a forked one its branches, and what is told is known of each commit', () => {
  const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
  const history = new History(1)
  const ends = new ForkEnds(history)
  const add = (device: number, seq: number, prev: number, seen: number[] = []): number => {
    const order = history.add({ device: id(device), seq, id: id(100 + history.length), prev, seen })
    ends.note(order)
    return order
  }
  const first = add(1, 0, -1)
  const second = add(1, 1, first)
  expect([ends.forked.size, ends.of(0), ends.isTold(first)]).toEqual([0, [second], true])
  const others = Array.from({ length: FORK_ENDS_MAX }, () => add(1, 1, first))
  expect([...ends.forked]).toEqual([0])
  // Ids ascend, so that the last is the ninth leaf and is not told until somebody acknowledges it.
  const ninth = others.at(-1) ?? -1
  expect([ends.of(0), ends.isTold(ninth)]).toEqual([[second, ...others.slice(0, -1)], false])
  const follower = add(1, 2, ninth)
  expect([ends.isTold(follower), ends.isTold(first)]).toEqual([false, true])
  expect(ends.note(add(2, 0, -1, [ninth]))).toBe(true)
  // With the leaf behind it: whatever covers it is told.
  expect([ends.isTold(ninth), ends.isTold(follower)]).toEqual([true, true])
  const later = add(1, 2, ninth)
  expect([ends.isTold(later), ends.of(0)]).toEqual([false, [second, ...others.slice(0, -1), follower]])
  expect(ends.of(7)).toEqual([])
})

test('a device may fork at its first commit', () => {
  const history = new History(1)
  const ends = new ForkEnds(history)
  const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
  for (const fill of [5, 3, 9])
    ends.note(history.add({ device: id(1), seq: 0, id: id(fill), prev: -1, seen: [] }))
  expect(ends.of(0)).toEqual([0, 1, 2])
})

test('the number of branches slows nothing down that matters: 100,000 in a row, nested or side by side', () => {
  for (const isNested of [true, false]) {
    const history = new History(3)
    const ends = new ForkEnds(history)
    const device = new Uint8Array(32).fill(9)
    const id = (i: number): Uint8Array =>
      Uint8Array.of(255 - (i >> 16), (i >> 8) & 255, i & 255, ...device.slice(3))
    const root = history.add({ device, seq: 0, id: id(0), prev: -1, seen: [] })
    ends.note(root)
    let prev = root
    const startMs = Date.now()
    for (let i = 1; i <= 100_000; i += 1) {
      ends.note(history.add({ device, seq: isNested ? i : 1, id: id(2 * i - 1), prev, seen: [] }))
      const other = history.add({ device, seq: isNested ? i : 1, id: id(2 * i), prev, seen: [] })
      ends.note(other)
      if (isNested) prev = other
      if (i % 10_000 === 0) expect(ends.of(0).length).toBe(FORK_ENDS_MAX)
    }
    expect(Date.now() - startMs).toBeLessThan(25_000)
  }
})

test('two devices whose branches acknowledge each other in turn, thousands of them, are told without delay', () => {
  const history = new History(5)
  const ends = new ForkEnds(history)
  const id = (i: number): Uint8Array => Uint8Array.of(i >> 8, i & 255, ...new Uint8Array(30).fill(7))
  const key = (device: number): Uint8Array => new Uint8Array(32).fill(device)
  const add = (device: number, seq: number, prev: number, seen: number[]): number => {
    const order = history.add({ device: key(device), seq, id: id(history.length), prev, seen })
    ends.note(order)
    return order
  }
  const roots = [add(1, 0, -1, []), add(2, 0, -1, [])]
  // Each branch knows of one branch of the other device that it acknowledges itself, and of all behind that one.
  let last = -1
  for (let i = 0; i < 3_000; i += 1) last = add(1 + (i % 2), 1, roots[i % 2] ?? -1, last < 0 ? [] : [last])
  const startMs = Date.now()
  expect(ends.of(0).length).toBe(FORK_ENDS_MAX)
  add(3, 0, -1, [last])
  expect([ends.of(0).length, ends.of(1).length]).toEqual([1_500, 1_500])
  expect(Date.now() - startMs).toBeLessThan(2_000)
})
