import { expect, test } from 'vitest'
import { openReplica } from '#protocol/coop'
import { toHex } from '#protocol/encoding'
import type { Act, Evaluation } from '#protocol/evaluation'
import type { MemoryNode } from '#simulations/mesh'
import { booksOf } from './actors/real-books.ts'
import { expectAgreement, keyOf, list, namesIn, relies, stageOf, tipOf } from './actors/stage.ts'
import type { Stage } from './actors/stage.ts'
import { act, deviceOf, memberOf } from './actors/stewards.ts'
import { recordsOf } from './actors/pen.ts'

type Five = [MemoryNode, MemoryNode, MemoryNode, MemoryNode, MemoryNode]

/** Cuts off these nodes from all others, not from each other. */
function cutOff({ mesh, nodes }: Stage, apart: readonly MemoryNode[]): void {
  for (const node of nodes)
    for (const it of apart) if (!apart.includes(node) && node.sessions.has(it)) mesh.disconnect(node, it)
}

function settleOf(node: MemoryNode, id: Uint8Array) {
  const { history } = node.replica
  return { kind: 'settle', device: keyOf(node), seq: history.seqOf(history.find(id)), commit: id } as const
}

function knows({ replica: { history, device } }: MemoryNode, id: Uint8Array): boolean {
  const own = history.branchesOf(history.findDevice(Buffer.from(device ?? '', 'hex')))[0]?.end ?? -1
  return history.knows(own, history.find(id))
}

/**
 * A venue is removed while it is cut off together with a stall, and sells for a week: seven sales, and a delivery of 5 to
 * the stall each day. The stall takes notice of the first four days. Nobody knows of the removal until they are back.
 */
function weekOf(seed: number) {
  const stage = stageOf(seed, 4, 3)
  const { nodes, mesh, stewards } = stage
  const [founder, second, third, stall, venue] = nodes as Five
  const wills = [founder, second, third]
  const acts = new Map<string, Act[]>()
  const [till, shop] = [stall, venue].map(deviceOf) as [string, string]
  const eur = { unit: 'eur' } as const
  cutOff(stage, [venue, stall])
  const remove = { kind: 'remove', member: memberOf(venue) } as const
  stewards.decide([remove], { by: second, wills, nodes: wills })
  const days: Uint8Array[] = []
  for (let day = 1; day <= 7; day += 1) {
    mesh.nowMs += 86_400_000
    const id = list(venue, `day ${day}`)
    days.push(id)
    acts.set(toHex(id), [
      { kind: 'fact', ...eur, amount: 3n },
      { kind: 'transfer', ...eur, to: till, amount: 5n },
    ])
    if (day === 4) {
      mesh.settle()
      list(stall, 'takes four deliveries')
      mesh.disconnect(stall, venue)
    }
  }
  const founding = [{ device: shop, ...eur, amount: 100n }]
  const books = (node: MemoryNode): Evaluation => booksOf(node.replica, { founding, acts })
  for (const node of [founder, second, third]) mesh.connect(node, stall)
  mesh.settle()
  mesh.connect(founder, venue)
  mesh.settle()
  return { ...stage, founder, second, third, stall, venue, wills, days, books, till, shop }
}

test('an honest venue that sold for a week after its removal loses nothing that others accepted or that it did', () => {
  const { nodes, founder, stall, venue, days, books, till, shop } = weekOf(1)
  expectAgreement(nodes)
  for (const node of nodes) {
    expect(node.replica.authority.statusOf(deviceOf(venue))).toBe('closed')
    const names = namesIn(node.replica)
    for (let day = 1; day <= 7; day += 1) expect([day, names.includes(`day ${day}`)]).toEqual([day, day <= 4])
    const book = books(node)
    const { history } = node.replica
    for (const [i, id] of days.entries()) {
      const order = history.find(id)
      expect(book.standingOf(order)).toMatchObject({ isLate: true, isSettled: false })
      // Every sale counts; a delivery does where it was accepted, on both sides.
      expect([0, 1].map((it) => book.isCounted({ order, act: it }))).toEqual([true, i < 4])
    }
    expect([book.holding(shop, 'eur'), book.holding(till, 'eur')]).toEqual([100n - 21n - 20n, 20n])
    const { issued, consumed, held, deficits, inFlight } = book.sums('eur')
    expect([issued, consumed, inFlight, deficits]).toEqual([100n, 21n, 0n, 0n])
    expect(issued).toBe(consumed + held)
  }
  // Who knows of the removal accepts nothing more.
  list(founder, 'after')
  expect(relies(founder, days[3] as Uint8Array)).toBe(true)
  expect(relies(founder, days[4] as Uint8Array)).toBe(false)
  expect(relies(stall, days[3] as Uint8Array)).toBe(true)
})

test('a later frontier adopts all of it, or a part, and what was not accepted can be accepted then', () => {
  const week = weekOf(2)
  const { nodes, mesh, stewards, founder, second, third, stall, venue, wills, days, books, till, shop } = week
  const [sixth, last] = days.slice(5) as [Uint8Array, Uint8Array]
  stewards.decide([settleOf(venue, sixth)], { by: stall, wills, nodes })
  expectAgreement(nodes)
  expect(namesIn(stall.replica)).toContain('day 6')
  expect(namesIn(stall.replica)).not.toContain('day 7')
  let book = books(stall)
  expect([book.holding(till, 'eur'), book.inFlightTo(till, 'eur')]).toEqual([20n, 10n])
  list(stall, 'takes the rest')
  mesh.settle()
  book = books(founder)
  expect([book.holding(till, 'eur'), book.inFlightTo(till, 'eur')]).toEqual([30n, 0n])
  stewards.decide([settleOf(venue, last)], { by: second, wills: [second, third, founder], nodes })
  list(stall, 'and the last')
  mesh.settle()
  expectAgreement(nodes)
  for (const node of nodes) {
    expect(namesIn(node.replica)).toContain('day 7')
    book = books(node)
    expect([book.holding(shop, 'eur'), book.holding(till, 'eur')]).toEqual([100n - 21n - 35n, 35n])
    expect(book.sums('eur')).toMatchObject({ issued: 100n, consumed: 21n, held: 79n, inFlight: 0n })
  }
  // It stays closed: what it writes from now on is late again.
  list(venue, 'day 8')
  mesh.settle()
  expect(founder.replica.authority.statusOf(deviceOf(venue))).toBe('closed')
  expect(namesIn(founder.replica)).not.toContain('day 8')
})

test('who approves of settling lists what is to be settled, relies on none of it, and others do not', () => {
  const { nodes, mesh, stewards, founder, second, third, stall, venue, days } = weekOf(3)
  const last = days.at(-1) as Uint8Array
  const changes = [settleOf(venue, last)]
  const proposal = act(stall, { t: 'propose', changes, reason: 'it sold in good faith' })
  mesh.settle()
  act(second, { t: 'approve', proposal })
  act(third, { t: 'decline', proposal })
  mesh.disconnect(second, third)
  mesh.disconnect(second, founder)
  mesh.disconnect(second, stall)
  for (const node of [founder, third, second, stall]) list(node, 'goes on')
  expect([second, third, founder, stall].map((it) => knows(it, last))).toEqual([true, false, false, false])
  expect(relies(second, last)).toBe(false)
  for (const node of [third, founder, stall]) mesh.connect(second, node)
  stewards.keep(nodes)
  // Of three stewards all must agree: nothing is settled, and nothing is lost.
  expect(namesIn(founder.replica)).not.toContain('day 7')
  expectAgreement(nodes)
  for (const it of [third, founder]) act(it, { t: 'approve', proposal })
  stewards.keep(nodes)
  expect(namesIn(founder.replica)).toContain('day 7')
  list(founder, 'relies')
  expect(relies(founder, last)).toBe(true)
  mesh.settle()
  expectAgreement(nodes)
})

test('a commit that is nowhere, or of another chain, is settled by nobody and keeps nothing else from being decided', () => {
  const { nodes, mesh, stewards, founder, stall, venue, wills, days } = weekOf(4)
  const { replica } = stall
  const last = days.at(-1) as Uint8Array
  const own = settleOf(venue, last)
  const heights = [tipOf(founder).height]
  const wrong = [
    { ...own, commit: new Uint8Array(32).fill(7) },
    { ...own, seq: own.seq + 1 },
    { ...own, device: keyOf(stall) },
    // Settled long ago: a frontier never goes back.
    { kind: 'settle', device: keyOf(founder), seq: 0, commit: replica.history.idOf(0).slice() } as const,
  ]
  for (const change of wrong) stewards.decide([change], { by: stall, wills, nodes })
  expect(tipOf(founder).height).toBe(heights[0])
  expect(namesIn(founder.replica)).not.toContain('day 7')
  stewards.decide([{ kind: 'slots', device: keyOf(stall), count: 2 }], { by: stall, wills, nodes })
  expect(tipOf(founder).height).toBe((heights[0] ?? 0) + 1)
  stewards.decide([own], { by: stall, wills, nodes })
  expect(namesIn(founder.replica)).toContain('day 7')
  mesh.settle()
  expectAgreement(nodes)
})

test('of a copied folder’s two histories the stewards choose one, and what was built on the other stays', () => {
  const stage = stageOf(5, 4, 3)
  const { nodes, mesh, stewards, coop, crypto } = stage
  const [founder, second, third, stall, venue] = nodes as Five
  const { signer } = venue as MemoryNode & { signer: Parameters<typeof openReplica>[0]['signer'] }
  const copy = mesh.add(openReplica({ coop, crypto, signer }))
  copy.write(copy.replica.ingest(recordsOf(venue)).stored)
  cutOff(stage, [venue])
  list(copy, 'copy 1')
  mesh.connect(copy, stall)
  mesh.settle()
  list(stall, 'on the copy')
  list(copy, 'copy 2')
  list(venue, 'true 1')
  const chosen = list(venue, 'true 2')
  list(venue, 'true 3')
  mesh.connect(venue, founder)
  mesh.settle()
  expect(namesIn(founder.replica).filter((it) => /copy|true/.test(it))).toEqual(['copy 1', 'on the copy'])
  stewards.decide([settleOf(venue, chosen)], { by: stall, wills: [founder, second, third], nodes })
  for (const { replica } of [founder, second, third, stall])
    expect(namesIn(replica).filter((it) => /copy|true/.test(it))).toEqual([
      ...['copy 1', 'on the copy', 'true 1', 'true 2'],
    ])
  expectAgreement([founder, second, third, stall])
})
