import { expect, test } from 'vitest'
import { AMOUNT_MAX } from '#protocol/evaluation'
import type { Act, UnitTotals, VoidReason } from '#protocol/evaluation'
import { define, hand, move } from './evaluation/acts.ts'
import { expectAgreement } from './evaluation/comparison.ts'
import { evaluate } from './evaluation/oracle.ts'
import { Subject } from './evaluation/subject.ts'
import { World, keyOf } from './evaluation/world.ts'
import type { WorldAllowance } from './evaluation/world.ts'

const [MAKER, SHOP, GUEST, STEWARD] = [0, 1, 2, 3]
const STEWARDS = [MAKER, STEWARD]

/** Four devices, and no debit without a definition. */
function worldOf(founding: readonly Omit<WorldAllowance, 'insteadOf'>[] = []): World {
  return new World(4, founding, true)
}

/** A replica that holds the whole world, checked against the oracle and the law of units. */
function replicaOf(world: World, units: readonly string[] = ['stock']): Subject {
  const subject = new Subject(world)
  subject.receiveAll(world.all())
  expect(subject.isStuck).toBe(false)
  expectAgreement(subject, evaluate(world, world.all(), subject.tip))
  for (const unit of units) expectBalanced(subject, unit)
  return subject
}

/** Issued + replaced = used + returned + written back + held - deficits + in flight; loss = replaced - written back. */
function expectBalanced({ evaluation, world }: Subject, unit: string): void {
  const totals = evaluation.totals(unit)
  const { used, returned, writtenBack, held, deficits, inFlight } = totals
  expect(totals.issued + totals.replaced).toBe(used + returned + writtenBack + held - deficits + inFlight)
  const losses = [...Array(world.deviceCount).keys()].map((it) => evaluation.lossOf(keyOf(it), unit))
  expect([losses.reduce((sum, it) => sum + it, 0n), totals.loss]).toEqual([
    totals.replaced - writtenBack,
    totals.replaced - writtenBack,
  ])
}

function reasonOf(subject: Subject, id: number): VoidReason | null | undefined {
  return subject.verdicts.get(id)?.voidBecause
}

/** Why a commit with these acts is void, behind one that defines `stock` with 10 to issue and issues 6. */
function reasonFor(acts: Act[]): VoidReason | null | undefined {
  const world = worldOf()
  const made = world.commit(MAKER, -1, { acts: [define('stock', 10), move('stock+', 'stock', 6)] })
  const id = world.commit(MAKER, made, { acts })
  return reasonOf(replicaOf(world), id)
}

test('stock is issued, sold, restored, handed back and withdrawn, and always adds up', () => {
  const world = worldOf()
  const made = world.commit(MAKER, -1, { acts: [define('stock', 10), move('stock+', 'stock', 8)] })
  const sent = world.commit(MAKER, made, { acts: [hand('stock', SHOP, 5), move('stock', 'stock+', 1)] })
  const sold = world.commit(SHOP, -1, {
    seen: [sent],
    acts: [move('stock', 'stock-', 3), move('stock-', 'stock', 1), move('stock', 'stock~', 1)],
  })
  world.commit(SHOP, sold, { acts: [hand('stock', GUEST, 1)] })
  const { evaluation } = replicaOf(world)
  const totals: Partial<UnitTotals> = {
    issued: 7n,
    used: 2n,
    returned: 1n,
    held: 3n,
    inFlight: 1n,
    rights: 3n,
  }
  expect(evaluation.totals('stock')).toMatchObject({ ...totals, deficits: 0n, rightsLacking: 0n })
  expect(evaluation.accountsOf(keyOf(SHOP))).toEqual(
    new Map([
      ['stock', 1n],
      ['stock-', 2n],
      ['stock~', 1n],
    ]),
  )
  expect(evaluation.devicesHolding('stock')).toEqual(
    new Map([
      [keyOf(MAKER), 2n],
      [keyOf(SHOP), 1n],
    ]),
  )
  expect(evaluation.unit('stock')).toMatchObject({ supply: 10n, relayMax: null, orders: [0] })
  expect(evaluation.unit('seat')).toBe(undefined)
})

test('a move is covered by its account and stays in its unit', () => {
  expect(reasonFor([move('stock+', 'stock', 4), move('stock', 'stock-', 10)])).toBe(null)
  expect(reasonFor([move('stock+', 'stock', 5)])).toBe('uncovered')
  expect(reasonFor([move('stock', 'stock-', 10), move('stock+', 'stock', 4)])).toBe('uncovered')
  expect(reasonFor([move('stock', 'stock', 1)])).toBe('malformed')
  expect(reasonFor([move('stock', 'seat-', 1)])).toBe('malformed')
  expect(reasonFor([hand('stock+', SHOP, 1)])).toBe('malformed')
})

test('amounts have a lower and an upper bound', () => {
  const most = Number(AMOUNT_MAX)
  expect(reasonFor([{ ...move('stock', 'stock-', 1), amount: AMOUNT_MAX }])).toBe('uncovered')
  for (const amount of [0n, -1n, AMOUNT_MAX + 1n]) {
    expect(reasonFor([{ ...move('stock', 'stock-', 1), amount }])).toBe('malformed')
    expect(reasonFor([{ ...hand('stock', SHOP, 1), amount }])).toBe('malformed')
  }
  expect(reasonFor([{ ...define('seat', 0, 0), supply: AMOUNT_MAX, relayMax: AMOUNT_MAX }])).toBe(null)
  for (const wrong of [-1, most * 2]) {
    expect(reasonFor([define('seat', wrong)])).toBe('malformed')
    expect(reasonFor([define('seat', 0, wrong)])).toBe('malformed')
  }
  for (const name of ['', 'seat+', '-']) expect(reasonFor([define(name, 1)])).toBe('malformed')
})

test('a unit is known to whose past defines it, and to nobody else', () => {
  const founding = [{ device: GUEST, unit: 'stock', amount: 4n }]
  const world = worldOf(founding)
  const made = world.commit(MAKER, -1, { acts: [define('stock', 10)] })
  const link = world.commit(STEWARD, -1, { seen: [made] })
  const early = world.commit(GUEST, -1, { acts: [move('stock', 'stock-', 1)] })
  const rival = world.commit(GUEST, -1, { seen: [link], acts: [move('stock', 'stock-', 1)] })
  const next = world.commit(GUEST, rival, { acts: [hand('stock', SHOP, 3)] })
  const replica = replicaOf(world)
  expect([early, rival, next].map((id) => reasonOf(replica, id))).toEqual(['unknown-unit', null, null])
  const draft = { device: keyOf(GUEST), prev: replica.orderOf(next), epoch: 0, acts: [hand('seat', SHOP, 1)] }
  expect(replica.evaluation.judge({ ...draft, seen: [] }).voidBecause).toBe('unknown-unit')
  const first = { device: keyOf(SHOP), prev: -1, epoch: 0, acts: [move('stock', 'stock-', 1)] }
  const judged = [[], [replica.orderOf(link)]].map((seen) => replica.evaluation.judge({ ...first, seen }))
  expect(judged.map((it) => it.voidBecause)).toEqual(['unknown-unit', 'uncovered'])
})

test('a definition in a void commit makes nothing known', () => {
  const world = worldOf()
  const bad = world.commit(MAKER, -1, { acts: [define('stock', 10), move('stock+', 'stock', 11)] })
  const next = world.commit(SHOP, -1, { seen: [bad], acts: [move('stock', 'stock-', 1)] })
  const replica = replicaOf(world)
  expect([bad, next].map((id) => reasonOf(replica, id))).toEqual(['uncovered', 'unknown-unit'])
  expect(replica.evaluation.definitions()).toEqual([])
})

test('a chain defines a unit once', () => {
  expect(reasonFor([define('stock', 1)])).toBe('defined-twice')
  expect(reasonFor([define('seat', 1), define('seat', 1)])).toBe('defined-twice')
})

test('two branches that define a unit and issue all of it lack the supply once', () => {
  const world = worldOf()
  const acts = [define('stock', 10), move('stock+', 'stock', 10)]
  const branches = [world.commit(MAKER, -1, { acts }), world.commit(MAKER, -1, { acts })]
  const replica = replicaOf(world)
  expect(branches.map((id) => reasonOf(replica, id))).toEqual([null, null])
  expect(replica.evaluation.unit('stock')?.orders).toEqual([0, 1])
  expect(replica.evaluation.totals('stock')).toMatchObject({ issued: 20n, held: 20n, rightsLacking: 10n })
})

test('what a seal issues against a silent venue is its loss until the venue writes it back', () => {
  const world = worldOf()
  const made = world.commit(MAKER, -1, { acts: [define('stock', 10), move('stock+', 'stock', 10)] })
  const sent = world.commit(MAKER, made, { acts: [hand('stock', SHOP, 6)] })
  const away = world.commit(SHOP, -1, { seen: [sent], acts: [move('stock', 'stock-', 2)] })
  const allowances = [{ device: GUEST, unit: 'stock', amount: 6n, insteadOf: SHOP }]
  const closing = world.seal(0, { signers: STEWARDS, closed: [SHOP], allowances })
  const taken = world.commit(GUEST, -1, { epoch: closing, seen: [sent], acts: [move('stock', 'stock-', 6)] })
  const before = replicaOf(world)
  expect(reasonOf(before, taken)).toBe(null)
  expect([
    before.evaluation.lossOf(keyOf(SHOP), 'stock'),
    before.evaluation.lossOf('nobody', 'stock'),
  ]).toEqual([6n, 0n])
  expect(before.evaluation.totals('stock')).toMatchObject({ issued: 10n, replaced: 6n, used: 8n, loss: 6n })

  // It turns up: of what it was silent about four are left, and it writes them back.
  world.commit(SHOP, away, { epoch: closing, acts: [move('stock', 'stock!', 4)] })
  const after = replicaOf(world)
  expect(after.evaluation.lossOf(keyOf(SHOP), 'stock')).toBe(2n)
  expect(after.evaluation.totals('stock')).toMatchObject({
    writtenBack: 4n,
    held: 4n,
    deficits: 0n,
    loss: 2n,
  })
})

test('a replacement by a seal that lost counts where a chain took it, and nowhere else', () => {
  const [honest, double, other] = [0, 1, 3]
  const replace = (device: number, amount: bigint): WorldAllowance => ({
    device,
    unit: 'stock',
    amount,
    insteadOf: SHOP,
  })
  const world = worldOf()
  const made = world.commit(MAKER, -1, { acts: [define('stock', 0)] })
  const lost = world.seal(0, {
    signers: [double, other],
    allowances: [replace(GUEST, 6n), replace(STEWARD, 3n)],
  })
  world.commit(GUEST, -1, { epoch: lost, seen: [made], acts: [move('stock', 'stock-', 5)] })
  expect(replicaOf(world).evaluation.lossOf(keyOf(SHOP), 'stock')).toBe(9n)
  const won = world.seal(0, { signers: [honest, double], closed: [other] })
  world.seal(won, { signers: [honest] })
  const after = replicaOf(world)
  expect(after.tip).not.toBe(lost)
  expect(after.evaluation.lossOf(keyOf(SHOP), 'stock')).toBe(6n)
  expect(after.evaluation.totals('stock')).toMatchObject({
    replaced: 6n,
    issuedAside: 6n,
    used: 5n,
    held: 1n,
  })
})

test('a fork that draws a credit line twice lacks it once', () => {
  const world = worldOf([{ device: SHOP, unit: 'money=', amount: 10n }])
  const made = world.commit(MAKER, -1, { acts: [define('money', 0)] })
  const drawn = world.commit(SHOP, -1, { seen: [made], acts: [move('money=', 'money', 8)] })
  const repaid = world.commit(SHOP, drawn, { acts: [hand('money', MAKER, 6), move('money', 'money=', 1)] })
  const replica = replicaOf(world, ['money'])
  expect(reasonOf(replica, repaid)).toBe(null)
  expect(replica.evaluation.totals('money')).toMatchObject({ issued: 7n, held: 1n, inFlight: 6n, credit: 3n })
  world.commit(SHOP, -1, { seen: [made], acts: [move('money=', 'money', 10)] })
  expect(replicaOf(world, ['money']).evaluation.totals('money')).toMatchObject({
    issued: 17n,
    creditLacking: 7n,
  })
})
