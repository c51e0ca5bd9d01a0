import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Simulator } from './simulator.ts'
import { Timers } from './timers.ts'

test('a timer goes off once, at the time it was set to last, whatever was set and cleared before', () => {
  let fired = 0
  const act = fc.record({
    atUs: fc.nat({ max: 1_000 }),
    target: fc.nat({ max: 2 }),
    waitUs: fc.oneof(fc.nat({ max: 300 }), fc.constant(Number.POSITIVE_INFINITY)),
  })
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 60, size: 'max' }), (acts) => {
      const sim = new Simulator({ seed: 1 })
      const seen: string[] = []
      const timers = new Timers(sim, {
        ...{ name: 'timer', targets: 3 },
        onDue: (target) => seen.push(`${sim.nowUs} ${target}`),
      })
      const set = sim.register('set', (target, waitUs) => timers.set(target, sim.nowUs + waitUs))
      acts.sort((a, b) => a.atUs - b.atUs)
      for (const { atUs, target, waitUs } of acts) sim.at(atUs, set, target, waitUs)
      sim.run(Number.POSITIVE_INFINITY)
      // A timer set at the very moment it was due may go off before or after; such runs are left out.
      const expected: string[] = []
      for (const target of [0, 1, 2]) {
        const own = acts.filter((it) => it.target === target)
        for (const [i, { atUs, waitUs }] of own.entries()) {
          const next = own[i + 1]
          if (next !== undefined && next.atUs === atUs + waitUs) return
          const isSetAgain = next !== undefined && next.atUs < atUs + waitUs
          if (waitUs < Number.POSITIVE_INFINITY && !isSetAgain) expected.push(`${atUs + waitUs} ${target}`)
        }
      }
      expect(seen.toSorted()).toEqual(expected.toSorted())
      fired += seen.length
    }),
    { numRuns: 500 },
  )
  expect(fired).toBeGreaterThan(500)
})

test('a timer that moves later again and again costs one event', () => {
  const sim = new Simulator({ seed: 1 })
  let at = -1
  const timers = new Timers(sim, { name: 'timer', targets: 1, onDue: () => (at = sim.nowUs) })
  for (let i = 1; i <= 1_000; i += 1) timers.set(0, i * 10)
  expect([sim.pending, timers.dueUs(0)]).toEqual([1, 10_000])
  expect(sim.run(20_000).events).toBe(2)
  expect([at, timers.dueUs(0)]).toEqual([10_000, Number.POSITIVE_INFINITY])
  timers.set(0, 30_000)
  timers.clear(0)
  sim.run(40_000)
  expect(at).toBe(10_000)
})
