import { expect, test } from 'vitest'
import { pay, use } from './evaluation/acts.ts'
import { expectAgreement, said } from './evaluation/comparison.ts'
import { evaluate } from './evaluation/oracle.ts'
import type { OracleResult } from './evaluation/oracle.ts'
import { RULES } from './evaluation/rules.ts'
import type { Rules } from './evaluation/rules.ts'
import { Subject } from './evaluation/subject.ts'
import { winner } from './evaluation/winner.ts'
import { World, keyOf } from './evaluation/world.ts'

/** Euro cents that each device holds at the start. */
function worldOf(...cents: number[]): World {
  const founding = cents.map((amount, device) => ({ device, unit: 'eur', amount: BigInt(amount) }))
  return new World(
    cents.length,
    founding.filter((it) => it.amount > 0n),
  )
}

/** A replica that holds the whole world, checked against the oracle. */
function replicaOf(world: World): Subject {
  const subject = new Subject(world)
  subject.receiveAll(world.all())
  expect(subject.isStuck).toBe(false)
  expectAgreement(subject, evaluate(world, world.all(), subject.tip))
  return subject
}

/** What the oracle says of the whole world with some rules switched off. */
function without(world: World, rules: Partial<Rules>): OracleResult {
  return evaluate(world, world.all(), winner(world, world.all().seals), { ...RULES, ...rules })
}

function held(subject: Subject, device: number): bigint {
  return subject.evaluation.holding(keyOf(device), 'eur')
}

function heldOf(result: OracleResult, device: number): bigint | undefined {
  return result.books.get('eur')?.holdings[device]
}

const STEWARDS = [0, 1]

test('adopting a late commit does not change what was said before it was adopted', () => {
  const [late, relay, merchant] = [2, 3, 4]
  const world = worldOf(0, 0, 10, 10, 10)
  const closing = world.seal(0, { signers: STEWARDS, closed: [late] })
  const paid = world.commit(late, -1, { acts: [pay(relay, 10)] })
  const spent = world.commit(relay, -1, { epoch: closing, seen: [paid], acts: [pay(merchant, 15)] })
  const before = replicaOf(world)
  expect(before.verdicts.get(spent)?.voidBecause).toBe('uncovered')
  const foreseen = without(world, { verdictsBy: 'winning-line' })

  const adopting = world.seal(closing, { signers: STEWARDS, frontier: new Map([[late, paid]]) })
  const after = replicaOf(world)
  expect(after.standing(paid)).toMatchObject({ isSettled: true, isLate: false })
  expect(after.isCounted(paid, 0)).toBe(true)
  expect(after.verdicts.get(spent)?.voidBecause).toBe('uncovered')
  // Judged by the line that wins today, the same commit is void before the adoption and valid after it.
  const seen = without(world, { verdictsBy: 'winning-line' })
  expect(foreseen.verdicts.get(spent)?.voidBecause).toBe('uncovered')
  expect(seen.verdicts.get(spent)?.voidBecause).toBe(null)

  // The chain accepts the adopted transfer with its first commit that cites the adopting epoch and lists it again;
  // its debits stay void.
  const citing = world.commit(relay, spent, { epoch: adopting })
  const accepting = world.commit(relay, citing, { epoch: adopting, seen: [paid] })
  const last = replicaOf(world)
  expect(last.acceptedBy(paid, 0)).toEqual([accepting])
  expect(last.verdicts.get(accepting)?.voidBecause).toBe('void-before')
})

test('a seal never invalidates a debit that stands on what was accepted before the seal was known', () => {
  const [payer, venue] = [2, 3]
  const world = worldOf(0, 0, 10, 10)
  const paid = world.commit(payer, -1, { acts: [pay(venue, 10)] })
  const sold = world.commit(venue, -1, { seen: [paid], acts: [use(15)] })
  world.seal(0, { signers: STEWARDS, closed: [payer] })
  const replica = replicaOf(world)
  expect(replica.standing(paid).isLate).toBe(true)
  expect(replica.verdicts.get(sold)?.voidBecause).toBe(null)
  expect([held(replica, payer), held(replica, venue)]).toEqual([0n, 5n])
  expect(without(world, { verdictsBy: 'winning-line' }).verdicts.get(sold)?.voidBecause).toBe('uncovered')
})

test('a signature withheld for a year changes nothing', () => {
  const [honest, double, other, member] = [0, 1, 2, 3]
  const world = worldOf(0, 0, 0, 10)
  const written = world.commit(member, -1, { acts: [pay(honest, 4)] })
  let tip = world.seal(0, { signers: [honest, double], frontier: new Map([[member, written]]) })
  for (let day = 0; day < 10; day += 1) tip = world.seal(tip, { signers: [honest, day % 2 ? double : other] })
  const before = replicaOf(world)
  const states = said(before)
  const withheld = world.seal(0, { signers: [double, other], closed: [honest, member] })
  const after = replicaOf(world)
  expect(after.tip).toBe(tip)
  expect(said(after)).toEqual(states)

  // Counting the signatures of the two seals alone, the year is lost, and what was settled with it.
  expect(winner(world, world.all().seals, 'signers')).toBe(withheld)
  const changes = after.evaluation.chooseTip(after.sealOf(withheld))
  expect(changes).toMatchObject({ regraded: [0], uncounted: [after.orderOf(written)] })
  expect(after.standing(written)).toMatchObject({ isSettled: false, isLate: true })
})

test('without a relay limit, each colluder doubles what a chain of forks gains', () => {
  // Colluder i pays each later one, and the merchant, all it has: each on a branch of its own.
  const gain = (colluders: number): bigint[] => {
    const merchant = colluders
    const world = worldOf(10, ...Array.from({ length: colluders }, () => 0))
    const paidBy: number[][] = []
    for (let payer = 0; payer < colluders; payer += 1) {
      let base = -1
      for (let other = 0; other < payer; other += 1)
        base = world.commit(payer, base, { seen: [paidBy[other]?.[payer] ?? -1] })
      if (base < 0) base = world.commit(payer, -1, {})
      const left = evaluate(world, world.all(), 0).verdicts.get(base)?.left.get('eur') ?? 0n
      const paid: number[] = (paidBy[payer] = [])
      for (let to = payer + 1; to <= colluders; to += 1)
        paid[to] = world.commit(payer, base, { acts: [pay(to, Number(left))] })
    }
    let head = -1
    for (let payer = 0; payer < colluders; payer += 1)
      head = world.commit(merchant, head, { seen: [paidBy[payer]?.[merchant] ?? -1] })
    const replica = replicaOf(world)
    return [held(replica, merchant), replica.evaluation.sums('eur').deficits]
  }
  expect([1, 2, 3, 4, 5, 6].map((colluders) => gain(colluders)[0])).toEqual([10n, 20n, 40n, 80n, 160n, 320n])
  // What the merchant accepted stays its own; the colluders lack what they never had.
  expect(gain(4)).toEqual([80n, 70n])
})

test('what a venue accepted in good faith counts although it was late', () => {
  const [payer, venue] = [2, 3]
  const world = worldOf(0, 0, 10, 10)
  world.seal(0, { signers: STEWARDS, closed: [payer] })
  const paid = world.commit(payer, -1, { acts: [pay(venue, 10)] })
  world.commit(venue, -1, { seen: [paid], acts: [use(15)] })
  const replica = replicaOf(world)
  expect([replica.standing(paid).isLate, replica.visible.has(paid)]).toEqual([true, true])
  expect([held(replica, payer), held(replica, venue)]).toEqual([0n, 5n])
  expect(heldOf(without(world, { lateBeatsAcceptance: true }), venue)).toBe(-5n)
})

test('goods that a closed venue sold while cut off are in the books', () => {
  const venue = 2
  const world = worldOf(0, 0, 10)
  world.seal(0, { signers: STEWARDS, closed: [venue] })
  const sold = world.commit(venue, -1, { acts: [use(4)] })
  const replica = replicaOf(world)
  expect([replica.standing(sold).isLate, replica.visible.has(sold)]).toEqual([true, false])
  expect(replica.evaluation.sums('eur')).toMatchObject({ consumed: 4n, held: 6n })
  expect(without(world, { factsAlwaysCount: false }).books.get('eur')?.consumed).toBe(0n)
})

test('what a frontier settled outlives a fork that shows up below it', () => {
  const [payer, receiver] = [2, 3]
  const world = worldOf(0, 0, 10, 0)
  const first = world.commit(payer, -1, {})
  const settled = world.commit(payer, first, { acts: [pay(receiver, 7)] })
  world.seal(0, { signers: STEWARDS, frontier: new Map([[payer, settled]]) })
  const rival = world.commit(payer, first, { acts: [pay(receiver, 9)] })
  const above = world.commit(payer, settled, { acts: [pay(receiver, 1)] })
  const replica = replicaOf(world)
  expect(replica.standing(settled)).toMatchObject({ isSettled: true, isContested: false })
  expect([settled, rival, above].map((id) => replica.isCounted(id, 0))).toEqual([true, false, false])
  expect(replica.evaluation.inFlightTo(keyOf(receiver), 'eur')).toBe(7n)
  expect(without(world, { frontiersAreFinal: false }).counted.has(`${settled}.0`)).toBe(false)
})

test('a silent venue keeps what it may be selling; what is issued instead is extra', () => {
  const venue = 2
  const world = worldOf(0, 0, 10)
  const allowances = [{ device: 0, unit: 'eur', amount: 10n, insteadOf: venue }]
  const closing = world.seal(0, { signers: STEWARDS, closed: [venue], allowances })
  world.commit(0, -1, { epoch: closing, acts: [use(10)] })
  world.commit(venue, -1, { acts: [use(10)] })
  const replica = replicaOf(world)
  expect([held(replica, 0), held(replica, venue)]).toEqual([0n, 0n])
  expect(replica.evaluation.sums('eur')).toMatchObject({ issued: 20n, consumed: 20n, deficits: 0n })
  expect(heldOf(without(world, { sealsTakeHoldings: true }), venue)).toBe(-10n)
})

test('a fork that a listed head knows is known, and a seal that it knows is binding', () => {
  const [cheat, witness, venue, shop] = [2, 3, 4, 5]
  const world = worldOf(0, 0, 10, 0, 0, 5)
  const left = world.commit(cheat, -1, { acts: [pay(witness, 10)] })
  const right = world.commit(cheat, -1, { acts: [pay(venue, 10)] })
  const proof = world.commit(witness, -1, { seen: [left, right] })
  const warned = world.commit(venue, -1, { seen: [proof, right] })
  const sealing = world.seal(0, { signers: STEWARDS })
  const newer = world.commit(witness, proof, { epoch: sealing })
  const outdated = world.commit(shop, -1, { epoch: 0, seen: [newer], acts: [use(1)] })
  const replica = replicaOf(world)
  expect(replica.accepts(warned)).toEqual([])
  expect(replica.verdicts.get(outdated)?.voidBecause).toBe('epoch-outdated')
  const forgetful = without(world, { knowledgeIsInherited: false })
  expect(forgetful.verdicts.get(warned)?.accepts).toEqual([`${right}.0`])
  expect(forgetful.verdicts.get(outdated)?.voidBecause).toBe(null)
})

test('who lists one who saw one branch and one who saw the other knows the fork', () => {
  const [cheat, one, other, venue] = [2, 3, 4, 5]
  const world = worldOf(0, 0, 10, 0, 0, 0)
  const left = world.commit(cheat, -1, { acts: [pay(one, 10)] })
  const right = world.commit(cheat, -1, { acts: [pay(venue, 10)] })
  const sawLeft = world.commit(one, -1, { seen: [left] })
  const sawRight = world.commit(other, -1, { seen: [right] })
  const warned = world.commit(venue, -1, { seen: [right, sawLeft] })
  const between = world.commit(venue, warned, { seen: [right, sawRight] })
  const replica = replicaOf(world)
  expect([warned, between].flatMap((id) => replica.accepts(id))).toEqual([])
  expect(without(world, { knowledgeIsInherited: false }).verdicts.get(warned)?.accepts).toEqual([
    `${right}.0`,
  ])
  // Documents show what a shown commit relied on in good faith: both branches.
  expect([left, right].map((id) => [replica.standing(id).isContested, replica.visible.has(id)])).toEqual([
    [true, true],
    [true, true],
  ])
})

test('what stood on the word of a commit falls with it in documents, and stays accepted in the books', () => {
  const [cheat, accomplice, venue] = [2, 3, 4]
  const world = worldOf(0, 0, 10, 10, 0)
  const start = world.commit(cheat, -1, {})
  const left = world.commit(cheat, start, { acts: [pay(accomplice, 10)] })
  const relied = world.commit(accomplice, -1, { seen: [left], acts: [pay(venue, 15)] })
  world.commit(cheat, start, {})
  const before = replicaOf(world)
  expect([before.visible.has(left), before.acceptedBy(left, 0)]).toEqual([true, [relied]])

  // The accomplice forks too: its first commit is contested now, and no other commit relies on it.
  world.commit(accomplice, -1, {})
  const after = replicaOf(world)
  expect([left, relied].map((id) => after.visible.has(id))).toEqual([false, false])
  expect([after.acceptedBy(left, 0), after.isCounted(left, 0)]).toEqual([[relied], true])
  expect([held(after, cheat), held(after, accomplice)]).toEqual([0n, 20n])

  // A venue that relied on it before the fork was known brings both back.
  world.commit(venue, -1, { seen: [relied] })
  const last = replicaOf(world)
  expect([left, relied].map((id) => last.visible.has(id))).toEqual([true, true])
  expect(held(last, venue)).toBe(15n)
})

test('a settled branch of a fork is accepted by who lists it again under the epoch that settles it', () => {
  const [cheat, venue] = [2, 3]
  const world = worldOf(0, 0, 10, 0)
  const left = world.commit(cheat, -1, { acts: [pay(venue, 10)] })
  const right = world.commit(cheat, -1, { acts: [use(10)] })
  const refused = world.commit(venue, -1, { seen: [left, right] })
  const settling = world.seal(0, { signers: STEWARDS, frontier: new Map([[cheat, left]]) })
  const citing = world.commit(venue, refused, { epoch: settling })
  const listing = world.commit(venue, citing, { epoch: settling, seen: [left], acts: [use(10)] })
  const replica = replicaOf(world)
  expect([refused, citing, listing].map((id) => replica.accepts(id))).toEqual([[], [], [`${left}.0`]])
  expect(replica.verdicts.get(listing)?.voidBecause).toBe(null)
})

test('who cites an epoch that it has moved past vouches for nothing', () => {
  const [closed, accomplice] = [2, 3]
  const world = worldOf(0, 0, 10, 0)
  const closing = world.seal(0, { signers: STEWARDS, closed: [closed] })
  const knows = world.commit(accomplice, -1, { epoch: closing })
  const late = world.commit(closed, -1, { acts: [pay(accomplice, 10)] })
  const feigned = world.commit(accomplice, knows, { epoch: 0, seen: [late] })
  const again = world.commit(accomplice, feigned, { epoch: closing })
  const replica = replicaOf(world)
  expect([feigned, again].flatMap((id) => replica.accepts(id))).toEqual([])
  expect(replica.visible.has(late)).toBe(false)
})

test('a chain that was adopted past the floor is in good standing again', () => {
  const venue = 2
  const world = worldOf(0, 0, 10)
  const first = world.seal(0, { signers: STEWARDS })
  const floor = world.seal(first, { signers: STEWARDS, floor: 1 })
  const away = world.commit(venue, -1, { acts: [pay(0, 1)] })
  const back = world.commit(venue, away, { epoch: floor, acts: [pay(0, 1)] })
  const before = replicaOf(world)
  expect([away, back].map((id) => before.standing(id).isLate)).toEqual([true, true])
  world.seal(floor, { signers: STEWARDS, floor: 1, frontier: new Map([[venue, away]]) })
  const after = replicaOf(world)
  expect([away, back].map((id) => after.standing(id).isLate)).toEqual([false, false])
  expect(after.evaluation.inFlightTo(keyOf(0), 'eur')).toBe(2n)
})

test("the facts of both branches are booked, and the deficit is the cheat's", () => {
  const cheat = 2
  const world = worldOf(0, 0, 10)
  world.commit(cheat, -1, { acts: [use(10)] })
  world.commit(cheat, -1, { acts: [use(8)] })
  const replica = replicaOf(world)
  expect(held(replica, cheat)).toBe(-8n)
  expect(replica.evaluation.sums('eur')).toMatchObject({ issued: 10n, consumed: 18n, held: 0n, deficits: 8n })
})

test('what a chain took from a seal that lost stays issued, on the double signer', () => {
  const [honest, double, other, member] = [0, 1, 2, 3]
  const world = worldOf(0, 0, 0, 0)
  const allowances = [{ device: member, unit: 'eur', amount: 6n, insteadOf: -1 }]
  const lost = world.seal(0, { signers: [double, other], allowances })
  const sold = world.commit(member, -1, { epoch: lost, acts: [use(2)] })
  const before = replicaOf(world)
  expect(before.evaluation.sums('eur')).toMatchObject({ issued: 6n, issuedAside: 0n })
  const won = world.seal(0, { signers: [honest, double], closed: [other] })
  world.seal(won, { signers: [honest] })
  const after = replicaOf(world)
  expect(after.tip).not.toBe(lost)
  expect(after.verdicts.get(sold)?.voidBecause).toBe(null)
  expect(after.evaluation.sums('eur')).toMatchObject({ issued: 6n, issuedAside: 6n, held: 4n, consumed: 2n })
})

test('a proof that only a lost seal records makes a chain contested all the same', () => {
  const [honest, double, other, cheat] = [0, 1, 2, 3]
  const world = worldOf(0, 0, 0, 10)
  const written = world.commit(cheat, -1, { acts: [pay(honest, 3)] })
  world.seal(0, { signers: [double, other], proofs: new Map([[cheat, 0]]) })
  const won = world.seal(0, { signers: [honest, double], closed: [other] })
  world.seal(won, { signers: [honest] })
  const replica = replicaOf(world)
  expect(replica.tip).toBe(3)
  expect([replica.standing(written).isContested, replica.visible.has(written)]).toEqual([true, false])
})

test('two branches of a receiver may both accept; the payer pays once', () => {
  const [payer, cheat] = [2, 3]
  const world = worldOf(0, 0, 10, 0)
  const paid = world.commit(payer, -1, { acts: [pay(cheat, 10)] })
  const left = world.commit(cheat, -1, { seen: [paid], acts: [use(10)] })
  const right = world.commit(cheat, -1, { seen: [paid], acts: [use(10)] })
  const replica = replicaOf(world)
  expect(replica.acceptedBy(paid, 0).sort()).toEqual([left, right])
  expect([held(replica, payer), held(replica, cheat)]).toEqual([0n, -10n])
})

test('a commit with one debit that is not covered moves nothing at all', () => {
  const world = worldOf(10, 0)
  const bad = world.commit(0, -1, { acts: [pay(1, 3), use(9)] })
  const next = world.commit(0, bad, { acts: [use(1)] })
  const replica = replicaOf(world)
  expect([bad, next].map((id) => replica.verdicts.get(id)?.voidBecause)).toEqual(['uncovered', 'void-before'])
  expect(held(replica, 0)).toBe(10n)
})

test('amounts below one and transfers to oneself void their commit', () => {
  for (const act of [pay(1, 0), pay(1, -5), use(-1), pay(0, 1)]) {
    const world = worldOf(10, 0)
    const id = world.commit(0, -1, { acts: [act] })
    expect(replicaOf(world).verdicts.get(id)?.voidBecause).toBe('malformed')
  }
})
