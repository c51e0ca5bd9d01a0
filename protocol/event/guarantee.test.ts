import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '#protocol/encoding'
import { nodeCrypto } from '#node/crypto'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import {
  decideAt,
  eventSection,
  eventStateOf,
  makeEvent,
  scanId,
  sell,
  shown,
} from '../../test/actors/gate-hand.ts'
import { hand, ledgerSection } from '../../test/actors/ledger-hand.ts'
import { commitmentOf } from '../tickets/index.ts'
import { guaranteeOf } from './guarantee.ts'
import type { Guarantee } from './guarantee.ts'
import type { IssuedBytes } from './issuing.ts'

const { sha256 } = nodeCrypto()
const GROUPS = ['North', 'South', 'East'] as const
const GATES = 3

type Step =
  | { kind: 'sell'; group: number; count: number }
  | { kind: 'move'; group: number; to: number }
  | { kind: 'lost'; group: number; isLost: boolean }
  | { kind: 'cancel'; ticket: number }
  | { kind: 'link'; pair: number; isUp: boolean }

const group = fc.nat(GROUPS.length - 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('sell'), group, count: fc.integer({ min: 1, max: 3 }) } as const),
  fc.record({ kind: fc.constant('move'), group, to: fc.nat(GATES - 1) } as const),
  fc.record({ kind: fc.constant('lost'), group, isLost: fc.boolean() } as const),
  fc.record({ kind: fc.constant('cancel'), ticket: fc.nat(100) } as const),
  fc.record({ kind: fc.constant('link'), pair: fc.nat(GATES - 1), isUp: fc.boolean() } as const),
)

/** Ends of histories in which something of interest was counted. */
interface Reached {
  held: number
  apart: number
  lost: number
  cut: number
}

/** Plays a history and compares what each gate says of its share with what it decides of each ticket that it knows. */
function check(steps: readonly Step[], policy: 'exclusive' | 'open', seed: number, reached: Reached): void {
  const coop = testCoop(seed)
  const { founder, mesh } = coop
  const gates = [
    { node: founder, signer: coop.founderSigner },
    ...Array.from({ length: GATES - 1 }, () => coop.admit('venue')).map((node) => ({
      node,
      signer: node.signer,
    })),
  ]
  const pairs = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map(([a, b]) => [gates[a ?? 0], gates[b ?? 0]] as const)
  const link = (pair: number, isUp: boolean): void => {
    const [a, b] = pairs[pair] ?? []
    if (a === undefined || b === undefined) return
    if (isUp) mesh.connect(a.node, b.node)
    else mesh.disconnect(a.node, b.node)
    mesh.settle()
  }
  for (let i = 0; i < GATES; i += 1) link(i, true)
  const made = makeEvent(founder, coop.founderSigner, { groups: GROUPS, class: { policy } })
  const unitOf = (at: number): string => made.buckets.get(GROUPS[at] ?? '') ?? ''
  const holderOf = (at: number) => gates.find((it) => it.node.replica.spendable(unitOf(at)) >= 1n)
  for (const { signer } of gates.slice(1))
    must(founder.author([ledgerSection(hand(signer.publicKey, made.class, 30))]))
  mesh.settle()
  const tickets: { bytes: IssuedBytes; group: number }[] = []
  let cuts = 0
  for (const [i, it] of steps.entries()) {
    switch (it.kind) {
      case 'sell': {
        const holder = holderOf(it.group)
        if (holder === undefined || holder.node.replica.spendable(made.class) < BigInt(it.count)) break
        const wish = { group: GROUPS[it.group] ?? '', count: it.count, id: 100 + i }
        const sold = sell(holder.node, holder.signer, made, wish)
        tickets.push(...sold.map((bytes) => ({ bytes, group: it.group })))
        break
      }
      case 'move': {
        const [holder, to] = [holderOf(it.group), gates[it.to]]
        if (holder === undefined || to === undefined || holder === to) break
        must(holder.node.author([ledgerSection(hand(to.signer.publicKey, unitOf(it.group), 1))]))
        break
      }
      case 'lost': {
        const state = eventStateOf(founder.replica, made)
        const bucket = unitOf(it.group)
        const version = state.nextVersion('lost', bucket)
        must(founder.author([eventSection(made.event, { t: 'lost', bucket, lost: it.isLost, version })]))
        break
      }
      case 'cancel': {
        const ticket = tickets[it.ticket % Math.max(1, tickets.length)]
        const holder = ticket === undefined ? undefined : holderOf(ticket.group)
        if (ticket === undefined || holder === undefined) break
        const old = commitmentOf(made.event, shown(ticket.bytes).body, sha256)
        // Sold by a gate of which this one has not heard, or ended before.
        const state = eventStateOf(holder.node.replica, made)
        if (state.issued(toHex(old)) === null || state.cancelOf(toHex(old)) !== null) break
        const about = { class: made.class, bucket: unitOf(ticket.group), id: scanId(i) }
        const nothing = { ticket: null, seat: false, price: null, reason: '' }
        const entry = { t: 'cancel' as const, why: 'revoke' as const, old, ...about, ...nothing }
        must(holder.node.author([eventSection(made.event, entry)]))
        break
      }
      case 'link':
        cuts += it.isUp ? 0 : 1
        link(it.pair, it.isUp)
    }
    mesh.settle()
  }
  reached.cut += cuts > 0 ? 1 : 0
  for (const { node } of gates)
    for (const name of GROUPS) {
      const { replica } = node
      const state = eventStateOf(replica, made)
      const sums = { own: { sold: 0, canAdmit: 0 }, others: { sold: 0, canAdmit: 0 }, open: 0 }
      const lost = { buckets: GROUPS.filter((_, at) => state.isLost(unitOf(at))).length, sold: 0 }
      for (const ticket of tickets) {
        const decoded = shown(ticket.bytes)
        const commitment = toHex(commitmentOf(made.event, decoded.body, sha256))
        if (state.issued(commitment) === null || state.cancelOf(commitment) !== null) continue
        const decision = decideAt(node, made, decoded, { gate: name })
        if (state.isLost(unitOf(ticket.group)) || policy === 'open') {
          // Whoever holds it lets in by what it holds; others may let in a copy all the same.
          expect(decision.ok).toBe(true)
          sums.open += 1
          if (state.isLost(unitOf(ticket.group))) lost.sold += 1
          continue
        }
        const sum = GROUPS[ticket.group] === name ? sums.own : sums.others
        sum.sold += 1
        if (decision.ok) sum.canAdmit += 1
        else expect(decision.verdict).toBe('wrong-group')
      }
      const device = replica.device ?? ''
      const said: Guarantee = guaranteeOf(state, { device, group: name, reachable: new Set() })
      expect(said).toMatchObject({ ...sums, lost })
      reached.held += sums.own.canAdmit + sums.others.canAdmit > 0 ? 1 : 0
      reached.apart += sums.own.sold + sums.others.sold > sums.own.canAdmit + sums.others.canAdmit ? 1 : 0
      reached.lost += lost.sold > 0 ? 1 : 0
    }
}

test('the share that a gate shows is what it decides of each ticket, before and while it is cut off', () => {
  const reached: Reached = { held: 0, apart: 0, lost: 0, cut: 0 }
  const policy = fc.constantFrom<('exclusive' | 'open')[]>('exclusive', 'exclusive', 'exclusive', 'open')
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), policy, fc.nat(50), (steps, kind, seed) =>
      check(steps, kind, 500 + seed, reached),
    ),
    { numRuns: 12, seed: 1, endOnFailure: true },
  )
  for (const count of Object.values(reached)) expect(count).toBeGreaterThan(3)
})
