import { expect, test } from 'vitest'
import { bytesOf, keyOf } from '../../test/evaluation/world.ts'
import { History } from '../history/index.ts'
import { Evaluation, FOUNDING } from './index.ts'
import type { SealFacts } from './index.ts'

const BARE: SealFacts = {
  id: 'seal',
  parent: FOUNDING,
  frontier: [],
  closed: [],
  floor: 0,
  forkProofs: [],
  allowances: [],
}

interface Commit {
  device: number
  seq: number
  prev: number
  seen: number[]
}

/** Device 0 wrote commits 0 and 1 and the rival 2 of 1; device 1 wrote commit 3, which lists 1. */
const COMMITS: Commit[] = [
  { device: 0, seq: 0, prev: -1, seen: [] },
  { device: 0, seq: 1, prev: 0, seen: [] },
  { device: 0, seq: 1, prev: 0, seen: [] },
  { device: 1, seq: 0, prev: -1, seen: [1] },
]

/** An evaluation of the first commits, and then of more; the history holds all of them from the start. */
function evaluationOf(length: number, more: Commit[] = []): Evaluation {
  const history = new History(1)
  for (const { device, ...links } of [...COMMITS, ...more])
    history.add({ device: bytesOf(device), id: bytesOf(history.length), ...links })
  const evaluation = new Evaluation({
    graph: history,
    keyOf,
    founding: [{ device: 'device-0', unit: 'eur', amount: 5n }],
  })
  for (let order = 0; order < length + more.length; order += 1) evaluation.append(order, FOUNDING, [])
  return evaluation
}

function added(evaluation: Evaluation, facts: Partial<SealFacts>): number {
  const result = evaluation.addSeal({ ...BARE, ...facts })
  if (!result.ok) throw new Error(result.refusal)
  return result.seal
}

test('a seal whose frontier leaves the branch that its parent settled cannot stand', () => {
  const evaluation = evaluationOf(3)
  const parent = added(evaluation, { frontier: [1] })
  for (const frontier of [[2], [0]])
    expect(evaluation.addSeal({ ...BARE, id: 'other', parent, frontier })).toEqual({
      ok: false,
      refusal: 'frontier-off-branch',
    })
  expect(evaluation.addSeal({ ...BARE, id: 'same', parent, frontier: [1] }).ok).toBe(true)
})

test('a seal with two frontiers for one device, or a floor above itself, cannot stand', () => {
  const evaluation = evaluationOf(3)
  const refused = (facts: Partial<SealFacts>) => evaluation.addSeal({ ...BARE, ...facts })
  expect(refused({ frontier: [1, 2] })).toEqual({ ok: false, refusal: 'frontier-twice' })
  expect(refused({ floor: 2 })).toEqual({ ok: false, refusal: 'floor-above-seal' })
  expect(refused({ floor: 1 }).ok).toBe(true)
})

test('a floor is never lowered', () => {
  const evaluation = evaluationOf(2)
  const floor = added(evaluation, { floor: 1 })
  evaluation.chooseTip(added(evaluation, { id: 'next', parent: floor, floor: 0 }))
  expect(evaluation.standingOf(1).isLate).toBe(true)
})

test('a seal added again is the same seal', () => {
  const evaluation = evaluationOf(1)
  const seal = added(evaluation, {})
  expect(added(evaluation, {})).toBe(seal)
  expect([evaluation.findSeal('seal'), evaluation.findSeal('unheard of')]).toEqual([seal, -1])
})

test('a device without a commit can be closed, paid and given an allowance', () => {
  const evaluation = evaluationOf(3)
  const closed = added(evaluation, {
    closed: ['device-1'],
    allowances: [{ device: 'device-1', unit: 'eur', amount: 2n }],
  })
  evaluation.chooseTip(closed)
  expect(evaluation.holding('device-1', 'eur')).toBe(2n)
  evaluation.append(3, FOUNDING, [])
  expect(evaluation.standingOf(3)).toEqual({ isContested: false, isLate: true, isSettled: false })
  expect(evaluation.holding('unheard of', 'eur')).toBe(0n)
})

test('a first commit is plain where all know and cite the same, and its device has nothing coming to it', () => {
  const history = new History(1)
  const firsts = [1, 2, 0, 3, 3]
  for (const [order, device] of firsts.entries())
    history.add({
      ...{ device: bytesOf(device), id: bytesOf(order), seq: 0, prev: -1 },
      seen: order === 0 ? [] : [order - 1],
    })
  const founding = [{ device: 'device-2', unit: 'eur', amount: 5n }]
  const [whole, plain] = [0, 1].map(() => new Evaluation({ graph: history, keyOf, founding }))
  const isPlain: boolean[] = []
  for (const order of firsts.keys()) {
    whole?.append(order, FOUNDING, [])
    const isTaken = plain?.appendPlain(order, FOUNDING) === true
    if (!isTaken) plain?.append(order, FOUNDING, [])
    isPlain.push(isTaken)
    expect([plain?.length, plain?.standingOf(order)]).toEqual([order + 1, whole?.standingOf(order)])
  }
  // Before the first nobody knows anything; the third takes its allowance; the last forks at its first commit.
  expect(isPlain).toEqual([false, true, false, true, false])
  expect(plain?.save()).toEqual(whole?.save())
  expect(plain?.left(2, 'eur')).toBe(5n)
})

test('a commit trusts no more of a chain than what comes before the place where its past shows that it parts', () => {
  const evaluation = evaluationOf(4, [
    // Device 2 saw the rival alone, device 3 lists who saw one and who saw the other, and device 4 the fork itself.
    { device: 2, seq: 0, prev: -1, seen: [2] },
    { device: 3, seq: 0, prev: -1, seen: [3, 4] },
    { device: 3, seq: 1, prev: 5, seen: [1] },
    { device: 4, seq: 0, prev: -1, seen: [1, 2] },
  ])
  expect(evaluation.forks()).toEqual(new Map([['device-0', 1]]))
  const trusted = [
    [3, 1],
    [4, 2],
    [5, 3],
    [6, 1],
    [7, 1],
    [7, 2],
  ] as const
  expect(trusted.map(([order, head]) => evaluation.trustedUpTo(order, head))).toEqual([1, 1, 0, 0, 0, 0])
  expect([0, 1, 2, 3].map((order) => evaluation.goodUpTo(order))).toEqual([0, 0, 0, 0])
})

test('an author is told to list what pays it, and no head that is contested', () => {
  const evaluation = evaluationOf(0)
  const payment = { kind: 'transfer' as const, to: 'device-1', unit: 'eur', amount: 1n }
  evaluation.append(0, FOUNDING, [payment])
  evaluation.append(1, FOUNDING, [payment])
  expect(evaluation.incomingTo('device-1')).toEqual([1])
  evaluation.append(2, FOUNDING, [payment])
  expect(evaluation.incomingTo('device-1')).toEqual([0])
  evaluation.append(3, FOUNDING, [])
  expect(evaluation.incomingTo('device-1')).toEqual([])
})

test('a draft foretells the verdict and changes nothing', () => {
  const evaluation = evaluationOf(2)
  const draft = { device: 'device-0', prev: 1, seen: [], epoch: FOUNDING }
  const spend = (amount: bigint) =>
    evaluation.judge({ ...draft, acts: [{ kind: 'fact', unit: 'eur', amount }] })
  expect(spend(6n)).toMatchObject({ voidBecause: 'uncovered' })
  expect(spend(5n)).toMatchObject({ voidBecause: null, accepted: [], left: new Map([['eur', 0n]]) })
  expect(evaluation.left(1, 'eur')).toBe(5n)
  expect(evaluation.judge({ ...draft, device: 'device-9', prev: -1, acts: [] }).voidBecause).toBe(null)
})

test('what a host does wrong is not taken', () => {
  const evaluation = evaluationOf(2)
  expect(() => evaluation.append(3, FOUNDING, [])).toThrow(RangeError)
  expect(() => evaluation.append(2, 7, [])).toThrow(RangeError)
  // The graph holds commit 2 already; the evaluation does not.
  expect(() => evaluation.standingOf(2)).toThrow(RangeError)
  expect(() => evaluation.addSeal({ ...BARE, frontier: [2] })).toThrow(RangeError)
  expect(() =>
    evaluation.judge({ device: 'device-0', prev: 0, seen: [], epoch: FOUNDING, acts: [] }),
  ).toThrow(RangeError)
  const allowances = [{ device: 'device-0', unit: 'eur', amount: 0n }]
  expect(() => evaluation.addSeal({ ...BARE, allowances })).toThrow(RangeError)
})
