import { equalBytes, fromHex, toHex } from '../encoding/index.ts'
import type { Sha256, SignatureRule } from '../identity/index.ts'
import {
  checkRotating,
  commitmentOf,
  evaluateRule,
  idTag,
  nullifierOf,
  seatSecretOf,
  validityMs,
  verifyTicket,
} from '../tickets/index.ts'
import type { DecodedTicket, RotatingState, Rule, TicketRefusal } from '../tickets/index.ts'
import type { ClassEntry, Mode, PassEntry, PassName } from './entries.ts'
import type { EventState } from './event-state.ts'
import { isWithin } from './price.ts'
import type { Pass } from './seats.ts'

/** What a gate says of a ticket that it lets in or out. */
export type PassVerdict = 'admitted' | 're-entered' | 'admitted-open' | 'override' | 'left'

/** Why a gate lets nobody pass. */
export type RefusedVerdict =
  | TicketRefusal
  | 'wrong-event'
  | 'other-coop'
  | 'forged'
  | 'issuer-unknown'
  | 'issuer-suspended'
  | 'class-unknown'
  | 'bucket-unknown'
  | 'not-yet-valid'
  | 'expired'
  | 'wrong-zone'
  | 'wrong-group'
  | 'already-admitted'
  | 'revoked'
  | 'refunded'
  | 'reissued'
  | 'rule'
  | 'zone-full'
  | 'exposure'
  | 'not-inside'
  | 'code-needed'
  | 'code-old'
  | 'clock-off'
  | 'code-unknown'
  | 'not-issued'
  | 'gate-unsure'
  | 'busy'

/** What a gate says of a ticket. */
export type Verdict = PassVerdict | RefusedVerdict

/** A device that may have issued tickets. */
export interface Issuer {
  /** 32 bytes. */
  key: Uint8Array
  /** False for one that is suspended or no longer on the roster. */
  isActive: boolean
}

/** Where a ticket is shown, and what the gate has. */
export interface Gate {
  coop: Uint8Array
  sha256: Sha256
  rule: SignatureRule
  state: EventState
  /** The gate's device, hex. */
  device: string
  /** Name of its gate group. */
  name: string
  /** Zone that it leads into; null for none. */
  zone: string | null
  way: 'in' | 'out'
  /** By the gate's clock, Unix ms. */
  nowMs: number
  /** What this device can spend of a unit: rooms, and the right to admit a bucket. */
  holds(unit: string): bigint
  /** Devices whose key begins with a tag of four bytes. */
  issuers(tag: Uint8Array): readonly Issuer[]
  /** Open admissions by this device, of a class, of which not all other gates have heard. */
  exposure(classUnit: string): number
  /** Why somebody is let in against the rules: signed; null for no word of that kind. */
  override: string | null
}

/** What is known of a ticket that was shown. */
export interface ShownTicket {
  class: string
  className: string
  bucket: string
  group: string
  serial: number
  /** Hex. */
  commitment: string
  /** Nullifier, hex; null for a blind ticket that was shown without its live code. */
  seat: string | null
}

/** A ticket of which the seat is known. */
type SeatedTicket = ShownTicket & { seat: string }

/** What a gate does with a ticket. */
export type Decision =
  | { ok: true; verdict: PassVerdict; mode: Mode; ticket: ShownTicket; entry: PassEntry; params: Params }
  | { ok: false; verdict: RefusedVerdict; ticket: ShownTicket | null; params: Params }

/** What belongs to a verdict, for whoever puts it in words. */
export type Params = Readonly<Record<string, string | number | boolean | null | Rule>>

/**
 * What a gate does with a ticket: verified, and held against all that the gate knows. Changes nothing; the entry is to be
 * written, and only then is the way free.
 *
 * @param isTrusted - the body was found by its code in what was issued, so its signature is not asked for
 * @param id - name of the scan, 16 bytes
 */
export function decidePass(gate: Gate, decoded: DecodedTicket, isTrusted: boolean, id: Uint8Array): Decision {
  const verified = isTrusted ? foundTicket(gate, decoded) : verifiedTicket(gate, decoded)
  if (!verified.ok) return { ok: false, verdict: verified.verdict, ticket: null, params: {} }
  const { info, isActive } = verified
  const refuse = (verdict: RefusedVerdict, params: Params = {}): Decision => ({
    ...{ ok: false, verdict, ticket: verified.ticket, params },
  })
  const { commitment, seat } = verified.ticket
  const isIssued = gate.state.issued(commitment) !== null
  if (!isActive && !isIssued) return refuse('issuer-suspended')
  // Of a ticket bound to a phone the letters open nothing: a picture of it tells them.
  const holder = checkRotating(decoded, gate.nowMs, gate.rule, gate.sha256)
  if (holder.state === 'forged') return refuse('forged')
  const cancel = gate.way === 'out' ? null : gate.state.cancelOf(commitment)
  if (cancel !== null) return refuse(CANCELLED[cancel.why], { atMs: cancel.timeMs, reason: cancel.reason })
  // A blind ticket without its live code: nobody can say of which seat it is, so nothing can be written down.
  if (seat === null) return refuse('code-needed')
  const ticket = { ...verified.ticket, seat }
  // Nobody is kept from leaving because his ticket was ended meanwhile.
  if (gate.way === 'out') return decideExit(gate, ticket, id)
  const seen = seatHistory(gate, seat)
  if (gate.override !== null) return passes(gate, { ticket, id, verdict: 'override', mode: 'override' })
  const refused =
    clockRefusal(holder) ??
    validityRefusal(gate, decoded, info) ??
    (info.known && !isIssued ? { verdict: 'not-issued' as const, params: {} } : null) ??
    placeRefusal(gate, info) ??
    seenRefusal(gate, info, seen) ??
    ruleRefusal(gate, info, seen)
  if (refused !== null) return refuse(refused.verdict, refused.params)
  const mode = modeOf(gate, ticket, info)
  if (typeof mode !== 'string') return refuse(mode.verdict, mode.params)
  const room = roomOf(gate)
  if (room !== null && gate.holds(room) < 1n) return refuse('zone-full', { zone: gate.zone ?? '' })
  const verdict = mode === 'open' ? 'admitted-open' : seen.entriesMs.length > 0 ? 're-entered' : 'admitted'
  return passes(gate, { ticket, id, verdict, mode })
}

interface Verified {
  ok: true
  ticket: ShownTicket
  info: ClassEntry
  isActive: boolean
}

type Refused = { verdict: RefusedVerdict; params: Params }

function verifiedTicket(
  gate: Gate,
  decoded: DecodedTicket,
): Verified | { ok: false; verdict: RefusedVerdict } {
  const { state, coop, rule } = gate
  const { ticket } = decoded
  const issuers = gate.issuers(ticket.issuer)
  const verified = verifyTicket(
    decoded,
    {
      coop,
      events: equalBytes(idTag(state.id), ticket.event) ? [state.id] : [],
      classes: state.idsOfTag(ticket.class).classes,
      buckets: state.idsOfTag(ticket.bucket).buckets,
      issuers: issuers.map((it) => it.key),
    },
    rule,
  )
  if (!verified.ok) return { ok: false, verdict: verified.refusal }
  const issuer = toHex(verified.issuer)
  const isActive = issuers.some((it) => it.isActive && toHex(it.key) === issuer)
  const shown = shownTicket(gate, decoded, { class: verified.ids.class, bucket: verified.ids.bucket })
  return shown === null ? { ok: false, verdict: 'class-unknown' } : { ok: true, isActive, ...shown }
}

/** A ticket whose body was opened by its code: it is what was issued under its commitment. */
function foundTicket(gate: Gate, decoded: DecodedTicket): Verified | { ok: false; verdict: RefusedVerdict } {
  const { state, sha256 } = gate
  const { ticket } = decoded
  const issued = state
    .allIssued(toHex(commitmentOf(state.id, decoded.body, sha256)))
    .find(
      ({ issue }) =>
        equalBytes(idTag(issue.class), ticket.class) && equalBytes(idTag(issue.bucket), ticket.bucket),
    )
  const shown = issued === undefined ? null : shownTicket(gate, decoded, issued.issue)
  return shown === null ? { ok: false, verdict: 'code-unknown' } : { ok: true, isActive: true, ...shown }
}

function shownTicket(
  { state, sha256 }: Gate,
  decoded: DecodedTicket,
  ids: { class: string; bucket: string },
): Pick<Verified, 'ticket' | 'info'> | null {
  const info = state.class(ids.class)
  const bucket = state.bucket(ids.bucket)
  if (info === null || bucket === null) return null
  const commitment = toHex(commitmentOf(state.id, decoded.body, sha256))
  const secret = seatSecretOf(decoded, sha256)
  const seat = secret === null ? null : toHex(nullifierOf(state.id, secret, sha256))
  const { serial } = decoded.ticket
  const { group } = bucket
  const { name: className } = info
  return {
    info,
    ticket: { class: ids.class, className, bucket: ids.bucket, group, serial, commitment, seat },
  }
}

/** What a seat has done at a zone, as the gate knows. */
interface SeatHistory {
  /** Entries that are not undone, by the clocks of their gates. */
  entriesMs: number[]
  /** The newest entry that nobody has left again; null for nobody inside. */
  inside: Pass | null
  last: Pass | null
}

function seatHistory({ state, zone }: Gate, seat: string): SeatHistory {
  const counted = state.passesOf(seat).filter((it) => it.undone === null && it.zone === zone)
  const ins = counted.filter((it) => it.way === 'in')
  const outs = counted.length - ins.length
  return {
    entriesMs: ins.map((it) => it.atMs),
    inside: ins.length > outs ? (ins.findLast((it) => !state.isEnded(it)) ?? ins.at(-1) ?? null) : null,
    last: counted.at(-1) ?? null,
  }
}

function decideExit(gate: Gate, ticket: SeatedTicket, id: Uint8Array): Decision {
  const { inside, last } = seatHistory(gate, ticket.seat)
  // Nobody is kept from leaving because the gate has not heard of the entry; but who left has left.
  if (inside === null && last !== null)
    return { ok: false, verdict: 'not-inside', ticket, params: { atMs: last.atMs, gate: last.gate } }
  const isOwn = inside !== null && inside.device === gate.device && !inside.isRoomBack
  const commit = inside === null ? null : fromHex(inside.commit)
  const of = inside === null || commit === null ? null : { commit, index: inside.index }
  const mode: Mode = 'open'
  const entry = entryOf(gate, { ticket, id, mode, room: isOwn ? inside.room : null, of })
  return { ok: true, verdict: 'left', mode, ticket, entry, params: { isEntryKnown: inside !== null } }
}

function passes(
  gate: Gate,
  pass: { ticket: SeatedTicket; id: Uint8Array; verdict: PassVerdict; mode: Mode },
): Decision {
  const { ticket, id, verdict, mode } = pass
  const room = roomOf(gate)
  const isFull = room !== null && gate.holds(room) < 1n
  const entry = entryOf(gate, { ticket, id, mode, room: isFull ? null : room, of: null })
  return { ok: true, verdict, mode, ticket, entry, params: isFull ? { isFull } : {} }
}

function entryOf(
  gate: Gate,
  {
    ticket,
    id,
    mode,
    room,
    of,
  }: { ticket: SeatedTicket; id: Uint8Array; mode: Mode; room: string | null; of: PassName | null },
): PassEntry {
  const { way, zone, nowMs, override, name } = gate
  return {
    ...{ t: 'pass', way, seat: fromHex(ticket.seat) ?? new Uint8Array(16), class: ticket.class },
    ...{ bucket: ticket.bucket, mode, gate: name, zone, room, of, atMs: nowMs, id },
    reason: mode === 'override' ? (override ?? '') : '',
  }
}

function modeOf(gate: Gate, ticket: ShownTicket, info: ClassEntry): Mode | Refused {
  const isLost = gate.state.isLost(ticket.bucket)
  if (info.policy === 'exclusive' && gate.holds(ticket.bucket) >= 1n) return 'held'
  if (info.policy === 'exclusive' && !isLost)
    return { verdict: 'wrong-group', params: { group: ticket.group } }
  const exposure = gate.exposure(info.unit)
  return exposure < info.exposure ? 'open' : { verdict: 'exposure', params: { max: info.exposure } }
}

function seenRefusal(gate: Gate, info: ClassEntry, { inside, last, entriesMs }: SeatHistory): Refused | null {
  const pass = inside ?? (info.reentry || entriesMs.length === 0 ? null : last)
  if (pass === null) return null
  const { atMs, gate: where, zone } = pass
  return { verdict: 'already-admitted', params: { atMs, agoMs: gate.nowMs - atMs, gate: where, zone } }
}

function validityRefusal({ nowMs }: Gate, { ticket }: DecodedTicket, info: ClassEntry): Refused | null {
  const own = validityMs(ticket)
  for (const { fromMs, untilMs } of own === null ? [info] : [own, info]) {
    if (isWithin(nowMs, fromMs, untilMs)) continue
    if (fromMs !== null && nowMs < fromMs) return { verdict: 'not-yet-valid', params: { fromMs } }
    return { verdict: 'expired', params: { untilMs } }
  }
  return null
}

/** Where there are zones a gate leads into one: who went in is looked for by zone. */
function placeRefusal({ zone, state }: Gate, { zones }: ClassEntry): Refused | null {
  const isKnown = zone === null ? state.zones().length === 0 : state.zone(zone) !== null
  if (isKnown && (zone === null || zones.length === 0 || zones.includes(zone))) return null
  return { verdict: 'wrong-zone', params: { zone, zones: zones.join(', ') } }
}

function ruleRefusal(gate: Gate, { rule, unit }: ClassEntry, { entriesMs }: SeatHistory): Refused | null {
  if (rule === null) return null
  const { nowMs, name, zone, state } = gate
  const { offsetMin = 0, dayStartMin = 0 } = state.event ?? {}
  const facts = { nowMs, gate: name, zone, class: unit, entriesMs, utcOffsetMin: offsetMin, dayStartMin }
  const leaf = evaluateRule(rule, facts)
  return leaf === null ? null : { verdict: 'rule', params: { leaf } }
}

function clockRefusal(holder: RotatingState): Refused | null {
  switch (holder.state) {
    case 'missing':
      return { verdict: 'code-needed', params: {} }
    case 'old':
      return { verdict: 'code-old', params: { ageMs: holder.ageMs } }
    case 'clock':
      return { verdict: 'clock-off', params: { aheadMs: holder.aheadMs } }
    case 'fine':
    case 'forged':
    case 'none':
      return null
  }
}

function roomOf({ state, zone }: Gate): string | null {
  return zone === null ? null : (state.zone(zone)?.unit ?? null)
}

const CANCELLED = { revoke: 'revoked', refund: 'refunded', reissue: 'reissued' } as const
