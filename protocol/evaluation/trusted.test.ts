import { expect, test } from 'vitest'
import { bytesOf } from '../../test/evaluation/world.ts'
import { History } from '../history/index.ts'
import { Evaluation, FOUNDING, KEPT_EVERY_COMMITS } from './index.ts'
import type { Act } from './index.ts'

const PAYMENT: Act = { kind: 'transfer', to: 'receiver', unit: 'eur', amount: 1n }

/** A receiver that acknowledges one payment of a cent with each commit. */
class PaidChain {
  readonly #history = new History(1)
  readonly evaluation: Evaluation
  /** Orders of the receiver's commits. */
  readonly received: number[] = []
  #payer = -1

  constructor(payments: number) {
    this.evaluation = new Evaluation({
      graph: this.#history,
      keyOf: (device) => ['payer', 'receiver'][device] ?? '',
      founding: [{ device: 'payer', unit: 'eur', amount: BigInt(payments) }],
    })
    for (let seq = 0; seq < payments; seq += 1) {
      this.#payer = this.write({ device: 0, seq, prev: this.#payer, seen: [] }, [PAYMENT])
      const prev = this.received.at(-1) ?? -1
      this.received.push(this.write({ device: 1, seq, prev, seen: [this.#payer] }, []))
    }
  }

  write(
    commit: { device: number; seq: number; prev: number; seen: readonly number[] },
    acts: Act[],
    epoch: number = FOUNDING,
  ): number {
    const order = this.#history.add({
      ...commit,
      device: bytesOf(commit.device),
      id: bytesOf(this.#history.length),
    })
    this.evaluation.append(order, epoch, acts)
    return order
  }

  /** Starts a branch behind the receiver's commit `seq` that lists the payer's last commit. */
  fork(seq: number): number {
    const prev = this.received[seq] ?? -1
    return this.write({ device: 1, seq: seq + 1, prev, seen: [this.#payer] }, [])
  }
}

test('a branch starts with what its trunk trusted, wherever it parts', () => {
  const payments = 2 * KEPT_EVERY_COMMITS + 100
  const chain = new PaidChain(payments)
  const { evaluation } = chain
  const edge = KEPT_EVERY_COMMITS
  for (const seq of [-1, 0, 1, edge - 2, edge - 1, edge, edge + 1, 2 * edge - 1, 2 * edge, payments - 2]) {
    const order = chain.fork(seq)
    // It accepts the rest, each payment once: as many as there are.
    expect(evaluation.left(order, 'eur'), `parting behind ${seq}`).toBe(BigInt(payments))
    expect(evaluation.acceptedBy({ order: 0, act: 0 }).includes(order)).toBe(seq < 0)
  }
})

test('a chain that trusts a branch trusts the trunk below it', () => {
  const chain = new PaidChain(2)
  const [trunk, trunkEnd] = [0, 2]
  const side = chain.write({ device: 0, seq: 1, prev: trunk, seen: [] }, [])
  const first = chain.write({ device: 1, seq: 0, prev: -1, seen: [side] }, [])
  const next = chain.write({ device: 1, seq: 1, prev: first, seen: [] }, [])
  const parted = chain.write({ device: 1, seq: 1, prev: first, seen: [trunkEnd] }, [])
  expect([first, next, parted].map((order) => chain.evaluation.left(order, 'eur'))).toEqual([1n, 1n, 1n])
})

test('a branch of a branch starts with what the first one trusted', () => {
  const chain = new PaidChain(10)
  const side = chain.fork(3)
  const nested = chain.write({ device: 1, seq: 5, prev: side, seen: [] }, [])
  const twin = chain.write({ device: 1, seq: 5, prev: side, seen: [] }, [])
  expect([side, nested, twin].map((order) => chain.evaluation.left(order, 'eur'))).toEqual([10n, 10n, 10n])
  const early = chain.write({ device: 1, seq: 4, prev: chain.received[3] ?? -1, seen: [] }, [])
  expect(chain.evaluation.left(early, 'eur')).toBe(4n)
})

test('a branch starts without what its trunk listed and did not trust', () => {
  const chain = new PaidChain(2)
  const { evaluation } = chain
  const side = chain.write({ device: 0, seq: 1, prev: 0, seen: [] }, [PAYMENT])
  const lists = chain.write({ device: 1, seq: 2, prev: chain.received[1] ?? -1, seen: [side] }, [])
  chain.write({ device: 1, seq: 3, prev: lists, seen: [] }, [])
  expect([evaluation.trustedUpTo(lists, side), evaluation.left(lists, 'eur')]).toEqual([0, 2n])
  const bare = { closed: [], floor: 0, forkProofs: [], allowances: [] }
  const sealed = evaluation.addSeal({ ...bare, id: 'settles the side', parent: FOUNDING, frontier: [side] })
  const epoch = sealed.ok ? sealed.seal : -1
  const parted = chain.write({ device: 1, seq: 3, prev: lists, seen: [side] }, [], epoch)
  expect(evaluation.acceptedBy({ order: side, act: 0 })).toEqual([parted])
})
