import type { Section } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import {
  EventState,
  ISSUED_MAX,
  bucketPlaces,
  decidePass,
  encodeEventEntries,
  eventIdOf,
  exposureOf,
  issueTickets,
} from '#protocol/event'
import type { EventDocumentEntry, Gate, IssuedBytes, Pass, PassName } from '#protocol/event'
import type { Replica } from '#protocol/replica'
import { LEDGER, encodeLedgerEntries, unitIdOf } from '#protocol/ledger'
import type { LedgerEntry, UnitDefinition } from '#protocol/ledger'
import { decodeTicket } from '#protocol/tickets'
import type { TwoFaces } from '../adversaries/index.ts'
import { TRADE_STATES } from '../checkers/index.ts'
import type { DoorView, TradeState, TradeView, TradedUnit } from '../checkers/index.ts'
import type { RandomStream } from '../kernel/index.ts'
import { MESSAGE_HEAD_BYTES } from '../peers/index.ts'
import type { SimNode } from '../peers/index.ts'
import type { DoorConfig } from './door-plan.ts'
import type { MarketParts, Trade, TradeMetrics } from './market.ts'
import { sellersOf } from './trade-plan.ts'
import type { Decision } from './world-config.ts'

/** How often devices look after what is left to do. */
const TICK_US = 1_000_000
/** How often a visitor who waits for a bucket is looked at. */
const LOOK_US = 100_000
/** Bytes of an ask: as those of a node. */
const ASK_BYTES = 80
/** Entries that a device writes of what is left to do in one commit. */
const TENDED_MAX = 200
/** The one zone, where there is one. */
const ZONE = 'Hall'

/** A gate asks whoever holds a bucket for it. */
interface BucketAsk {
  readonly kind: 'bucket-ask'
  readonly unit: string
}

interface DoorUnit extends TradedUnit {
  readonly definition: UnitDefinition
}

/** A visitor at a gate, or one who leaves. */
interface Visit {
  readonly place: number
  readonly ticket: number
  readonly way: 'in' | 'out'
  readonly untilUs: number
  isAsked: boolean
}

/** Gates and their visitors in virtual time: who issues, who admits, who asks for a bucket, and what is left to do after. */
export class Doors implements TradeView, Trade {
  readonly units: readonly DoorUnit[]
  readonly cheats: ReadonlySet<string>
  readonly sha256: MarketParts['sha256']
  readonly accepted: Map<string, string> = new Map()
  readonly counts: Record<TradeState, number>
  readonly doors: DoorView
  readonly #config: DoorConfig
  readonly #parts: MarketParts
  readonly #home: number
  readonly #nonce: Uint8Array
  /** Places of gates with the bucket that each begins with. */
  readonly #gates: readonly { place: number; bucket: string; group: string }[]
  readonly #seat: DoorUnit
  readonly #room: DoorUnit | null
  readonly #tickets: IssuedBytes[] = []
  /** By ticket: number of its gate. */
  readonly #homes: number[] = []
  readonly #visits: Visit[] = []
  /** By device: since when the organiser does not reach it, µs. */
  readonly #unheard = new Map<string, number>()
  readonly #numbers = { visitorsAdmitted: 0, visitorsRefused: 0, doorsShut: 0, bucketsFetched: 0 }
  #shown = 0
  #isShared = false
  readonly #tickKind: number
  readonly #lookKind: number

  constructor(parts: MarketParts, config: DoorConfig) {
    this.#parts = parts
    this.#config = config
    const { sim, sha256, roles } = parts
    this.sha256 = sha256
    this.counts = Object.fromEntries(TRADE_STATES.map((it) => [it, 0])) as Record<TradeState, number>
    const nameOf = (place: number): string => toHex(parts.deviceAt(place))
    this.cheats = new Set([...roles.forkers, ...roles.colluders.flat()].map(nameOf))
    this.#home = roles.members[0] ?? 0
    const random = sim.random.stream('doors')
    this.#nonce = random.bytes(16)
    const event = eventIdOf(parts.deviceAt(this.#home), this.#nonce, sha256)
    this.#seat = this.#unit('SEAT', 'seat', parts.config.supply, random)
    this.#room = config.room === null ? null : this.#unit('ROOM', 'seat', config.room, random)
    this.doors = { event, room: this.#room }
    const buckets = sellersOf(roles).map((place, i) => {
      const unit = this.#unit(`GATE-${i}`, 'admission', 1, random)
      return { place, unit, bucket: unit.unit, group: `Gate ${i}` }
    })
    this.#gates = buckets
    this.units = [this.#seat, ...(this.#room === null ? [] : [this.#room]), ...buckets.map((it) => it.unit)]
    this.#tickKind = sim.register('doors.tick', () => this.#tick())
    this.#lookKind = sim.register('doors.look', (visit) => this.#serve(visit))
  }

  start(): void {
    this.#parts.sim.after(0, this.#tickKind, 0)
  }

  reached(state: TradeState): void {
    this.counts[state] += 1
  }

  /** A visitor comes: mostly to the gate on his ticket, now and then with one that another has shown. */
  customer({ node: place, key }: Decision): void {
    const { sim, config } = this.#parts
    const random = sim.random.stream('customer', key)
    if (this.#tickets.length === 0) return
    const isClone = random.chance(this.#config.clones)
    const ticket = isClone
      ? random.below(Math.max(1, Math.min(this.#shown, this.#tickets.length)))
      : (this.#shown += 1) - 1
    if (ticket >= this.#tickets.length) return
    const home = this.#gates[this.#homes[ticket] ?? 0]?.place ?? place
    const at = random.chance(this.#config.atHome) ? home : place
    this.#come({ place: at, ticket, way: 'in', untilUs: sim.nowUs + config.patienceUs, isAsked: false })
  }

  /** A cheat gives its bucket away on each of its histories: to a gate that sees that one. */
  cheat({ node: place }: Decision, faces: TwoFaces | undefined): void {
    let given = 0
    for (const node of this.#parts.writersAt(place)) {
      const bucket = this.#gates.find(({ bucket: it }) => spendable(node, it) > 0n)
      const near = [...node.links.keys()].filter((it) => this.#gates.some(({ place: at }) => at === it))
      const [to] = near
        .filter((it) => !this.cheats.has(toHex(this.#parts.deviceAt(it))))
        .sort((a, b) => a - b)
      if (bucket === undefined || to === undefined) continue
      if (this.#give(node, bucket.bucket, to)) given += 1
    }
    if (given > 1) this.reached('spent-twice')
    faces?.collude()
  }

  took(to: number, from: number, payload: unknown): boolean {
    const ask = payload as BucketAsk
    if (ask.kind !== 'bucket-ask') return false
    const [node] = this.#parts.nodes().filter((it) => it.number === to)
    if (node === undefined || this.#parts.isOver() || node.writeRefusal !== null) return true
    if (spendable(node, ask.unit) > 0n && this.#give(node, ask.unit, from)) this.reached('rights-granted')
    return true
  }

  /** Notes states that show in books rather than happen. */
  note(): void {
    for (const node of this.#parts.nodes()) {
      const { doubles, overrides } = this.stateOf(node)?.tally() ?? { doubles: 0, overrides: 0 }
      if (doubles + overrides > 0) this.reached('double-found')
    }
  }

  metrics(): TradeMetrics {
    return { ...this.#numbers }
  }

  /** The event as a node shows it; null before it has heard of it. */
  stateOf({ replica }: SimNode): EventState | null {
    const state = replica?.document(this.doors.event)
    return state instanceof EventState ? state : null
  }

  // Opening.

  #unit(code: string, kind: UnitDefinition['kind'], supply: number, random: RandomStream): DoorUnit {
    const definition: UnitDefinition = {
      ...{ code, kind, scale: 0, name: code, supply: BigInt(supply), relayMax: null, expiresMs: null },
      nonce: random.bytes(16),
    }
    const unit = unitIdOf(this.#parts.deviceAt(this.#home), definition, this.sha256)
    return { unit, definition, supply: definition.supply, relayMax: null }
  }

  #tick(): void {
    const { sim, isOver, writersAt } = this.#parts
    if (isOver()) return
    const [home] = writersAt(this.#home)
    if (home !== undefined && home.writeRefusal === null) this.#open(home)
    for (const node of this.#parts.nodes()) if (node.writeRefusal === null) this.#tend(node, home === node)
    sim.after(TICK_US, this.#tickKind, 0)
  }

  /** What the organiser does first: units, event, tickets, and then each gate gets its bucket and its share of the room. */
  #open(home: SimNode): void {
    if (this.#isShared) return
    if (home.replica?.epochs.evaluation.unit(this.#seat.unit) === undefined) {
      const moves = this.units.flatMap(({ unit, definition, supply }): LedgerEntry[] => [
        { t: 'define', unit: definition },
        { t: 'issue', unit, amount: supply },
      ])
      if (home.write(() => ledger(moves)) === null) this.reached('unit-defined')
      return
    }
    if (this.stateOf(home) === null) {
      home.write(() => this.#said(this.#founding()))
      return
    }
    while (this.#tickets.length < Number(this.#seat.supply)) if (!this.#issue(home)) return
    const shares = this.#gates.filter(({ place }) => place !== this.#home)
    const each = this.#room === null ? 0n : this.#room.supply / BigInt(this.#gates.length)
    const moves = shares.flatMap(({ place, bucket }): LedgerEntry[] => {
      const to = this.#parts.deviceAt(place)
      const room = this.#room === null || each === 0n ? [] : [transfer(to, this.#room.unit, each)]
      return [transfer(to, bucket, 1n), ...room]
    })
    this.#isShared = home.write(() => ledger(moves)) === null
  }

  #founding(): EventDocumentEntry[] {
    const { isOpen, exposure } = this.#config
    return [
      {
        ...{ t: 'event', nonce: this.#nonce, name: 'Night of Prints', place: '', startsMs: 0, endsMs: 0 },
        ...{ offsetMin: 0, dayStartMin: 0, version: 0 },
      },
      {
        ...{ t: 'class', unit: this.#seat.unit, name: 'Standing', policy: isOpen ? 'open' : 'exclusive' },
        ...{ exposure, prices: [], fromMs: null, untilMs: null, zones: [], reentry: false, known: false },
        ...{ rule: null, version: 0 },
      },
      ...(this.#room === null ? [] : [{ t: 'zone' as const, name: ZONE, unit: this.#room.unit, version: 0 }]),
      ...this.#gates.map(({ bucket, group }) => ({ t: 'bucket' as const, unit: bucket, group })),
    ]
  }

  /** Issues the next tickets of one gate. */
  #issue(home: SimNode): boolean {
    const { signer, replica } = home
    const total = Number(this.#seat.supply)
    const done = this.#tickets.length
    const each = Math.ceil(total / this.#gates.length)
    const number = Math.floor(done / each)
    const gate = this.#gates[number]
    if (signer === null || replica === null || gate === undefined) return false
    const first = done - number * each
    const count = Math.min(ISSUED_MAX, each - first, total - done)
    const ids = { coop: replica.coop, event: this.doors.event, class: this.#seat.unit, bucket: gate.bucket }
    const id = new Uint8Array(16)
    new DataView(id.buffer).setUint32(0, done)
    const order = { ids, id, first, count, validity: null, holder: null, details: [], price: null }
    const batch = issueTickets(order, signer, this.sha256)
    if (!batch.ok || home.write(() => this.#said(batch.entries)) !== null) return false
    for (const ticket of batch.tickets) {
      this.#tickets.push(ticket)
      this.#homes.push(number)
    }
    return true
  }

  // Admitting.

  #come(visit: Visit): void {
    this.#serve(this.#visits.push(visit) - 1)
  }

  #serve(index: number): void {
    const visit = this.#visits[index]
    const { sim, isOver, writersAt } = this.#parts
    if (visit === undefined || isOver()) return
    const [node] = writersAt(visit.place)
    const state = node === undefined ? null : this.stateOf(node)
    const replica = node?.replica ?? null
    const isLast = sim.nowUs >= visit.untilUs
    if (node === undefined || replica === null || state === null || node.writeRefusal !== null) {
      if (!isLast) return sim.after(LOOK_US, this.#lookKind, index)
      this.#numbers.doorsShut += 1
      return this.reached('shop-closed')
    }
    const ticket = this.#tickets[visit.ticket]
    const read = decodeTicket(ticket?.bytes ?? new Uint8Array())
    if (!read.ok) return
    const id = new Uint8Array(16)
    new DataView(id.buffer).setUint32(0, index)
    const decision = decidePass(this.#gateOf(node, replica, state, visit.way), read.decoded, false, id)
    if (decision.ok && node.write(() => this.#said([decision.entry])) === null) return this.#passed(visit)
    if (decision.ok || decision.verdict === 'wrong-group') {
      if (!visit.isAsked && !decision.ok) this.#ask(node, state, decision.ticket?.bucket ?? '')
      visit.isAsked = true
      if (!isLast) return sim.after(LOOK_US, this.#lookKind, index)
    }
    this.#numbers.visitorsRefused += 1
    this.reached('sale-refused')
  }

  #passed({ place, ticket, way }: Visit): void {
    const { sim, config } = this.#parts
    this.reached('sold')
    if (way === 'out') return
    this.#numbers.visitorsAdmitted += 1
    if (this.#room === null) return
    const random = sim.random.stream('stay', this.#numbers.visitorsAdmitted)
    const forUs = 1 + random.below(this.#config.stayUs)
    const at = random.chance(this.#config.atHome) ? place : random.pick(this.#gates).place
    const untilUs = sim.nowUs + forUs + config.patienceUs
    const index = this.#visits.push({ place: at, ticket, way: 'out', untilUs, isAsked: true }) - 1
    sim.after(forUs, this.#lookKind, index)
  }

  #gateOf(node: SimNode, replica: Replica, state: EventState, way: 'in' | 'out'): Gate {
    const { device } = node
    const { coop, rule, history } = replica
    return {
      ...{ coop, sha256: this.sha256, rule, state, device, way },
      ...{ name: this.#gates.find(({ place }) => place === node.number)?.group ?? 'Gate' },
      ...{ zone: this.#room === null ? null : ZONE, nowMs: node.nowMs, override: null },
      holds: (unit) => spendable(node, unit),
      issuers: (tag) => {
        const key = this.#parts.deviceAt(this.#home)
        return toHex(key).startsWith(toHex(tag)) ? [{ key, isActive: true }] : []
      },
      exposure: (classUnit) => {
        const gates = bucketPlaces(state).flatMap((it) =>
          it.isLost || it.holder === null ? [] : [it.holder],
        )
        const newestOf = (it: string): number => {
          const number = history.findDevice(fromHex(it) ?? NOBODY)
          return number < 0 ? -1 : Math.max(-1, ...history.branchesOf(number).map((branch) => branch.end))
        }
        const parts = {
          history,
          gates: [...new Set(gates)],
          device,
          classUnit,
          newestOf,
          most: this.#config.exposure,
        }
        return exposureOf(state.passesBy(device), parts)
      },
    }
  }

  #ask(node: SimNode, state: EventState, bucket: string): void {
    const place = bucketPlaces(state).find((it) => it.bucket === bucket)
    const at = this.#gates.find((it) => toHex(this.#parts.deviceAt(it.place)) === place?.holder)?.place
    if (at === undefined || !node.links.has(at)) return
    this.reached('rights-asked')
    const ask: BucketAsk = { kind: 'bucket-ask', unit: bucket }
    this.#parts.network.send(node.number, at, ask, MESSAGE_HEAD_BYTES + ASK_BYTES)
  }

  #give(node: SimNode, bucket: string, to: number): boolean {
    const isGiven = node.write(() => ledger([transfer(this.#parts.deviceAt(to), bucket, 1n)])) === null
    if (isGiven) this.#numbers.bucketsFetched += 1
    return isGiven
  }

  // What is left to do.

  /** Exits are matched, room comes home, and the organiser says which gates are lost. */
  #tend(node: SimNode, isHome: boolean): void {
    const state = this.stateOf(node)
    if (state === null) return
    const entries: EventDocumentEntry[] = [
      ...state.exitsToMatch(node.device).map(({ exit, of }) => ({
        ...{ t: 'match' as const, ...nameOf(exit), of: nameOf(of) },
      })),
      ...state.roomsToBringHome(node.device).map(({ exit, room }) => ({
        ...{ t: 'home' as const, ...nameOf(exit), room },
      })),
    ].slice(0, TENDED_MAX)
    if (isHome && this.#isShared) entries.push(...this.#lost(node, state))
    if (entries.length > 0 && node.write(() => this.#said(entries)) === null) this.reached('tended')
  }

  #lost(node: SimNode, state: EventState): EventDocumentEntry[] {
    const { sim } = this.#parts
    const { lostAfterUs } = this.#config
    if (lostAfterUs === null) return []
    const near = new Set([...node.links.keys()].map((it) => toHex(this.#parts.deviceAt(it))))
    for (const { place } of this.#gates) {
      const device = toHex(this.#parts.deviceAt(place))
      if (near.has(device) || place === node.number) this.#unheard.delete(device)
      else if (!this.#unheard.has(device)) this.#unheard.set(device, sim.nowUs)
    }
    const entries: EventDocumentEntry[] = []
    for (const { bucket, holder, isLost } of bucketPlaces(state)) {
      const isSilent = sim.nowUs - (this.#unheard.get(holder ?? '') ?? sim.nowUs) >= lostAfterUs
      if (isSilent === isLost) continue
      entries.push({ t: 'lost', bucket, lost: isSilent, version: state.nextVersion('lost', bucket) })
      if (isSilent) this.reached('gate-lost')
    }
    return entries
  }

  #said(entries: readonly EventDocumentEntry[]): Section {
    return { document: this.doors.event, entries: entries.length, payload: encodeEventEntries(entries) }
  }
}

/** What a node can use of a unit now, with what its next commit accepts. */
function spendable({ replica, signer }: SimNode, unit: string): bigint {
  if (replica === null || signer === null || replica.epochs.length < replica.history.length) return 0n
  return replica.spendable(unit)
}

function ledger(entries: readonly LedgerEntry[]): Section {
  return { document: LEDGER, entries: entries.length, payload: encodeLedgerEntries(entries) }
}

function transfer(to: Uint8Array, unit: string, amount: bigint): LedgerEntry {
  return { t: 'transfer', to, unit, amount }
}

function nameOf({ commit, index }: Pass): PassName {
  return { commit: fromHex(commit) ?? NOBODY, index }
}

const NOBODY: Uint8Array = new Uint8Array(32)
