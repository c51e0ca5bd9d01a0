import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#simulations/mesh'
import {
  chainOf,
  historyOf,
  pastsOf,
  randomGraph,
  reordered,
  shownOf,
} from '../../test/actors/random-graph.ts'
import type { MadeCommit } from '../../test/actors/random-graph.ts'
import type { Stretch } from '../document/index.ts'
import { Stretches } from './stretches.ts'
import { Visibility } from './visibility.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** The stretch of each shown commit of these places, by place. */
function stretchesOf(graph: readonly MadeCommit[], places: readonly number[]): Map<number, Stretch> {
  const history = historyOf(graph, places)
  const visibility = new Visibility(history)
  const stretches = new Stretches(history, visibility)
  for (let order = 0; order < history.length; order += 1)
    for (const device of visibility.note(order)) stretches.forget(device)
  return new Map(
    places.flatMap((at, order) => (visibility.isVisible(order) ? [[at, stretches.of(order)] as const] : [])),
  )
}

function isUnder(stretch: Stretch, above: Stretch): boolean {
  for (let at: Stretch | null = stretch; at !== null; at = at.parent) if (at === above) return true
  return false
}

test('commits share a stretch exactly when nothing that is shown parts between them', () => {
  const reached = { same: 0, parted: 0 }
  fc.assert(
    fc.property(seeds, fc.constantFrom(0, 12, 30), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 6, commits: 80, forkOneIn, seenMax: 2 })
      const stretches = stretchesOf(graph, reordered(graph, random))
      const shown = shownOf(graph, graph.keys())
      expect([...stretches.keys()].sort((a, b) => a - b)).toEqual([...shown].sort((a, b) => a - b))
      const nextOf = (at: number): number[] => [...shown].filter((it) => graph[it]?.prev === at)
      for (const at of shown) {
        const { prev = -1 } = graph[at] ?? {}
        const stretch = stretches.get(at)
        const before = stretches.get(prev)
        if (stretch === undefined || before === undefined) continue
        const isSame = nextOf(prev).length === 1
        expect(stretch === before).toBe(isSame)
        if (!isSame) expect([stretch.parent, stretch.rank > before.rank]).toEqual([before, true])
        if (isSame) reached.same += 1
        else reached.parted += 1
      }
    }),
    { numRuns: 600 },
  )
  expect(Math.min(reached.same, reached.parted)).toBeGreaterThan(100)
})

test('two commits of a device keep their order and their kinship, however much else is shown', () => {
  let compared = 0
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 6, commits: 80, forkOneIn: 15, seenMax: 2 })
      const pasts = pastsOf(graph)
      const some = new Set(
        Array.from({ length: 20 }, () => random.below(graph.length)).flatMap((at) => [...(pasts[at] ?? [])]),
      )
      const few = stretchesOf(
        graph,
        [...some].sort((a, b) => a - b),
      )
      const all = stretchesOf(graph, reordered(graph, random))
      for (const [a, fewA] of few) {
        for (const [b, fewB] of few) {
          const [allA, allB] = [all.get(a), all.get(b)]
          if (allA === undefined || allB === undefined || graph[a]?.device !== graph[b]?.device) continue
          if (chainOf(graph, b).includes(a)) expect(isUnder(allB, allA)).toBe(true)
          else if (!chainOf(graph, a).includes(b) && fewA.rank < fewB.rank) {
            compared += 1
            expect(allA.rank).toBeLessThan(allB.rank)
          }
        }
      }
    }),
    { numRuns: 150 },
  )
  expect(compared).toBeGreaterThan(100)
})
