import { compareSeen, decodeRecord, signCommit } from '#protocol/commit'
import type { CommitRecord, Header, Section } from '#protocol/commit'
import { equalBytes, toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import {
  LEDGER,
  SEALED_KINDS,
  UNIT_KINDS,
  actsOf,
  encodeLedgerEntries,
  readDefinition,
  readLedgerSection,
  unitIdOf,
} from '#protocol/ledger'
import type { LedgerEntry, LedgerState, UnitDefinition } from '#protocol/ledger'
import type { Replica } from '#protocol/replica'
import { seededRandom } from '#simulations/mesh'
import type { MemoryNode, SeededRandom } from '#simulations/mesh'
import { must, testCoop } from '../actors/coop-actors.ts'
import type { TestCoop } from '../actors/coop-actors.ts'
import { ledgerSection, move, unitOf } from '../actors/ledger-hand.ts'
import { Stewards } from '../actors/stewards.ts'
import { expectAgreement } from './agreement.ts'
import { bend, drawEntry, drawUnit, pick } from './ledger-entries.ts'
import type { EntryGround } from './ledger-entries.ts'
import { mutate } from './mutate.ts'
import { FuzzFailure } from './watch.ts'
import type { Watch } from './watch.ts'

/** Commits of the cheat in one episode. */
const EPISODE_COMMITS = 150
/** Devices that sign what they like. */
const CHEATS = 10
/** Drafts before one is signed that is void, or a definition, which never is. */
const DRAFTS = 5
/** Mutated sections that are read for each of them. */
const MUTANTS_PER_COMMIT = 24
/** Units that entries speak of. */
const UNITS_MAX = 60
/** Entries of a full section: as many as fit its bytes. */
const FULL_ENTRIES = 4_000

/** What the episodes came to. */
export interface LedgerFigures {
  mutants: number
  /** Of these, still sections of entries. */
  read: number
  forged: number
  stored: number
  valid: number
  accepted: number
  deficits: number
  forks: number
}

/**
 * Episodes: a founder with a unit of each kind, a venue that accepts and sells, and a cheat who signs sections of any entries: well
 * formed or bent, covered or not, forked, up to full ones. What reads as entries is encoded in one way; units add up; what the honest
 * sign is never void and never below zero; replicas that got all of it in other orders hold the same.
 */
export function fuzzLedger(count: number, seed: number, watch: Watch): string {
  const figures: LedgerFigures = {
    ...{ mutants: 0, read: 0, forged: 0, stored: 0, valid: 0, accepted: 0, deficits: 0, forks: 0 },
  }
  for (let episode = 0; figures.mutants + figures.forged < count; episode += 1)
    new Episode(seed + episode * 7_919, watch, figures).run()
  const { mutants, read, forged, stored, valid, accepted, deficits, forks } = figures
  if ([read, valid, accepted, forks].includes(0) || stored === valid)
    throw new FuzzFailure(`nothing interesting happened: ${JSON.stringify(figures)}`)
  return `${read} of ${mutants} sections still were some, ${forged} signed by a cheat, ${stored} stored, ${valid} of these valid, ${accepted} transfers accepted, ${deficits} deficits, ${forks} forks`
}

/** A device that signs what it likes, with its commits in the order in which they were stored. */
interface Cheat {
  readonly signer: Signer
  readonly key: string
  readonly own: CommitRecord[]
}

class Episode {
  readonly #seed: number
  readonly #watch: Watch
  readonly #figures: LedgerFigures
  readonly #random: SeededRandom
  readonly #test: TestCoop
  readonly #venue: MemoryNode & { signer: Signer }
  readonly #cheats: Cheat[]
  /** Commits before the cheat begins, and all that it or the venue wrote and the venue stored. */
  readonly #log: CommitRecord[] = []
  readonly #sections: Uint8Array[] = []
  readonly #units: string[] = []

  constructor(seed: number, watch: Watch, figures: LedgerFigures) {
    this.#seed = seed
    this.#watch = watch
    this.#figures = figures
    this.#random = seededRandom(seed)
    this.#test = testCoop(seed)
    this.#venue = this.#test.admit('venue')
    this.#cheats = Array.from({ length: CHEATS }, () => {
      const { signer } = this.#test.admit('member')
      return { signer, key: toHex(signer.publicKey), own: [] }
    })
    this.#open()
  }

  run(): void {
    const { replica } = this.#venue
    const { sha256 } = this.#test.crypto
    for (let i = 0; i < EPISODE_COMMITS; i += 1) {
      const cheat = pick(this.#cheats, this.#random)
      this.#take(this.#forge(cheat), cheat)
      for (let m = 0; m < MUTANTS_PER_COMMIT; m += 1) this.#read(sha256)
      if (i % 3 === 0) this.#serve()
      if (i % 10 === 0) this.#check()
    }
    this.#check()
    const books = replica.epochs.evaluation
    this.#figures.forks += replica.forkEnds.forked.size
    for (const { unit } of books.definitions())
      if (books.totals(unit).deficits > 0n) this.#figures.deficits += 1
    for (const record of this.#cheats.flatMap((it) => it.own)) {
      const order = replica.history.find(record.id)
      for (const act of replica.actsOf(record).keys())
        this.#figures.accepted += Number(books.acceptedBy({ order, act }).length > 0)
    }
    const { coop, crypto } = this.#test
    expectAgreement(replica, this.#log, { coop, crypto, random: this.#random, seed: this.#seed })
  }

  /** The founder makes a unit of each kind, and hands out some of what it may issue. */
  #open(): void {
    const { founder, founderSigner, mesh, crypto } = this.#test
    const venue = this.#venue
    mesh.connect(founder, venue)
    mesh.settle()
    const money: string[] = []
    for (const [i, kind] of UNIT_KINDS.entries()) {
      const isSealed = SEALED_KINDS.has(kind)
      const supply = isSealed ? 0n : kind === 'admission' ? 1n : 2n ** 40n
      const about = { kind, supply, relayMax: i % 3 === 0 ? 5n : null }
      const definition = unitOf({ ...about, code: `F${i}`, nonce: this.#random.bytes(16) })
      const unit = unitIdOf(founderSigner.publicKey, definition, crypto.sha256)
      this.#units.push(unit)
      must(founder.author([ledgerSection({ t: 'define', unit: definition })]))
      if (isSealed) money.push(unit)
    }
    const stewards = new Stewards(mesh)
    const nodes = [founder]
    for (const unit of money) {
      for (const right of ['issue', 'credit'] as const) {
        const change = {
          kind: 'allow' as const,
          right,
          device: founderSigner.publicKey,
          unit,
          amount: 1_000n,
        }
        const devices = [change, ...this.#cheats.map((it) => ({ ...change, device: it.signer.publicKey }))]
        stewards.decide(devices, { by: founder, wills: [founder], nodes })
      }
    }
    for (const [i, unit] of this.#units.entries()) {
      // A bucket exists once: a cheat has it.
      const isOne = UNIT_KINDS[i] === 'admission'
      const to = (isOne ? this.#cheats.slice(0, 1) : [venue, ...this.#cheats]).map(
        (it) => it.signer.publicKey,
      )
      const amount = isOne ? 1n : 80n
      const handed = to.map((it): LedgerEntry => ({ t: 'transfer', to: it, unit, amount }))
      must(founder.author([ledgerSection(move('issue', unit, isOne ? 1n : 1_000n), ...handed)]))
    }
    mesh.settle()
    for (const bytes of founder.log) this.#log.push(must(decodeRecord(bytes, crypto.sha256)).record)
    // What the founder has not got by itself: what the venue wrote.
    this.#serve()
  }

  /** The venue accepts what it was given, and sells or hands on a part of what it has. */
  #serve(): void {
    const { replica } = this.#venue
    const random = this.#random
    const unit = pick(this.#units, random)
    const has = replica.spendable(unit)
    const amount = has > 2n ** 63n - 1n ? 1n : (has + 1n) / 2n
    const entries: LedgerEntry[] = []
    if (amount > 0n && random.below(3) > 0) entries.push(move('consume', unit, amount))
    else if (amount > 0n)
      entries.push({ t: 'transfer', to: pick(this.#cheats, random).signer.publicKey, unit, amount })
    const author = (sections: Section[]): ReturnType<Replica['author']> =>
      this.#watch.run('author', new Uint8Array(), () => replica.author(sections, this.#test.mesh.nowMs))
    let result = author(entries.length === 0 ? [] : [ledgerSection(...entries)])
    if (!result.ok && result.refusal === 'relay-limit') result = author([])
    if (!result.ok) throw new FuzzFailure(`the venue could not write: ${JSON.stringify(result)}`)
    this.#note(result.stored.map((it) => it.record))
    this.#test.mesh.nowMs += 1_000
  }

  #take(forged: CommitRecord, { own }: Cheat): void {
    const { replica } = this.#venue
    this.#figures.forged += 1
    const result = this.#watch.run('ingest', forged.bytes, () => replica.ingest([forged]))
    this.#note(result.stored.map((it) => it.record))
    const order = replica.history.find(forged.id)
    if (order < 0) return
    own.push(forged)
    this.#figures.stored += 1
    const books = replica.epochs.evaluation
    if (!books.isVoid(order)) this.#figures.valid += 1
  }

  #note(records: readonly CommitRecord[]): void {
    for (const record of records) this.#log.push(record)
  }

  /** A mutated section: what is read is encoded in one way only, and names acts with amounts in their bounds. */
  #read(sha256: TestCoop['crypto']['sha256']): void {
    const random = this.#random
    const original = pick(this.#sections, random)
    const payload = random.below(2) === 0 ? mutate(original, this.#sections, random) : bend(original, random)
    const count = Math.max(0, countOf(payload) + (random.below(12) === 0 ? 1 : 0))
    this.#figures.mutants += 1
    const entries = this.#watch.run('readLedgerSection', payload, () => readLedgerSection(payload, count))
    if (entries === null) return
    this.#figures.read += 1
    if (!equalBytes(encodeLedgerEntries(entries), payload))
      throw new FuzzFailure(`two encodings of one section: ${toHex(payload)}`)
    const acts = this.#watch.run('actsOf', payload, () =>
      actsOf(entries, this.#venue.signer.publicKey, sha256),
    )
    for (const act of acts) {
      const amounts = act.kind === 'define' ? [act.supply + 1n, (act.relayMax ?? 0n) + 1n] : [act.amount]
      if (amounts.some((it) => it < 1n || it > 2n ** 63n))
        throw new FuzzFailure(`out of bounds: ${toHex(payload)}`)
      const definition = act.kind === 'define' && !act.unit.startsWith('rule-') ? act.definition : null
      if (definition !== null && readDefinition(act.unit, definition) === null)
        throw new FuzzFailure(`a unit that cannot be read back: ${toHex(payload)}`)
    }
  }

  #forge({ signer, own, key }: Cheat): CommitRecord {
    const random = this.#random
    const { coop, crypto } = this.#test
    const last = random.below(40) === 0 ? own.at(-1 - random.below(5)) : own.at(-1)
    const header: Omit<Header, 'sections'> = {
      ...{ coop, device: signer.publicKey, seq: (last?.header.seq ?? -1) + 1, prev: last?.id ?? null },
      ...{ epoch: this.#epoch(), seen: this.#seen(signer, own.length === 0), timeMs: random.below(2 ** 31) },
    }
    const isFull = this.#sections.length > 0 && random.below(400) === 0
    const entries = isFull ? this.#full() : this.#entries(signer, header, key)
    const payload = encodeLedgerEntries(entries)
    if (!isFull) this.#sections.push(payload)
    const bent = random.below(16) > 0 || isFull ? payload : bend(payload, random)
    const section = { document: LEDGER, entries: Math.max(1, countOf(bent)), payload: bent }
    return signCommit(header, [section], { signer, sha256: crypto.sha256 })
  }

  /** Entries that are mostly valid, so that a chain goes on for a while. */
  #entries(signer: Signer, header: Omit<Header, 'sections'>, key: string): LedgerEntry[] {
    const random = this.#random
    const { replica } = this.#venue
    const { history, epochs } = replica
    const { evaluation } = epochs
    const ground: EntryGround = {
      ...{ random, units: this.#units, commits: [history.idOf(0).slice(), random.bytes(32)] },
      devices: [this.#venue, ...this.#cheats]
        .map((it) => it.signer.publicKey)
        .concat(this.#test.founderSigner.publicKey),
      held: (unit) => evaluation.holding(key, unit),
    }
    let entries: LedgerEntry[] = []
    for (let draft = 0; draft < DRAFTS; draft += 1) {
      entries = [drawEntry(ground), ...Array.from({ length: random.below(3) }, () => drawEntry(ground))]
      const made = entries.find((it) => it.t === 'define')
      if (made !== undefined) entries.push(...this.#issueOf(made.unit, signer))
      const acts = actsOf(entries, signer.publicKey, this.#test.crypto.sha256)
      const prev = header.prev === null ? -1 : history.find(header.prev)
      // Where its chain parts nobody foretells a verdict: there it spends what it has spent on the other branch.
      if (prev >= 0 && !history.endsOf(history.deviceOf(prev)).includes(prev))
        return [move('consume', pick(this.#units.slice(0, UNIT_KINDS.length), random), 60n)]
      const seen = header.seen.map((it) => history.find(it.id))
      const epoch = evaluation.findSeal(equalBytes(header.epoch, this.#test.coop) ? '' : toHex(header.epoch))
      const drafted = { device: key, prev, seen, epoch: Math.max(0, epoch), acts }
      if (evaluation.judge(drafted).voidBecause === null) return entries
    }
    return random.below(20) === 0 ? entries : [{ t: 'define', unit: drawUnit(random) }]
  }

  /** Makes a unit known to other drafts, and issues some of it. */
  #issueOf(unit: UnitDefinition, { publicKey }: Signer): LedgerEntry[] {
    const id = unitIdOf(publicKey, unit, this.#test.crypto.sha256)
    if (this.#units.length < UNITS_MAX) this.#units.push(id)
    return unit.supply > 0n && this.#random.below(2) === 0 ? [move('issue', id, unit.supply)] : []
  }

  /** As many entries as a section has room for. */
  #full(): LedgerEntry[] {
    return Array.from({ length: FULL_ENTRIES }, () => move('consume', pick(this.#units, this.#random), 1n))
  }

  /** Mostly the epoch that the line ends with, now and then the first. */
  #epoch(): Uint8Array {
    const { tip } = this.#venue.replica.authority.epochs
    return this.#random.below(60) === 0 ? this.#test.coop : tip.id
  }

  #seen({ publicKey }: Signer, isFirst: boolean): Header['seen'] {
    const { history } = this.#venue.replica
    const random = this.#random
    const rows = new Map<string, Header['seen'][number]>()
    // At first all, with what the founder hands it; then now and then what is new.
    const ends = Array.from({ length: history.deviceCount }, (_, device) => history.endsOf(device)[0] ?? 0)
    const recent = Array.from({ length: random.below(4) }, () => {
      return history.length - 1 - random.below(Math.min(history.length, 30))
    })
    for (const order of isFirst ? ends : recent) {
      const device = history.keyOf(history.deviceOf(order)).slice()
      if (equalBytes(device, publicKey)) continue
      rows.set(toHex(device), { device, seq: history.seqOf(order), id: history.idOf(order).slice() })
    }
    return [...rows.values()].sort(compareSeen)
  }

  #check(): void {
    const { replica } = this.#venue
    const books = (replica.document(LEDGER) as LedgerState).books
    for (const { unit } of books.definitions()) {
      const it = books.totals(unit)
      const went = it.used + it.returned + it.writtenBack + it.held - it.deficits + it.inFlight
      if (it.issued + it.replaced !== went)
        throw new FuzzFailure(`seed ${this.#seed}: ${unit} does not add up`)
    }
    const honest = [this.#venue.signer, this.#test.founderSigner].map((it) => toHex(it.publicKey))
    const below = books.balances().find((it) => it.holding < 0n && honest.includes(it.device))
    if (below !== undefined)
      throw new FuzzFailure(
        `seed ${this.#seed}: ${below.device.slice(0, 12)} has ${below.holding} on ${below.account}`,
      )
    for (const { id, header } of this.#log) {
      const order = replica.history.find(id)
      if (order < 0 || !honest.includes(toHex(header.device))) continue
      if (books.isVoid(order))
        throw new FuzzFailure(`seed ${this.#seed}: what an honest device signed is void`)
    }
  }
}

function countOf(payload: Uint8Array): number {
  const head = payload[0] ?? 0
  if (head >= 0x80 && head < 0x98) return head - 0x80
  return head === 0x98 ? (payload[1] ?? 0) : head === 0x99 ? (payload[1] ?? 0) * 256 + (payload[2] ?? 0) : 0
}
