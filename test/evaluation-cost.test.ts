import { expect, test } from 'vitest'
import { Evaluation, FOUNDING, KEPT_EVERY_COMMITS } from '#protocol/evaluation'
import type { Act, Changes, SealFacts } from '#protocol/evaluation'
import { NaiveGraph } from './evaluation/naive-graph.ts'

const DEVICES = 50
const COMMITS = 100_000
const NAMES = [...Array(DEVICES).keys()].map((device) => `device-${device}`)

/** A busy co-op, and what its evaluation asks of the graph: the measure of the work done. */
class BusyCoop {
  readonly graph = new NaiveGraph()
  readonly evaluation: Evaluation
  /** Order of each device's last commit; -1 for none. */
  readonly heads: number[] = NAMES.map(() => -1)

  constructor() {
    const { graph } = this
    const founding = NAMES.map((device) => ({ device, unit: 'eur', amount: 1_000_000n }))
    this.evaluation = new Evaluation({ graph, keyOf: (device) => graph.keyOf(device), founding })
  }

  /** Writes a commit at the end of the device's chain; returns the questions it took. */
  write(device: number, seen: number[], acts: Act[] = [], epoch: number = this.evaluation.tip): number {
    const prev = this.heads[device] ?? -1
    const seq = prev < 0 ? 0 : this.graph.seqOf(prev) + 1
    const order = this.graph.add({ device: NAMES[device] as string, seq, prev, seen })
    this.heads[device] = order
    return this.count(() => this.evaluation.append(order, epoch, acts)).questions
  }

  /** One commit in turn: it acknowledges one other head, and every tenth pays its device. */
  writeNext(number: number): number {
    const device = number % DEVICES
    const other = (device + 1 + (number % (DEVICES - 1))) % DEVICES
    const head = this.heads[other] ?? -1
    const payment: Act = { kind: 'transfer', to: NAMES[other] as string, unit: 'eur', amount: 1n }
    return this.write(device, head < 0 ? [] : [head], number % 10 === 0 ? [payment] : [])
  }

  seal(facts: Partial<SealFacts>): number {
    const parent = this.evaluation.tip
    const bare = { frontier: [], closed: [], floor: 0, forkProofs: [], allowances: [] }
    const result = this.evaluation.addSeal({ ...bare, id: `after ${parent}`, parent, ...facts })
    if (!result.ok) throw new Error(result.refusal)
    return result.seal
  }

  choose(seal: number): { questions: number; result: Changes } {
    return this.count(() => this.evaluation.chooseTip(seal))
  }

  count<T>(step: () => T): { questions: number; result: T } {
    const before = this.graph.questions
    const result = step()
    return { questions: this.graph.questions - before, result }
  }
}

test('in a history of 100,000 commits a change costs what it changes', () => {
  const coop = new BusyCoop()
  let most = 0
  for (let number = 0; number < COMMITS; number += 1) most = Math.max(most, coop.writeNext(number))
  expect(coop.graph.length).toBe(COMMITS)
  // Its own device, seq, prev and list, a few of them twice, and device and seq of its one head.
  expect(most).toBeLessThanOrEqual(12)
  expect(coop.evaluation.sums('eur').inFlight).toBeGreaterThan(0n)

  // A frontier under everything: device and seq of each head, and nothing when it becomes the tip.
  const settled = coop.count(() => coop.seal({ frontier: coop.heads }))
  expect(settled.questions).toBeLessThanOrEqual(4 * DEVICES)
  expect(coop.choose(settled.result)).toEqual({
    questions: 0,
    result: { shown: [], hidden: [], counted: [], uncounted: [] },
  })

  // Thirty more commits of a device, and a seal that closes it: these thirty are looked at, and no others.
  const above: number[] = []
  for (let number = 0; number < 30; number += 1) {
    coop.write(0, [], [{ kind: 'transfer', to: 'device-1', unit: 'eur', amount: 1n }])
    above.push(coop.heads[0] as number)
  }
  const closed = coop.choose(coop.seal({ closed: ['device-0'] }))
  expect(closed.result).toEqual({ shown: [], hidden: above, counted: [], uncounted: above })
  expect(closed.questions).toBe(above.length)

  // Twenty commits of a device that was away since the founding, and a floor above it.
  const overdue: number[] = []
  for (let number = 0; number < 20; number += 1) {
    coop.write(1, [], [], FOUNDING)
    overdue.push(coop.heads[1] as number)
  }
  const late = coop.choose(coop.seal({ floor: 2 }))
  expect(late.result).toEqual({ shown: [], hidden: overdue, counted: [], uncounted: [] })
  expect(late.questions).toBe(overdue.length)
})

test('a fork costs the commits since the last kept table, and those that it makes contested', () => {
  const coop = new BusyCoop()
  const chain: number[] = []
  for (let number = 0; number < 3 * KEPT_EVERY_COMMITS; number += 1) {
    coop.write(1, [])
    coop.write(0, [coop.heads[1] as number])
    chain.push(coop.heads[0] as number)
  }
  const trunk = 3 * KEPT_EVERY_COMMITS - 10
  const rival = coop.graph.add({ device: 'device-0', seq: trunk, prev: chain[trunk - 1] as number, seen: [] })
  const forked = coop.count(() => coop.evaluation.append(rival, FOUNDING, []))
  expect(forked.result.changes.hidden).toEqual(chain.slice(trunk))
  // Each commit walked back over: its list, device and seq of its head, and the commit before it.
  expect(forked.questions).toBeLessThanOrEqual(5 * KEPT_EVERY_COMMITS)
  expect(forked.questions).toBeGreaterThan(3 * (KEPT_EVERY_COMMITS - 20))

  // The branch starts with a kept table of its own: parting from it again walks over the branch alone.
  const next = coop.graph.add({ device: 'device-0', seq: trunk + 1, prev: rival, seen: [] })
  coop.evaluation.append(next, FOUNDING, [])
  const again = coop.graph.add({ device: 'device-0', seq: trunk + 1, prev: rival, seen: [] })
  expect(coop.count(() => coop.evaluation.append(again, FOUNDING, [])).questions).toBeLessThanOrEqual(20)
})
