import { describe, expect, test } from 'vitest'
import { encodeCanonical, equalBytes, fromHex, toHex } from '#protocol/encoding'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { must, testCoop } from '../../test/actors/coop-actors.ts'
import {
  DOORS_MS,
  classOf,
  decideAt,
  eventOf,
  eventSection,
  eventStateOf,
  makeEvent,
  scan,
  sell,
  shown,
} from '../../test/actors/gate-hand.ts'
import type { EventWish } from '../../test/actors/gate-hand.ts'
import { recordsOf } from '../../test/actors/memory-source.ts'
import type { MemoryNode } from '#simulations/mesh'
import { hand, ledgerSection } from '../../test/actors/ledger-hand.ts'
import { secretOf } from '../../test/actors/ticket-desk.ts'
import { decodeTicket, makeRotatingCode, nullifierOf, openDetails, searchTagOf } from '../tickets/index.ts'
import type { CancelEntry, EventDocumentEntry, PassEntry } from './entries.ts'
import { eventIdOf, readEventSection } from './event-section.ts'
import { bucketHolder, bucketPlaces, guaranteeOf } from './guarantee.ts'
import { issueTickets, reissueTicket } from './issuing.ts'
import { priceAt } from './price.ts'

const crypto = nodeCrypto()
const MINUTE = 60_000

/** A founder who sells, and two gates that hear of everything. */
function setting(wish: EventWish = {}, seed = 1) {
  const coop = testCoop(seed)
  const { founder, founderSigner, mesh } = coop
  const north = coop.admit('venue')
  const south = coop.admit('venue')
  const all = [founder, north, south]
  const meet = (): void => {
    mesh.connect(founder, north)
    mesh.connect(founder, south)
    mesh.connect(north, south)
    mesh.settle()
  }
  const part = (): void => {
    mesh.disconnect(founder, north)
    mesh.disconnect(founder, south)
    mesh.disconnect(north, south)
  }
  meet()
  const made = makeEvent(founder, founderSigner, wish)
  const bucket = (group: string): string => made.buckets.get(group) ?? ''
  const give = (gate: { signer: { publicKey: Uint8Array } }, unit: string, amount = 1): void => {
    must(founder.author([ledgerSection(hand(gate.signer.publicKey, unit, amount))]))
  }
  const isAlike = (): boolean => {
    meet()
    return new Set(all.map(({ replica }) => toHex(eventStateOf(replica, made).stateHash()))).size === 1
  }
  const stateOf = (node: (typeof all)[number]) => eventStateOf(node.replica, made)
  return { ...coop, north, south, meet, part, made, bucket, give, isAlike, stateOf }
}

/** Two tickets are sold, and both gates hold their own bucket. */
function gates(wish: EventWish = {}) {
  const it = setting(wish)
  const { founder, founderSigner, made, give, meet, bucket, north, south } = it
  const [northern] = sell(founder, founderSigner, made, { group: 'North', id: 1 })
  const [southern] = sell(founder, founderSigner, made, { group: 'South', id: 2 })
  give(north, bucket('North'))
  give(south, bucket('South'))
  meet()
  return { ...it, northern, southern }
}

describe('exclusive classes', () => {
  test('a ticket is admitted once, at the gate of its group, with nobody in reach', () => {
    const { north, south, made, part, northern, isAlike, stateOf } = gates()
    part()
    expect(scan(north, made, northern)).toMatchObject({ ok: true, verdict: 'admitted', mode: 'held' })
    const again = { ok: false, verdict: 'already-admitted', params: { atMs: DOORS_MS, gate: 'North' } }
    expect(scan(north, made, northern)).toMatchObject(again)
    const wrong = { ok: false, verdict: 'wrong-group', params: { group: 'North' } }
    expect(scan(south, made, northern, { gate: 'South' })).toMatchObject(wrong)
    expect(isAlike()).toBe(true)
    expect(stateOf(south).tally()).toMatchObject({ sold: 2, admitted: 1, doubles: 0, open: 0, unheld: 0 })
  })

  test('a bucket moves with all that was admitted from it', () => {
    const { north, south, made, northern, mesh, part, bucket, stateOf } = gates()
    part()
    scan(north, made, northern)
    mesh.connect(north, south)
    must(north.author([ledgerSection(hand(south.signer.publicKey, bucket('North'), 1))]))
    mesh.settle()
    const again = { ok: false, verdict: 'already-admitted' }
    expect(scan(south, made, northern, { gate: 'South' })).toMatchObject(again)
    const holder = toHex(south.signer.publicKey)
    expect(bucketPlaces(stateOf(north)).map((it) => it.holder)).toEqual([holder, holder])
  })

  test('who gave a bucket away admits nobody from it, and a commit that says so is void', () => {
    const { north, south, made, northern, mesh, part, bucket, founder, isAlike, stateOf } = gates()
    part()
    const decision = decideAt(north, made, shown(northern))
    must(north.author([ledgerSection(hand(south.signer.publicKey, bucket('North'), 1))]))
    expect(scan(north, made, northern)).toMatchObject({ ok: false, verdict: 'wrong-group' })
    if (!decision.ok) throw new Error(decision.verdict)
    expect(north.author([eventSection(made.event, decision.entry)])).toMatchObject({
      ok: false,
      refusal: 'uncovered',
    })
    mesh.connect(founder, north)
    // Said without the bucket it is a fact that is counted as open.
    must(north.author([eventSection(made.event, { ...decision.entry, mode: 'open' })]))
    expect(isAlike()).toBe(true)
    expect(stateOf(founder).tally()).toMatchObject({ admitted: 1, open: 1, unheld: 0 })
  })

  test('the buckets of a lost gate go on as open admissions, and both gates are found to have admitted one ticket', () => {
    const { north, south, made, northern, part, founder, bucket, mesh, isAlike, stateOf } = gates()
    mesh.disconnect(north, founder)
    mesh.disconnect(north, south)
    scan(north, made, northern)
    must(
      founder.author([
        eventSection(made.event, { t: 'lost', bucket: bucket('North'), lost: true, version: 0 }),
      ]),
    )
    mesh.settle()
    part()
    expect(scan(south, made, northern, { gate: 'South' })).toMatchObject({
      ok: true,
      verdict: 'admitted-open',
      mode: 'open',
    })
    expect(isAlike()).toBe(true)
    expect(stateOf(north).tally()).toMatchObject({ admitted: 1, entries: 2, open: 1, doubles: 1 })
    const [first] = stateOf(founder).passes()
    expect(first?.doubles.map((it) => it.gate)).toEqual(['South'])
  })

  test('an override needs a word, counts as one, and no forgery is let in by it', () => {
    const { south, made, northern, isAlike, stateOf } = gates()
    expect(scan(south, made, northern, { gate: 'South', override: 'the artist’s mother' })).toMatchObject({
      ok: true,
      verdict: 'override',
      mode: 'override',
      entry: { reason: 'the artist’s mother' },
    })
    const forged = { bytes: northern.bytes.with(100, (northern.bytes[100] ?? 0) ^ 1) }
    expect(decideAt(south, made, shown(forged), { override: 'but she said so' })).toMatchObject({
      ok: false,
      verdict: 'forged',
    })
    expect(isAlike()).toBe(true)
    expect(stateOf(south).tally()).toMatchObject({ admitted: 1, overrides: 1, doubles: 0 })
  })

  test('a mistake is taken back by the device that made it, as a fact of its own', () => {
    const { north, south, made, northern, meet, isAlike, stateOf } = gates()
    scan(north, made, northern)
    meet()
    const [pass] = stateOf(north).passes()
    const undo: EventDocumentEntry = {
      ...{ t: 'undo', commit: fromHex(pass?.commit ?? '') ?? new Uint8Array(), index: pass?.index ?? 0 },
      ...{ room: null, way: 'in', atMs: DOORS_MS, id: new Uint8Array(16), reason: 'pressed twice' },
    }
    expect(south.author([eventSection(made.event, undo)])).toMatchObject({ refusal: 'pass-foreign' })
    must(north.author([eventSection(made.event, undo)]))
    expect(stateOf(north).tally()).toMatchObject({ admitted: 0, undone: 1 })
    expect(scan(north, made, northern, { id: 10 })).toMatchObject({ ok: true, verdict: 'admitted' })
    expect(isAlike()).toBe(true)
    expect(stateOf(south).tally()).toMatchObject({ admitted: 1, undone: 1, doubles: 0 })
  })
})

describe('open classes', () => {
  const open = { class: { policy: 'open', exposure: 2 } } as const

  test('any gate admits; two that are cut off from each other admit one ticket twice, and that is found', () => {
    const { north, south, made, northern, part, isAlike, stateOf } = gates(open)
    part()
    expect(scan(north, made, northern)).toMatchObject({ ok: true, verdict: 'admitted-open' })
    expect(scan(south, made, northern, { gate: 'South' })).toMatchObject({
      ok: true,
      verdict: 'admitted-open',
    })
    expect(isAlike()).toBe(true)
    expect(stateOf(south).tally()).toMatchObject({ admitted: 1, entries: 2, doubles: 1 })
  })

  test('meshed gates know of each other and admit once', () => {
    const { north, south, made, northern, meet, mesh } = gates(open)
    scan(north, made, northern)
    mesh.settle()
    meet()
    expect(scan(south, made, northern, { gate: 'South' })).toMatchObject({ verdict: 'already-admitted' })
  })

  test('a gate that is not heard admits no more than its exposure, and goes on once it was heard', () => {
    const { north, founder, founderSigner, made, part, meet, give, bucket } = setting(open)
    const tickets = sell(founder, founderSigner, made, { group: 'South', count: 4 })
    give(north, bucket('North'))
    meet()
    part()
    const verdicts = tickets.map((it) => scan(north, made, it).verdict)
    expect(verdicts).toEqual(['admitted-open', 'admitted-open', 'exposure', 'exposure'])
    meet()
    must(founder.author([]))
    meet()
    expect(scan(north, made, tickets[2] ?? tickets[0])).toMatchObject({ ok: true })
  })
})

describe('zones', () => {
  const hall = { zones: [['Hall', 2]], class: { reentry: true } } as const

  test('nobody is let in beyond the room that a gate holds, and who leaves gives it back', () => {
    const { north, founder, founderSigner, made, give, bucket, meet, part, stateOf } = setting(hall)
    const tickets = sell(founder, founderSigner, made, { group: 'North', count: 3 })
    const room = made.rooms.get('Hall') ?? ''
    give(north, bucket('North'))
    give(north, room, 2)
    meet()
    part()
    const at = { zone: 'Hall' }
    const [one, two, three] = tickets
    expect(scan(north, made, one, at)).toMatchObject({ verdict: 'admitted' })
    expect(scan(north, made, two ?? one, at)).toMatchObject({ verdict: 'admitted' })
    expect(scan(north, made, three ?? one, at)).toMatchObject({ ok: false, verdict: 'zone-full' })
    expect(stateOf(north).tally().inside).toEqual(new Map([['Hall', 2]]))
    expect(scan(north, made, one, { ...at, way: 'out', id: 3 })).toMatchObject({ verdict: 'left' })
    expect(scan(north, made, one, { ...at, way: 'out', id: 4 })).toMatchObject({ verdict: 'not-inside' })
    expect(scan(north, made, three ?? one, at)).toMatchObject({ verdict: 'admitted' })
    expect(scan(north, made, one, at)).toMatchObject({ verdict: 'zone-full' })
    expect(stateOf(north).tally()).toMatchObject({ admitted: 3, entries: 3, exits: 1 })
    // Where there are zones, a gate leads into one.
    expect(scan(north, made, one)).toMatchObject({ verdict: 'wrong-zone' })
    expect(scan(north, made, one, { zone: 'Cellar' })).toMatchObject({ verdict: 'wrong-zone' })
  })

  test('an exit elsewhere gives the room back by the device that took it, once', () => {
    const { north, south, made, give, northern, isAlike, stateOf, meet, part, mesh } = gates(hall)
    const room = made.rooms.get('Hall') ?? ''
    give(north, room, 1)
    meet()
    scan(north, made, northern, { zone: 'Hall' })
    part()
    // It has not heard of the entry.
    const left = scan(south, made, northern, { zone: 'Hall', gate: 'South', way: 'out', id: 3 })
    expect(left).toMatchObject({ verdict: 'left', params: { isEntryKnown: false } })
    mesh.connect(north, south)
    mesh.settle()
    const [match] = stateOf(south).exitsToMatch(toHex(south.signer.publicKey))
    expect(match?.of.gate).toBe('North')
    const nameOf = (it: { commit: string; index: number } | undefined) => ({
      commit: fromHex(it?.commit ?? '') ?? new Uint8Array(),
      index: it?.index ?? 0,
    })
    must(
      south.author([eventSection(made.event, { t: 'match', ...nameOf(match?.exit), of: nameOf(match?.of) })]),
    )
    mesh.settle()
    const own = toHex(north.signer.publicKey)
    const [home] = stateOf(north).roomsToBringHome(own)
    expect(home?.room).toBe(room)
    expect(north.replica.spendable(room)).toBe(0n)
    must(north.author([eventSection(made.event, { t: 'home', ...nameOf(home?.exit), room })]))
    expect(north.replica.spendable(room)).toBe(1n)
    expect(stateOf(north).roomsToBringHome(own)).toEqual([])
    expect(isAlike()).toBe(true)
    expect(stateOf(south).tally().inside.get('Hall') ?? 0).toBe(0)
  })
})

describe('issuing', () => {
  test('a ticket takes a seat with it: sold out is sold out, also for who is cut off', () => {
    const { north, founder, founderSigner, made, give, bucket, meet, part } = setting({ seats: 3 })
    give(north, bucket('North'))
    give(north, made.class, 1)
    meet()
    part()
    sell(founder, founderSigner, made, { group: 'South', count: 2 })
    sell(north, north.signer, made, { group: 'North' })
    expect(() => sell(north, north.signer, made, { group: 'North', id: 2 })).toThrow('uncovered')
    expect(() => sell(founder, founderSigner, made, { group: 'South', id: 3 })).toThrow('uncovered')
  })

  test('only who holds the bucket issues from it', () => {
    const { north, made, give, meet } = setting()
    give(north, made.class, 5)
    meet()
    expect(() => sell(north, north.signer, made, { group: 'North' })).toThrow('uncovered')
  })

  test('the same request makes the same tickets; numbers go on', () => {
    const { founder, founderSigner, made } = setting()
    const [first] = sell(founder, founderSigner, made, { group: 'North' })
    const [second] = sell(founder, founderSigner, made, { group: 'North', id: 2 })
    expect([first.serial, second.serial]).toEqual([0, 1])
    expect(equalBytes(first.code, second.code)).toBe(false)
  })

  test('who reads out the code is found, and the details with it; nobody else reads them', () => {
    const { founder, founderSigner, made, bucket, stateOf, coop } = setting()
    const details = 'Eva, wheelchair, row 1'
    const ids = { coop, event: made.event, class: made.class, bucket: bucket('North') }
    const order = {
      ids,
      id: new Uint8Array(16),
      first: 0,
      count: 1,
      validity: null,
      holder: null,
      price: null,
    }
    const batch = must(issueTickets({ ...order, details: [details] }, founderSigner, crypto.sha256))
    const [ticket] = batch.tickets
    const [entry] = batch.entries
    if (ticket === undefined || entry === undefined) throw new Error('no ticket')
    must(founder.author([eventSection(made.event, entry)]))
    const found = stateOf(founder).byTag(toHex(searchTagOf(made.event, ticket.code, crypto.sha256)))
    expect(found).toMatchObject({ at: 0, issue: { class: made.class, count: 1, first: 0 } })
    const sealed = entry.tickets[0]?.subarray(24) ?? new Uint8Array()
    expect(openDetails(made.event, sealed, ticket.code, crypto.sha256)).toMatchObject({ details })
    expect(
      openDetails(made.event, sealed, ticket.code.with(0, (ticket.code[0] ?? 0) ^ 1), crypto.sha256),
    ).toBe(null)
    expect(Buffer.from(entry.tickets[0] ?? []).includes('Eva')).toBe(false)
  })
})

describe('the curious member', () => {
  /** Bytes of what an event's documents say of each issued ticket, and of each entry: all that a member holds. */
  const heldBy = (
    node: MemoryNode,
    { event }: { event: string },
  ): { issued: Uint8Array[]; passes: PassEntry[]; sections: Uint8Array[] } => {
    const entries: EventDocumentEntry[] = []
    const sections: Uint8Array[] = []
    for (const record of recordsOf(node)) {
      for (const [i, section] of record.header.sections.entries()) {
        const payload = record.payloads[i]
        if (section.document !== event || payload === null || payload === undefined) continue
        sections.push(payload)
        entries.push(...(readEventSection(payload, section.entries) ?? []))
      }
    }
    return {
      issued: entries.flatMap((it) => (it.t === 'issue' ? it.tickets : [])),
      passes: entries.filter((it) => it.t === 'pass'),
      sections,
    }
  }
  const NAMES = ['commitment', 'seat', 'code', 'search', 'details', 'slot', 'secrets'].map(
    (it) => `coopmesh ticket ${it}`,
  )
  /** All that hashes of tickets make of the parts of an issued one. */
  const madeOf = (event: string, ticket: Uint8Array): string[] => {
    const parts = [
      ticket,
      ticket.subarray(0, 16),
      ticket.subarray(16, 24),
      ticket.subarray(24),
      ticket.subarray(0, 24),
    ]
    const hashes = NAMES.flatMap((name) =>
      parts.flatMap((part) => [
        crypto.sha256(encodeCanonical([name, event, part])),
        crypto.sha256(encodeCanonical([name, part])),
      ]),
    )
    return [...parts, ...parts.map((part) => crypto.sha256(part)), ...hashes].map(toHex)
  }
  /** Passes that somebody with all documents and no ticket can tell the ticket of. */
  const linked = (
    event: string,
    issued: readonly Uint8Array[],
    passes: readonly { seat: Uint8Array }[],
  ): number => {
    const made = issued.flatMap((it) => madeOf(event, it)).join(' ')
    // Eight bytes in common are no chance.
    return passes.filter(
      ({ seat }) => made.includes(toHex(seat.subarray(0, 8))) || made.includes(toHex(seat.subarray(8))),
    ).length
  }

  test('with every document in hand, tells of no pass which ticket it was; who has the ticket can', () => {
    const { north, founder, founderSigner, made, give, bucket, meet } = setting()
    const tickets = sell(founder, founderSigner, made, { group: 'North', count: 20, details: 'Eva' })
    give(north, bucket('North'))
    meet()
    for (const [i, ticket] of tickets.entries()) if (i % 2 === 0) scan(north, made, ticket, { id: i })
    meet()
    const { issued, passes, sections } = heldBy(founder, made)
    expect([issued.length, passes.length]).toEqual([20, 10])
    expect(linked(made.event, issued, passes)).toBe(0)
    // Nothing that a ticket keeps to itself stands anywhere, nor what it says of its holder.
    for (const ticket of tickets) {
      const { seatSecret, nonce } = shown(ticket).ticket
      for (const secret of [seatSecret ?? nonce, nonce, ticket.code, Buffer.from('Eva')])
        expect(sections.some((it) => Buffer.from(it).includes(Buffer.from(secret)))).toBe(false)
    }
    const seats = new Set(
      tickets.map((it) => toHex(nullifierOf(made.event, secretOf(shown(it).ticket), crypto.sha256))),
    )
    expect(passes.every((it) => seats.has(toHex(it.seat)))).toBe(true)
    // A scheme that reuses the commitment, or hashes it, is caught.
    const leaks = issued.map((it) => ({ seat: crypto.sha256(it.subarray(0, 16)).slice(0, 16) }))
    expect(linked(made.event, issued, leaks)).toBe(20)
  })
})

describe('ended tickets', () => {
  const cancelOf = (
    made: { class: string },
    bucket: string,
    old: Uint8Array,
    part: Partial<CancelEntry> = {},
  ): CancelEntry => ({
    ...{ t: 'cancel', why: 'revoke', class: made.class, bucket, old, ticket: null, seat: false, price: null },
    ...{ id: new Uint8Array(16), reason: '' },
    ...part,
  })

  test('whoever holds the bucket revokes or refunds; others only ask', () => {
    const { north, south, made, bucket, northern, stateOf, isAlike, meet } = gates()
    const refund = cancelOf(made, bucket('North'), northern.commitment, { why: 'refund' })
    expect(south.author([eventSection(made.event, refund)])).toMatchObject({ refusal: 'uncovered' })
    const seat = nullifierOf(made.event, secretOf(shown(northern).ticket), crypto.sha256)
    must(south.author([eventSection(made.event, { ...refund, t: 'request', seat })]))
    meet()
    expect(stateOf(north).openRequests()).toMatchObject([{ why: 'refund', old: toHex(northern.commitment) }])
    // Until the holder has carried it out the ticket opens there.
    expect(decideAt(north, made, shown(northern))).toMatchObject({ ok: true })
    must(north.author([eventSection(made.event, refund)]))
    expect(stateOf(north).openRequests()).toEqual([])
    expect(scan(north, made, northern)).toMatchObject({ ok: false, verdict: 'refunded' })
    expect(isAlike()).toBe(true)
    expect(stateOf(south).tally()).toMatchObject({ sold: 1, cancelled: 1 })
  })

  test('a refund gives the seat back to the device that took it', () => {
    const { founder, founderSigner, made, bucket } = setting({ seats: 1 })
    const [ticket] = sell(founder, founderSigner, made, { group: 'North' })
    expect(founder.replica.spendable(made.class)).toBe(0n)
    const part = { why: 'refund', seat: true } as const
    must(founder.author([eventSection(made.event, cancelOf(made, bucket('North'), ticket.commitment, part))]))
    expect(founder.replica.spendable(made.class)).toBe(1n)
    sell(founder, founderSigner, made, { group: 'South', id: 4 })
  })

  test('a ticket that changed hands opens once, whichever code is shown', () => {
    const { north, made, bucket, northern, coop, part, stateOf } = gates()
    part()
    const { ticket } = shown(northern)
    const ids = { coop, event: made.event, class: made.class, bucket: bucket('North') }
    const swapped = must(
      reissueTicket(
        {
          ...{ ids, id: new Uint8Array(16).fill(5), serial: ticket.serial, seatSecret: secretOf(ticket) },
          ...{ validity: null, holder: null, details: null },
        },
        north.signer,
        crypto.sha256,
      ),
    )
    const reissue = { why: 'reissue', ticket: swapped.stated } as const
    must(
      north.author([eventSection(made.event, cancelOf(made, bucket('North'), northern.commitment, reissue))]),
    )
    expect(scan(north, made, northern)).toMatchObject({ ok: false, verdict: 'reissued' })
    expect(scan(north, made, swapped.ticket)).toMatchObject({ ok: true, verdict: 'admitted' })
    expect(scan(north, made, swapped.ticket)).toMatchObject({ ok: false, verdict: 'already-admitted' })
    expect(stateOf(north).tally()).toMatchObject({ sold: 2, cancelled: 0, admitted: 1 })
  })
})

describe('what a gate refuses', () => {
  test('times of the class, and rules of it', () => {
    const { north, made, northern } = gates({
      class: {
        ...{ fromMs: DOORS_MS, untilMs: DOORS_MS + 60 * MINUTE, reentry: true },
        rule: ['minutes-since-entry', 10],
      },
    })
    const at = (nowMs: number, id: number) => scan(north, made, northern, { nowMs, id })
    expect(at(DOORS_MS - 1, 1)).toMatchObject({ verdict: 'not-yet-valid', params: { fromMs: DOORS_MS } })
    expect(at(DOORS_MS + 60 * MINUTE, 2)).toMatchObject({ verdict: 'expired' })
    expect(at(DOORS_MS, 3)).toMatchObject({ verdict: 'admitted' })
    expect(scan(north, made, northern, { way: 'out', nowMs: DOORS_MS + MINUTE, id: 4 })).toMatchObject({
      ok: true,
    })
    expect(at(DOORS_MS + 9 * MINUTE, 5)).toMatchObject({
      verdict: 'rule',
      params: { leaf: ['minutes-since-entry', 10] },
    })
    expect(at(DOORS_MS + 10 * MINUTE, 6)).toMatchObject({ ok: true, verdict: 're-entered' })
  })

  test('a ticket of another event, of nobody on the roster, and one that was never issued', () => {
    const { north, made, northern, founder, founderSigner, meet } = gates({ class: { known: true } })
    const other = {
      ...made,
      event: eventIdOf(founderSigner.publicKey, new Uint8Array(16).fill(8), crypto.sha256),
    }
    must(founder.author([eventSection(other.event, eventOf({ nonce: new Uint8Array(16).fill(8) }))]))
    meet()
    expect(decideAt(north, other, shown(northern))).toMatchObject({ verdict: 'wrong-event' })
    const coop = north.replica.coop
    const ids = { coop, event: made.event, class: made.class, bucket: made.buckets.get('North') ?? '' }
    const order = { ids, id: new Uint8Array(16), serial: 9, seatSecret: new Uint8Array(16), validity: null }
    const made2 = (signer = founderSigner) =>
      must(reissueTicket({ ...order, holder: null, details: null }, signer, crypto.sha256)).ticket
    expect(decideAt(north, made, shown(made2()))).toMatchObject({ verdict: 'not-issued' })
    const stranger = nodeSigner(new Uint8Array(32).fill(77))
    expect(decideAt(north, made, shown(made2(stranger)))).toMatchObject({ verdict: 'issuer-unknown' })
  })

  test('a ticket of a phone needs its code: none, an old one, one of a wrong clock', () => {
    const { north, founder, founderSigner, made, give, bucket, meet } = setting()
    const phone = nodeSigner(new Uint8Array(32).fill(5))
    const [ticket] = sell(founder, founderSigner, made, { group: 'North', holder: phone.publicKey })
    give(north, bucket('North'))
    meet()
    const code = (nowMs: number) => {
      const bytes = makeRotatingCode(ticket.bytes, nowMs, phone, crypto.sha256) ?? new Uint8Array()
      return must(decodeTicket(bytes)).decoded
    }
    const at = (nowMs: number) => decideAt(north, made, code(nowMs)).verdict
    expect(decideAt(north, made, shown(ticket)).verdict).toBe('code-needed')
    expect(at(DOORS_MS - 3 * MINUTE)).toBe('code-old')
    expect(at(DOORS_MS - 3 * 60 * MINUTE)).toBe('clock-off')
    expect(at(DOORS_MS + 60 * MINUTE)).toBe('clock-off')
    expect(at(DOORS_MS)).toBe('admitted')
  })
})

describe('who says what', () => {
  test('nothing is said of an event that nobody made, and only its maker and stewards say what it is', () => {
    const { north, founder, made, meet } = setting()
    const foreign = `event/${'a'.repeat(26)}`
    expect(north.author([eventSection(foreign, eventOf())])).toMatchObject({ refusal: 'event-unknown' })
    meet()
    expect(north.author([eventSection(made.event, eventOf({ version: 1, name: 'Mine' }))])).toMatchObject({
      refusal: 'organiser',
    })
    must(founder.author([eventSection(made.event, eventOf({ version: 1, name: 'Night of Posters' }))]))
    meet()
    expect(eventStateOf(north.replica, made).event?.name).toBe('Night of Posters')
  })

  test('of two statements the newer one stands, whoever hears them first', () => {
    const { founder, made } = setting()
    const say = (version: number, name: string): void => {
      must(founder.author([eventSection(made.event, classOf(made.class, { version, name }))]))
    }
    say(2, 'Two')
    say(1, 'One')
    expect(eventStateOf(founder.replica, made).class(made.class)?.name).toBe('Two')
    expect(eventStateOf(founder.replica, made).nextVersion('class', made.class)).toBe(3)
  })

  test('a pass names a class, bucket and zone of the event', () => {
    const { north, made, northern } = gates()
    const decision = decideAt(north, made, shown(northern))
    if (!decision.ok) throw new Error(decision.verdict)
    const { entry } = decision
    const other = 'b'.repeat(26)
    const wrong: [Partial<PassEntry>, string][] = [
      [{ class: `seat-${other}` }, 'class-unknown'],
      [{ bucket: `admission-${other}` }, 'bucket-unknown'],
      [{ zone: 'Cellar' }, 'zone-unknown'],
      [{ room: made.class }, 'zone-unknown'],
      [{ way: 'out', of: { commit: new Uint8Array(32), index: 0 } }, 'pass-unknown'],
      [{ mode: 'override' }, 'entries'],
      [{ reason: 'for no reason' }, 'entries'],
      [{ seat: new Uint8Array(15) }, 'entries'],
    ]
    for (const [part, refusal] of wrong)
      expect(north.author([eventSection(made.event, { ...entry, ...part })])).toMatchObject({ refusal })
  })
})

test('what a gate can promise: who is in reach, and which share of the sold tickets it admits alone', () => {
  const { north, south, stateOf } = gates()
  const device = toHex(north.signer.publicKey)
  const other = toHex(south.signer.publicKey)
  const gate = { device, group: 'North' }
  expect(guaranteeOf(stateOf(north), { ...gate, reachable: new Set() })).toMatchObject({
    gates: [device, other].sort(),
    reachable: [device],
    own: { sold: 1, canAdmit: 1 },
    others: { sold: 1, canAdmit: 0 },
    open: 0,
  })
  expect(guaranteeOf(stateOf(north), { ...gate, reachable: new Set([other]) }).reachable).toHaveLength(2)
})

test('a bucket that is on its way is with whom it goes to, though nobody has accepted it', () => {
  const { founder, north, give, bucket, stateOf } = setting()
  expect(bucketHolder(stateOf(founder), bucket('North'))).toBe(founder.replica.device)
  give(north, bucket('North'))
  expect(stateOf(founder).books.devicesHolding(bucket('North')).size).toBe(0)
  expect(bucketHolder(stateOf(founder), bucket('North'))).toBe(toHex(north.signer.publicKey))
  expect(bucketHolder(stateOf(founder), `admission-${'b'.repeat(26)}`)).toBe(null)
})

test('a price is that of its window', () => {
  const prices = [
    { currency: 'EUR', amount: 800n, fromMs: null, untilMs: 1_000 },
    { currency: 'EUR', amount: 1_200n, fromMs: 1_000, untilMs: 2_000 },
  ]
  expect([999, 1_000, 1_999, 2_000].map((it) => priceAt({ prices }, it)?.amount)).toEqual([
    ...[800n, 1_200n, 1_200n],
    undefined,
  ])
})
