import { fromHex, toHex } from '../encoding/index.ts'
import type { SectionContext } from '../document/index.ts'
import type { VoidReason } from '../evaluation/index.ts'
import type { Sha256 } from '../identity/index.ts'
import { COMMITMENT_BYTES } from '../tickets/index.ts'
import type {
  BucketEntry,
  CancelEntry,
  ClassEntry,
  EventDocumentEntry,
  EventEntry,
  PassEntry,
  PassName,
  ZoneEntry,
} from './entries.ts'
import { PARTS_MAX, SEAT_PASSES_MAX } from './event-limits.ts'
import { eventIdOf } from './event-section.ts'
import type { Pass, Seats } from './seats.ts'
import type { Versions } from './versions.ts'

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
  | 'pass-undone'
  | 'passes-too-many'
  | 'room-back'
  | 'ticket-known'
  | 'ticket-unknown'
  | VoidReason

/** What entries are judged by: all that is stored of an event, of which a commit counts for what it knows. */
export interface EventFacts {
  /** Id of the event. */
  readonly id: string
  readonly sha256: Sha256
  /** Commits in which its device makes the event. */
  readonly founding: readonly { order: number; member: string }[]
  readonly classes: Versions<ClassEntry>
  readonly zones: Versions<ZoneEntry>
  readonly buckets: Versions<BucketEntry>
  readonly seats: Seats
  /** All tickets of one commitment (hex), whatever became of their commits. */
  allOf(commitment: string): readonly { issue: { order: number; class: string; bucket: string } }[]
}

/** Says which sections of an event are refused: by their bytes and what their commits know, so everywhere alike. */
export class EventJudge {
  readonly #facts: EventFacts

  constructor(facts: EventFacts) {
    this.#facts = facts
  }

  /** Why a section is refused for one of its entries, the first one; null when it is not. */
  refusalOf(
    entries: readonly EventDocumentEntry[],
    section: SectionContext,
  ): { refusal: EventRefusal; detail: string } | null {
    const draft: Draft = {
      ...{ founding: false, classes: new Set(), buckets: new Set(), rooms: new Set() },
      ...{ parts: null, passes: new Map() },
    }
    for (const [index, entry] of entries.entries()) {
      const refusal = this.#judge(entry, section, draft)
      if (refusal !== null)
        return { refusal, detail: `entry ${index} ('${entry.t}'): ${REFUSAL_WORDS[refusal] ?? refusal}` }
    }
    return null
  }

  /** True for the entry by which the device in the event's name makes it. */
  makes(entry: EventEntry, section: SectionContext): boolean {
    const device = fromHex(section.device)
    return device !== null && eventIdOf(device, entry.nonce, this.#facts.sha256) === this.#facts.id
  }

  #judge(entry: EventDocumentEntry, section: SectionContext, draft: Draft): EventRefusal | null {
    if (entry.t === 'event' && this.makes(entry, section)) {
      draft.founding = true
      return null
    }
    const founding = this.#facts.founding.find((it) => section.knows(it.order))
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
        if (entry.t !== 'lost' && this.#hasTooMany(section, draft)) return 'parts-too-many'
        if (entry.t === 'class') draft.classes.add(entry.unit)
        else if (entry.t === 'bucket') draft.buckets.add(entry.unit)
        else if (entry.t === 'zone') draft.rooms.add(roomKey(entry.name, entry.unit))
        else if (!this.#hasBucket(entry.bucket, section, draft)) return 'bucket-unknown'
        return null
      }
      case 'issue':
        if (entry.tickets.some((it) => this.#isKnown(it, section))) return 'ticket-known'
        return this.#judgeTicket(entry, section, draft)
      case 'request':
        return this.#judgeTicket(entry, section, draft)
      case 'cancel':
        return this.#judgeCancel(entry, section, draft)
      case 'pass':
        return this.#judgePass(entry, section, draft)
      case 'undo': {
        const pass = this.#pass(entry)
        if (pass === null || !section.knows(pass.order)) return 'pass-unknown'
        const isOwn = section.follows(pass.order) && pass.way === entry.way
        if (!isOwn || (entry.room !== null && entry.room !== pass.room)) return 'pass-foreign'
        if (this.#facts.seats.isUndoneFor(pass, section.knows)) return 'pass-undone'
        const isBack = pass.way === 'in' && this.#facts.seats.isRoomBackFor(pass, section.knows)
        return entry.room !== null && isBack ? 'room-back' : null
      }
      case 'match': {
        const exit = this.#pass(entry)
        if (exit === null || exit.way !== 'out' || !section.follows(exit.order)) return 'pass-unknown'
        if (this.#facts.seats.endedFor(exit, section.knows) !== null) return 'pass-undone'
        return this.#judgeEnded(entry.of, { seat: exit.seat, zone: exit.zone, room: null }, section)
      }
      case 'home': {
        const exit = this.#pass(entry)
        const of =
          exit === null || !section.knows(exit.order) ? null : this.#facts.seats.endedFor(exit, section.knows)
        if (of === null) return 'pass-unknown'
        if (!section.follows(of.order) || of.room !== entry.room) return 'pass-foreign'
        return this.#facts.seats.isRoomBackFor(of, section.knows) ? 'room-back' : null
      }
      case 'refused':
        return null
    }
  }

  #judgePass(entry: PassEntry, section: SectionContext, draft: Draft): EventRefusal | null {
    const refusal = this.#judgeTicket(entry, section, draft)
    if (refusal !== null) return refusal
    if (!this.#hasRoom(entry, section, draft)) return 'zone-unknown'
    const seat = toHex(entry.seat)
    const drafted = (draft.passes.get(seat) ?? 0) + 1
    draft.passes.set(seat, drafted)
    const before = this.#facts.seats.of(seat)
    const isMany = before.length + drafted > SEAT_PASSES_MAX
    if (isMany && before.filter((it) => section.follows(it.order)).length + drafted > SEAT_PASSES_MAX)
      return 'passes-too-many'
    const { of, way, zone, room } = entry
    if (of !== null) return this.#judgeEnded(of, { seat, zone, room }, section)
    // Who gives room back says for whom it was taken.
    return way === 'out' && room !== null ? 'pass-foreign' : null
  }

  /** An exit ends an entry that it knows; it gives back the room that its own device took for it. */
  #judgeEnded(
    name: PassName,
    { seat, zone, room }: { seat: string; zone: string | null; room: string | null },
    section: SectionContext,
  ): EventRefusal | null {
    const of = this.#pass(name)
    if (of === null || of.way !== 'in' || !section.knows(of.order)) return 'pass-unknown'
    if (of.seat !== seat || of.zone !== zone) return 'pass-unknown'
    if (room === null) return null
    if (!section.follows(of.order) || of.room !== room) return 'pass-foreign'
    return this.#facts.seats.isRoomBackFor(of, section.knows) ? 'room-back' : null
  }

  /** Counts what the commit knows alone, so that every replica refuses the same. */
  #hasTooMany(section: SectionContext, draft: Draft): boolean {
    const drafted = draft.classes.size + draft.buckets.size + draft.rooms.size
    if (this.#facts.classes.size + this.#facts.zones.size + this.#facts.buckets.size + drafted < PARTS_MAX)
      return false
    const known = <T>(versions: Versions<T>): number =>
      versions.keys().filter((key) => versions.all(key).some((it) => section.knows(it.order))).length
    draft.parts ??= known(this.#facts.classes) + known(this.#facts.zones) + known(this.#facts.buckets)
    return draft.parts + drafted >= PARTS_MAX
  }

  #judgeTicket(
    entry: { class: string; bucket: string },
    section: SectionContext,
    draft: Draft,
  ): EventRefusal | null {
    const isClass =
      draft.classes.has(entry.class) ||
      this.#facts.classes.all(entry.class).some((it) => section.knows(it.order))
    if (!isClass) return 'class-unknown'
    return this.#hasBucket(entry.bucket, section, draft) ? null : 'bucket-unknown'
  }

  /** Nobody issues under a name that is taken as far as he knows; so few tickets have one name, whatever a cheat does. */
  #isKnown(ticket: Uint8Array, section: SectionContext): boolean {
    const known = this.#facts.allOf(toHex(ticket.subarray(0, COMMITMENT_BYTES)))
    return known.some(({ issue }) => section.knows(issue.order))
  }

  /** A ticket is ended as it was issued. */
  #judgeCancel(entry: CancelEntry, section: SectionContext, draft: Draft): EventRefusal | null {
    const refusal = this.#judgeTicket(entry, section, draft)
    if (refusal !== null) return refusal
    if (entry.ticket !== null && this.#isKnown(entry.ticket, section)) return 'ticket-known'
    const isIssued = this.#facts
      .allOf(toHex(entry.old))
      .some(
        ({ issue }) =>
          issue.class === entry.class && issue.bucket === entry.bucket && section.knows(issue.order),
      )
    return isIssued ? null : 'ticket-unknown'
  }

  #hasBucket(bucket: string, section: SectionContext, draft: Draft): boolean {
    return draft.buckets.has(bucket) || this.#facts.buckets.all(bucket).some((it) => section.knows(it.order))
  }

  #hasRoom(
    { zone, room }: { zone: string | null; room: string | null },
    section: SectionContext,
    draft: Draft,
  ): boolean {
    if (zone === null) return room === null
    if (room !== null && draft.rooms.has(roomKey(zone, room))) return true
    const known = this.#facts.zones.all(zone).filter((it) => section.knows(it.order))
    return room === null ? known.length > 0 : known.some((it) => it.entry.unit === room)
  }

  #pass({ commit, index }: PassName): Pass | null {
    return this.#facts.seats.find(toHex(commit), index) ?? null
  }
}

/** What a section said before the entry that is judged. */
interface Draft {
  founding: boolean
  classes: Set<string>
  buckets: Set<string>
  /** Name and unit of zones. */
  rooms: Set<string>
  /** Classes, zones and buckets that the commit knows; null: nobody counted. */
  parts: number | null
  /** Passes by seat. */
  passes: Map<string, number>
}

const REFUSAL_WORDS: Partial<Record<EventRefusal, string>> = {
  'event-unknown': 'nothing that this commit knows makes the event',
  organiser: 'only the member that made the event and stewards say what it is',
  'class-unknown': 'nothing that this commit knows says what the class is',
  'bucket-unknown': 'nothing that this commit knows says what the bucket is',
  'zone-unknown': 'the zone is none of the event, or holds people by another unit',
  'pass-unknown': 'nothing that this commit knows is that pass',
  'pass-foreign': 'another device let that person in or out',
  'pass-undone': 'that was said before',
  'room-back': 'the room of that person has been given back',
  'passes-too-many': `one device lets a seat pass ${SEAT_PASSES_MAX} times`,
  'ticket-known': 'that ticket has been issued before',
  'ticket-unknown': 'nothing that this commit knows issued that ticket in this class and bucket',
  'parts-too-many': `an event has at most ${PARTS_MAX} classes, zones and buckets`,
}

function roomKey(zone: string, unit: string): string {
  return `${zone}\n${unit}`
}
