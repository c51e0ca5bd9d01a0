import { expect, test } from 'vitest'
import type { Act, VoidReason } from '#protocol/evaluation'
import { define, hand, move } from './evaluation/acts.ts'
import { Subject } from './evaluation/subject.ts'
import { World } from './evaluation/world.ts'

const OWNED = 10
const LIMIT = 5

/** A world and a replica that sees every commit at once: what colluders can know of each other. */
class Ring {
  readonly world: World
  readonly subject: Subject
  readonly #devices: number

  /** The last device is the merchant; the first one makes `OWNED` of the unit. */
  constructor(devices: number) {
    this.#devices = devices
    this.world = new World(devices, [], true)
    this.subject = new Subject(this.world)
  }

  get merchant(): number {
    return this.#devices - 1
  }

  write(device: number, prev: number, draft: { seen?: number[]; acts?: Act[]; epoch?: number }): number {
    const id = this.world.commit(device, prev, draft)
    this.subject.receive({ kind: 'commit', id })
    return id
  }

  make(relayMax: number | null): number {
    const acts = [define('eur', OWNED, relayMax), move('eur+', 'eur', OWNED)]
    return this.write(0, -1, { acts })
  }

  /** Pays all that may be passed on behind a commit, if that is anything; as much as one more is void. */
  payAll(device: number, prev: number, to: number): number {
    const most = this.free(prev)
    const id = this.write(device, prev, { acts: most > 0 ? [hand('eur', to, most)] : [] })
    expect(this.reason(id)).toBe(null)
    const isLimited = this.left(prev) > most
    const draft = { device: `device-${device}`, prev: this.subject.orderOf(id), epoch: 0, seen: [] }
    const { voidBecause } = this.subject.evaluation.judge({ ...draft, acts: [hand('eur', to, 1)] })
    expect(voidBecause).toBe(isLimited ? 'relay-limit' : 'uncovered')
    return id
  }

  /** The cut-off merchant lists the heads one by one: what it has accepted then. */
  takings(heads: readonly number[]): number {
    let prev = -1
    for (const head of heads) prev = this.write(this.merchant, prev, { seen: [head] })
    return this.left(prev)
  }

  left(id: number, account: string = 'eur'): number {
    return Number(this.subject.evaluation.left(this.subject.orderOf(id), account))
  }

  bound(id: number, account: string = 'eur'): number {
    return Number(this.subject.evaluation.bound(this.subject.orderOf(id), account))
  }

  free(id: number): number {
    return this.left(id) - this.bound(id)
  }

  reason(id: number): VoidReason | null | undefined {
    return this.subject.verdicts.get(id)?.voidBecause
  }
}

/** Each colluder takes in all that those before pay it, and forks to pay it to each one behind and to the merchant. */
function chainOfForks(colluders: number, relayMax: number | null, isUpwards: boolean): number {
  const ring = new Ring(colluders + 1)
  const paidTo: number[][] = Array.from({ length: colluders + 1 }, () => [])
  for (let device = 0; device < colluders; device += 1) {
    let prev = device === 0 ? ring.make(relayMax) : -1
    for (const head of paidTo[device] ?? []) prev = ring.write(device, prev, { seen: [head] })
    for (let to = device + 1; to <= colluders; to += 1) paidTo[to]?.push(ring.payAll(device, prev, to))
  }
  const heads = paidTo[ring.merchant] ?? []
  return ring.takings(isUpwards ? heads : heads.toReversed())
}

/** One forks and pays each of the others, who do not fork and pay the merchant. */
function star(colluders: number, relayMax: number | null): number {
  const ring = new Ring(colluders + 1)
  const root = ring.make(relayMax)
  const heads: number[] = []
  for (let device = 1; device < colluders; device += 1) {
    const paid = ring.payAll(0, root, device)
    const taken = ring.write(device, -1, { seen: [paid] })
    heads.push(ring.payAll(device, taken, ring.merchant))
  }
  return ring.takings(heads)
}

test.each([1, 2, 3, 4, 5, 6])(
  '%i colluders with a chain of forks double what they own with each, and with a limit gain that limit each',
  (colluders) => {
    for (const isUpwards of [true, false]) {
      const unlimited = chainOfForks(colluders, null, isUpwards)
      const limited = chainOfForks(colluders, LIMIT, isUpwards)
      expect(limited).toBeLessThanOrEqual(OWNED + colluders * LIMIT)
      expect(chainOfForks(colluders, 0, isUpwards)).toBeLessThanOrEqual(OWNED)
      if (isUpwards) expect(unlimited).toBe(OWNED * 2 ** (colluders - 1))
      if (isUpwards) expect(limited).toBe(OWNED + (colluders - 1) * LIMIT)
    }
  },
)

test('a forking payer with a star of accomplices gains the limit through each of them', () => {
  for (const colluders of [2, 4, 8]) {
    expect(star(colluders, null)).toBe(OWNED * (colluders - 1))
    expect(star(colluders, LIMIT)).toBe(LIMIT * (colluders - 1))
    expect(star(colluders, 0)).toBe(0)
  }
})

/** Device 1 has accepted 10 with a limit of 5, and has 4 of its own. */
function receiver(): { ring: Ring; taken: number } {
  const ring = new Ring(3)
  const made = ring.make(LIMIT)
  const paid = ring.payAll(0, made, 1)
  const world = ring.world
  const seal = world.seal(0, {
    signers: [0, 1],
    allowances: [
      { device: 1, unit: 'eur+', amount: 4n, insteadOf: -1 },
      { device: 1, unit: 'eur=', amount: 9n, insteadOf: -1 },
    ],
  })
  ring.subject.receive({ kind: 'seal', id: seal })
  const taken = ring.write(1, -1, { epoch: seal, seen: [paid], acts: [move('eur+', 'eur', 4)] })
  expect([ring.left(taken), ring.bound(taken)]).toEqual([14, 5])
  return { ring, taken }
}

function reasonFor(acts: Act[]): VoidReason | null | undefined {
  const { ring, taken } = receiver()
  return ring.reason(ring.write(1, taken, { epoch: 1, acts }))
}

test('selling and consuming are not limited, and take first what may not be passed on', () => {
  expect(reasonFor([hand('eur', 2, 9)])).toBe(null)
  expect(reasonFor([hand('eur', 2, 10)])).toBe('relay-limit')
  expect(reasonFor([hand('eur', 2, 15)])).toBe('uncovered')
  expect(reasonFor([move('eur', 'eur-', 14)])).toBe(null)
  expect(reasonFor([move('eur', 'eur-', 5), hand('eur', 2, 9)])).toBe(null)
  expect(reasonFor([hand('eur', 2, 9), move('eur', 'eur-', 5)])).toBe(null)
  expect(reasonFor([move('eur', 'eur-', 7), hand('eur', 2, 8)])).toBe('uncovered')
  expect(reasonFor([{ kind: 'fact', unit: 'eur', amount: 5n }, hand('eur', 2, 9)])).toBe(null)
})

test('nothing is free to be passed on because it went to another account and came back', () => {
  for (const account of ['eur-', 'eur+', 'eur=', 'eur~', 'eur!']) {
    const there = move('eur', account, 14)
    expect(reasonFor([there, move(account, 'eur', 14), hand('eur', 2, 9)])).toBe(null)
    expect(reasonFor([there, move(account, 'eur', 14), hand('eur', 2, 10)])).toBe('relay-limit')
  }
  const around = [move('eur', 'eur-', 5), move('eur-', 'eur+', 5), move('eur+', 'eur', 5)]
  expect(reasonFor([...around, hand('eur', 2, 10)])).toBe('relay-limit')
  // Of a credit line that was repaid with what is bound: that comes back first, and the rest is the own one.
  expect(reasonFor([move('eur', 'eur=', 5), move('eur=', 'eur', 6), hand('eur', 2, 10)])).toBe(null)
  expect(reasonFor([move('eur', 'eur=', 5), move('eur=', 'eur', 6), hand('eur', 2, 11)])).toBe('relay-limit')
})

test('each branch of a fork counts what it passes on by itself', () => {
  const { ring, taken } = receiver()
  const branches = [1, 2].map(() => ring.write(1, taken, { epoch: 1, acts: [hand('eur', 2, 9)] }))
  expect(branches.map((id) => ring.reason(id))).toEqual([null, null])
})

test('a frontier over what was accepted frees it for who cites that seal, and what is accepted after is counted anew', () => {
  const ring = new Ring(4)
  const made = ring.make(LIMIT)
  const first = ring.write(0, made, { acts: [hand('eur', 1, 6)] })
  const second = ring.write(0, first, { acts: [hand('eur', 1, 1)] })
  const third = ring.write(0, second, { acts: [hand('eur', 1, 3)] })
  const taken = ring.write(1, -1, { seen: [first] })
  const more = ring.write(1, taken, { seen: [second] })
  expect([ring.bound(taken), ring.bound(more)]).toEqual([1, 2])
  const seal = ring.world.seal(0, { signers: [0, 1], frontier: new Map([[1, taken]]) })
  ring.subject.receive({ kind: 'seal', id: seal })
  // Under the old line nothing changes.
  const old = ring.write(1, more, { acts: [hand('eur', 2, 6)] })
  expect(ring.reason(old)).toBe('relay-limit')
  const free = ring.write(1, more, { epoch: seal, acts: [hand('eur', 2, 7)] })
  expect(ring.reason(free)).toBe(null)
  const anew = ring.write(1, more, { epoch: seal, seen: [third] })
  expect([ring.left(anew), ring.bound(anew)]).toEqual([10, 0])
  const other = ring.write(1, more, { seen: [third] })
  expect([ring.left(other), ring.bound(other)]).toEqual([10, 5])
})

test('a frontier frees what is bound on other accounts before what is held', () => {
  const ring = new Ring(4)
  const made = ring.make(0)
  const first = ring.write(0, made, { acts: [hand('eur', 1, 4)] })
  const second = ring.write(0, first, { acts: [hand('eur', 1, 3)] })
  const taken = ring.write(1, -1, { seen: [first], acts: [move('eur', 'eur-', 2)] })
  const more = ring.write(1, taken, { seen: [second] })
  expect([ring.bound(more), ring.bound(more, 'eur-')]).toEqual([5, 2])
  const seal = ring.world.seal(0, { signers: [0, 1], frontier: new Map([[1, taken]]) })
  ring.subject.receive({ kind: 'seal', id: seal })
  const next = ring.write(1, more, { epoch: seal, acts: [move('eur', 'eur~', 1)] })
  expect([ring.bound(next), ring.bound(next, 'eur~'), ring.bound(next, 'eur-')]).toEqual([2, 1, 0])
})
