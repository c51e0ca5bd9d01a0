import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Evaluation, FOUNDING } from '#protocol/evaluation'
import { toHex } from '#protocol/encoding'
import { History } from '#protocol/history'
import { Visibility } from '#protocol/replica'
import { seededRandom } from '#simulations/mesh'
import { randomGraph, reordered } from './actors/random-graph.ts'

test('without seals an evaluation says of every commit what the history of forks says, in any order of arrival', () => {
  const reached = { contested: 0, cut: 0, endorsed: 0 }
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.constantFrom(0, 3, 8), (seed, forkOneIn) => {
      const random = seededRandom(seed)
      const graph = randomGraph(random, { devices: 2 + random.below(4), commits: 50, forkOneIn, seenMax: 3 })
      const history = new History(1)
      const evaluation = new Evaluation({ graph: history, keyOf: (device) => toHex(history.keyOf(device)) })
      const byForks = new Visibility(history)
      const byEvaluation = new Visibility(history, {
        goodUpTo: (order) => evaluation.goodUpTo(order),
        trustedHead: (order, head) => history.branchOf(head).at(evaluation.trustedUpTo(order, head)),
      })
      const find = (at: number): number => (at < 0 ? -1 : history.find(graph[at]?.id ?? new Uint8Array(32)))
      for (const at of reordered(graph, random)) {
        const commit = graph[at]
        if (commit === undefined) continue
        const links = { prev: find(commit.prev), seen: commit.seen.map(find) }
        const order = history.add({ ...commit, ...links })
        const { regraded } = evaluation.append(order, FOUNDING, []).changes
        expect(byEvaluation.note(order, regraded)).toEqual(byForks.note(order))
        for (const head of links.seen) {
          const trusted = history.trustedHead(order, head)
          const seq = trusted < 0 ? -1 : history.seqOf(trusted)
          expect(evaluation.trustedUpTo(order, head)).toBe(seq)
          if (seq < history.seqOf(head)) reached.cut += 1
        }
        for (let earlier = 0; earlier <= order; earlier += 1) {
          const forkSeq = history.forks.get(history.deviceOf(earlier)) ?? Infinity
          const { isContested } = evaluation.standingOf(earlier)
          const isVisible = byForks.isVisible(earlier)
          if (
            isContested !== history.seqOf(earlier) >= forkSeq ||
            byEvaluation.isVisible(earlier) !== isVisible
          )
            throw new Error(`commit ${earlier} after ${order}`)
          if (isContested) reached.contested += 1
          if (isContested && isVisible) reached.endorsed += 1
        }
      }
    }),
    { numRuns: 200 },
  )
  expect(Math.min(reached.contested, reached.cut, reached.endorsed)).toBeGreaterThan(500)
})
