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
  shownOf,
} from '../../test/actors/random-graph.ts'
import type { MadeCommit } from '../../test/actors/random-graph.ts'
import { compareBytes, toHex } from '../encoding/index.ts'
import { History } from '../history/index.ts'
import { forkProof, planAcknowledgements } from './acknowledge.ts'
import type { Acknowledging } from './acknowledge.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

function isContested(history: History, order: number): boolean {
  return history.seqOf(order) >= (history.forks.get(history.deviceOf(order)) ?? Infinity)
}

/** How commits stand without seals. */
function byForks(history: History): Omit<Acknowledging, 'own' | 'device'> {
  const forkSeq = (order: number): number => history.forks.get(history.deviceOf(order)) ?? Infinity
  return {
    goodUpTo: (order) => Math.min(history.seqOf(order), forkSeq(order) - 1),
    isDoubted: (device) => history.forks.has(device),
    avoided: new Map(),
    incoming: [],
    admissionsOf: () => [],
    toKnow: () => [],
  }
}

test('a plan leads to all that can be relied on and to each fork, without a head that another covers', () => {
  const reached = { forked: 0, covered: 0, nothing: 0, proven: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 3, 10), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, {
        ...{ devices: 2 + random.below(4), commits: 40 },
        ...{ forkOneIn, seenMax: 4 },
      })
      const history = historyOf(graph)
      // An honest author: its chain does not part.
      const device = Array.from({ length: history.deviceCount }, (_, it) => it).find(
        (it) => !history.forks.has(it),
      )
      if (device === undefined) return
      const own = history.endsOf(device)[0] ?? -1
      const { heads, relied } = planAcknowledgements(history, { own, device, ...byForks(history) })
      // As the next commit of that chain in the plain sets.
      const next: MadeCommit[] = [
        ...graph,
        {
          device: graph[own]?.device ?? new Uint8Array(),
          seq: history.seqOf(own) + 1,
          prev: own,
          seen: heads,
          id: new Uint8Array(32),
        },
      ]
      const past = pastsOf(next).at(-1) ?? new Set()
      const reliance = reliancesOf(next).at(-1) ?? new Set()
      for (const at of graph.keys())
        expect([at, relied.knows(history.branchOf(at), history.seqOf(at))]).toEqual([at, reliance.has(at)])
      for (const shown of shownOf(graph, graph.keys())) expect(reliance.has(shown)).toBe(true)
      for (const [forked, forkSeq] of history.forks) {
        const key = graph.find((_, at) => history.deviceOf(at) === forked)?.device ?? new Uint8Array()
        expect(forkSeqOf(graph, past, key)).toBe(forkSeq)
        reached.forked += 1
      }
      const pasts = pastsOf(graph)
      const known = pasts[own] ?? new Set()
      for (const head of heads) {
        const isProof = isContested(history, head)
        if (isProof) reached.proven += 1
        expect(isProof && known.has(head)).toBe(false)
        const isCovered = heads.some(
          (by) => by !== head && !isContested(history, by) && history.relies(by, head),
        )
        expect(isCovered).toBe(false)
      }
      const ends = Array.from({ length: history.deviceCount }, (_, it) => history.endsOf(it).length)
      if (heads.length < ends.length - 1) reached.covered += 1
      if (heads.length === 0) reached.nothing += 1
    }),
    { numRuns: 400 },
  )
  expect(Math.min(reached.forked, reached.covered, reached.nothing, reached.proven)).toBeGreaterThan(10)
})

test('of avoided devices a plan lists what is to be known alone, and of all others as much as without them', () => {
  const reached = { avoided: 0, toKnow: 0, proven: 0, unproven: 0, covered: 0, whole: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 4, 10), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, {
        ...{ devices: 3 + random.below(4), commits: 50 },
        ...{ forkOneIn, seenMax: 2 },
      })
      const history = historyOf(graph)
      const numbers = Array.from({ length: history.deviceCount }, (_, it) => it)
      const device = numbers.find((it) => !history.forks.has(it))
      if (device === undefined) return
      const own = history.endsOf(device)[0] ?? -1
      const others = numbers.filter((it) => it !== device)
      const avoided = new Map(others.filter(() => random.below(2) === 0).map((it) => [it, []]))
      const asked = [...graph.keys()].filter(() => random.below(12) === 0)
      const author = { own, device, ...byForks(history) }
      const whole = planAcknowledgements(history, author)
      const plan = planAcknowledgements(history, { ...author, avoided, toKnow: () => asked })
      // As the next commit of that chain in the plain sets.
      const next: MadeCommit[] = [
        ...graph,
        {
          ...{ device: graph[own]?.device ?? new Uint8Array(), seq: history.seqOf(own) + 1, prev: own },
          ...{ seen: plan.heads, id: new Uint8Array(32) },
        },
      ]
      const past = pastsOf(next).at(-1) ?? new Set()
      const reliances = reliancesOf(next)
      const reliance = reliances.at(-1) ?? new Set()
      const before = reliances[own] ?? new Set()
      const isIn = (vector: typeof plan.known, at: number): boolean =>
        vector.knows(history.branchOf(at), history.seqOf(at))
      for (const at of graph.keys()) {
        expect([at, isIn(plan.known, at), isIn(plan.relied, at)]).toEqual([
          at,
          past.has(at),
          reliance.has(at),
        ])
        expect(reliance.has(at) && !isIn(whole.relied, at)).toBe(false)
        if (!avoided.has(history.deviceOf(at))) {
          const isOpen = !isContested(history, at)
          if (isOpen) expect(reliance.has(at)).toBe(true)
        } else if (past.has(at)) reached.covered += 1
      }
      for (const at of asked) expect(past.has(at)).toBe(true)
      for (const head of plan.heads) {
        const number = history.deviceOf(head)
        if (!avoided.has(number)) continue
        const isProof = forkProof(history, history.branchesOf(number)).includes(head)
        expect(asked.includes(head) || isProof).toBe(true)
        if (asked.includes(head)) reached.toKnow += 1
        else reached.proven += 1
      }
      for (const number of avoided.keys()) {
        reached.avoided += 1
        const forkSeq = history.forks.get(number)
        if (forkSeq === undefined) continue
        const isKnown = history.forkSeqIn(plan.known, number) === forkSeq
        if (!isKnown) reached.unproven += 1
        // Who knows of no fork relies on nothing behind it.
        const contested = [...reliance].filter((at) => at < graph.length && history.deviceOf(at) === number)
        if (!isKnown)
          for (const at of contested) expect(isContested(history, at) && !before.has(at)).toBe(false)
      }
      if (avoided.size === 0) reached.whole += 1
    }),
    { numRuns: 300 },
  )
  expect(Math.min(...Object.values(reached))).toBeGreaterThan(0)
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
  expect(planAcknowledgements(history, { own: -1, device: -1, ...byForks(history) }).heads).toEqual([2, 1])
})
