import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Evaluation } from '#protocol/evaluation'
import type { Allowance, Appended, Changes, EvaluationInit, Mark } from '#protocol/evaluation'
import { History } from '#protocol/history'
import { define, hand, move } from './evaluation/acts.ts'
import { choices } from './evaluation/choices.ts'
import type { Choices } from './evaluation/choices.ts'
import { accountsOf, unitsOf } from './evaluation/comparison.ts'
import { generateHistory } from './evaluation/history-generator.ts'
import { itemsOf } from './evaluation/intake.ts'
import type { Item } from './evaluation/intake.ts'
import { winner } from './evaluation/winner.ts'
import { World, bytesOf, keyOf } from './evaluation/world.ts'
import type { WorldAllowance } from './evaluation/world.ts'

/** One log, and two evaluations of it: one that saw everything, one that was saved and restored on the way. */
class Twins {
  readonly world: World
  /** Whether chains are closed because of who admitted them. */
  readonly closes: boolean
  readonly whole: Evaluation
  restored: Evaluation
  /** Commits that the restored one said it cannot take up, and questions that it said it cannot answer. */
  outOfReach = 0
  unanswered = 0
  restorations = 0
  /** Transfers below what was restored whose acceptance was looked up on the chains. */
  foundAgain = 0
  readonly #history = new History(1)
  readonly #init: Omit<EvaluationInit, 'founding'>
  readonly #accounts: readonly string[]
  readonly #orders = new Map<number, number>()
  readonly #ids: number[] = []
  readonly #seals = new Map([[0, 0]])
  #restoredLength = 0
  readonly #closed: [first: number, seal: number][] = []

  constructor(world: World, closes: boolean = false) {
    this.world = world
    this.closes = closes
    this.#accounts = accountsOf(world)
    const numberOf = (key: Uint8Array): number => new DataView(key.slice().buffer).getUint32(0)
    this.#init = {
      graph: this.#history,
      keyOf: (device) => keyOf(numberOf(this.#history.keyOf(device))),
      demandsUnits: world.demandsUnits,
    }
    const init = { ...this.#init, founding: world.founding.map(allowanceOf) }
    this.whole = new Evaluation(init)
    this.restored = new Evaluation(init)
  }

  /** What is asked of a few commits for good: those that the restored one could not answer else. */
  get marks(): Mark[] {
    return [...this.#ids.keys()]
      .filter((order) => order % 3 === 0)
      .flatMap((order) => this.#accounts.map((account) => ({ order, account })))
  }

  /** Restores the one from what the other saves; a restored one must have saved the same, if it is as far. */
  restore(): void {
    const bytes = this.whole.save(this.marks)
    if (this.restored.length === this.whole.length) expect(this.restored.save(this.marks)).toEqual(bytes)
    const restored = Evaluation.restore(bytes, this.#init)
    if (restored === null) throw new Error('what was saved is not restored')
    expect(restored.save(this.marks)).toEqual(bytes)
    // What was closed may be told again.
    for (const [first, seal] of this.#closed) restored.close(first, seal)
    expect(restored.save(this.marks)).toEqual(bytes)
    this.restored = restored
    this.#restoredLength = restored.length
    this.restorations += 1
  }

  isReady({ kind, id }: Item): boolean {
    if (kind === 'commit') {
      const { prev, seen, epoch } = this.world.at(id)
      return this.#seals.has(epoch) && [prev, ...seen].every((it) => it < 0 || this.#orders.has(it))
    }
    const { parent, frontier } = this.world.sealAt(id)
    return this.#seals.has(parent) && [...frontier.values()].every((it) => this.#orders.has(it))
  }

  take(item: Item): void {
    if (item.kind === 'commit') this.#append(item.id)
    else this.#seal(item.id)
  }

  #append(id: number): void {
    const { device, seq, prev, seen, epoch, acts } = this.world.at(id)
    const links = { prev: this.#orderOf(prev), seen: seen.map((it) => this.#orderOf(it)) }
    const order = this.#history.add({ device: bytesOf(device), seq, id: bytesOf(id), ...links })
    this.#orders.set(id, order)
    this.#ids[order] = id
    const seal = this.#seals.get(epoch) ?? 0
    const needsHistory = this.restored.needsHistory(order)
    expect(this.restored.wouldNeedHistory(keyOf(device), links.prev)).toBe(needsHistory)
    if (needsHistory) {
      expect(() => this.restored.append(order, seal, acts)).toThrow(RangeError)
      expect(this.restored.appendPlain(order, seal)).toBe(false)
      this.outOfReach += 1
      this.whole.append(order, seal, acts)
      this.restore()
      return
    }
    const isPlain = acts.length === 0 && this.whole.appendPlain(order, seal)
    expect(acts.length === 0 && this.restored.appendPlain(order, seal)).toBe(isPlain)
    if (!isPlain) this.#appendBoth(order, seal, acts)
    if (this.closes && seq === 0 && id % 3 === 0 && this.#seals.size > 1) this.#close(order)
  }

  /** As if the chain from a first commit stood on the admission of a member that the last seal removes. */
  #close(first: number): void {
    const seal = this.#seals.size - 1
    const closed = [this.whole, this.restored].map((it) => it.close(first, seal))
    expect(closed[1]).toEqual(closed[0])
    this.#closed.push([first, seal])
  }

  #appendBoth(order: number, seal: number, acts: Parameters<Evaluation['append']>[2]): void {
    const appended = [this.whole, this.restored].map((it) => told(it.append(order, seal, acts)))
    expect(appended[1]).toEqual(appended[0])
  }

  #seal(id: number): void {
    const seal = this.world.sealAt(id)
    const facts = {
      id: `seal-${id}`,
      parent: this.#seals.get(seal.parent) ?? 0,
      frontier: [...seal.frontier.values()].map((it) => this.#orderOf(it)),
      closed: seal.closed.map(keyOf),
      floor: seal.floor,
      forkProofs: [...seal.proofs].map(([device, seq]) => ({ device: keyOf(device), seq })),
      allowances: seal.allowances.map(allowanceOf),
    }
    const results = [this.whole, this.restored].map((it) => it.addSeal(facts))
    expect(results[1]).toEqual(results[0])
    const [result] = results
    if (result?.ok !== true) throw new Error(`seal ${id} was refused`)
    this.#seals.set(id, result.seal)
    const tip = this.#seals.get(winner(this.world, new Set(this.#seals.keys()))) ?? 0
    const chosen: Changes[] = [this.whole, this.restored].map((it) => it.chooseTip(tip))
    expect(chosen[1]).toEqual(chosen[0])
  }

  /** Both say the same, or the restored one says that it cannot. */
  compare(): void {
    expect(this.#said(this.restored)).toEqual(this.#said(this.whole))
    for (const order of this.#ids.keys()) {
      const needs = this.restored.needsHistory(order)
      for (const account of this.#accounts) {
        if (needs) expect(() => this.restored.left(order, account)).toThrow(RangeError)
        else {
          expect(this.restored.left(order, account)).toBe(this.whole.left(order, account))
          expect(this.restored.bound(order, account)).toBe(this.whole.bound(order, account))
        }
      }
      if (needs) this.unanswered += 1
      this.#compareActs(order)
    }
    for (const mark of this.marks.filter(({ order }) => order < this.#restoredLength))
      expect(this.restored.leftBefore(mark)).toBe(this.whole.leftBefore(mark))
    expect(this.restored.cuts).toEqual(this.whole.cuts)
    this.#compareDrafts()
  }

  #compareActs(order: number): void {
    for (const [act, it] of this.world.at(this.#ids[order] ?? 0).acts.entries()) {
      if (it.kind !== 'transfer') continue
      const accepted = this.whole.acceptedBy({ order, act })
      expect(this.restored.acceptedBy({ order, act }, it.to)).toEqual(accepted)
      expect(this.restored.isAccepted({ order, act })).toBe(accepted.length > 0)
      if (accepted.length > 0 && this.restored.needsHistory(order)) this.foundAgain += 1
    }
  }

  /** A next commit that lists what pays its device. */
  #compareDrafts(): void {
    for (let device = 0; device < this.world.deviceCount; device += 1) {
      const heads = this.world.headsOf(this.#orders.keys(), device)
      const key = keyOf(device)
      for (const head of heads) {
        const seen = this.whole.incomingTo(key)
        const draft = { device: key, prev: this.#orderOf(head), seen, epoch: this.whole.tip }
        const verdicts = [this.whole, this.restored].map((it) =>
          it.judge({ ...draft, acts: [hand('eur', device + 1, 1)] }),
        )
        expect(view(verdicts[1])).toEqual(view(verdicts[0]))
      }
    }
  }

  #said(evaluation: Evaluation): object {
    const devices = [...Array(this.world.deviceCount).keys()].map(keyOf)
    const orders = [...this.#ids.keys()]
    return {
      tip: evaluation.tip,
      forks: evaluation.forks(),
      balances: evaluation.balances(),
      changes: evaluation.takeBalanceChanges(),
      sums: this.#accounts.map((account) => evaluation.sums(account)),
      definitions: evaluation.definitions(),
      losses: unitsOf(this.world).map((unit) => devices.map((device) => evaluation.lossOf(device, unit))),
      totals: unitsOf(this.world).map((unit) => evaluation.totals(unit)),
      incoming: devices.map((device) => evaluation.incomingTo(device)),
      standings: orders.map((order) => evaluation.standingOf(order)),
      good: orders.map((order) => evaluation.goodUpTo(order)),
      areVoid: orders.map((order) => evaluation.isVoid(order)),
      trusted: orders.map((order) =>
        this.#history.seenOf(order).map((it) => evaluation.trustedUpTo(order, it)),
      ),
      known: orders.map((order) => evaluation.knownTips([order])),
      goodFor: orders.map((order) => orders.map((it) => evaluation.isGoodFor(order, it))),
      counted: orders.map((order) =>
        [...this.world.at(this.#ids[order] ?? 0).acts.keys()].map((act) =>
          evaluation.isCounted({ order, act }),
        ),
      ),
    }
  }

  #orderOf(id: number): number {
    return this.#orders.get(id) ?? -1
  }
}

function told({ verdict, changes, cut }: Appended): object {
  return { verdict: view(verdict), changes, cut }
}

function view(verdict: Appended['verdict'] | undefined): object | undefined {
  return verdict && { voidBecause: verdict.voidBecause, accepted: verdict.accepted, left: verdict.left }
}

function allowanceOf({ device, unit, amount, insteadOf }: WorldAllowance): Allowance {
  const allowance = { device: keyOf(device), unit, amount }
  return insteadOf < 0 ? allowance : { ...allowance, against: keyOf(insteadOf) }
}

/** Takes a world in some order, restores now and then (`percent`), and compares at the end and now and then. */
function run(world: World, draw: Choices, percent: number = 3): Twins {
  const twins = new Twins(world, draw.chance(30))
  const waiting = draw.shuffled(itemsOf(world.all()))
  while (waiting.length > 0) {
    const ready = waiting.filter((item) => twins.isReady(item))
    if (ready.length === 0) throw new Error('nothing is ready')
    const item = draw.pick(ready)
    waiting.splice(waiting.indexOf(item), 1)
    twins.take(item)
    const turn = draw.below(100)
    if (turn < percent) twins.restore()
    else if (turn < 2 * percent) twins.compare()
  }
  twins.compare()
  return twins
}

test('an evaluation that was saved and restored goes on like one that saw everything, or says that it cannot', () => {
  const reached = { restorations: 0, outOfReach: 0, unanswered: 0 }
  fc.assert(
    fc.property(choices, (draw) => {
      const twins = run(generateHistory(draw).world, draw)
      for (const key of ['restorations', 'outOfReach', 'unanswered'] as const) reached[key] += twins[key]
    }),
    { numRuns: 150, interruptAfterTimeLimit: 45_000 },
  )
  expect(reached.restorations).toBeGreaterThan(60)
  expect(reached.outOfReach).toBeGreaterThan(5)
  expect(reached.unanswered).toBeGreaterThan(100)
})

test('units, relay limits and what seals issued are restored', () => {
  const world = new World(4, [], true)
  const acts = [define('stock', 100, 5), move('stock+', 'stock', 90)]
  let made = world.commit(0, -1, { acts })
  const paid = [1, 2, 3].map(
    (amount) => (made = world.commit(0, made, { acts: [hand('stock', 1, amount * 4)] })),
  )
  const first = world.commit(1, -1, { seen: [paid[0] ?? 0], acts: [move('stock', 'stock-', 1)] })
  const second = world.commit(1, first, { seen: [paid[1] ?? 0] })
  const seal = world.seal(0, {
    signers: [0, 1, 2],
    frontier: new Map([[1, first]]),
    allowances: [{ device: 2, unit: 'stock', amount: 7n, insteadOf: 3 }],
  })
  const third = world.commit(1, second, { epoch: seal, seen: [paid[2] ?? 0], acts: [hand('stock', 2, 6)] })
  world.commit(1, third, { epoch: seal, acts: [hand('stock', 2, 6)] })
  world.commit(2, -1, { epoch: seal, seen: [third], acts: [move('stock', 'stock-', 8)] })
  fc.assert(
    fc.property(choices, (draw) => {
      run(world, draw)
    }),
    { numRuns: 40 },
  )
})

test('of a transfer that was refused first and accepted later, the commit that accepted it is found again', () => {
  const world = new World(3, [{ device: 0, unit: 'eur', amount: 10n }])
  const start = world.commit(0, -1, {})
  const left = world.commit(0, start, { acts: [hand('eur', 1, 4)] })
  world.commit(0, left, {})
  const right = world.commit(0, start, {})
  // It knows of the fork, and relies on neither branch.
  const refused = world.commit(1, -1, { seen: [left, right] })
  const seal = world.seal(0, { signers: [0, 1, 2], frontier: new Map([[0, left]]) })
  const accepted = world.commit(1, refused, { epoch: seal, seen: [left] })
  world.commit(1, accepted, { epoch: seal, acts: [hand('eur', 2, 1)] })
  let found = 0
  fc.assert(
    fc.property(choices, (draw) => {
      found += run(world, draw, 20).foundAgain
    }),
    { numRuns: 40 },
  )
  expect(found).toBeGreaterThan(10)
})

test('bytes that nobody saved are not restored', () => {
  const world = new World(3, [{ device: 0, unit: 'eur', amount: 10n }])
  const one = world.commit(0, -1, { acts: [hand('eur', 1, 4)] })
  world.commit(1, -1, { seen: [one], acts: [hand('eur', 2, 1)] })
  const twins = new Twins(world)
  for (const item of itemsOf(world.all())) twins.take(item)
  const bytes = twins.whole.save()
  const init = { graph: new History(1), keyOf }
  expect(Evaluation.restore(bytes, { ...init, demandsUnits: true })).toBe(null)
  expect(Evaluation.restore(Uint8Array.of(9, ...bytes.slice(1)), init)).toBe(null)
  expect(Evaluation.restore(Uint8Array.of(...bytes, 0), init)).toBe(null)
  for (let length = 0; length < bytes.length; length += 1)
    expect(Evaluation.restore(bytes.slice(0, length), init)).toBe(null)
})
