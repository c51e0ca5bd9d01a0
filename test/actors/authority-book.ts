import { nodeCrypto, nodeSigner } from '#node/crypto'
import {
  AuthorityState,
  admissionMessage,
  encodeAuthorityEntries,
  encodeGenesis,
  encodeSeal,
  inviteSigner,
} from '#protocol/authority'
import type { AuthorityEntry, Change, Epoch, Genesis, SealRecord } from '#protocol/authority'
import type { Role, SectionContext } from '#protocol/document'
import { encodeCanonical, fromHex, toHex } from '#protocol/encoding'
import { FOUNDING_SCOPE, SignatureRule, certifyDevice } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { noBooks } from './no-books.ts'

const crypto = nodeCrypto()
const rule = new SignatureRule(crypto)
export const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(crypto.sha256(bytes))

/** A signer that is drawn from a number. */
export const signerOf = (n: number): Signer => nodeSigner(sha256(new TextEncoder().encode(`signer ${n}`)))

/** Somebody with a kit and one device. */
export interface Person {
  kit: Signer
  signer: Signer
  /** Kit and device in hex. */
  member: string
  device: string
}

/** Person number n; the first founds. `device` tells several of one person apart. */
export function person(n: number, device = 0): Person {
  const kit = signerOf(1_000 + n)
  const signer = signerOf(10_000 + 100 * n + device)
  return { kit, signer, member: toHex(kit.publicKey), device: toHex(signer.publicKey) }
}

/** A commit with one authority section, and all that it knows. */
export interface Written {
  order: number
  id: Uint8Array
  device: string
  member: string
  role: Role
  seq: number
  /** Order of the commit before on the chain; -1 for none. */
  prev: number
  epoch: Uint8Array
  payload: Uint8Array
  past: ReadonlySet<number>
}

/** How a commit is written that is not the usual one. */
export interface WriteOptions {
  /** Orders of what is acknowledged of others. By default everything. */
  seen?: readonly number[]
  /** Order of the commit before; by default the last one of the device. */
  prev?: number
  /** By default the tip of the chosen line. */
  epoch?: Uint8Array
}

/** A state that others fold of the same commits, in another order. */
export interface Replica {
  state: AuthorityState
  /** 'ok' or the refusal. */
  take(commit: Written): string
  /** As `take`, and nothing is done. */
  judge(commit: Written): string
}

/**
 * A small causal world with one authority document: every commit knows its chain and what it acknowledges. Nothing is
 * contested or late unless a test says so.
 */
export class AuthorityBook {
  readonly coop: Uint8Array
  readonly genesis: Genesis
  readonly commits: Written[] = []
  /** Orders that are not shown. */
  readonly hidden = new Set<number>()
  /** Orders that are contested or late for whoever knows them. */
  readonly doubtful = new Set<number>()
  readonly #main: Replica
  readonly #byId = new Map<string, Written>()
  readonly #members = new Map<string, { member: string; role: Role }>()
  #nonce = 0

  constructor(changes: Partial<Genesis> = {}) {
    const founder = person(0)
    this.genesis = {
      name: 'North Market',
      kit: founder.kit.publicKey,
      device: founder.signer.publicKey,
      memberName: 'Ada',
      deviceName: 'nas',
      quorum: 'two-thirds',
      recovery: 'member-quorum',
      slots: 10_000,
      nonce: new Uint8Array(16),
      timeMs: 0,
      ...changes,
    }
    const record = encodeGenesis(this.genesis)
    this.coop = sha256(record)
    this.#main = this.replica()
    this.#members.set(founder.device, { member: founder.member, role: 'steward' })
    const certificate = certifyDevice(founder.kit, FOUNDING_SCOPE, founder.signer.publicKey)
    this.do(founder, { t: 'genesis', record, certificate })
  }

  /** A book that goes on from what is in this one. */
  copy(): AuthorityBook {
    const copy = new AuthorityBook(this.genesis)
    for (const commit of this.commits.slice(1)) {
      copy.commits.push(commit)
      copy.#byId.set(toHex(commit.id), commit)
      copy.#main.take(commit)
    }
    for (const [device, who] of this.#members) copy.#members.set(device, who)
    copy.#nonce = this.#nonce
    return copy
  }

  get state(): AuthorityState {
    return this.#main.state
  }

  get tip(): Epoch {
    return this.state.epochs.tip
  }

  /** An empty state that takes commits of this book in any causal order. */
  replica(): Replica {
    const orders = new Map<number, number>()
    const placed: number[] = []
    const state = new AuthorityState({
      ...{ coop: this.coop, sha256, rule, cached: () => null, books: noBooks },
      isVisible: (order) => !this.hidden.has(placed[order] ?? -1),
    })
    const take = (commit: Written): string => {
      const order = placed.push(commit.order) - 1
      orders.set(commit.order, order)
      const verdict = state.check(this.#contextOf(commit, { orders, placed }))
      if (!verdict.ok) return verdict.refusal
      verdict.apply()
      return 'ok'
    }
    const judge = (commit: Written): string => {
      const drafted = new Map(orders).set(commit.order, placed.length)
      const verdict = state.check(
        this.#contextOf(commit, { orders: drafted, placed: [...placed, commit.order] }),
      )
      return verdict.ok ? 'ok' : verdict.refusal
    }
    return { state, take, judge }
  }

  /** Writes an act, whatever becomes of it; 'ok' or the refusal. */
  write(by: Person, entry: AuthorityEntry, options: WriteOptions = {}): string {
    return this.writeBytes(by, encodeAuthorityEntries([entry]), options)
  }

  writeBytes(by: Person, payload: Uint8Array, options: WriteOptions = {}): string {
    return this.#main.take(this.#add(by, payload, options))
  }

  /** Writes an act if it is valid for a replica, by default this book's own; null when it is not. */
  attempt(
    by: Person,
    entry: AuthorityEntry,
    options: WriteOptions = {},
    replica = this.#main,
  ): Written | null {
    const commit = this.#add(by, encodeAuthorityEntries([entry]), options)
    if (replica.judge(commit) === 'ok') {
      replica.take(commit)
      return commit
    }
    this.#drop(commit)
    return null
  }

  /** What a replica says of an act that is not written. */
  trial(by: Person, entry: AuthorityEntry, options: WriteOptions, replica: Replica): string {
    const commit = this.#add(by, encodeAuthorityEntries([entry]), options)
    const verdict = replica.judge(commit)
    this.#drop(commit)
    return verdict
  }

  /** Writes an act that must be valid; the id of its commit. */
  do(by: Person, entry: AuthorityEntry, options: WriteOptions = {}): Uint8Array {
    const verdict = this.write(by, entry, options)
    if (verdict !== 'ok') throw new Error(`'${entry.t}' was refused: ${verdict}`)
    return this.last.id
  }

  /** The newest commit. */
  get last(): Written {
    const last = this.commits.at(-1)
    if (last === undefined) throw new Error('nothing was written')
    return last
  }

  orderOf(id: Uint8Array): number {
    return this.#byId.get(toHex(id))?.order ?? -1
  }

  /** The founder invites and admits. */
  admit(who: Person, role: Role = 'member', options: WriteOptions & { by?: Person } = {}): Uint8Array {
    const by = options.by ?? person(0)
    this.#nonce += 1
    const invite = inviteSigner(sha256(encodeCanonical(this.#nonce)), sha256)
    this.do(by, { t: 'invite', key: invite.publicKey, role, uses: 1, expiresMs: 0 }, options)
    const claim = {
      ...{ invite: invite.publicKey, device: who.signer.publicKey, kit: who.kit.publicKey },
      ...{ memberName: 'Bo', deviceName: 'till' },
    }
    const proof = invite.sign(admissionMessage(this.coop, claim, sha256))
    const certificate = certifyDevice(who.kit, this.coop, who.signer.publicKey)
    const more = options.seen === undefined ? options : { ...options, prev: this.last.order }
    const id = this.do(by, { t: 'admit', ...claim, certificate, proof }, more)
    this.#members.set(who.device, { member: who.member, role })
    return id
  }

  /** Bytes of a record that follows the tip and decides nothing, with these changes. */
  record(changes: Partial<SealRecord> = {}): Uint8Array {
    return encodeSeal({
      ...{ coop: this.coop, parent: this.tip.id, height: this.tip.height + 1, decision: null },
      ...{ frontier: [], forks: [], left: [], changes: null },
      ...changes,
    })
  }

  /** A proposal of these changes. */
  propose(by: Person, changes: readonly Change[], options: WriteOptions = {}): Uint8Array {
    return this.do(by, { t: 'propose', changes, reason: '' }, options)
  }

  /** Approvals of a proposal, as a record lists them. */
  approve(proposal: Uint8Array, stewards: readonly Person[]): Uint8Array[] {
    const approvals = stewards.map((it) => this.do(it, { t: 'approve', proposal }))
    return approvals.sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1))
  }

  /** Everybody supports and signs a record in round 0: the epoch that it starts. */
  commit(seal: Uint8Array, stewards: readonly Person[]): Epoch {
    for (const it of stewards) this.do(it, { t: 'support', round: 0, seal })
    const epoch = this.tip
    for (const it of stewards)
      if (this.tip === epoch) this.do(it, { t: 'sign', round: 0, seal: sha256(seal) })
    if (this.tip === epoch) throw new Error('the seal was not committed')
    return this.tip
  }

  /** Proposes, approves and commits; the epoch. */
  decide(changes: readonly Change[], stewards: readonly Person[], more: Partial<SealRecord> = {}): Epoch {
    const proposal = this.propose(stewards[0] ?? person(0), changes)
    const approvals = this.approve(proposal, stewards)
    return this.commit(this.record({ ...more, decision: { proposal, approvals } }), stewards)
  }

  /** Commits of a record in its frontier: the last one of each of these. */
  frontier(people: readonly Person[]): SealRecord['frontier'] {
    return people
      .flatMap((it) => {
        const last = this.commits.findLast((commit) => commit.device === it.device)
        return last === undefined ? [] : [{ device: it.signer.publicKey, seq: last.seq, commit: last.id }]
      })
      .sort((a, b) => (toHex(a.device) < toHex(b.device) ? -1 : 1))
  }

  #drop(commit: Written): void {
    this.commits.pop()
    this.#byId.delete(toHex(commit.id))
  }

  #add(by: Person, payload: Uint8Array, options: WriteOptions): Written {
    const { device } = by
    const order = this.commits.length
    const own = options.prev ?? this.commits.findLast((it) => it.device === device)?.order ?? -1
    const seen = options.seen ?? this.commits.filter((it) => it.device !== device).map((it) => it.order)
    const past = new Set([order])
    for (const head of [own, ...seen]) for (const it of this.commits[head]?.past ?? []) past.add(it)
    const { member, role } = this.#members.get(device) ?? { member: by.member, role: 'observer' }
    const seq = own < 0 ? 0 : (this.commits[own]?.seq ?? 0) + 1
    const id = sha256(encodeCanonical([device, seq, order]))
    const epoch = options.epoch ?? this.state.epochs.tip.id
    const commit = { order, id, device, member, role, seq, prev: own, epoch, payload, past }
    this.commits.push(commit)
    this.#byId.set(toHex(id), commit)
    return commit
  }

  #contextOf(
    commit: Written,
    { orders, placed }: { orders: ReadonlyMap<number, number>; placed: readonly number[] },
  ): SectionContext {
    const at = (order: number): Written | undefined => this.commits[placed[order] ?? -1]
    const knows = (order: number): boolean => commit.past.has(placed[order] ?? -1)
    const isAtOrAfter = (later: Written | undefined, earlier: number): boolean => {
      let it = later
      while (it !== undefined && it.order !== earlier) it = this.commits[it.prev]
      return it !== undefined
    }
    const { id, device, seq, member, role, epoch, payload } = commit
    return {
      ...{ document: 'authority', commit: id, device, seq, timeMs: 0, role, member, epoch, payload },
      ...{
        order: orders.get(commit.order) ?? -1,
        stretch: { parent: null, rank: 0 },
        entries: 1,
        admission: '',
      },
      relies: knows,
      knows,
      isGood: (order) => !this.doubtful.has(placed[order] ?? -1),
      follows: (order) => placed[order] !== commit.order && isAtOrAfter(commit, placed[order] ?? -2),
      find: (it) => orders.get(this.orderOf(it)) ?? -1,
      placeOf: (order) => ({ device: at(order)?.device ?? '', seq: at(order)?.seq ?? -1 }),
      isAtOrAfter: (order, earlier) => isAtOrAfter(at(order), placed[earlier] ?? -2),
      voidReason: () => null,
      forkSeq: (name) => {
        const known = [...commit.past]
          .flatMap((it) => this.commits[it] ?? [])
          .filter((it) => it.device === name)
        const seqs = known.map((it) => it.seq)
        return Math.min(...seqs.filter((it, i) => seqs.indexOf(it) !== i), Infinity)
      },
    }
  }
}

/** A co-op whose founder has made stewards of this many people, himself included, by its first seal. */
export function coopOf(
  count: number,
  changes: Partial<Genesis> = {},
): { book: AuthorityBook; people: Person[] } {
  const book = new AuthorityBook(changes)
  const people = Array.from({ length: count }, (_, i) => person(i))
  for (const it of people.slice(1)) book.admit(it)
  for (let at = 1; at < count; at += 16) {
    const stewards = at === 1 ? people.slice(0, 1) : people.slice(0, at)
    const change = people.slice(at, at + 16).map((it): Change => makeSteward(it))
    book.decide(change, stewards.slice(0, book.tip.quorum))
  }
  return { book, people }
}

/** The person's device signs for it as a steward. */
export function makeSteward(who: Person): Change {
  return { kind: 'steward', member: who.kit.publicKey, device: who.signer.publicKey }
}

/** The bytes of a key or id in hex. */
export const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(32)
