import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MaxMinShares } from './max-min-shares.ts'

/** Raises all flows together in tiny words: the flows of the fullest resource stop, the others go on. */
function waterFill(
  capacities: readonly number[],
  paths: ReadonlyMap<number, readonly number[]>,
): Map<number, number> {
  const shares = new Map<number, number>()
  const left = [...capacities]
  for (;;) {
    const open = [...paths.keys()].filter((flow) => !shares.has(flow))
    if (open.length === 0) return shares
    const crowd = (resource: number): number[] => open.filter((flow) => paths.get(flow)?.includes(resource))
    const room = left.map((capacity, resource) => {
      return crowd(resource).length === 0 ? Infinity : capacity / crowd(resource).length
    })
    const level = Math.min(...room)
    for (const flow of crowd(room.indexOf(level))) {
      shares.set(flow, level)
      for (const resource of paths.get(flow) ?? []) left[resource] = (left[resource] ?? 0) - level
    }
  }
}

const RESOURCES = 8
const FLOWS = 24
const WIDTH = 4

test('shares stay those of naive water filling while flows come and go and capacities change', () => {
  const reached = { alone: 0, several: 0, unchanged: 0 }
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ flow: fc.nat({ max: FLOWS - 1 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        resource: fc.nat({ max: RESOURCES - 1 }),
        capacity: fc.integer({ min: 1, max: 1_000 }),
      }),
    },
    { weight: 4, arbitrary: fc.constant('update' as const) },
  )
  const path = fc.uniqueArray(fc.nat({ max: RESOURCES - 1 }), { minLength: 1, maxLength: WIDTH })
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: RESOURCES, maxLength: RESOURCES }),
      fc.array(path, { minLength: FLOWS, maxLength: FLOWS }),
      fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
      (capacities, paths, steps) => {
        const places = paths.flatMap((it) => [...it, ...Array.from({ length: WIDTH - it.length }, () => -1)])
        const shares = new MaxMinShares(Float64Array.from(capacities), Int32Array.from(places), WIDTH)
        const running = new Map<number, readonly number[]>()
        const limits = [...capacities]
        for (const what of [...steps, 'update' as const]) {
          if (what === 'update') {
            let changed = 0
            if (shares.isStale) shares.update(() => (changed += 1))
            if (running.size > 2 && changed < running.size) reached.unchanged += 1
            if (changed > 1) reached.several += 1
            const expected = waterFill(limits, running)
            for (const [flow, share] of expected) {
              expect(Math.abs((shares.shares[flow] ?? 0) / share - 1)).toBeLessThan(1e-7)
            }
          } else if ('resource' in what) {
            limits[what.resource] = what.capacity
            shares.setCapacity(what.resource, what.capacity)
          } else if (running.delete(what.flow)) shares.leave(what.flow)
          else {
            running.set(what.flow, paths[what.flow] ?? [])
            if (shares.join(what.flow)) reached.alone += 1
          }
        }
      },
    ),
    { numRuns: 400 },
  )
  expect(Math.min(reached.alone, reached.several, reached.unchanged)).toBeGreaterThan(500)
})

test('a new flow touches nobody whose bottleneck is elsewhere', () => {
  // Two wide uplinks (0, 1), each with a flow held back by its own narrow link (2, 3), and a third flow on both.
  const paths = [
    [0, 2],
    [1, 3],
    [0, 1],
  ].flatMap((it) => it)
  const shares = new MaxMinShares(Float64Array.of(100, 100, 10, 20), Int32Array.from(paths), 2)
  shares.join(0)
  shares.join(1)
  shares.join(2)
  const changed: number[] = []
  shares.update((flow) => changed.push(flow))
  expect(changed).toEqual([2])
  expect([...shares.shares]).toEqual([10, 20, 80])
})
