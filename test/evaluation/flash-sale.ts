import { expect } from 'vitest'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { unitIdOf } from '#protocol/ledger'
import type { LedgerEntry } from '#protocol/ledger'
import type { Replica, TakenCommit } from '#protocol/replica'
import { nodeCrypto } from '#node/crypto'
import { Cast } from '../actors/cast.ts'
import { must } from '../actors/coop-actors.ts'
import { hand, ledgerOf, ledgerSection, move, unitOf } from '../actors/ledger-hand.ts'
import type { Choices } from './choices.ts'
import type { Law } from './laws.ts'

/** Venues that sell. */
const VENUES = 10
/** What there is to sell. */
const ITEMS = 1_000
/** Customers come until they have asked for about two thirds more than there is. */
const CUSTOMERS = 180
/** Most items that one customer asks for. */
const WANTED_MOST = 18

/** What became of the customers. */
interface Tally {
  sold: number
  /** Sales that a venue refused. */
  refused: number
  /** Of these, while so many were unsold elsewhere. */
  refusedInVain: number
  /** Of these, while venues in reach had so many together, more than they may pass on. */
  refusedInReach: number
}

/**
 * A flash sale by replicas: ten honest venues, a thousand items, a net that falls into random parts, heals and parts
 * again. Venues sell as customers come and ask each other for rights while they reach each other. Never is more sold than
 * there is.
 */
export const flashSale: Law = (draw, reached) => {
  const sale = new FlashSale(draw)
  for (let customers = 0; customers < CUSTOMERS;) {
    const turn = draw.below(100)
    if (turn < 6) sale.part()
    else if (turn < 30) sale.meet(draw.below(VENUES), draw.below(VENUES))
    else if (turn < 33) sale.takeBack(draw.below(VENUES))
    else {
      sale.serve(draw.below(VENUES), 1 + draw.below(WANTED_MOST))
      customers += 1
    }
  }
  sale.close()
  const { sold, refused, refusedInVain, refusedInReach } = sale.tally
  // Who reaches the rights gets them, as far as they may be passed on.
  if (sale.relayMax === null) expect(refusedInReach).toBe(0)
  reached.note('sold out', sold === ITEMS)
  reached.note('with a relay limit', sale.relayMax !== null)
  reached.add('sold', sold)
  reached.add('refused', refused)
  reached.add('refused while unsold elsewhere', refusedInVain)
  reached.add('refused while unsold in reach, for a relay limit', refusedInReach)
}

class Venue {
  readonly replica: Replica
  readonly signer: Signer
  /** Its commits in the order in which it stored them. */
  readonly log: CommitRecord[] = []
  /** How much of it each other venue got from it. */
  readonly sent: number[] = []

  constructor(replica: Replica, signer: Signer) {
    this.replica = replica
    this.signer = signer
  }

  write(stored: readonly TakenCommit[]): void {
    for (const { record } of stored) this.log.push(record)
  }
}

class FlashSale {
  readonly tally: Tally = { sold: 0, refused: 0, refusedInVain: 0, refusedInReach: 0 }
  readonly relayMax: bigint | null
  readonly #draw: Choices
  readonly #venues: Venue[]
  readonly #unit: string
  #parts: number[] = Array.from({ length: VENUES }, () => 0)
  #nowMs = OPENING_MS

  constructor(draw: Choices) {
    this.#draw = draw
    this.relayMax = draw.pick([null, null, 60n])
    this.#venues = cast.signers.map(enter)
    const founder = this.#at(0)
    const unit = unitOf({ supply: BigInt(ITEMS), relayMax: this.relayMax })
    this.#unit = unitIdOf(founder.signer.publicKey, unit, nodeCrypto().sha256)
    must(this.#write(founder, [{ t: 'define', unit }, move('issue', this.#unit, ITEMS)]))
    this.#share(founder)
    // The last time that all are together: each takes in its share.
    this.#gather()
    for (const venue of this.#venues) this.#write(venue, [])
    this.#gather()
  }

  /** Cuts the net into parts anew, now and then into one. */
  part(): void {
    const parts = 1 + this.#draw.below(5)
    this.#parts = this.#parts.map(() => this.#draw.below(parts))
  }

  /** One sends the other what it lacks, if they reach each other. */
  meet(from: number, to: number): void {
    const [source, target] = [this.#at(from), this.#at(to)]
    if (from === to || !this.#reach(from, to)) return
    const { replica } = target
    const news = source.log.slice(source.sent[to] ?? 0)
    const lacking = news.filter((record) => replica.history.find(record.id) < 0)
    source.sent[to] = source.log.length
    if (lacking.length === 0) return
    const { stored, refused, waiting } = replica.ingest(lacking)
    expect([refused.length, waiting.length]).toEqual([0, 0])
    target.write(stored)
  }

  /** A customer asks a venue for so many: it sells, after it has asked others for rights if need be, or refuses. */
  serve(at: number, wanted: number): void {
    const venue = this.#at(at)
    if (this.#spendable(venue) < wanted) this.#ask(at, wanted)
    if (this.#spendable(venue) >= wanted) {
      must(this.#write(venue, [move('consume', this.#unit, wanted)]))
      this.tally.sold += wanted
      this.#check(venue)
      return
    }
    this.tally.refused += 1
    if (ITEMS - this.tally.sold >= wanted) this.tally.refusedInVain += 1
    const inReach = this.#venues.filter((_, it) => this.#reach(it, at))
    const held = inReach.reduce((sum, it) => sum + this.#spendable(it), 0)
    if (held >= wanted) this.tally.refusedInReach += 1
    // What it does not have it cannot sign either.
    expect(this.#write(venue, [move('consume', this.#unit, wanted)])).toMatchObject({ refusal: 'uncovered' })
  }

  /** A customer brings one back. */
  takeBack(at: number): void {
    if (this.#write(this.#at(at), [move('restore', this.#unit, 1)]).ok) this.tally.sold -= 1
  }

  /** All meet: equal states, and books that say what was sold. */
  close(): void {
    this.#gather()
    for (const venue of this.#venues) {
      this.#check(venue)
      const { used, issued, deficits } = ledgerOf(venue.replica).books.totals(this.#unit)
      expect([used, issued, deficits]).toEqual([BigInt(this.tally.sold), BigInt(ITEMS), 0n])
    }
    const hashes = this.#venues.map(({ replica }) => toHex(ledgerOf(replica).stateHash()))
    expect(new Set(hashes).size).toBe(1)
  }

  /** Asks those in reach for what is missing; each gives what it may of what it has. */
  #ask(at: number, wanted: number): void {
    const venue = this.#at(at)
    for (const [other, giver] of this.#venues.entries()) {
      const missing = wanted - this.#spendable(venue)
      if (other === at || !this.#reach(other, at) || missing <= 0) continue
      // The giver must know the asker, and its own rights.
      this.meet(at, other)
      const most = Math.min(missing, this.#spendable(giver))
      if (most > 0) this.#give(giver, venue, most)
      this.meet(other, at)
    }
  }

  /** Hands over so many, or less where a relay limit leaves less. */
  #give(giver: Venue, to: Venue, most: number): void {
    for (let amount = most; amount > 0; amount = Math.floor(amount / 2)) {
      const given = this.#write(giver, [hand(to.signer.publicKey, this.#unit, amount)])
      if (given.ok) return
      expect(given.refusal).toBe('relay-limit')
    }
  }

  /** Never more sold than there is: in truth, and in the books of this venue. */
  #check({ replica }: Venue): void {
    expect(this.tally.sold).toBeLessThanOrEqual(ITEMS)
    const { used, held, inFlight } = ledgerOf(replica).books.totals(this.#unit)
    expect(used + held + inFlight).toBe(BigInt(ITEMS))
  }

  #spendable({ replica }: Venue): number {
    return Number(replica.spendable(this.#unit))
  }

  #write(venue: Venue, entries: LedgerEntry[]): ReturnType<Replica['author']> {
    this.#nowMs += 1_000
    const result = venue.replica.author(entries.length === 0 ? [] : [ledgerSection(...entries)], this.#nowMs)
    if (result.ok) venue.write(result.stored)
    return result
  }

  #reach(one: number, other: number): boolean {
    return this.#parts[one] === this.#parts[other]
  }

  #at(number: number): Venue {
    return this.#venues[number] as Venue
  }

  /** All parts heal, and all have everything. */
  #gather(): void {
    this.#parts = this.#parts.map(() => 0)
    for (let other = 1; other < VENUES; other += 1) this.meet(other, 0)
    for (let other = 1; other < VENUES; other += 1) this.meet(0, other)
  }

  /** Before they part: a random share for each, the rest stays. */
  #share(founder: Venue): void {
    const most = Math.floor(ITEMS / VENUES)
    const shares = this.#venues.slice(1).map((venue) => ({ venue, share: this.#draw.below(most + 1) }))
    const entries = shares
      .filter(({ share }) => share > 0)
      .map(({ venue, share }) => hand(venue.signer.publicKey, this.#unit, share))
    if (entries.length > 0) must(this.#write(founder, entries))
  }
}

const OPENING_MS = 1_900_000_000_000

const cast = new Cast(VENUES)

/** A venue that knows what all know. */
function enter(signer: Signer): Venue {
  const replica = cast.replicaOf(signer)
  const venue = new Venue(replica, signer)
  venue.write(replica.ingest(cast.log).stored)
  return venue
}
