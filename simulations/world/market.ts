import type { Section } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import { unitOf } from '#protocol/evaluation'
import type { Act, Evaluation } from '#protocol/evaluation'
import type { Sha256 } from '#protocol/identity'
import {
  LEDGER,
  NO_PING_PONG_MS,
  accountKey,
  encodeLedgerEntries,
  grantOf,
  sharesOf,
  unitIdOf,
} from '#protocol/ledger'
import type { Ask, Granted, LedgerEntry, Marks, Sharer, UnitDefinition } from '#protocol/ledger'
import type { TwoFaces } from '../adversaries/index.ts'
import { TRADE_STATES, bookedCommits, soldIn } from '../checkers/index.ts'
import type { BookedCommit, TradeState, TradeView, TradedUnit } from '../checkers/index.ts'
import type { Simulator } from '../kernel/index.ts'
import { MESSAGE_HEAD_BYTES } from '../peers/index.ts'
import type { Books, SimNode } from '../peers/index.ts'
import type { Network } from '../network/index.ts'
import type { Roles } from './roles.ts'
import type { TradeConfig } from './trade-config.ts'
import { popularityOf, sellersOf } from './trade-plan.ts'
import type { Decision } from './world-config.ts'

/** How often devices look after their marks, and whether their units are defined. */
const TICK_US = 1_000_000
/** How often a device looks whether what was granted for a waiting customer has come. */
const LOOK_US = 100_000
/** Bytes of an ask or an answer: as those of a node. */
const RIGHTS_BYTES = 80

/** What devices ask each other for, and what they answer; on a stream of its own. */
export type RightsMessage =
  | { readonly kind: 'rights-ask'; readonly errand: number; readonly ask: Ask }
  | { readonly kind: 'rights-answer'; readonly errand: number; readonly amount: bigint }

/** What a market stands on. */
export interface MarketParts {
  readonly sim: Simulator
  readonly config: TradeConfig
  readonly sha256: Sha256
  readonly roles: Roles
  readonly network: Network
  deviceAt(place: number): Uint8Array
  /** Nodes at a place that write: one, or both sides of a cheat. */
  writersAt(place: number): readonly SimNode[]
  /** Nodes that follow the protocol. */
  nodes(): readonly SimNode[]
  /** True once the faults are over: nobody writes any more. */
  isOver(): boolean
}

/** Numbers of one run of a market, in items. */
interface MarketMetrics {
  /** By devices that follow the protocol: handed to customers, and safe. */
  itemsSold: number
  /** What these could still sell. */
  itemsLeft: number
  itemsRefused: number
  /** Of those: while devices that follow the protocol held as many elsewhere. */
  itemsRefusedThoughElsewhere: number
  /** Customers who found a device that was off. */
  itemsShopClosed: number
  rightsMessages: number
  rightsGranted: number
}

/** Numbers of one run of an event. */
interface DoorMetrics {
  visitorsAdmitted: number
  visitorsRefused: number
  /** Visitors who found a gate that was off. */
  doorsShut: number
  bucketsFetched: number
}

/** Numbers of one run. */
export type TradeMetrics = Partial<MarketMetrics & DoorMetrics>

/** Who sells or admits in a world, and to whom. */
export interface Trade extends TradeView {
  readonly counts: Readonly<Record<TradeState, number>>
  start(): void
  /** Somebody comes. */
  customer(decision: Decision): void
  /** A cheat spends what it has. */
  cheat(decision: Decision, faces: TwoFaces | undefined): void
  /** True for a message between devices that ask and grant; it is dealt with. */
  took(to: number, from: number, payload: unknown): boolean
  /** Notes states that show in books rather than happen. */
  note(): void
  metrics(books: Books): TradeMetrics
}

interface Stock extends TradedUnit {
  readonly home: number
  readonly definition: UnitDefinition
}

/** Somebody waits for a part of what others hold: a customer, or a device that keeps its marks. */
interface Errand {
  readonly place: number
  readonly stock: Stock
  readonly amount: bigint
  /** When a customer leaves; null: no customer waits. */
  readonly untilUs: number | null
  /** Places that were not asked yet, the richest last. */
  givers: number[] | null
}

/** Sellers and their customers in virtual time: who defines and issues what, spreads it, sells it, asks for it and grants it. */
export class Market implements TradeView, Trade {
  readonly units: readonly Stock[]
  readonly doors = null
  readonly cheats: ReadonlySet<string>
  readonly sha256: Sha256
  readonly accepted: Map<string, string> = new Map()
  readonly counts: Record<TradeState, number>
  readonly #numbers: Omit<MarketMetrics, 'itemsSold' | 'itemsLeft'> = {
    ...{ itemsRefused: 0, itemsRefusedThoughElsewhere: 0, itemsShopClosed: 0 },
    ...{ rightsMessages: 0, rightsGranted: 0 },
  }
  readonly #parts: MarketParts
  readonly #errands: Errand[] = []
  /** By place. */
  readonly #lately = new Map<number, Granted[]>()
  readonly #placeOf: ReadonlyMap<string, number>
  readonly #tickKind: number
  readonly #lookKind: number

  constructor(parts: MarketParts) {
    this.#parts = parts
    const { sim, sha256, config, roles } = parts
    this.sha256 = sha256
    this.counts = Object.fromEntries(TRADE_STATES.map((it) => [it, 0])) as Record<TradeState, number>
    const nameOf = (place: number): string => toHex(parts.deviceAt(place))
    this.cheats = new Set([...roles.forkers, ...roles.colluders.flat()].map(nameOf))
    this.#placeOf = new Map(sellersOf(roles).map((place) => [nameOf(place), place]))
    this.units = Array.from({ length: config.units }, (_, i) => this.#stock(i))
    this.#tickKind = sim.register('market.tick', () => this.#tick())
    this.#lookKind = sim.register('market.look', (errand) => this.#serve(errand))
  }

  /** Opens the shops. */
  start(): void {
    this.#parts.sim.after(0, this.#tickKind, 0)
  }

  reached(state: TradeState): void {
    this.counts[state] += 1
  }

  /** A customer comes; how much of what, the decision fixes. */
  customer({ node: place, key }: Decision): void {
    const { sim, config } = this.#parts
    const random = sim.random.stream('customer', key)
    const stock = random.pick(this.units)
    const amount = BigInt(1 + random.below(config.itemsMax))
    const untilUs = sim.nowUs + (config.isAsking ? config.patienceUs : 0)
    this.#serve(this.#errands.push({ place, stock, amount, untilUs, givers: null }) - 1)
  }

  /**
   * A cheat spends what it has, on each of its histories: it sells it, or hands it to somebody there, mostly the same one, or to another
   * cheat. Crossed, it hands it to somebody on one history, and on the other to the other cheat, who may know somebody there.
   */
  cheat({ node: place, key }: Decision, faces: TwoFaces | undefined): void {
    const random = this.#parts.sim.random.stream('cheat', key)
    const stock = random.pick(this.units)
    const way = random.pick(['sell', 'hand', 'hand', 'pass', 'cross', 'cross'] as const)
    const others = [...this.cheats].filter((it) => this.#placeOf.get(it) !== place)
    const ally = others.length === 0 ? null : random.pick(others)
    let written = 0
    // Of two who collude one takes in what the other wrote: did both, whoever sees one side of each would know of both forks.
    if (this.#parts.roles.colluders.some(([, second]) => second === place)) faces?.collude()
    for (const [side, node] of this.#parts.writersAt(place).entries()) {
      const all = spendable(node, stock.unit)
      // Now and then a part, so that something is left for the next time.
      const amount = all > 1n && random.below(2) === 0 ? all / 2n : all
      const near = [...node.links.keys()].map((it) => toHex(this.#parts.deviceAt(it)))
      const honest = near.filter((it) => this.#placeOf.has(it) && !this.cheats.has(it)).sort()
      const one = random.below(4) === 0 ? random.below(Math.max(1, honest.length)) : 0
      const to = way === 'pass' || (way === 'cross' && side === 1) ? ally : (honest[one] ?? null)
      if (amount <= 0n || (to === null && way !== 'sell')) continue
      const { unit } = stock
      const entry = (some: bigint): LedgerEntry =>
        way === 'sell'
          ? { t: 'consume', unit, amount: some }
          : { t: 'transfer', unit, amount: some, to: fromHex(to ?? '') ?? NOBODY }
      // Of what it was given it may pass on only so much: then that.
      if (node.write(() => section([entry(amount)])) === null) written += 1
      else if (stock.relayMax !== null && stock.relayMax > 0n && stock.relayMax < amount) {
        this.reached('relay-limited')
        if (node.write(() => section([entry(stock.relayMax ?? 1n)])) === null) written += 1
      }
    }
    if (written > 1) this.reached('spent-twice')
  }

  /** True for a message between devices that ask and grant; it is dealt with. */
  took(to: number, from: number, payload: unknown): boolean {
    const message = payload as RightsMessage
    if (message.kind === 'rights-ask') this.#answer(to, from, message)
    else if (message.kind === 'rights-answer') this.#answered(from, message)
    else return false
    return true
  }

  /** Notes states that show in books rather than happen. */
  note(): void {
    for (const node of this.#parts.nodes()) {
      const { replica } = node
      if (replica === null || replica.epochs.length < replica.history.length) continue
      const books = replica.epochs.evaluation
      if (replica.visibility.hasDoubts) this.#noteLate(node, books)
      for (const { unit } of this.units) {
        const { deficits, replaced, writtenBack } = books.totals(unit)
        if (deficits > 0n) this.reached('deficit-booked')
        if (replaced > 0n) this.reached('rights-replaced')
        if (writtenBack > 0n) this.reached('written-back')
      }
    }
  }

  /** Notes that what a closed device sold, or handed to somebody who accepted it, is in the books. */
  #noteLate(node: SimNode, books: Evaluation): void {
    const isUse = (it: Act): boolean => it.kind === 'fact' && it.into === accountKey(unitOf(it.unit), 'used')
    const isTaken = ({ order, acts }: BookedCommit): boolean =>
      acts.some((it, act) => it.kind === 'transfer' && books.acceptedBy({ order, act }).length > 0)
    const late = (bookedCommits(node, this) ?? []).filter(({ order }) => books.standingOf(order).isLate)
    if (late.some(({ acts }) => acts.some(isUse))) this.reached('sold-late')
    if (late.some(isTaken)) this.reached('accepted-late')
  }

  /** What was sold, refused and moved until now. */
  metrics(books: Books): TradeMetrics {
    const nodes = this.#parts.nodes()
    const sold = [...soldIn({ books, nodes }, this).values()]
    const left = this.units.flatMap(({ unit }) => nodes.map((node) => positive(spendable(node, unit))))
    return { itemsSold: Number(sum(sold)), itemsLeft: Number(sum(left)), ...this.#numbers }
  }

  #stock(i: number): Stock {
    const { config, roles, sim, deviceAt, sha256 } = this.#parts
    const home = roles.members[i % roles.members.length] ?? 0
    const relayMax = config.relayMax === null ? null : BigInt(config.relayMax)
    const definition: UnitDefinition = {
      ...{ code: `ITEM-${i}`, kind: config.kind, scale: 0, name: `Item ${i}`, supply: BigInt(config.supply) },
      ...{ relayMax, expiresMs: null, nonce: sim.random.stream('trade.unit', i).bytes(16) },
    }
    const unit = unitIdOf(deviceAt(home), definition, sha256)
    return { unit, home, definition, supply: definition.supply, relayMax }
  }

  // Opening.

  #tick(): void {
    const { sim, isOver, writersAt } = this.#parts
    if (isOver()) return
    for (const stock of this.units) {
      const [home] = writersAt(stock.home)
      if (home?.replica === null || home === undefined || home.writeRefusal !== null) continue
      if (home.replica.epochs.evaluation.unit(stock.unit) !== undefined) continue
      if (home.write(() => section(this.#opening(stock))) === null) this.reached('unit-defined')
    }
    for (const node of this.#parts.nodes()) if (node.writeRefusal === null) this.#tend(node)
    sim.after(TICK_US, this.#tickKind, 0)
  }

  /** Definition, issue, and what the rule of the world gives each seller. */
  #opening({ definition, unit, home, supply }: Stock): LedgerEntry[] {
    const { config, deviceAt } = this.#parts
    const own = toHex(deviceAt(home))
    const entries: LedgerEntry[] = [
      { t: 'define', unit: definition },
      { t: 'issue', unit, amount: supply },
    ]
    if (config.spread === 'home') return entries
    const shares = sharesOf(config.spread, this.#sharers(home, supply))
    for (const [device, amount] of shares)
      if (device !== own && amount > 0n)
        entries.push({ t: 'transfer', to: fromHex(device) ?? NOBODY, unit, amount })
    return entries
  }

  /** By forecast a device counts with the customers that are expected of it, more or less. */
  #sharers(home: number, supply: bigint): Sharer[] {
    const { config, roles, sim } = this.#parts
    const popularity = popularityOf(config, { roles, random: sim.random })
    const total = [...popularity.values()].reduce((sum, it) => sum + it, 0)
    return sellersOf(roles).map((place) => {
      const error = 1 + config.forecastError * (2 * sim.random.stream('trade.forecast', place).unit() - 1)
      const expected = (config.customers * (popularity.get(place) ?? 0) * error) / total
      const used = config.spread === 'even' ? 0n : BigInt(Math.round(expected))
      return { device: toHex(this.#parts.deviceAt(place)), held: place === home ? supply : 0n, used }
    })
  }

  // Selling.

  #serve(index: number): void {
    const errand = this.#errands[index]
    const { sim, isOver, config, writersAt } = this.#parts
    if (errand === undefined || errand.untilUs === null || isOver()) return
    const { place, stock, amount, untilUs } = errand
    const [node] = writersAt(place)
    const { unit } = stock
    if (node === undefined || node.writeRefusal !== null) {
      if (sim.nowUs < untilUs) return sim.after(LOOK_US, this.#lookKind, index)
      this.#numbers.itemsShopClosed += Number(amount)
      return this.reached('shop-closed')
    }
    const has = spendable(node, unit)
    if (has >= amount && node.write(() => section([{ t: 'consume', unit, amount }])) === null)
      return this.reached('sold')
    if (sim.nowUs >= untilUs) return this.#refuse(node, stock, amount)
    if (config.isAsking && errand.givers === null) this.#ask(node, errand, index)
    sim.after(LOOK_US, this.#lookKind, index)
  }

  #refuse(node: SimNode, { unit }: Stock, amount: bigint): void {
    this.#numbers.itemsRefused += Number(amount)
    this.reached('sale-refused')
    const others = this.#parts.nodes().filter((it) => it !== node)
    const elsewhere = sum(others.map((it) => positive(spendable(it, unit))))
    if (elsewhere < amount) return
    this.#numbers.itemsRefusedThoughElsewhere += Number(amount)
    this.reached('refused-though-elsewhere')
  }

  // Rights on the move.

  /** Asks for more of what fell below its mark, and gives up what seals have issued to others in its place. */
  #tend(node: SimNode): void {
    const { config } = this.#parts
    for (const stock of this.units) {
      const { unit } = stock
      const loss = booksOf(node)?.lossOf(node.device, unit) ?? 0n
      const has = loss > 0n || config.marks !== null ? spendable(node, unit) : 0n
      const back = loss < has ? loss : has
      if (back > 0n) {
        node.write(() => section([{ t: 'write-back', unit, amount: back }]))
        continue
      }
      const marks = this.#marksOf(stock)
      if (marks === null || has >= marks.low) continue
      const errand: Errand = {
        ...{ place: node.number, stock, amount: marks.high - has },
        ...{ untilUs: null, givers: null },
      }
      if (booksOf(node)?.unit(unit) !== undefined) this.#ask(node, errand, this.#errands.push(errand) - 1)
    }
  }

  #marksOf({ supply }: Stock): Marks | null {
    const { marks } = this.#parts.config
    if (marks === null) return null
    const share = supply / BigInt(Math.max(1, this.#placeOf.size))
    return { low: (share * BigInt(marks.low)) / 100n, high: (share * BigInt(marks.high)) / 100n }
  }

  #ask(node: SimNode, errand: Errand, index: number): void {
    const { stock, place, amount, untilUs } = errand
    const books = booksOf(node)
    if (books === null) return
    const deviceOf = (at: number): string => toHex(this.#parts.deviceAt(at))
    errand.givers ??= [...node.links.values()]
      .filter((it) => !it.isOutside && books.holding(deviceOf(it.peer), stock.unit) > 0n)
      .map((it) => ({ place: it.peer, held: books.holding(deviceOf(it.peer), stock.unit) }))
      .sort((a, b) => (a.held === b.held ? a.place - b.place : a.held < b.held ? -1 : 1))
      .map((it) => it.place)
    const giver = errand.givers.pop()
    if (giver === undefined) return
    const reason = untilUs === null ? 'low' : 'person'
    this.#send(place, giver, {
      kind: 'rights-ask',
      errand: index,
      ask: { unit: stock.unit, amount, reason, device: node.device },
    })
    this.reached('rights-asked')
  }

  #answer(to: number, from: number, { errand, ask }: Extract<RightsMessage, { kind: 'rights-ask' }>): void {
    const node = this.#parts.nodes().find((it) => it.number === to)
    if (node === undefined || !node.isOn || this.#parts.isOver()) return
    const amount = node.writeRefusal === null ? this.#grant(node, from, ask) : 0n
    this.#send(to, from, { kind: 'rights-answer', errand, amount })
  }

  #grant(node: SimNode, from: number, ask: Ask): bigint {
    const stock = this.units.find((it) => it.unit === ask.unit)
    if (stock === undefined) return 0n
    const { unit } = ask
    const own = spendable(node, unit)
    const { nowMs } = node
    // A person asks for what a customer waits for: then what there is.
    const marks = ask.reason === 'person' ? null : this.#marksOf(stock)
    const lately = this.#latelyAt(node.number, nowMs)
    const { amount } = grantOf(ask, { spendable: own, marks, share: 0n, isOfMember: false, lately, nowMs })
    if (amount === 0n) return 0n
    const to = this.#parts.deviceAt(from)
    if (node.write(() => section([{ t: 'transfer', to, unit, amount }])) !== null) {
      if (stock.relayMax !== null) this.reached('relay-limited')
      return 0n
    }
    lately.push({ atMs: nowMs, unit, device: ask.device, isReceived: false })
    this.reached('rights-granted')
    this.#numbers.rightsGranted += 1
    return amount
  }

  #answered(
    from: number,
    { errand: index, amount }: Extract<RightsMessage, { kind: 'rights-answer' }>,
  ): void {
    const errand = this.#errands[index]
    if (errand === undefined || this.#parts.isOver()) return
    const [node] = this.#parts.writersAt(errand.place)
    if (node === undefined) return
    if (amount === 0n) return this.#ask(node, errand, index)
    const { nowMs } = node
    const device = toHex(this.#parts.deviceAt(from))
    this.#latelyAt(errand.place, nowMs).push({
      ...{ atMs: nowMs, unit: errand.stock.unit, device, isReceived: true },
    })
  }

  #latelyAt(place: number, nowMs: number): Granted[] {
    const lately = (this.#lately.get(place) ?? []).filter((it) => nowMs - it.atMs < NO_PING_PONG_MS)
    this.#lately.set(place, lately)
    return lately
  }

  #send(from: number, to: number, message: RightsMessage): void {
    this.#numbers.rightsMessages += 1
    this.#parts.network.send(from, to, message, MESSAGE_HEAD_BYTES + RIGHTS_BYTES)
  }
}

/** The books of a node; null while they lag. */
function booksOf({ replica }: SimNode): Evaluation | null {
  return replica === null || replica.epochs.length < replica.history.length ? null : replica.epochs.evaluation
}

/** What a node can sell of a unit now, with what its next commit accepts. */
function spendable(node: SimNode, unit: string): bigint {
  return booksOf(node) === null || node.signer === null ? 0n : (node.replica?.spendable(unit) ?? 0n)
}

function section(entries: readonly LedgerEntry[]): Section {
  return { document: LEDGER, entries: entries.length, payload: encodeLedgerEntries(entries) }
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, it) => total + it, 0n)
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}

const NOBODY: Uint8Array = new Uint8Array(32)
