import { expect, test } from 'vitest'
import { nodeCrypto } from '#node/crypto'
import { toHex } from '#protocol/encoding'
import { Audit, BLOCK_EVENTS } from './audit.ts'
import { compareRuns, describeDifference, firstDifference } from './compare-runs.ts'
import { HandlerError, KINDS_MAX, Simulator } from './simulator.ts'

const { sha256 } = nodeCrypto()

/** A run in which `nodes` nodes pass a token around with random waits. */
function pass(audit: Audit, init: { seed: number; nodes: number; untilUs: number }): Simulator {
  const sim = new Simulator({ seed: init.seed, audit })
  const hop = sim.register('hop', (node) => {
    const random = sim.random.stream('wait', node)
    sim.note(random.below(3))
    sim.after(1 + random.below(1_000), hop, (node + 1) % init.nodes)
  })
  for (let node = 0; node < init.nodes; node += 1) sim.at(node, hop, node)
  sim.run(init.untilUs)
  return sim
}

test('events run in the order of time, equal times as scheduled, and time stands at the end of the run', () => {
  const sim = new Simulator({ seed: 1 })
  const seen: number[][] = []
  const mark = sim.register('mark', (target, data) => {
    seen.push([sim.nowUs, target, data])
    if (target === 1) sim.after(0, mark, 9, 9)
  })
  sim.at(20, mark, 3)
  sim.at(10, mark, 1, 0.5)
  sim.at(10, mark, 2)
  expect(sim.run(15)).toEqual({ reason: 'until', events: 3 })
  expect(sim.nowUs).toBe(15)
  expect(seen).toEqual([
    [10, 1, 0.5],
    [10, 2, 0],
    [10, 9, 9],
  ])
  expect(sim.pending).toBe(1)
  expect(sim.run(Number.POSITIVE_INFINITY)).toEqual({ reason: 'empty', events: 1 })
  expect(sim.nowUs).toBe(20)
})

test('a run can be stopped and goes on, and a limit ends what never ends by itself', () => {
  const sim = new Simulator({ seed: 1, eventsMax: 100 })
  const spin = sim.register('spin', () => {
    if (sim.events === 10) sim.stop()
    sim.after(0, spin, 0)
  })
  sim.at(5, spin, 0)
  expect(sim.run(5)).toEqual({ reason: 'stopped', events: 10 })
  expect(sim.run(5)).toEqual({ reason: 'limit', events: 90 })
})

test('what cannot be scheduled is refused with the kind and the times', () => {
  const sim = new Simulator({ seed: 1 })
  const late = sim.register('late', () => {})
  sim.run(100)
  for (const timeUs of [99, 100.5, Number.NaN, Infinity, 2 ** 53]) {
    expect(() => sim.at(timeUs, late, 0)).toThrow(`'late' cannot be scheduled for ${timeUs} us; it is 100 us`)
  }
  expect(() => sim.at(100, 7, 0)).toThrow('no event of kind 7')
  expect(() => sim.at(100, late, -1)).toThrow('target -1')
  expect(() => sim.register('late', () => {})).toThrow("already a kind of event named 'late'")
})

test('too many kinds, and too many events that wait, are refused', () => {
  const sim = new Simulator({ seed: 1, pendingMax: 3 })
  for (let i = 1; i < KINDS_MAX; i += 1) sim.register(`kind ${i}`, () => {})
  expect(() => sim.register('one more', () => {})).toThrow(`more than ${KINDS_MAX} kinds`)
  for (let i = 0; i < 3; i += 1) sim.at(i, 1, 0)
  expect(() => sim.at(3, 1, 0)).toThrow('more than 3 events wait')
  sim.run(0)
  sim.at(3, 1, 0)
})

test('a handler that throws is named with its event', () => {
  const sim = new Simulator({ seed: 1 })
  const crash = sim.register('crash', () => {
    throw new Error('the till is empty')
  })
  sim.at(3, crash, 4)
  let caught: unknown
  try {
    sim.run(10)
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(HandlerError)
  expect(caught).toMatchObject({ code: 'handler-failed', kind: 'crash', timeUs: 3, target: 4, number: 1 })
  expect((caught as Error).message).toBe('event 1 (crash, target 4, at 3 us) failed: the till is empty')
})

test('the digest is the same for the same seed and another for another seed, event or note', () => {
  const digest = (seed: number, untilUs = 50_000): string => {
    const audit = new Audit({ sha256 })
    pass(audit, { seed, nodes: 10, untilUs })
    return toHex(audit.digest())
  }
  expect(digest(1)).toBe(digest(1))
  expect(new Set([digest(1), digest(2), digest(1, 50_500)]).size).toBe(3)
  const noted = (values: number[]): string => {
    const audit = new Audit({ sha256 })
    const sim = new Simulator({ seed: 1, audit })
    for (const value of values) sim.note(value)
    return toHex(audit.digest())
  }
  const notes = [[], [0], [1], [-0], [1, 2], [2, 1], [0, 0], [2 ** 40], [0.1]]
  expect(new Set(notes.map(noted)).size).toBe(notes.length)
})

test('the digest at any moment is that of a run which ends there', () => {
  const whole = new Audit({ sha256 })
  const sim = new Simulator({ seed: 5, audit: whole })
  const tick = sim.register('tick', (_node, left) => {
    if (left > 0) sim.after(1, tick, 0, left - 1)
  })
  sim.at(0, tick, 0, 20_000)
  for (const untilUs of [0, BLOCK_EVENTS - 2, BLOCK_EVENTS - 1, BLOCK_EVENTS, 3 * BLOCK_EVENTS + 7]) {
    sim.run(untilUs)
    const other = new Audit({ sha256 })
    const again = new Simulator({ seed: 5, audit: other })
    const same = again.register('tick', (_node, left) => {
      if (left > 0) again.after(1, same, 0, left - 1)
    })
    again.at(0, same, 0, 20_000)
    again.run(untilUs)
    expect(toHex(whole.digest())).toBe(toHex(other.digest()))
    expect(other.events).toBe(untilUs + 2)
  }
})

test('the first event that differs is named by kind, time, target and number, in runs of any length', () => {
  for (const odd of [3, 5_000, 100_000]) {
    const { difference } = compareRuns((audit, attempt) => {
      const sim = new Simulator({ seed: 1, audit })
      const tick = sim.register('tick', (node, data) => {
        if (attempt === 1 && sim.events === odd) sim.note(7)
        sim.after(10, tick, node + 1, data)
      })
      sim.at(10, tick, 0)
      sim.run(2_000_000)
    }, sha256)
    expect(difference).toMatchObject({
      number: odd,
      first: { kind: 'tick', timeUs: 10 * odd, target: odd - 1 },
      second: { kind: 'tick', timeUs: 10 * odd, target: odd - 1 },
    })
  }
})

test('a run that is a beginning of another one differs where it ends', () => {
  const [short, long] = [new Audit({ sha256, keepBlocks: 9 }), new Audit({ sha256, keepBlocks: 9 })]
  pass(short, { seed: 1, nodes: 3, untilUs: 5_000 })
  pass(long, { seed: 1, nodes: 3, untilUs: 500_000_0 })
  const difference = firstDifference(short, long)
  expect(difference).toMatchObject({ number: short.events, first: null, second: { kind: 'hop' } })
  expect(describeDifference(difference as NonNullable<typeof difference>)).toMatch(
    /^event \d+ differs: no event in the first run, 'hop' of target \d at \d+ us/,
  )
})

test('a planted Math.random is caught, and the first event that it moved is named', () => {
  const { difference } = compareRuns((audit) => {
    const sim = new Simulator({ seed: 1, audit })
    const hop = sim.register('hop', (node) => {
      // The planted bug: the tenth node waits for as long as the machine pleases.
      const waitUs = node === 9 ? Math.floor(Math.random() * 1e9) : sim.random.stream('wait', node).below(50)
      sim.after(1 + waitUs, hop, (node + 1) % 10)
    })
    sim.at(0, hop, 0)
    sim.run(10_000_000_000)
  }, sha256)
  // Nine honest hops, the one that draws, and then the first whose time it made.
  expect(difference).toMatchObject({ number: 11, first: { kind: 'hop', target: 0 }, second: { target: 0 } })
  expect(difference?.first?.timeUs).not.toBe(difference?.second?.timeUs)
})

test('a planted dependence on the order of a Map is caught, and the first event is named', () => {
  const names = ['nas', 'till', 'gate', 'phone']
  const run = (isSorted: boolean) => (audit: Audit, attempt: number) => {
    const sim = new Simulator({ seed: 1, audit })
    // What a directory listing or a set of objects does: the same members, in no promised order.
    const listed = attempt === 0 ? names : names.toReversed()
    const peers = new Map(listed.map((name) => [name, names.indexOf(name)]))
    const greet = sim.register('greet', () => {})
    const wake = sim.register('wake', () => {
      const order = isSorted ? [...peers.keys()].sort() : peers.keys()
      for (const name of order) sim.after(5, greet, peers.get(name) ?? 0)
    })
    sim.at(100, wake, 0)
    sim.run(1_000)
  }
  expect(compareRuns(run(true), sha256).difference).toBe(null)
  const { difference } = compareRuns(run(false), sha256)
  expect(difference).toMatchObject({
    number: 2,
    first: { kind: 'greet', timeUs: 105, target: 0 },
    second: { kind: 'greet', timeUs: 105, target: 3 },
  })
})

test('an audit records one run, and keeps no more than it may', () => {
  const audit = new Audit({ sha256, keepFrom: 1, keepBlocks: 2 })
  pass(audit, { seed: 1, nodes: 100, untilUs: 200_000 })
  expect(audit.chain.length).toBeGreaterThan(4)
  expect(audit.blocks.length).toBe(2)
  expect(audit.event(0)).toBe(undefined)
  expect(audit.event(BLOCK_EVENTS)).toMatchObject({ number: BLOCK_EVENTS, kind: 'hop' })
  expect(() => new Simulator({ seed: 1, audit })).toThrow('one run only')
  expect(() => new Audit({ sha256, keepBlocks: 1e9 })).toThrow('keeps 0 to')
})
