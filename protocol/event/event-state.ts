import { encodeCanonical, toHex } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SetHash } from '../document/index.ts'
import type { DocumentHost, DocumentState, SectionContext, SectionVerdict } from '../document/index.ts'
import type { Evaluation } from '../evaluation/index.ts'
import { VOID_WORDS } from '../ledger/index.ts'
import { COMMITMENT_BYTES, SEARCH_TAG_BYTES, TICKET_BODY_BYTES, idTag } from '../tickets/index.ts'
import type { TicketValidity } from '../tickets/index.ts'
import type {
  BucketEntry,
  CancelEntry,
  CancelReason,
  ClassEntry,
  EventDocumentEntry,
  EventEntry,
  LostEntry,
  PassName,
  RequestEntry,
  ZoneEntry,
} from './entries.ts'
import { EventJudge } from './event-judge.ts'
import type { EventRefusal, Founding } from './event-judge.ts'
import { readEventSection } from './event-section.ts'
import { Seats } from './seats.ts'
import type { Pass, PassTally } from './seats.ts'
import { Versions } from './versions.ts'
import type { Version } from './versions.ts'

/** An issue of tickets. */
export interface Issue {
  order: number
  commit: string
  index: number
  /** Device that issued them, hex. */
  device: string
  timeMs: number
  class: string
  bucket: string
  count: number
  price: { currency: string; amount: bigint } | null
  validity: TicketValidity | null
  /** Key of the phone that shows it, 32 bytes; of a blind ticket as its issue says it, 48 (`holderOfIssue`). */
  holder: Uint8Array | null
  /** Name of the request, hex. */
  id: string
  /** Number of the first ticket in its bucket. */
  first: number
  /** Of a ticket that replaces another one: null, since its seat was paid for. */
  replaces: string | null
}

/** A ticket by its place in an issue. */
export interface IssuedTicket {
  issue: Issue
  /** Place among the tickets of the issue. */
  at: number
  /** Something about its holder may be sealed with it. */
  hasDetails: boolean
}

/** What ended a ticket. */
export interface Cancel {
  order: number
  commit: string
  index: number
  device: string
  timeMs: number
  why: CancelReason
  bucket: string
  class: string
  /** Commitments, hex. */
  old: string
  ticket: string | null
  seat: boolean
  price: { currency: string; amount: bigint } | null
  id: string
  reason: string
}

/** What somebody asks the holder of a bucket for. */
export interface Request extends Omit<RequestEntry, 't' | 'old' | 'id' | 'seat'> {
  /** Nullifier, hex. */
  seat: string | null
  order: number
  commit: string
  index: number
  device: string
  old: string
  id: string
}

/** Tickets that were not let in. */
export interface RefusedScan {
  order: number
  commit: string
  index: number
  device: string
  gate: string
  zone: string | null
  verdict: string
  atMs: number
}

/** Figures of an event, equal wherever the same commits are. */
export interface EventTally extends PassTally {
  sold: number
  soldOfClass: ReadonlyMap<string, number>
  soldOfBucket: ReadonlyMap<string, number>
  /** By `bucket class`. */
  soldOfBoth: ReadonlyMap<string, number>
  cancelled: number
  refused: number
  refusedBy: ReadonlyMap<string, number>
}

/** An event as a replica shows it. */
export class EventState implements DocumentState {
  readonly id: string
  /** Counts changes. */
  revision = 0
  readonly #host: DocumentHost
  readonly #judge: EventJudge
  /** Commits in which its device makes the event. */
  readonly #founding: Founding[] = []
  readonly #events = new Versions<EventEntry>()
  readonly #classes = new Versions<ClassEntry>()
  readonly #zones = new Versions<ZoneEntry>()
  readonly #buckets = new Versions<BucketEntry>()
  readonly #lost = new Versions<LostEntry>()
  readonly #seats: Seats
  readonly #issues: Issue[] = []
  /** By the name of the request, hex. */
  readonly #byRequest = new Map<string, Issue[]>()
  /** By commitment and by search tag, hex. */
  readonly #byCommitment = new Map<string, Namesakes>()
  readonly #byTag = new Map<string, Namesakes>()
  /** Ids of classes and buckets by the tag (hex) that names them on a ticket. */
  readonly #idsByTag = new Map<string, Set<string>>()
  readonly #cancels = new Map<string, Cancel[]>()
  /** In the order of the log; those that were carried out go when they are asked for. */
  readonly #requests = new Set<Request>()
  readonly #refused: RefusedScan[] = []
  readonly #rows: SetHash
  /** Issues and cancels that are not in the sums, because the books do not know yet whether they are void. */
  #unsummed: (Issue | Cancel)[] = []
  readonly #sold: Sold = { all: 0, ofClass: new Map(), ofBucket: new Map(), ofBoth: new Map() }
  #cancelled = 0
  readonly #refusedBy = new Map<string, number>()
  readonly #nextSerial = new Map<string, number>()
  /** By commitment of a ticket that was ended for good: what is in the sums for it, each once. */
  readonly #ended = new Map<string, Cancel>()

  constructor(id: string, host: DocumentHost) {
    this.id = id
    this.#host = host
    this.#rows = new SetHash(host.sha256)
    this.#seats = new Seats((order) => this.#isVoid(order))
    this.#judge = new EventJudge({
      ...{ id, sha256: host.sha256, seats: this.#seats, founding: this.#founding },
      ...{ classes: this.#classes, zones: this.#zones, buckets: this.#buckets },
      issuesOf: (commitment) => listed(this.#byCommitment.get(commitment)).map((it) => it.issue),
    })
  }

  /** What devices hold. */
  get books(): Evaluation {
    return this.#host.books()
  }

  /** What the event is; null when nothing that is shown says so. */
  get event(): EventEntry | null {
    return this.#newest(this.#events, EVENT_KEY)?.entry ?? null
  }

  /** Device and member (hex) that made the event; null when nobody has. */
  get organiser(): { device: string; member: string } | null {
    return this.#founding[0] ?? null
  }

  /** Its classes, by name. */
  classes(): ClassEntry[] {
    return this.#all(this.#classes).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  class(unit: string): ClassEntry | null {
    return this.#newest(this.#classes, unit)?.entry ?? null
  }

  /** Its zones, by name. */
  zones(): ZoneEntry[] {
    return this.#all(this.#zones)
  }

  zone(name: string): ZoneEntry | null {
    return this.#newest(this.#zones, name)?.entry ?? null
  }

  /** Its buckets, by gate group. */
  buckets(): BucketEntry[] {
    return this.#all(this.#buckets).sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0))
  }

  bucket(unit: string): BucketEntry | null {
    return this.#newest(this.#buckets, unit)?.entry ?? null
  }

  /** True for a bucket of which the organisers say that the gate which holds it is lost. */
  isLost(bucket: string): boolean {
    return this.#newest(this.#lost, bucket)?.entry.lost ?? false
  }

  /** Version that a new statement about a thing needs, so that it stands. */
  nextVersion(of: 'event' | 'class' | 'zone' | 'lost', key: string = EVENT_KEY): number {
    const versions = { event: this.#events, class: this.#classes, zone: this.#zones, lost: this.#lost }[of]
    return versions.highest(key) + 1
  }

  /** Number that the next ticket of a bucket gets, as far as is known here. */
  nextSerial(bucket: string): number {
    this.#sum()
    // What the books do not know yet may count.
    const open = this.#unsummed.map((it) => ('count' in it && it.bucket === bucket ? it.first + it.count : 0))
    return open.reduce((most, it) => Math.max(most, it), this.#nextSerial.get(bucket) ?? 0)
  }

  /** All issues that count, in the order of the log. */
  issues(): Issue[] {
    return this.#issues.filter((it) => this.#isVoid(it.order) !== true)
  }

  /** Issues of one request (hex) of a device (hex), the first tickets first. */
  issuesOf(request: string, device: string): Issue[] {
    const issues = (this.#byRequest.get(request) ?? []).filter((it) => it.device === device)
    return issues.filter((it) => this.#isVoid(it.order) !== true).sort((a, b) => a.first - b.first)
  }

  /** The ticket with a commitment (hex); null when no valid issue known here has it. */
  issued(commitment: string): IssuedTicket | null {
    return this.allIssued(commitment)[0] ?? null
  }

  /** All tickets of one commitment that count, which are several only by a cheat: in the order of their commits. */
  allIssued(commitment: string): readonly IssuedTicket[] {
    return this.#counted(this.#byCommitment.get(commitment))
  }

  /** The ticket with a search tag (hex). */
  byTag(tag: string): IssuedTicket | null {
    return this.allByTag(tag)[0] ?? null
  }

  /** All tickets of one search tag that count: one of them is opened by the code. */
  allByTag(tag: string): readonly IssuedTicket[] {
    return this.#counted(this.#byTag.get(tag))
  }

  /** Ids of the classes and buckets that a ticket may name by this tag (4 bytes). */
  idsOfTag(tag: Uint8Array): { classes: string[]; buckets: string[] } {
    const ids = [...(this.#idsByTag.get(toHex(tag)) ?? [])]
    return {
      classes: ids.filter((it) => this.class(it) !== null),
      buckets: ids.filter((it) => this.bucket(it) !== null),
    }
  }

  /** What ended the ticket with a commitment (hex): the first that counts; null for nothing. */
  cancelOf(commitment: string): Cancel | null {
    return this.#cancels.get(commitment)?.find((it) => this.#isVoid(it.order) !== true) ?? null
  }

  /** Requests that nobody has carried out, in the order of the log. */
  openRequests(): Request[] {
    for (const it of this.#requests) {
      const cancel = this.cancelOf(it.old)
      if (cancel !== null && this.#isVoid(cancel.order) === false) this.#requests.delete(it)
    }
    return [...this.#requests].filter((it) => this.cancelOf(it.old) === null)
  }

  /** Passes of a seat (nullifier, hex), in the order of the log. */
  passesOf(seat: string): readonly Pass[] {
    return this.#seats.of(seat)
  }

  pass({ commit, index }: PassName): Pass | null {
    return this.#seats.find(toHex(commit), index) ?? null
  }

  /** The pass that a device (hex) wrote for a scan (hex); null for none. */
  passOfScan(id: string, device: string): Pass | null {
    return this.#seats.ofScan(id, device) ?? null
  }

  /** All passes, in the order of the log. */
  passes(): readonly Pass[] {
    return this.#seats.log
  }

  /** Tickets that were not let in, in the order of the log. */
  refusals(): readonly RefusedScan[] {
    return this.#refused
  }

  /** Passes by a device (hex), in the order of the log. */
  passesBy(device: string): readonly Pass[] {
    return this.#seats.by(device)
  }

  /** True for an entry that somebody has left again. */
  isEnded(entry: Pass): boolean {
    return this.#seats.isEnded(entry)
  }

  /** Exits that ended an entry of this device (hex) and whose room it has not given back. */
  roomsToBringHome(device: string): { exit: Pass; room: string }[] {
    return this.#seats.roomsToBringHome(device)
  }

  /** Exits by this device (hex) of which it did not know the entry, and that it can match now. */
  exitsToMatch(device: string): { exit: Pass; of: Pass }[] {
    return this.#seats.exitsToMatch(device)
  }

  /** Figures, equal wherever the same commits are. */
  tally(): EventTally {
    this.#sum()
    return {
      ...this.#seats.tally(),
      sold: this.#sold.all,
      soldOfClass: this.#sold.ofClass,
      soldOfBucket: this.#sold.ofBucket,
      soldOfBoth: this.#sold.ofBoth,
      cancelled: this.#cancelled,
      refused: this.#refused.length,
      refusedBy: this.#refusedBy,
    }
  }

  check(section: SectionContext): SectionVerdict {
    const entries = readEventSection(section.payload, section.entries)
    if (entries === null) return refuse('entries', 'the section is not a list of event entries')
    if (section.role === 'observer' || section.role === 'archive')
      return refuse('role', `a device of role ${section.role} writes nothing about events`)
    const refused = this.#judge.judge(entries, section)
    if (refused !== null) return { ok: false, ...refused }
    const reason = section.voidReason()
    if (reason !== null) return refuse(reason, VOID_WORDS[reason])
    return { ok: true, apply: () => this.#apply(entries, section) }
  }

  stateHash(): Uint8Array {
    const { admitted, entries, exits, doubles, overrides, open, unheld, sold, cancelled } = this.tally()
    const sums = [admitted, entries, exits, doubles, overrides, open, unheld, sold, cancelled]
    return this.#host.sha256(encodeCanonical([this.#rows.size, this.#rows.sum(), ...sums]))
  }

  #apply(entries: readonly EventDocumentEntry[], section: SectionContext): void {
    this.revision += 1
    const { order, device, timeMs } = section
    const commit = toHex(section.commit)
    for (const [index, entry] of entries.entries()) {
      const at = { order, commit, index, device }
      this.#rows.add(rowOf(at, entry))
      const version = <T>(it: T, number: number): Version<T> => ({
        entry: it,
        version: number,
        order,
        commit,
      })
      switch (entry.t) {
        case 'event':
          if (this.#judge.makes(entry, section))
            this.#founding.push({ order, device, member: section.member })
          this.#events.add(EVENT_KEY, version(entry, entry.version))
          break
        case 'class':
          this.#classes.add(entry.unit, version(entry, entry.version))
          this.#noteTag(entry.unit)
          break
        case 'zone':
          this.#zones.add(entry.name, version(entry, entry.version))
          break
        case 'bucket':
          this.#buckets.add(entry.unit, version(entry, 0))
          this.#noteTag(entry.unit)
          break
        case 'lost':
          this.#lost.add(entry.bucket, version(entry, entry.version))
          break
        case 'issue': {
          const { price, first, tickets, validity, holder } = entry
          const issue: Issue = {
            ...{ ...at, timeMs, class: entry.class, bucket: entry.bucket, count: tickets.length },
            ...{ price, validity, holder, id: toHex(entry.id), first, replaces: null },
          }
          this.#issue(issue, tickets)
          break
        }
        case 'pass':
          this.#seats.add(entry, at, section.knows)
          break
        case 'undo': {
          const pass = this.pass(entry)
          const { atMs, reason } = entry
          if (pass !== null) this.#seats.undo(pass, { atMs, reason, order, commit }, entry.room !== null)
          break
        }
        case 'match': {
          const [exit, of] = [this.pass(entry), this.pass(entry.of)]
          if (exit !== null && of !== null) this.#seats.match(exit, of, at)
          break
        }
        case 'home': {
          const exit = this.pass(entry)
          if (exit !== null) this.#seats.home(exit, at, section.knows)
          break
        }
        case 'cancel':
          this.#cancel(entry, { ...at, timeMs })
          break
        case 'request': {
          const { t: _, old, id, seat, ...rest } = entry
          const named = { old: toHex(old), id: toHex(id), seat: seat === null ? null : toHex(seat) }
          this.#requests.add({ ...rest, ...at, ...named })
          break
        }
        case 'refused':
          for (const row of entry.rows) {
            this.#refused.push({ ...at, gate: entry.gate, ...row })
            this.#refusedBy.set(row.verdict, (this.#refusedBy.get(row.verdict) ?? 0) + 1)
          }
          break
      }
    }
  }

  #issue(issue: Issue, tickets: readonly Uint8Array[]): void {
    this.#issues.push(issue)
    const same = this.#byRequest.get(issue.id)
    if (same === undefined) this.#byRequest.set(issue.id, [issue])
    else same.push(issue)
    if (issue.replaces === null) this.#unsummed.push(issue)
    for (const [at, ticket] of tickets.entries()) {
      const issued = { issue, at, hasDetails: ticket.length !== PLAIN_BYTES }
      const commitment = toHex(ticket.subarray(0, COMMITMENT_BYTES))
      const tag = toHex(ticket.subarray(COMMITMENT_BYTES, COMMITMENT_BYTES + SEARCH_TAG_BYTES))
      noteNamesake(this.#byCommitment, commitment, issued)
      noteNamesake(this.#byTag, tag, issued)
    }
  }

  #noteTag(unit: string): void {
    const tag = toHex(idTag(unit))
    const ids = this.#idsByTag.get(tag)
    if (ids === undefined) this.#idsByTag.set(tag, new Set([unit]))
    else ids.add(unit)
  }

  #cancel(
    entry: CancelEntry,
    at: { order: number; commit: string; index: number; device: string; timeMs: number },
  ): void {
    const { why, bucket, seat, price, reason, ticket } = entry
    const old = toHex(entry.old)
    const id = toHex(entry.id)
    const next = ticket === null ? null : toHex(ticket.subarray(0, COMMITMENT_BYTES))
    const cancel: Cancel = {
      ...at,
      why,
      bucket,
      class: entry.class,
      old,
      ticket: next,
      seat,
      price,
      id,
      reason,
    }
    const known = this.#cancels.get(old) ?? []
    known.push(cancel)
    known.sort((a, b) => (a.commit < b.commit ? -1 : 1))
    this.#cancels.set(old, known)
    this.#unsummed.push(cancel)
    if (ticket === null) return
    const issue: Issue = {
      ...{ ...at, class: entry.class, bucket, count: 1, price: null, validity: null, holder: null },
      ...{ id, first: 0, replaces: old },
    }
    this.#issue(issue, [ticket])
  }

  /** Takes what the books know by now into the sums. */
  #sum(): void {
    if (this.#unsummed.length === 0) return
    const left: (Issue | Cancel)[] = []
    for (const it of this.#unsummed) {
      const isVoid = this.#isVoid(it.order)
      if (isVoid === null) left.push(it)
      else if (!isVoid && 'count' in it) {
        sell(this.#sold, it, it.count)
        const next = it.first + it.count
        if (next > (this.#nextSerial.get(it.bucket) ?? 0)) this.#nextSerial.set(it.bucket, next)
      } else if (!isVoid && 'old' in it && it.why !== 'reissue') this.#sumEnd(it)
    }
    this.#unsummed = left
  }

  /** Each ticket ends once: of several ends, which only a cheat makes, that of the lowest commit id is in the sums. */
  #sumEnd(cancel: Cancel): void {
    const before = this.#ended.get(cancel.old)
    if (before !== undefined && before.commit <= cancel.commit) return
    if (before === undefined) this.#cancelled += 1
    else sell(this.#sold, before, 1)
    this.#ended.set(cancel.old, cancel)
    sell(this.#sold, cancel, -1)
  }

  #counted(tickets: Namesakes | undefined): readonly IssuedTicket[] {
    return listed(tickets).filter(({ issue }) => this.#isVoid(issue.order) !== true)
  }

  /** Whether the books take nothing of a commit; null while they do not know. */
  #isVoid(order: number): boolean | null {
    const { books } = this
    return order < books.length ? books.isVoid(order) : null
  }

  #newest<T>(versions: Versions<T>, key: string): Version<T> | undefined {
    return versions.newest(key, (order) => this.#host.isVisible(order))
  }

  #all<T>(versions: Versions<T>): T[] {
    return versions
      .keys()
      .map((it) => this.#newest(versions, it)?.entry)
      .filter((it) => it !== undefined)
  }
}

/** One ticket, or several that a cheat gave one name: in the order of their commits. */
type Namesakes = IssuedTicket | readonly IssuedTicket[]

function listed(tickets: Namesakes | undefined): readonly IssuedTicket[] {
  return tickets === undefined ? [] : 'issue' in tickets ? [tickets] : tickets
}

function noteNamesake(tickets: Map<string, Namesakes>, name: string, ticket: IssuedTicket): void {
  const known = tickets.get(name)
  if (known === undefined) {
    tickets.set(name, ticket)
    return
  }
  tickets.set(name, [...listed(known), ticket].sort(byPlace))
}

function byPlace(one: IssuedTicket, other: IssuedTicket): number {
  if (one.issue.commit !== other.issue.commit) return one.issue.commit < other.issue.commit ? -1 : 1
  return one.issue.index - other.issue.index || one.at - other.at
}

/** Tickets that were issued, less those that were ended. */
interface Sold {
  all: number
  ofClass: Map<string, number>
  ofBucket: Map<string, number>
  ofBoth: Map<string, number>
}

function sell(sold: Sold, of: { class: string; bucket: string }, count: number): void {
  sold.all += count
  add(sold.ofClass, of.class, count)
  add(sold.ofBucket, of.bucket, count)
  add(sold.ofBoth, `${of.bucket} ${of.class}`, count)
}

const EVENT_KEY = ''
/** Bytes of a stated ticket without holder and details: commitment, search tag, and the sealed list of a body and null. */
const PLAIN_BYTES: number = COMMITMENT_BYTES + SEARCH_TAG_BYTES + 1 + 2 + TICKET_BODY_BYTES + 1 + 16

/** What of an entry is state that replicas agree on: where it stands. Its content follows from the commit. */
function rowOf({ commit, index }: { commit: string; index: number }, { t }: EventDocumentEntry): Value {
  return [commit, index, t]
}

function add(counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}

function refuse(refusal: EventRefusal, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
