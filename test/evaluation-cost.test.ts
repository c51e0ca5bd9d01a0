import { expect, test } from 'vitest'
import { Evaluation, FOUNDING, KEPT_EVERY_COMMITS } from '#protocol/evaluation'
import type { Act, Changes, SealFacts } from '#protocol/evaluation'
import { CountedHistory } from './evaluation/counted-history.ts'
import { bytesOf, keyOf } from './evaluation/world.ts'

const DEVICES = 50
const COMMITS = 100_000
/** Of an ordinary commit: its own device, seq, prev and list, a few of them twice, and device and seq of its one head. */
const MOST_QUESTIONS = 12
const NAMES = [...Array(DEVICES).keys()].map(keyOf)

/** A busy co-op, and what its evaluation asks of the graph: the measure of the work done. */
class BusyCoop {
  readonly graph = new CountedHistory(1)
  readonly evaluation: Evaluation
  /** Order of each device's last commit; -1 for none. */
  readonly heads: number[] = NAMES.map(() => -1)

  constructor(demandsUnits: boolean = false) {
    const { graph } = this
    const founding = NAMES.map((device) => ({ device, unit: 'eur', amount: 1_000_000n }))
    const numberOf = (key: Uint8Array): number => new DataView(key.slice().buffer).getUint32(0)
    this.evaluation = new Evaluation({
      graph,
      keyOf: (device) => keyOf(numberOf(graph.keyOf(device))),
      ...{ founding, demandsUnits },
    })
  }

  /** Writes a commit at the end of the device's chain; returns the questions it took. */
  write(device: number, seen: number[], acts: Act[] = [], epoch: number = this.evaluation.tip): number {
    const order = this.add(device, this.heads[device] ?? -1, seen)
    this.heads[device] = order
    return this.count(() => this.evaluation.append(order, epoch, acts)).questions
  }

  /** Adds a commit to the history alone. */
  add(device: number, prev: number, seen: readonly number[] = []): number {
    const seq = prev < 0 ? 0 : this.graph.seqOf(prev) + 1
    return this.graph.add({ device: bytesOf(device), seq, id: bytesOf(this.graph.length), prev, seen })
  }

  /** Number of commits in a past. */
  pastSize(order: number): number {
    const past = this.graph.past.copy(order)
    return this.graph.branches.reduce((size, it) => size + Math.max(0, past.lengthOf(it) - it.base), 0)
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
  // The second one has the tables of trust made, since the first was a transfer.
  for (let number = 0; number < 2; number += 1) coop.writeNext(number)
  for (let number = 2; number < COMMITS; number += 1) most = Math.max(most, coop.writeNext(number))
  expect(coop.graph.length).toBe(COMMITS)
  expect(most).toBeLessThanOrEqual(MOST_QUESTIONS)
  expect(coop.evaluation.sums('eur').inFlight).toBeGreaterThan(0n)

  // A frontier under everything: device and seq of each head, and nothing when it becomes the tip.
  const settled = coop.count(() => coop.seal({ frontier: coop.heads }))
  expect(settled.questions).toBeLessThanOrEqual(4 * DEVICES)
  expect(coop.choose(settled.result)).toEqual({
    questions: 0,
    result: { regraded: [], counted: [], uncounted: [] },
  })

  // Thirty more commits of a device, and a seal that closes it: the device is named, and no commit is looked at.
  const above: number[] = []
  for (let number = 0; number < 30; number += 1) {
    coop.write(0, [], [{ kind: 'transfer', to: 'device-1', unit: 'eur', amount: 1n }])
    above.push(coop.heads[0] as number)
  }
  const closed = coop.choose(coop.seal({ closed: ['device-0'] }))
  expect(closed.result).toEqual({ regraded: [0], counted: [], uncounted: above })
  expect(closed.questions).toBe(1)

  // Twenty commits of a device that was away since the founding, and a floor above it.
  for (let number = 0; number < 20; number += 1) coop.write(1, [], [], FOUNDING)
  const late = coop.choose(coop.seal({ floor: 2 }))
  expect(late.result).toEqual({ regraded: [1], counted: [], uncounted: [] })
  expect(late.questions).toBe(1)
  expect(coop.evaluation.standingOf(coop.heads[1] as number).isLate).toBe(true)
})

test('a fork costs the commits since the last kept table, and those that it makes contested', () => {
  const coop = new BusyCoop()
  const chain: number[] = []
  for (let number = 0; number < 3 * KEPT_EVERY_COMMITS; number += 1) {
    coop.write(1, [])
    coop.write(0, [coop.heads[1] as number])
    chain.push(coop.heads[0] as number)
  }
  // What chains trust of each other is kept from the first transfer on.
  coop.write(1, [], [{ kind: 'transfer', to: 'device-0', unit: 'eur', amount: 1n }])
  coop.write(1, [])
  const trunk = 3 * KEPT_EVERY_COMMITS - 10
  const rival = coop.add(0, chain[trunk - 1] as number)
  const forked = coop.count(() => coop.evaluation.append(rival, FOUNDING, []))
  expect(forked.result.changes.regraded).toEqual([1])
  // Each commit walked back over: its list, device and seq of its head, and the commit before it.
  expect(forked.questions).toBeLessThanOrEqual(5 * KEPT_EVERY_COMMITS)
  expect(forked.questions).toBeGreaterThan(3 * (KEPT_EVERY_COMMITS - 20))

  // The branch starts with a kept table of its own: parting from it again walks over the branch alone.
  const next = coop.add(0, rival)
  coop.evaluation.append(next, FOUNDING, [])
  const again = coop.add(0, rival)
  expect(coop.count(() => coop.evaluation.append(again, FOUNDING, [])).questions).toBeLessThanOrEqual(20)
})

test('once devices have forked, a commit that lists one costs its news, and any other what it did before', () => {
  const coop = new BusyCoop()
  const FORKED = 3
  for (let number = 0; number < 2 * DEVICES; number += 1) coop.writeNext(number)
  for (let device = 0; device < FORKED; device += 1)
    coop.evaluation.append(coop.add(device, coop.graph.prevOf(coop.heads[device] as number)), FOUNDING, [])
  const before = coop.graph.questions
  let mostOfOthers = 0
  let lists = 0
  for (let number = 2 * DEVICES; number < 20_000; number += 1) {
    const questions = coop.writeNext(number)
    const seen = coop.graph.seenOf(coop.graph.length - 1)
    if (seen.some((head) => coop.graph.deviceOf(head) < FORKED)) lists += 1
    else mostOfOthers = Math.max(mostOfOthers, questions)
  }
  expect(mostOfOthers).toBeLessThanOrEqual(MOST_QUESTIONS)
  expect(lists).toBeGreaterThan(1_000)
  // Each chain walks over each commit of its past once: its seq and its list, in most cases.
  const walked = coop.heads.reduce((sum, head) => sum + coop.pastSize(head), 0)
  expect((coop.graph.questions - before) / (walked + coop.graph.length)).toBeLessThanOrEqual(3)
})

test('of a unit that a cheat defines on many branches each is looked at once a commit, however many acts there are', () => {
  const coop = new BusyCoop(true)
  const branches = 300
  const unit: Act = {
    kind: 'define',
    unit: 'x',
    supply: 9_000n,
    relayMax: null,
    definition: new Uint8Array(1),
  }
  const issue: Act = { kind: 'fact', unit: 'x+', amount: 9_000n, into: 'x' }
  const hand: Act = { kind: 'transfer', to: keyOf(1), unit: 'x', amount: 9_000n }
  coop.write(0, [])
  const [root = -1] = coop.heads
  let most = 0
  for (let branch = 0; branch < branches; branch += 1) {
    coop.heads[0] = root
    most = Math.max(most, coop.write(0, [], [unit, issue, hand]))
  }
  // What it defines itself it need not look for: a fork asks of each branch of its device as ever.
  expect(most).toBeLessThanOrEqual(branches + MOST_QUESTIONS)
  const acts = Array.from({ length: 4_096 }, (): Act => ({ kind: 'fact', unit: 'x', amount: 1n, into: 'x-' }))
  expect(coop.write(1, [coop.heads[0] as number], acts)).toBeLessThanOrEqual(6 * branches)
  expect(coop.evaluation.holding(keyOf(1), 'x')).toBe(9_000n - 4_096n)
  expect(coop.write(1, [], acts)).toBeLessThanOrEqual(MOST_QUESTIONS)
})
