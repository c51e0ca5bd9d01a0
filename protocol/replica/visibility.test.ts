import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import {
  historyOf,
  pastsOf,
  randomGraph,
  reliancesOf,
  reordered,
  shownOf,
} from '../../test/actors/random-graph.ts'
import type { MadeCommit } from '../../test/actors/random-graph.ts'
import { History } from '../history/index.ts'
import { ForkEnds } from './fork-ends.ts'
import { Visibility } from './visibility.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

function drawn(seed: number, forkOneIn: number): MadeCommit[] {
  const random = seededRandom(seed)
  return randomGraph(random, { devices: 2 + random.below(4), commits: 50, forkOneIn, seenMax: 3 })
}

/** Visibility after the commits at these places came one after the other; `onChange` hears which devices changed. */
function shownAfter(
  graph: readonly MadeCommit[],
  places: readonly number[],
  onChange: (devices: ReadonlySet<number>, visibility: Visibility, history: History) => void = () => {},
): { history: History; visibility: Visibility; shown: number[] } {
  const whole = historyOf(graph, places)
  const history = new History(1)
  const visibility = new Visibility(history)
  for (let order = 0; order < whole.length; order += 1) {
    history.add({
      device: whole.keyOf(whole.deviceOf(order)),
      seq: whole.seqOf(order),
      id: whole.idOf(order),
      prev: whole.prevOf(order),
      seen: whole.seenOf(order),
    })
    onChange(visibility.note(order), visibility, history)
  }
  const shown = places.filter((_, order) => visibility.isVisible(order)).sort((a, b) => a - b)
  return { history, visibility, shown }
}

test('what is shown is a function of the set of commits, and that of the plain definition', () => {
  const reached = { shown: 0, hidden: 0, endorsed: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 3, 8), (seed, forkOneIn) => {
      const graph = drawn(seed, forkOneIn)
      const expected = [...shownOf(graph, graph.keys())].sort((a, b) => a - b)
      const { history, shown } = shownAfter(graph, [...graph.keys()])
      expect(shown).toEqual(expected)
      expect(shownAfter(graph, reordered(graph, seededRandom(seed + 1))).shown).toEqual(expected)
      reached.shown += shown.length
      reached.hidden += graph.length - shown.length
      reached.endorsed += shown.filter(
        (at) => history.seqOf(at) >= (history.forks.get(history.deviceOf(at)) ?? Infinity),
      ).length
    }),
    { numRuns: 300 },
  )
  expect(Math.min(reached.shown, reached.hidden, reached.endorsed)).toBeGreaterThan(300)
})

test('whatever a shown commit relies on is shown', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(3, 8), (seed, forkOneIn) => {
      const graph = drawn(seed, forkOneIn)
      const { visibility } = shownAfter(graph, [...graph.keys()])
      for (const [at, relied] of reliancesOf(graph).entries())
        if (visibility.isVisible(at)) for (const it of relied) expect(visibility.isVisible(it)).toBe(true)
    }),
    { numRuns: 150 },
  )
})

test('it says of which devices other commits are shown than before', () => {
  let changes = 0
  fc.assert(
    fc.property(seeds, (seed) => {
      const graph = drawn(seed, 5)
      let before = new Map<number, boolean>()
      shownAfter(graph, [...graph.keys()], (devices, visibility, history) => {
        const now = new Map(
          Array.from({ length: history.length }, (_, order) => [order, visibility.isVisible(order)]),
        )
        for (const [order, isShown] of before) {
          if (now.get(order) === isShown) continue
          changes += 1
          expect(devices.has(history.deviceOf(order))).toBe(true)
        }
        before = now
      })
    }),
    { numRuns: 100 },
  )
  expect(changes).toBeGreaterThan(200)
})

test('what peers are not told of changes nothing that is shown', () => {
  let untold = 0
  fc.assert(
    fc.property(seeds, fc.constantFrom(1, 2, 4), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 3, commits: 80, forkOneIn, seenMax: 1 })
      const { history, shown } = shownAfter(graph, [...graph.keys()])
      const ends = new ForkEnds(history)
      for (let order = 0; order < history.length; order += 1) ends.note(order)
      const pasts = pastsOf(graph)
      const told = new Set<number>()
      for (let device = 0; device < history.deviceCount; device += 1)
        for (const end of ends.of(device)) for (const at of pasts[end] ?? []) told.add(at)
      untold += graph.length - told.size
      const places = [...told].sort((a, b) => a - b)
      expect(shownAfter(graph, places).shown).toEqual(shown)
    }),
    { numRuns: 100 },
  )
  expect(untold).toBeGreaterThan(100)
})
