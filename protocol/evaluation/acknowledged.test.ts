import { expect, test } from 'vitest'
import { Evaluation, FOUNDING, KEPT_EVERY_COMMITS } from './index.ts'
import type { Act } from './index.ts'

/** A receiver that acknowledges one payment of a cent with each commit. */
class PaidChain {
  readonly #commits: { device: number; seq: number; prev: number; seen: readonly number[] }[] = []
  readonly evaluation: Evaluation
  /** Orders of the receiver's commits. */
  readonly received: number[] = []
  #payer = -1

  constructor(payments: number) {
    const at = (order: number) => this.#commits[order] ?? { device: 0, seq: 0, prev: -1, seen: [] }
    this.evaluation = new Evaluation({
      graph: {
        deviceOf: (order) => at(order).device,
        seqOf: (order) => at(order).seq,
        prevOf: (order) => at(order).prev,
        seenOf: (order) => at(order).seen,
      },
      keyOf: (device) => ['payer', 'receiver'][device] ?? '',
      founding: [{ device: 'payer', unit: 'eur', amount: BigInt(payments) }],
    })
    const payment: Act = { kind: 'transfer', to: 'receiver', unit: 'eur', amount: 1n }
    for (let seq = 0; seq < payments; seq += 1) {
      this.#payer = this.write({ device: 0, seq, prev: this.#payer, seen: [] }, [payment])
      const prev = this.received.at(-1) ?? -1
      this.received.push(this.write({ device: 1, seq, prev, seen: [this.#payer] }, []))
    }
  }

  write(commit: { device: number; seq: number; prev: number; seen: readonly number[] }, acts: Act[]): number {
    const order = this.#commits.push(commit) - 1
    this.evaluation.append(order, FOUNDING, acts)
    return order
  }

  /** Starts a branch behind the receiver's commit `seq` that lists the payer's last commit. */
  fork(seq: number): number {
    const prev = this.received[seq] ?? -1
    return this.write({ device: 1, seq: seq + 1, prev, seen: [this.#payer] }, [])
  }
}

test('a branch starts with what its trunk had acknowledged, wherever it parts', () => {
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

test('a branch that acknowledged a branch acknowledged the trunk below it', () => {
  const chain = new PaidChain(2)
  const [trunk, trunkEnd] = [0, 2]
  const side = chain.write({ device: 0, seq: 1, prev: trunk, seen: [] }, [])
  const first = chain.write({ device: 1, seq: 0, prev: -1, seen: [side] }, [])
  const next = chain.write({ device: 1, seq: 1, prev: first, seen: [] }, [])
  const parted = chain.write({ device: 1, seq: 1, prev: first, seen: [trunkEnd] }, [])
  expect([first, next, parted].map((order) => chain.evaluation.left(order, 'eur'))).toEqual([1n, 1n, 1n])
})

test('a branch of a branch starts with what the first one had acknowledged', () => {
  const chain = new PaidChain(10)
  const side = chain.fork(3)
  const nested = chain.write({ device: 1, seq: 5, prev: side, seen: [] }, [])
  const twin = chain.write({ device: 1, seq: 5, prev: side, seen: [] }, [])
  expect([side, nested, twin].map((order) => chain.evaluation.left(order, 'eur'))).toEqual([10n, 10n, 10n])
  const early = chain.write({ device: 1, seq: 4, prev: chain.received[3] ?? -1, seen: [] }, [])
  expect(chain.evaluation.left(early, 'eur')).toBe(4n)
})
