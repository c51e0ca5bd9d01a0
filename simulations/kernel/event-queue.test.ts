import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventQueue } from './event-queue.ts'

test('events come in the order of a stable sort by time, however pushes and pops are mixed', () => {
  let ties = 0
  const time = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.nat(), fc.double({ noNaN: true }))
  const push = fc.record({ push: time })
  const act = fc.oneof({ weight: 3, arbitrary: push }, { weight: 2, arbitrary: fc.constant('pop' as const) })
  fc.assert(
    fc.property(fc.array(act, { minLength: 100, maxLength: 400, size: 'max' }), (acts) => {
      const queue = new EventQueue()
      const naive: { timeUs: number; number: number }[] = []
      for (const [number, what] of acts.entries()) {
        if (what === 'pop') {
          const expected = naive.shift()
          expect(queue.pop()).toBe(expected !== undefined)
          if (expected === undefined) continue
          expect([queue.timeUs, queue.data, queue.kind, queue.target]).toEqual([
            expected.timeUs,
            expected.number + 0.5,
            expected.number % 7,
            expected.number * 3,
          ])
        } else {
          const timeUs = what.push
          let at = naive.findIndex((it) => it.timeUs > timeUs)
          if (at === -1) at = naive.length
          if (naive[at - 1]?.timeUs === timeUs) ties += 1
          naive.splice(at, 0, { timeUs, number })
          queue.push(timeUs, number % 7, number * 3, number + 0.5)
        }
        expect(queue.size).toBe(naive.length)
        expect(queue.nextUs).toBe(naive[0]?.timeUs ?? Number.POSITIVE_INFINITY)
      }
    }),
    { numRuns: 300 },
  )
  expect(ties).toBeGreaterThan(1_000)
})

test('the queue grows beyond its first room and keeps everything', () => {
  const queue = new EventQueue()
  for (let i = 0; i < 10_000; i += 1) queue.push((i * 7_919) % 10_000, 1, i, i)
  for (let timeUs = 0; timeUs < 10_000; timeUs += 1) {
    expect(queue.pop()).toBe(true)
    expect(queue.timeUs).toBe(timeUs)
    expect((queue.target * 7_919) % 10_000).toBe(timeUs)
  }
  expect(queue.pop()).toBe(false)
})
