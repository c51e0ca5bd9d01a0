import { expect } from 'vitest'
import { fromHex, toHex } from '#protocol/encoding'
import { bucketPlaces, decidePass, issueTickets, reissueTicket } from '#protocol/event'
import type {
  CancelEntry,
  EventDocumentEntry,
  EventState,
  Gate,
  IssuedBytes,
  Pass,
  PassName,
} from '#protocol/event'
import type { LedgerEntry } from '#protocol/ledger'
import type { AuthorResult } from '#protocol/replica'
import type { DecodedTicket } from '#protocol/tickets'
import { nodeCrypto } from '#node/crypto'
import {
  DOORS_MS,
  eventSection,
  eventStateOf,
  gateOf,
  makeEvent,
  scanId,
  sell,
  shown,
} from '../actors/gate-hand.ts'
import type { TestEvent } from '../actors/gate-hand.ts'
import { must } from '../actors/coop-actors.ts'
import { hand, ledgerSection, move } from '../actors/ledger-hand.ts'
import { secretOf } from '../actors/ticket-desk.ts'
import type { Choices } from '../evaluation/choices.ts'
import { CAST } from './cast.ts'
import type { Place } from './cast.ts'
import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'
import { Truth } from './truth.ts'
import type { Admission, Seat } from './truth.ts'

/** Gates, of which the first is the box office as well; more devices wait to take the place of one. */
const GATES = 5
/** Seats that there are. */
const SEATS = 8
/** Room of each zone. */
const ROOM = 3
/** Open admissions of a gate that the others have not heard of. */
const EXPOSURE = 2
const GROUPS = ['North', 'South', 'East']

/** A code in somebody's hands, and in the hands of those who copied it. */
interface Code {
  issued: IssuedBytes
  ticket: DecodedTicket
  seat: Seat
  generation: number
  bucket: string
}

/** A gate as it is now. */
interface Stand {
  place: Place
  /** Part of the net that it is in. */
  part: number
  /** Its zone; null where there are none. */
  zone: string | null
  /** Signs two histories from some time on. */
  isCheat: boolean
  /** Passes whose payload has not come yet, though who was told of them admits: only where that rule is off. */
  unread: Set<string>
  /** Passes that it wrote itself and has not taken back, with what happened in truth. */
  own: {
    pass: PassName & { way: 'in' | 'out'; room: string | null }
    seat: Seat
    admission: Admission | null
  }[]
  clockMs: number
}

/** A history of gates, tickets and people, step by step, with the truth beside it. */
export class Gates {
  readonly rules: Rules
  readonly made: TestEvent
  readonly truth: Truth
  readonly stands: Stand[]
  readonly isOpen: boolean
  readonly isReentry: boolean
  readonly codes: Code[] = []
  /** How often what happened. */
  readonly reached = new Map<string, number>()
  /** What happened, line by line. */
  readonly story: string[] = []
  /** Commits that are on no disk any more. */
  readonly #gone: Place[] = []
  readonly #draw: Choices
  readonly #spares = CAST.signers.slice(GATES)
  /** The second history of a cheat. */
  #twin: Stand | null = null
  #scans = 0
  /** Commits before the doors open. */
  readonly #begun: number

  constructor(draw: Choices, off: Partial<Rules> = {}) {
    this.#draw = draw
    this.rules = Object.keys(off).length === 0 ? RULES : { ...RULES, ...off }
    this.isOpen = draw.chance(30)
    this.isReentry = draw.chance(40)
    const zones = ['Hall', 'Yard'].slice(0, draw.below(3))
    const places = CAST.signers.slice(0, GATES).map((it) => CAST.enter(it))
    this.stands = places.map((place, i) => ({
      ...{ place, part: 0, zone: zones[i % Math.max(1, zones.length)] ?? null, isCheat: false },
      ...{ unread: new Set<string>(), own: [], clockMs: (draw.below(121) - 60) * 60_000 },
    }))
    const [office] = this.stands as [Stand]
    this.made = makeEvent(office.place, office.place.signer, {
      ...{ seats: SEATS, groups: GROUPS, zones: zones.map((it) => [it, ROOM] as const) },
      class: { policy: this.isOpen ? 'open' : 'exclusive', reentry: this.isReentry, exposure: EXPOSURE },
    })
    this.truth = new Truth(SEATS, new Map(zones.map((it) => [it, ROOM])), this.isReentry)
    this.#gather()
    for (const [i, unit] of [...this.made.buckets.values()].entries())
      this.#give(office, this.#at(i + 1), unit, 1)
    for (const at of [1, 2, 3]) this.#give(office, this.#at(at), this.made.class, 1 + draw.below(2))
    for (const [zone, room] of this.made.rooms)
      for (const stand of this.stands)
        if (stand.zone === zone) this.#give(office, stand, room, 1 + draw.below(2))
    this.#gather()
    this.#begun = office.place.log.length
  }

  /** One thing happens. */
  step(): void {
    const draw = this.#draw
    const turn = draw.below(100)
    const stand = this.#any()
    if (turn < 6) this.#cut()
    else if (turn < 20) this.#meet(stand, this.#any())
    else if (turn < 32) this.#fetch(stand, this.#any())
    else if (turn < 42) this.#sell(stand)
    else if (turn < 68) this.#show(stand, 'in')
    else if (turn < 77) this.#show(stand, 'out')
    else if (turn < 81) this.#undo(stand)
    else if (turn < 86) this.#swap(stand)
    else if (turn < 90) this.#refund(stand)
    else if (turn < 93) this.#lose(stand)
    else if (turn < 96) this.#restore(stand)
    else if (turn < 98) this.#cheat(stand)
    else for (const it of this.stands) this.#meet(stand, it)
  }

  /** All parts heal, and everybody does what is left to do. */
  heal(): void {
    this.#gather()
    for (const stand of this.honest) this.#tend(stand)
    this.#gather()
    for (const stand of this.honest) this.#tend(stand)
    this.#gather()
  }

  get honest(): Stand[] {
    return this.stands.filter((it) => !it.isCheat)
  }

  /** True when what a device wrote is nowhere any more. */
  get isLost(): boolean {
    const [first] = this.honest
    return this.#gone.some((it) => it.log.some(({ id }) => (first?.place.replica.history.find(id) ?? -1) < 0))
  }

  stateOf({ place }: Stand): EventState {
    return eventStateOf(place.replica, this.made)
  }

  // Moving.

  #cut(): void {
    const parts = 1 + this.#draw.below(4)
    for (const stand of [...this.stands, ...this.#twins()]) stand.part = this.#draw.below(parts)
  }

  #meet(one: Stand, other: Stand): boolean {
    if (one === other || one.part !== other.part || this.#areFaces(one, other)) return false
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      to.place.hear(from.place)
      to.unread.clear()
    }
    for (const it of [one, other]) if (!it.isCheat) this.#tend(it)
    return true
  }

  /** A gate asks another for a bucket, seats or room. */
  #fetch(to: Stand, from: Stand): void {
    if (to === from || to.part !== from.part || from.isCheat || to.isCheat) return
    const units = [...this.made.buckets.values(), this.made.class, ...this.made.rooms.values()]
    const unit = this.#draw.pick(units)
    const has = Number(from.place.replica.spendable(unit))
    if (has <= 0) return
    from.place.hear(to.place)
    this.#give(from, to, unit, 1 + this.#draw.below(has))
  }

  #give(from: Stand, to: Stand, unit: string, amount: number): boolean {
    const before = new Set(
      this.stateOf(to)
        ?.passes()
        .map((it) => it.commit) ?? [],
    )
    if (!this.#write(from, [], [hand(to.place.signer.publicKey, unit, amount)]).ok) return false
    to.place.hear(from.place)
    this.#note('rights given', from)
    this.story.push(`  ${amount} of ${unit} to ${this.stands.indexOf(to)}`)
    if (this.rules.handOver === 'at-once')
      for (const { commit } of this.stateOf(to).passes()) if (!before.has(commit)) to.unread.add(commit)
    return true
  }

  #gather(): void {
    for (const stand of [...this.stands, ...this.#twins()]) stand.part = 0
    const [first] = this.honest as [Stand]
    for (const stand of [...this.stands, ...this.#twins()]) if (stand !== first) first.place.hear(stand.place)
    for (const stand of this.stands) {
      if (stand !== first) stand.place.hear(first.place)
      stand.unread.clear()
    }
  }

  // Selling.

  #sell(stand: Stand): void {
    if (stand.isCheat) return
    const { replica } = stand.place
    const [group] = this.#draw
      .shuffled(GROUPS)
      .filter((it) => this.rules.issue === 'any' || replica.spendable(this.made.buckets.get(it) ?? '') > 0n)
    if (group === undefined) return
    const isCovered = replica.spendable(this.made.class) > 0n
    if (!isCovered && this.rules.seats === 'held') {
      this.#note('sold out here')
      expect(() => this.#issue(stand, group)).toThrow('uncovered')
      return
    }
    // Without the rule it hands out a ticket that it may not write down.
    const issued = isCovered ? this.#issue(stand, group) : null
    const seat = this.truth.sold()
    const bucket = this.made.buckets.get(group) ?? ''
    if (issued !== null) {
      this.truth.numbered(bucket, issued.serial)
      this.#handOut(issued, { seat, bucket })
    }
    this.#note('sold', stand, seat)
  }

  #issue(stand: Stand, group: string): IssuedBytes {
    const { replica, signer } = stand.place
    const bucket = this.made.buckets.get(group) ?? ''
    if (replica.spendable(bucket) > 0n)
      return sell(stand.place, signer, this.made, { group, id: (this.#scans += 1) })[0]
    // Without the rule it signs a ticket of a bucket that it may not use, and takes a seat for it.
    must(this.#write(stand, [], [move('consume', this.made.class, 1)]))
    const order = {
      ids: { coop: replica.coop, event: this.made.event, class: this.made.class, bucket },
      ...{ id: scanId((this.#scans += 1)), first: this.stateOf(stand).nextSerial(bucket), count: 1 },
      ...{ validity: null, holder: null, details: [], price: null },
    }
    const [ticket] = must(issueTickets(order, signer, nodeCrypto().sha256)).tickets
    if (ticket === undefined) throw new Error('no ticket')
    return ticket
  }

  #handOut(issued: IssuedBytes, { seat, bucket }: { seat: Seat; bucket: string }): void {
    this.codes.push({ issued, ticket: shown(issued), seat, generation: seat.codes - 1, bucket })
  }

  #swap(stand: Stand): void {
    const code = this.#ending(stand, this.rules.swap)
    if (code === null || (!this.isReentry && this.#hasEntered(stand, code))) return
    const { ticket } = code.ticket
    const { replica, signer } = stand.place
    const drawn = scanId((this.#scans += 1))
    const swapped = must(
      reissueTicket(
        {
          ids: { coop: replica.coop, event: this.made.event, class: this.made.class, bucket: code.bucket },
          ...{ id: drawn, serial: ticket.serial, validity: null, holder: null, details: null },
          seatSecret: this.rules.unique === 'seat' ? secretOf(ticket) : drawn,
        },
        signer,
        nodeCrypto().sha256,
      ),
    )
    const done = this.#cancel(stand, code, { why: 'reissue', ticket: swapped.stated, seat: false })
    // Without the rule an ask is taken for the deed.
    if (!done && this.rules.swap === 'holder') return
    code.seat.codes += 1
    this.#handOut(swapped.ticket, { seat: code.seat, bucket: code.bucket })
    this.#note('swapped', stand, code.seat)
  }

  #refund(stand: Stand): void {
    const code = this.#ending(stand, this.rules.refund)
    if (code === null || this.#hasEntered(stand, code)) return
    const seat = this.#draw.chance(70)
    const done =
      this.#cancel(stand, code, { why: 'refund', ticket: null, seat }) ||
      (seat && this.#cancel(stand, code, { why: 'refund', ticket: null, seat: false }))
    if (!done && this.rules.refund === 'holder') return
    this.truth.refunded(code.seat)
    this.#note('refunded', stand, code.seat)
  }

  /** A code that a gate may end: the newest one of its seat. */
  #ending(stand: Stand, by: 'holder' | 'any'): Code | null {
    const isOpen = (it: Code): boolean => !it.seat.isRefunded && it.generation === it.seat.codes - 1
    const codes = this.codes.filter(isOpen)
    if (stand.isCheat || codes.length === 0) return null
    const code = this.#draw.pick(codes)
    if (this.stateOf(stand).cancelOf(toHex(code.issued.commitment)) !== null) return null
    return by === 'any' || stand.place.replica.spendable(code.bucket) > 0n ? code : null
  }

  #hasEntered(stand: Stand, { ticket }: Code): boolean {
    const decision = decidePass(this.#gate(stand, 'out'), ticket, false, scanId(0))
    const seat = decision.ticket?.seat ?? ''
    return this.#passesFor(stand, seat).some((it) => it.way === 'in' && it.undone === null)
  }

  #cancel(stand: Stand, code: Code, part: Pick<CancelEntry, 'why' | 'ticket' | 'seat'>): boolean {
    const entry: CancelEntry = {
      ...{ t: 'cancel', class: this.made.class, bucket: code.bucket, old: code.issued.commitment },
      ...{ price: null, id: scanId((this.#scans += 1)), reason: '', ...part },
    }
    if (this.#write(stand, [entry]).ok) return true
    const decision = decidePass(this.#gate(stand, 'out'), code.ticket, false, scanId(0))
    const seat = entry.why === 'refund' ? (fromHex(decision.ticket?.seat ?? '') ?? NO_SEAT) : null
    must(this.#write(stand, [{ ...entry, t: 'request', seat }]))
    this.#note('asked only', stand, code.seat)
    return false
  }

  // Admitting.

  #show(stand: Stand, way: 'in' | 'out'): void {
    const zone = stand.zone ?? ''
    const codes = this.codes.filter((it) => way === 'in' || (it.seat.inside.get(zone) ?? 0) > 0)
    if (stand.isCheat || codes.length === 0) return
    const code = this.#draw.pick(codes)
    const verdict = this.#showCode(stand, code, way)
    if (verdict !== 'wrong-group' || this.#draw.chance(40)) return
    // Whose bucket is in reach is let in once it was fetched.
    const holder = this.stands.find((it) => it.place.replica.spendable(code.bucket) > 0n)
    if (holder === undefined || holder.part !== stand.part || holder === stand) return
    holder.place.hear(stand.place)
    if (holder.isCheat || !this.#give(holder, stand, code.bucket, 1)) return
    this.#note('fetched', stand, code.seat)
    this.#showCode(stand, this.#draw.pick(this.codes.filter((it) => it.bucket === code.bucket)), way)
  }

  #showCode(stand: Stand, code: Code, way: 'in' | 'out'): string {
    const zone = stand.zone ?? ''
    const override = way === 'in' && this.#draw.chance(2) ? 'known to the artist' : null
    const decision = decidePass(
      this.#gate(stand, way, override),
      code.ticket,
      false,
      scanId((this.#scans += 1)),
    )
    this.#note(decision.verdict, stand, code.seat)
    if (!decision.ok) return decision.verdict
    let { entry } = decision
    // What it does not hold it cannot sign for: it says less than it did.
    const isHeld = stand.place.replica.spendable(code.bucket) > 0n
    const mode = entry.mode === 'open' && this.#isTaken(stand, code) ? 'held' : entry.mode
    if (entry.mode === 'held' && !isHeld) entry = { ...entry, mode: 'open' }
    const isCovered = stand.place.replica.check([eventSection(this.made.event, entry)]).ok
    if (!isCovered && this.rules !== RULES) entry = { ...entry, room: null }
    const { commit } = must(this.#write(stand, [entry]))
    const pass = { commit: commit.id, index: 0, way, room: entry.room }
    if (way === 'out') {
      this.truth.left(code.seat, zone)
      stand.own.push({ pass, seat: code.seat, admission: null })
      return decision.verdict
    }
    const hasRoom = override === null || entry.room !== null
    const admission: Admission = { zone, mode, hasRoom, commit: toHex(commit.id), undo: null }
    stand.own.push({ pass, seat: code.seat, admission })
    this.truth.admitted(code.seat, code.generation, admission)
    if (entry.mode === 'open' && mode === 'open') this.#isWithinExposure(stand)
    return decision.verdict
  }

  /** Of what a gate admitted openly, only so much is unknown to some other gate that holds a bucket. */
  #isWithinExposure(stand: Stand): void {
    const holders = new Set(bucketPlaces(this.stateOf(stand)).flatMap((it) => (it.isLost ? [] : [it.holder])))
    const others = this.honest.filter((it) => it !== stand && holders.has(toHex(it.place.signer.publicKey)))
    const unheard = stand.own.filter(
      ({ admission, pass }) =>
        admission?.mode === 'open' && others.some(({ place }) => place.replica.history.find(pass.commit) < 0),
    )
    expect(unheard.length, 'open admissions that others have not heard of').toBeLessThanOrEqual(EXPOSURE)
  }

  #undo(stand: Stand): void {
    const last = stand.own.pop()
    if (stand.isCheat || last === undefined) return
    const { pass, seat, admission } = last
    // Who went on meanwhile went in.
    const zone = stand.zone ?? ''
    if (admission !== null && (seat.inside.get(zone) ?? 0) < 1) return
    const room = this.stateOf(stand).pass(pass)?.isRoomBack === true ? null : pass.room
    const entry: EventDocumentEntry = {
      ...{ t: 'undo', commit: pass.commit, index: pass.index, room, way: pass.way, atMs: DOORS_MS },
      ...{ id: scanId((this.#scans += 1)), reason: 'pressed twice' },
    }
    const result = this.#write(stand, [entry])
    if (!result.ok) return
    if (admission === null) this.truth.stayed(seat, zone)
    else this.truth.undone(seat, admission, toHex(result.commit.id))
    this.#note('undone', stand, seat)
  }

  #gate(stand: Stand, way: 'in' | 'out', override: string | null = null): Gate {
    const { place, zone, clockMs } = stand
    const gate = gateOf(place, this.made, {
      ...{ gate: GROUPS[this.stands.indexOf(stand) % GROUPS.length] ?? 'North', zone, way, override },
      nowMs: DOORS_MS + clockMs,
    })
    const { rules } = this
    const rooms = new Set(this.made.rooms.values())
    return {
      ...gate,
      state: stand.unread.size === 0 ? gate.state : this.#unreadState(stand, gate.state),
      holds: (unit) => {
        if (rules.full === 'admitted' && rooms.has(unit)) return 1n
        if (rules.admit === 'any' && !rooms.has(unit)) return 1n
        return gate.holds(unit)
      },
      exposure: (unit) => (rules.exposure === 'unlimited' ? 0 : gate.exposure(unit)),
    }
  }

  /** The state without what it has not read yet. */
  #unreadState(stand: Stand, state: EventState): EventState {
    return new Proxy(state, {
      get: (target, key) => {
        if (key === 'passesOf') return (seat: string) => this.#passesFor(stand, seat)
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  #passesFor(stand: Stand, seat: string): readonly Pass[] {
    return this.stateOf(stand)
      .passesOf(seat)
      .filter((it) => !stand.unread.has(it.commit))
  }

  // What goes wrong.

  /** The organiser says that the gate with a bucket is lost, or that it is not. */
  #lose(stand: Stand): void {
    const [office] = this.stands as [Stand]
    if (office.isCheat || stand === office || this.isOpen || !this.#draw.chance(60)) return
    const bucket = this.#draw.pick([...this.made.buckets.values()])
    const state = this.stateOf(office)
    const entry: EventDocumentEntry = {
      ...{ t: 'lost', bucket, lost: !state.isLost(bucket), version: state.nextVersion('lost', bucket) },
    }
    must(this.#write(office, [entry]))
    this.#note('lost')
  }

  /** Without the rule: what is said to be lost is admitted as if it were held. */
  #isTaken(stand: Stand, { bucket }: Code): boolean {
    return this.rules.silent === 'taken' && this.stateOf(stand).isLost(bucket)
  }

  /** The disk of a gate is put back as it was. */
  #restore(stand: Stand): void {
    const at = this.stands.indexOf(stand)
    const isSame = this.rules.restored === 'same-device'
    const signer = isSame ? stand.place.signer : this.#spares.at(-1)
    if (at === 0 || stand.isCheat || signer === undefined || this.#draw.chance(50)) return
    const { log } = stand.place
    const place = CAST.enter(signer, log.slice(0, Math.max(this.#begun, log.length - this.#draw.below(12))))
    if (!isSame) this.#spares.pop()
    this.#gone.push(stand.place)
    this.stands[at] = { ...stand, place, unread: new Set(), own: [] }
    this.#note('restored', this.stands[at])
  }

  /** A gate that holds a bucket gives it to two others that are cut off from each other. */
  #cheat(stand: Stand): void {
    if (this.#twin !== null || stand === this.stands[0] || !this.#draw.chance(50)) return
    const bucket = [...this.made.buckets.values()].find((it) => stand.place.replica.spendable(it) > 0n)
    const others = this.honest.filter((it) => it !== stand)
    const [one, other] = this.#draw.shuffled(others)
    if (bucket === undefined || one === undefined || other === undefined) return
    stand.isCheat = true
    const twin = { ...stand, place: CAST.enter(stand.place.signer, stand.place.log) }
    this.#twin = twin
    ;[stand.part, one.part, twin.part, other.part] = [10, 10, 11, 11]
    this.truth.heldMost = 2
    const isBoth = [this.#give(stand, one, bucket, 1), this.#give(twin, other, bucket, 1)].every(Boolean)
    if (isBoth) this.#note('forked', stand)
  }

  /** What a node does by itself once it has heard: exits are matched, and room comes home. */
  #tend(stand: Stand): void {
    const state = this.stateOf(stand)
    const device = toHex(stand.place.signer.publicKey)
    for (const { exit, of } of state.exitsToMatch(device))
      if (this.#write(stand, [{ t: 'match', ...nameOf(exit), of: nameOf(of) }]).ok) this.#note('matched')
    for (const { exit, room } of state.roomsToBringHome(device)) {
      if (!this.#write(stand, [{ t: 'home', ...nameOf(exit), room }]).ok) continue
      this.#note('brought home')
      if (this.rules.room === 'twice') this.#write(stand, [], [move('restore', room, 1)])
    }
  }

  #twins(): Stand[] {
    return this.#twin === null ? [] : [this.#twin]
  }

  #areFaces(one: Stand, other: Stand): boolean {
    return toHex(one.place.signer.publicKey) === toHex(other.place.signer.publicKey)
  }

  #any(): Stand {
    return this.#draw.pick([...this.stands, ...this.#twins()])
  }

  #at(number: number): Stand {
    return this.stands[number] as Stand
  }

  #write({ place }: Stand, entries: EventDocumentEntry[], moves: LedgerEntry[] = []): AuthorResult {
    return place.author([
      ...(entries.length === 0 ? [] : [eventSection(this.made.event, ...entries)]),
      ...(moves.length === 0 ? [] : [ledgerSection(...moves)]),
    ])
  }

  #note(what: string, stand?: Stand, seat?: Seat): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1)
    const at = stand === undefined ? '' : ` at ${this.stands.indexOf(stand)}, part ${stand.part}`
    this.story.push(what + at + (seat === undefined ? '' : `, seat ${this.truth.seats.indexOf(seat)}`))
  }
}

function nameOf({ commit, index }: Pass): PassName {
  return { commit: fromHex(commit) ?? new Uint8Array(32), index }
}

const NO_SEAT = new Uint8Array(16)
