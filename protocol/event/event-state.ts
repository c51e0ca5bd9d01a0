import { encodeCanonical, fromHex, toHex } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SetHash } from '../document/index.ts'
import type { DocumentHost, DocumentState, SectionContext, SectionVerdict } from '../document/index.ts'
import type { Evaluation, VoidReason } from '../evaluation/index.ts'
import { VOID_WORDS } from '../ledger/index.ts'
import { COMMITMENT_BYTES, SEARCH_TAG_BYTES, TICKET_BODY_BYTES } from '../tickets/index.ts'
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
import { PARTS_MAX } from './event-limits.ts'
import { eventIdOf, readEventSection } from './event-section.ts'
import { Seats } from './seats.ts'
import type { Pass, PassTally } from './seats.ts'
import { Versions } from './versions.ts'
import type { Version } from './versions.ts'

/** Why an event section was refused. */
export type EventRefusal =
  | 'entries'
  | 'role'
  | 'event-unknown'
  | 'event-foreign'
  | 'organiser'
  | 'parts-too-many'
  | 'class-unknown'
  | 'bucket-unknown'
  | 'zone-unknown'
  | 'pass-unknown'
  | 'pass-foreign'
  | VoidReason

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
  /** Key of the phone that shows it, 32 bytes. */
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
  /** Commits in which its device makes the event. */
  readonly #founding: { order: number; device: string; member: string }[] = []
  readonly #events = new Versions<EventEntry>()
  readonly #classes = new Versions<ClassEntry>()
  readonly #zones = new Versions<ZoneEntry>()
  readonly #buckets = new Versions<BucketEntry>()
  readonly #lost = new Versions<LostEntry>()
  readonly #seats: Seats
  readonly #issues: Issue[] = []
  /** By the name of the request, hex. */
  readonly #byRequest = new Map<string, Issue[]>()
  /** By commitment and by search tag, hex: place among all tickets, counted by issue. */
  readonly #byCommitment = new Map<string, IssuedTicket>()
  readonly #byTag = new Map<string, IssuedTicket>()
  readonly #cancels = new Map<string, Cancel[]>()
  readonly #requests: Request[] = []
  readonly #refused: RefusedScan[] = []
  /** Exits whose room is home. */
  readonly #homes = new Set<Pass>()
  readonly #rows: SetHash
  /** Issues and cancels that are not in the sums, because the books do not know yet whether they are void. */
  #unsummed: (Issue | Cancel)[] = []
  readonly #sold: Sold = { all: 0, ofClass: new Map(), ofBucket: new Map(), ofBoth: new Map() }
  #cancelled = 0
  readonly #refusedBy = new Map<string, number>()
  readonly #nextSerial = new Map<string, number>()
  /** Commitments of tickets that were ended for good, each once in the sums. */
  readonly #ended = new Set<string>()

  constructor(id: string, host: DocumentHost) {
    this.id = id
    this.#host = host
    this.#rows = new SetHash(host.sha256)
    this.#seats = new Seats((order) => this.#isVoid(order))
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
    return Math.max(-1, ...versions.all(key).map((it) => it.version)) + 1
  }

  /** Number that the next ticket of a bucket gets, as far as is known here. */
  nextSerial(bucket: string): number {
    return this.#nextSerial.get(bucket) ?? 0
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
    return this.#counted(this.#byCommitment.get(commitment))
  }

  /** The ticket with a search tag (hex). */
  byTag(tag: string): IssuedTicket | null {
    return this.#counted(this.#byTag.get(tag))
  }

  /** What ended the ticket with a commitment (hex): the first that counts; null for nothing. */
  cancelOf(commitment: string): Cancel | null {
    return this.#cancels.get(commitment)?.find((it) => this.#isVoid(it.order) !== true) ?? null
  }

  /** Requests that nobody has carried out, in the order of the log. */
  openRequests(): Request[] {
    return this.#requests.filter((it) => this.cancelOf(it.old) === null)
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

  /** Exits that ended an entry of this device (hex) and whose room it has not given back. */
  roomsToBringHome(device: string): { exit: Pass; room: string }[] {
    const found: { exit: Pass; room: string }[] = []
    for (const exit of this.#seats.log) {
      const { of } = exit
      if (of === null || of.device !== device || of.room === null || of.isRoomBack) continue
      if (exit.undone === null && !this.#homes.has(exit)) found.push({ exit, room: of.room })
    }
    return found
  }

  /** Exits by this device (hex) of which it did not know the entry, and that it can match now. */
  exitsToMatch(device: string): { exit: Pass; of: Pass }[] {
    const found: { exit: Pass; of: Pass }[] = []
    const matched = new Set(this.#seats.log.map((it) => it.of))
    for (const exit of this.#seats.log) {
      if (exit.way !== 'out' || exit.of !== null || exit.device !== device || exit.undone !== null) continue
      const of = this.passesOf(exit.seat).find(
        (it) => it.way === 'in' && it.zone === exit.zone && it.undone === null && !matched.has(it),
      )
      if (of === undefined) continue
      matched.add(of)
      found.push({ exit, of })
    }
    return found
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
    const draft: Draft = { founding: false, classes: new Set(), buckets: new Set(), rooms: new Set() }
    for (const [index, entry] of entries.entries()) {
      const refusal = this.#judge(entry, section, draft)
      if (refusal !== null)
        return refuse(refusal, `entry ${index} ('${entry.t}'): ${REFUSAL_WORDS[refusal] ?? refusal}`)
    }
    const reason = section.voidReason()
    if (reason !== null) return refuse(reason, VOID_WORDS[reason])
    return { ok: true, apply: () => this.#apply(entries, section) }
  }

  stateHash(): Uint8Array {
    const { admitted, entries, exits, doubles, overrides, open, unheld, sold, cancelled } = this.tally()
    const sums = [admitted, entries, exits, doubles, overrides, open, unheld, sold, cancelled]
    return this.#host.sha256(encodeCanonical([this.#rows.size, this.#rows.sum(), ...sums]))
  }

  #judge(entry: EventDocumentEntry, section: SectionContext, draft: Draft): EventRefusal | null {
    if (entry.t === 'event' && this.#makes(entry, section)) {
      draft.founding = true
      return null
    }
    const founding = this.#founding.find((it) => section.relies(it.order))
    if (founding === undefined && !draft.founding) return 'event-unknown'
    const isOrganiser =
      founding === undefined || founding.member === section.member || section.role === 'steward'
    switch (entry.t) {
      case 'event':
        return isOrganiser ? null : 'organiser'
      case 'class':
      case 'zone':
      case 'bucket':
      case 'lost': {
        if (!isOrganiser) return 'organiser'
        if (this.#classes.size + this.#zones.size + this.#buckets.size >= PARTS_MAX) return 'parts-too-many'
        if (entry.t === 'class') draft.classes.add(entry.unit)
        else if (entry.t === 'bucket') draft.buckets.add(entry.unit)
        else if (entry.t === 'zone') draft.rooms.add(roomKey(entry.name, entry.unit))
        else if (!this.#hasBucket(entry.bucket, section, draft)) return 'bucket-unknown'
        return null
      }
      case 'issue':
      case 'cancel':
      case 'request':
        return this.#judgeTicket(entry, section, draft)
      case 'pass': {
        const refusal = this.#judgeTicket(entry, section, draft)
        if (refusal !== null) return refusal
        if (!this.#hasRoom(entry, section, draft)) return 'zone-unknown'
        return entry.of === null ? null : this.#judgeEnded(entry.of, entry.room, section)
      }
      case 'undo': {
        const pass = this.pass(entry)
        if (pass === null || !section.relies(pass.order)) return 'pass-unknown'
        const isOwn = section.follows(pass.order) && pass.way === entry.way
        return isOwn && (entry.room === null || entry.room === pass.room) ? null : 'pass-foreign'
      }
      case 'match': {
        const exit = this.pass(entry)
        if (exit === null || exit.way !== 'out' || !section.follows(exit.order)) return 'pass-unknown'
        const of = this.pass(entry.of)
        return of !== null && of.seat === exit.seat
          ? this.#judgeEnded(entry.of, null, section)
          : 'pass-unknown'
      }
      case 'home': {
        const exit = this.pass(entry)
        if (exit === null || exit.of === null || !section.relies(exit.order)) return 'pass-unknown'
        const isOwn = section.follows(exit.of.order) && exit.of.room === entry.room
        return isOwn ? null : 'pass-foreign'
      }
      case 'refused':
        return null
    }
  }

  /** An exit ends an entry that it knows; it gives back the room that its own device took for it. */
  #judgeEnded(name: PassName, room: string | null, section: SectionContext): EventRefusal | null {
    const of = this.pass(name)
    if (of === null || of.way !== 'in' || !section.relies(of.order)) return 'pass-unknown'
    return room === null || (section.follows(of.order) && of.room === room) ? null : 'pass-foreign'
  }

  #judgeTicket(
    entry: { class: string; bucket: string },
    section: SectionContext,
    draft: Draft,
  ): EventRefusal | null {
    const isClass =
      draft.classes.has(entry.class) || this.#classes.all(entry.class).some((it) => section.relies(it.order))
    if (!isClass) return 'class-unknown'
    return this.#hasBucket(entry.bucket, section, draft) ? null : 'bucket-unknown'
  }

  #hasBucket(bucket: string, section: SectionContext, draft: Draft): boolean {
    return draft.buckets.has(bucket) || this.#buckets.all(bucket).some((it) => section.relies(it.order))
  }

  #hasRoom(
    { zone, room }: { zone: string | null; room: string | null },
    section: SectionContext,
    draft: Draft,
  ): boolean {
    if (zone === null) return room === null
    if (room !== null && draft.rooms.has(roomKey(zone, room))) return true
    const known = this.#zones.all(zone).filter((it) => section.relies(it.order))
    return room === null ? known.length > 0 : known.some((it) => it.entry.unit === room)
  }

  /** True for the entry by which the device in the event's name makes it. */
  #makes(entry: EventEntry, section: SectionContext): boolean {
    const device = fromHex(section.device)
    return device !== null && eventIdOf(device, entry.nonce, this.#host.sha256) === this.id
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
          if (this.#makes(entry, section)) this.#founding.push({ order, device, member: section.member })
          this.#events.add(EVENT_KEY, version(entry, entry.version))
          break
        case 'class':
          this.#classes.add(entry.unit, version(entry, entry.version))
          break
        case 'zone':
          this.#zones.add(entry.name, version(entry, entry.version))
          break
        case 'bucket':
          this.#buckets.add(entry.unit, version(entry, 0))
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
          this.#seats.add(entry, at, (it) => section.knows(it))
          break
        case 'undo': {
          const pass = this.pass(entry)
          const { atMs, reason } = entry
          if (pass !== null) this.#seats.undo(pass, { atMs, reason, order }, entry.room !== null)
          break
        }
        case 'match': {
          const exit = this.pass(entry)
          if (exit !== null) exit.of ??= this.pass(entry.of)
          break
        }
        case 'home': {
          const exit = this.pass(entry)
          if (exit === null || exit.of === null) break
          exit.of.isRoomBack = true
          this.#homes.add(exit)
          break
        }
        case 'cancel':
          this.#cancel(entry, { ...at, timeMs })
          break
        case 'request': {
          const { t: _, old, id, seat, ...rest } = entry
          const named = { old: toHex(old), id: toHex(id), seat: seat === null ? null : toHex(seat) }
          this.#requests.push({ ...rest, ...at, ...named })
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
    if (issue.replaces === null) {
      this.#unsummed.push(issue)
      const next = issue.first + issue.count
      if (next > this.nextSerial(issue.bucket)) this.#nextSerial.set(issue.bucket, next)
    }
    for (const [at, ticket] of tickets.entries()) {
      const issued = { issue, at, hasDetails: ticket.length !== PLAIN_BYTES }
      const commitment = toHex(ticket.subarray(0, COMMITMENT_BYTES))
      const tag = toHex(ticket.subarray(COMMITMENT_BYTES, COMMITMENT_BYTES + SEARCH_TAG_BYTES))
      // Of two with one name, which only a cheat makes, the one of the lower commit id, wherever they came first.
      const known = this.#byCommitment.get(commitment)
      if (known === undefined || issue.commit < known.issue.commit) this.#byCommitment.set(commitment, issued)
      const other = this.#byTag.get(tag)
      if (other === undefined || issue.commit < other.issue.commit) this.#byTag.set(tag, issued)
    }
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
      else if (!isVoid && 'count' in it) sell(this.#sold, it, it.count)
      else if (!isVoid && 'old' in it && it.why !== 'reissue' && this.#isFirst(it)) {
        this.#cancelled += 1
        sell(this.#sold, it, -1)
      }
    }
    this.#unsummed = left
  }

  /** True for what ended a ticket first, of those that were taken into the sums: each ends once. */
  #isFirst(cancel: Cancel): boolean {
    const done = this.#ended.has(cancel.old)
    this.#ended.add(cancel.old)
    return !done
  }

  #counted(ticket: IssuedTicket | undefined): IssuedTicket | null {
    return ticket === undefined || this.#isVoid(ticket.issue.order) === true ? null : ticket
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

/** What a section said before the entry that is judged. */
interface Draft {
  founding: boolean
  classes: Set<string>
  buckets: Set<string>
  /** Name and unit of zones. */
  rooms: Set<string>
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

const REFUSAL_WORDS: Partial<Record<EventRefusal, string>> = {
  'event-unknown': 'nothing that this commit relies on makes the event',
  organiser: 'only the member that made the event and stewards say what it is',
  'class-unknown': 'nothing that this commit relies on says what the class is',
  'bucket-unknown': 'nothing that this commit relies on says what the bucket is',
  'zone-unknown': 'the zone is none of the event, or holds people by another unit',
  'pass-unknown': 'nothing that this commit relies on is that pass',
  'pass-foreign': 'another device let that person in or out',
  'parts-too-many': `an event has at most ${PARTS_MAX} classes, zones and buckets`,
}

function roomKey(zone: string, unit: string): string {
  return `${zone}\n${unit}`
}

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
