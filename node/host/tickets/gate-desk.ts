import {
  EventState,
  REASON_LENGTH_MAX,
  decidePass,
  exposureOf,
  guaranteeOf,
  isGateName,
  bucketHolder,
} from '#protocol/event'
import type {
  Decision,
  Issuer,
  Mode,
  Params,
  Pass,
  RefusedVerdict,
  UndoEntry,
  Verdict,
} from '#protocol/event'
import { fromHex, isName, toHex } from '#protocol/encoding'
import { SignatureRule } from '#protocol/identity'
import {
  TICKET_SCAN_LENGTH_MAX,
  codeOf,
  codeText,
  nullifierOf,
  readCode,
  readTicketText,
  seatSecretOf,
} from '#protocol/tickets'
import type { DecodedTicket, Ticket } from '#protocol/tickets'
import { shownText } from '#apps/shown-text'
import { CoopError } from '#node/errors'
import type { CoopNode } from '../coop-node.ts'
import { readCommit } from '../commit-source.ts'
import type { DeviceName } from '../roster-names.ts'
import type { EventDesk } from './event-desk.ts'
import { EventParts, otherRequest, requestKey } from './event-parts.ts'
import { guaranteeView } from './event-views.ts'
import type { GuaranteeView } from './event-views.ts'
import type { TicketDesk } from './ticket-desk.ts'

/** A ticket that is shown at a gate. */
export interface ScanRequest {
  /** What was scanned, or a code of 16 letters. */
  text: string
  /** Gate group of this gate. */
  gate: string
  zone?: string | undefined
  direction: 'in' | 'out'
  /** 32 hexadecimal digits, drawn anew for each scan. */
  id: string
  override?: { reason: string } | undefined
  /** The bucket of a ticket of another gate group is fetched first, if its holder is in reach. */
  fetch?: boolean | undefined
}

/** What a JSON answer can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** What a gate says of a ticket, once it is on the disk. */
export interface ScanView {
  /** True when the way is free. */
  ok: boolean
  verdict: Verdict
  mode: 'exclusive' | 'open' | 'override' | null
  ticket: {
    class: string
    className: string
    number: string
    group: string
    code: string
    details: string | null
  } | null
  /** What belongs to the verdict. */
  params: Record<string, Json>
  /** Names the pass: `COMMIT/INDEX`. */
  admission: string | null
  /** True when this very scan was answered before. */
  repeated: boolean
  tookMs: number
  guarantee: GuaranteeView
  counts: { admitted: number; inside: number; zoneCapacity: number | null }
}

/** A row of the log of an event. */
export interface LogRow {
  /** Place in the log; give it as `before` to go on from there. */
  at: number
  atMs: number
  gate: string
  zone: string | null
  device: DeviceName
  direction: 'in' | 'out' | null
  /** `admitted`, `left`, or why nobody was let in. */
  verdict: string
  mode: Mode | null
  reason: string
  class: string | null
  admission: string | null
  undone: { atMs: number; reason: string } | null
  double: boolean
}

/** A page of the log, the newest first. */
export interface LogPage {
  rows: LogRow[]
  next: number | null
}

/** Scans of which the answer is remembered, so that one that is sent again is answered alike. */
const REMEMBERED_SCANS = 4_096
/** How much room is asked for where a zone is full here. A guess: what comes in while others answer. */
const ROOM_ASKED = 10n
/** Tickets of a gate that were not let in and wait to be written: of more the newest. A guess: hours of a full disk. */
const REFUSED_MAX = 4_096
/** How soon tickets that were not let in are written down, many together. */
const REFUSALS_AFTER_MS = 2_000

/** Lets people in and out. */
export class GateDesk {
  readonly #parts: EventParts
  readonly #events: EventDesk
  readonly #tickets: TicketDesk
  readonly #rule: SignatureRule
  /** By event and name of the scan. */
  readonly #answered = new Map<string, { asked: string; answer: Promise<ScanView> }>()
  /** By event and gate: tickets that were not let in and are not written down yet. */
  readonly #refused = new Map<string, { event: string; gate: string; rows: RefusedRow[] }>()
  #refusedTimer: NodeJS.Timeout | null = null

  constructor(node: CoopNode, parts: { events: EventDesk; tickets: TicketDesk }) {
    this.#parts = new EventParts(node)
    this.#events = parts.events
    this.#tickets = parts.tickets
    this.#rule = new SignatureRule(node.crypto)
  }

  /** What the gate says of a ticket, without letting anybody pass. */
  async verify(event: string, request: Omit<ScanRequest, 'id'>): Promise<ScanView> {
    const state = await this.#parts.find(event)
    const began = performance.now()
    needGate(request, state)
    const shown = await this.#shown(state, request.text)
    if ('verdict' in shown) return this.#view(state, request, { refusal: shown.verdict, began })
    const decision = this.#decide(state, request, shown, new Uint8Array(16))
    return this.#view(state, request, { decision, shown, began })
  }

  /** Lets somebody pass, or says why not. The same scan again gets the same answer. */
  async scan(event: string, request: ScanRequest): Promise<ScanView> {
    const state = await this.#parts.find(event)
    needGate(request, state)
    const id = requestKey(request.id)
    const key = `${state.id} ${toHex(id)}`
    if ((state.passOfScan(toHex(id), this.#parts.own)?.undone ?? null) !== null)
      throw new CoopError('usage', 'this scan was taken back', 'Scan the ticket again: as a new scan.')
    const asked = askedOf(request)
    const known = this.#answered.get(key)
    if (known !== undefined) {
      if (known.asked !== asked) throw otherRequest()
      return { ...(await known.answer), repeated: true }
    }
    const answer = this.#scan(state, request, id)
    this.#answered.set(key, { asked, answer })
    // What did not get so far as an answer may be tried again.
    answer.catch(() => this.#answered.delete(key))
    if (this.#answered.size > REMEMBERED_SCANS)
      this.#answered.delete(this.#answered.keys().next().value ?? '')
    return answer
  }

  async #scan(state: EventState, request: ScanRequest, id: Uint8Array): Promise<ScanView> {
    const began = performance.now()
    const shown = await this.#shown(state, request.text)
    if ('verdict' in shown) {
      this.#note(state, request, shown.verdict)
      return this.#view(state, request, { refusal: shown.verdict, began })
    }
    // One that was written before the node was started anew.
    const earlier = state.passOfScan(toHex(id), this.#parts.own)
    if (earlier !== null) {
      const { sha256 } = this.#parts.node.crypto
      const secret = seatSecretOf(shown.decoded, sha256)
      const seat = secret === null ? null : toHex(nullifierOf(state.id, secret, sha256))
      if (earlier.seat !== seat || earlier.way !== request.direction) throw otherRequest()
      return this.#view(state, request, { shown, earlier, began })
    }
    let made = await this.#write(state, request, shown, id)
    if (!made.decision.ok && (await this.#fetched(state, request, made.decision)))
      made = await this.#write(state, request, shown, id)
    const { decision, admission } = made
    if (!decision.ok) this.#note(state, request, decision.verdict)
    return this.#view(state, request, { decision, shown, admission, began })
  }

  /** Decides when nothing can come between any more, and writes what was decided. */
  async #write(
    state: EventState,
    request: ScanRequest,
    shown: Shown,
    id: Uint8Array,
  ): Promise<{ decision: Decision; admission: string | null }> {
    const made: { decision: Decision | null } = { decision: null }
    const commit = await this.#parts.writeMade(state.id, (current) => {
      made.decision = this.#decide(current, request, shown, id)
      return made.decision.ok ? [made.decision.entry] : null
    })
    if (made.decision === null) throw new Error('nothing was decided')
    return { decision: made.decision, admission: commit === null ? null : `${commit}/0` }
  }

  #decide(
    state: EventState,
    request: Omit<ScanRequest, 'id'>,
    { decoded, isTrusted }: Shown,
    id: Uint8Array,
  ): Decision {
    const { node, own } = this.#parts
    const { engine, coop } = node.membership
    const { replica } = engine
    const { authority, history } = replica
    const { gate, direction: way, override } = request
    const zone = request.zone ?? null
    // Asked for of open classes alone.
    const gates = (): string[] => guaranteeOf(state, { device: own, group: gate, reachable: new Set() }).gates
    return decidePass(
      {
        ...{ coop, sha256: node.crypto.sha256, rule: this.#rule, state, device: own, name: gate, zone, way },
        nowMs: Date.now(),
        holds: (unit) => this.#parts.holds(unit),
        issuers: (tag) => issuersOf(authority, tag),
        exposure: (classUnit) =>
          exposureOf(state.passesBy(own), {
            ...{
              history,
              gates: gates(),
              device: own,
              classUnit,
              most: state.class(classUnit)?.exposure ?? 0,
            },
            newestOf: (device) => {
              const number = history.findDevice(fromHex(device) ?? new Uint8Array(32))
              return Math.max(-1, ...history.branchesOf(number).map((it) => it.end))
            },
          }),
        override: override?.reason ?? null,
      },
      decoded,
      isTrusted,
      id,
    )
  }

  /** Asks devices in reach for what a ticket lacks here: its bucket, or room. True when it came. */
  async #fetched(
    state: EventState,
    { gate, zone, fetch }: ScanRequest,
    decision: Decision & { ok: false },
  ): Promise<boolean> {
    const { node, reachable, own } = this.#parts
    if (reachable.size === 0 || decision.ticket === null) return false
    if (decision.verdict === 'wrong-group') {
      const { bucket, group } = decision.ticket
      // A visitor of another gate group is sent there, unless somebody says otherwise; one's own group's bucket is fetched.
      if (group !== gate && fetch !== true) return false
      const holder = bucketHolder(state, bucket)
      if (holder === null || holder === own || !reachable.has(holder)) return false
      await node.rights.take(bucket, { amount: '1' })
      return this.#parts.holds(bucket) >= 1n
    }
    if (decision.verdict !== 'zone-full' || zone === undefined) return false
    const room = state.zone(zone)?.unit
    if (room === undefined) return false
    const { held } = this.#parts.ledger.books.totals(room)
    if (held <= this.#parts.holds(room)) return false
    await node.rights.take(room, { amount: String(held < ROOM_ASKED ? held : ROOM_ASKED) })
    return this.#parts.holds(room) >= 1n
  }

  /** A pass was a mistake of this device. */
  async undo(
    event: string,
    { admission, reason, id }: { admission: string; reason: string; id?: string | undefined },
  ): Promise<{ admission: string; commit: string | null; isRepeat: boolean }> {
    const state = await this.#parts.find(event)
    const pass = findPass(state, admission)
    const key = fromHex(pass.commit) ?? new Uint8Array(32)
    needReason(reason)
    const named = { admission: `${pass.commit}/${pass.index}` }
    if (pass.undone !== null) return { ...named, commit: null, isRepeat: true }
    if (pass.device !== this.#parts.own)
      throw new CoopError(
        'refused',
        `${this.#parts.node.ledger.names.device(pass.device).deviceName} let this person pass; it alone can take that back`,
        'Take it back there.',
      )
    // Room goes back where it came from, unless it did already.
    const isTaken = pass.way === 'in' && pass.room !== null && !pass.isRoomBack
    const isGiven = pass.way === 'out' && pass.room !== null
    const entry: UndoEntry = {
      ...{ t: 'undo', commit: key, index: pass.index, way: pass.way, atMs: Date.now(), reason },
      ...{ id: requestKey(id), room: isTaken || isGiven ? pass.room : null },
    }
    return { ...named, commit: await this.#parts.write(state.id, [entry]), isRepeat: false }
  }

  /** A page of the log of an event, the newest first: who passed, and who was not let in. */
  async log(
    event: string,
    query: {
      gate?: string | undefined
      verdict?: string | undefined
      before?: number | undefined
      limit?: number | undefined
    },
  ): Promise<LogPage> {
    const state = await this.#parts.find(event)
    await this.flush()
    const { names } = this.#parts.node.ledger
    const limit = Math.min(query.limit ?? 50, 1_000)
    const all = logOf(state)
    const rows: LogRow[] = []
    let at = Math.min(query.before ?? all.length, all.length)
    while (at > 0 && rows.length < limit) {
      at -= 1
      const it = all[at]
      if (it === undefined) continue
      if (query.gate !== undefined && it.gate !== query.gate) continue
      if (query.verdict !== undefined && it.verdict !== query.verdict) continue
      const { order: _, ...row } = it
      rows.push({ ...row, at, device: names.device(it.device), gate: shownText(it.gate) })
    }
    return { rows, next: at > 0 ? at : null }
  }

  /** Both sides of every seat that was let in twice: who signed what, with the commits as they stand. */
  async doubles(event: string): Promise<{ doubles: DoubleView[] }> {
    const state = await this.#parts.find(event)
    const { engine } = this.#parts.node.membership
    const { names } = this.#parts.node.ledger
    const seats = new Map<string, Pass[]>()
    for (const pass of state.passes()) {
      const others = pass.doubles.filter((it) => it.undone === null)
      if (pass.undone === null && others.length > 0)
        seats.set(pass.seat, [...(seats.get(pass.seat) ?? []), pass])
    }
    const doubles: DoubleView[] = []
    for (const [seat, passes] of seats) {
      const admissions: DoubleView['admissions'] = []
      for (const pass of passes) {
        const record = await readCommit(engine, pass.order)
        const { gate, zone, atMs, mode } = pass
        admissions.push({
          ...{ device: names.device(pass.device), gate, zone, atMs, mode },
          ...{ commit: pass.commit, index: pass.index, header: toHex(record.headerBytes) },
          ...{ signature: toHex(record.signature), payload: toHex(payloadOf(record, state.id)) },
        })
      }
      doubles.push({ seat, admissions })
    }
    return { doubles }
  }

  /** Writes down the tickets that were not let in. Those that find no place on the disk wait for the next time. */
  async flush(): Promise<void> {
    if (this.#refusedTimer !== null) clearTimeout(this.#refusedTimer)
    this.#refusedTimer = null
    const all = [...this.#refused.values()]
    this.#refused.clear()
    for (const { event, gate, rows } of all)
      for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
        const part = rows.slice(at, at + ROWS_AT_ONCE)
        await this.#parts.write(event, [{ t: 'refused', gate, rows: part }]).catch((cause: unknown) => {
          this.#parts.node.config.log.warn({ err: cause }, 'refused tickets could not be written down')
          this.#keep({ event, gate, rows: part })
        })
      }
  }

  /** Rows wait until they are written: with the next ones, or when the log is read. */
  #keep({ event, gate, rows }: { event: string; gate: string; rows: readonly RefusedRow[] }): void {
    const key = `${event}\n${gate}`
    const kept = this.#refused.get(key) ?? { event, gate, rows: [] }
    this.#refused.set(key, { event, gate, rows: [...kept.rows, ...rows].slice(-REFUSED_MAX) })
  }

  #note(state: EventState, { gate, zone }: ScanRequest, verdict: RefusedVerdict): void {
    const row = { atMs: Date.now(), verdict, zone: zone ?? null }
    this.#keep({ event: state.id, gate, rows: [row] })
    this.#refusedTimer ??= setTimeout(() => void this.flush(), REFUSALS_AFTER_MS)
  }

  /** The ticket that was shown; a code that is read out stands for one. */
  async #shown(state: EventState, text: string): Promise<Shown | { verdict: RefusedVerdict }> {
    if (text.length > TICKET_SCAN_LENGTH_MAX) return { verdict: 'too-long' }
    const read = readTicketText(text)
    if (read.ok) {
      const { sha256 } = this.#parts.node.crypto
      return {
        decoded: read.decoded,
        isTrusted: false,
        code: codeOf(state.id, read.decoded.body, sha256),
        details: null,
      }
    }
    const code = read.refusal === 'not-a-ticket' ? readCode(text) : null
    if (code === null) return { verdict: read.refusal }
    const found = await this.#tickets.detailsOf(state, code)
    if (found === null) return { verdict: 'code-unknown' }
    return { decoded: bare(found.ticket, found.body), isTrusted: true, code, details: found.details }
  }

  async #view(
    state: EventState,
    request: Omit<ScanRequest, 'id'>,
    {
      decision,
      shown,
      earlier,
      refusal,
      admission = null,
      began,
    }: {
      decision?: Decision
      shown?: Shown
      earlier?: Pass
      refusal?: RefusedVerdict
      admission?: string | null
      began: number
    },
  ): Promise<ScanView> {
    const { gate, zone } = request
    const tally = state.tally()
    const room = zone === undefined ? null : (state.zone(zone)?.unit ?? null)
    const totals = room === null ? null : this.#parts.ledger.books.totals(room)
    const ticket = decision?.ticket ?? null
    const code = shown === undefined ? '' : codeText(shown.code)
    const common = {
      guarantee: guaranteeView(state, this.#events.viewParts(state, gate)),
      counts: {
        admitted: tally.admitted,
        inside: [...tally.inside.values()].reduce((sum, it) => sum + it, 0),
        zoneCapacity:
          totals === null ? null : Number(totals.held + totals.inFlight + totals.used + totals.rights),
      },
      repeated: earlier !== undefined,
      tookMs: Math.round((performance.now() - began) * 10) / 10,
    }
    if (earlier !== undefined) {
      const verdict = earlier.way === 'out' ? 'left' : VERDICTS[earlier.mode]
      return {
        ...common,
        ...{ ok: true, verdict, mode: MODES[earlier.mode], ticket: null, params: {} },
        admission: `${earlier.commit}/${earlier.index}`,
      }
    }
    if (decision === undefined)
      return {
        ...common,
        ...{
          ok: false,
          verdict: refusal ?? 'not-a-ticket',
          mode: null,
          ticket: null,
          params: {},
          admission: null,
        },
      }
    const params = jsonOf(await this.#paramsOf(state, decision))
    return {
      ...common,
      ...{
        ok: decision.ok,
        verdict: decision.verdict,
        mode: decision.ok ? MODES[decision.mode] : null,
        params,
      },
      ticket:
        ticket === null
          ? null
          : {
              ...{ class: ticket.class, className: shownText(ticket.className), code },
              ...{
                number: `${shownText(ticket.group)} ${ticket.serial + 1}`,
                group: shownText(ticket.group),
              },
              details: await this.#detailsOf(state, ticket.commitment, shown),
            },
      admission,
    }
  }

  async #detailsOf(state: EventState, commitment: string, shown: Shown | undefined): Promise<string | null> {
    if (shown === undefined) return null
    if (shown.isTrusted) return shown.details
    if (state.issued(commitment)?.hasDetails !== true) return null
    return (await this.#tickets.detailsOf(state, shown.code))?.details ?? null
  }

  /** What belongs to a verdict, with where the bucket is and how old the news from there are. */
  async #paramsOf(state: EventState, decision: Decision): Promise<Params> {
    const { params, ticket } = decision
    if (ticket === null || decision.ok) return params
    const isAboutBucket = ['wrong-group', 'revoked', 'refunded', 'reissued'].includes(decision.verdict)
    if (!isAboutBucket) return params
    const { node, own, reachable } = this.#parts
    const holder = bucketHolder(state, ticket.bucket)
    if (holder === null) return { ...params, holder: null, reachable: false }
    return {
      ...params,
      holder: shownText(node.ledger.names.device(holder).deviceName),
      reachable: holder === own || reachable.has(holder),
      listAgeMs: holder === own || reachable.has(holder) ? 0 : await this.#silentMs(holder),
    }
  }

  /** How old the newest news of a device is, by its own clock. */
  async #silentMs(device: string): Promise<number> {
    const { engine } = this.#parts.node.membership
    const { history } = engine.replica
    const number = history.findDevice(fromHex(device) ?? new Uint8Array(32))
    const newest = Math.max(-1, ...history.branchesOf(number).map((it) => it.end))
    if (newest < 0) return 0
    const { header } = await readCommit(engine, newest)
    return Math.max(0, Date.now() - header.timeMs)
  }
}

/** Both sides of a seat that was let in twice. */
export interface DoubleView {
  /** Nullifier, hex. */
  seat: string
  admissions: {
    device: DeviceName
    gate: string
    zone: string | null
    atMs: number
    mode: Mode
    commit: string
    index: number
    /** Encoded header, its signature and the payload of the event's section, hex: what the device signed. */
    header: string
    signature: string
    payload: string
  }[]
}

interface RefusedRow {
  atMs: number
  verdict: string
  zone: string | null
}

interface Shown {
  decoded: DecodedTicket
  /** It was found by its code in what was issued. */
  isTrusted: boolean
  code: Uint8Array
  details: string | null
}

const VERDICTS = { held: 'admitted', open: 'admitted-open', override: 'override' } as const
const MODES = { held: 'exclusive', open: 'open', override: 'override' } as const
/** Rows of one entry. */
const ROWS_AT_ONCE = 256

type PlainRow = Omit<LogRow, 'at' | 'device'> & { device: string; order: number }

/** All rows of an event, in the order of this replica's log. */
function logOf(state: EventState): PlainRow[] {
  const passes = state.passes().map((it): PlainRow => ({
    ...{ order: it.order, atMs: it.atMs, gate: it.gate, zone: it.zone, device: it.device, direction: it.way },
    verdict: it.way === 'out' ? 'left' : it.mode === 'override' ? 'override' : 'admitted',
    ...{
      mode: it.mode,
      reason: shownText(it.reason),
      class: it.class,
      admission: `${it.commit}/${it.index}`,
    },
    undone: it.undone === null ? null : { atMs: it.undone.atMs, reason: shownText(it.undone.reason) },
    double: it.undone === null && it.doubles.some((other) => other.undone === null),
  }))
  const refused = state.refusals().map((it): PlainRow => ({
    ...{ order: it.order, atMs: it.atMs, gate: it.gate, zone: it.zone, device: it.device, direction: null },
    ...{
      verdict: it.verdict,
      mode: null,
      reason: '',
      class: null,
      admission: null,
      undone: null,
      double: false,
    },
  }))
  return [...passes, ...refused].sort((a, b) => a.order - b.order)
}

function issuersOf(
  authority: { devices: ReadonlyMap<string, unknown>; statusOf(key: string): string | null },
  tag: Uint8Array,
): Issuer[] {
  const prefix = toHex(tag)
  const issuers: Issuer[] = []
  for (const device of authority.devices.keys()) {
    const key = device.startsWith(prefix) ? fromHex(device) : null
    if (key !== null) issuers.push({ key, isActive: authority.statusOf(device) === 'active' })
  }
  return issuers
}

function jsonOf(params: Params): Record<string, Json> {
  return JSON.parse(JSON.stringify(params)) as Record<string, Json>
}

/** A ticket of which only the body is known. */
function bare(ticket: Ticket, body: Uint8Array): DecodedTicket {
  return { ticket, body, signature: new Uint8Array(64), bytes: body, rotating: null }
}

/** What a scan asks, so that another one of its name is told from it; of a text that is too long its beginning is enough. */
function askedOf({ text, gate, zone, direction, override, fetch }: ScanRequest): string {
  return JSON.stringify([
    ...[text.length, text.slice(0, TICKET_SCAN_LENGTH_MAX), gate, zone ?? null],
    ...[direction, override?.reason ?? null, fetch === true],
  ])
}

function needGate({ gate, zone, override }: Omit<ScanRequest, 'id'>, state: EventState): void {
  if (!isGateName(gate) || (zone !== undefined && !isGateName(zone)))
    throw new CoopError(
      'usage',
      'a gate group and a zone have names of 1 to 40 characters',
      'Choose one of the event.',
    )
  if (zone !== undefined && state.zone(zone) === null)
    throw new CoopError(
      'event-unknown',
      `the event has no zone '${shownText(zone)}'`,
      'Choose one of the event: `coop event show EVENT`.',
    )
  if (override !== undefined) needReason(override.reason)
}

/** The pass that `COMMIT/INDEX` means; of the commit its first digits are enough. */
function findPass(state: EventState, admission: string): Pass {
  const [, commit = '', index = ''] = /^([0-9a-f]{8,64})\/(\d{1,6})$/i.exec(admission) ?? []
  const start = commit.toLowerCase()
  const found =
    start === ''
      ? []
      : state.passes().filter((it) => it.commit.startsWith(start) && it.index === Number(index))
  const [pass, ...others] = found
  if (pass === undefined)
    throw new CoopError('pass-unknown', 'this event knows no such pass', 'Run `coop event log EVENT`.')
  if (others.length === 0) return pass
  throw new CoopError('commit-ambiguous', 'several passes begin so', 'Give more digits of the commit.')
}

function needReason(reason: string): void {
  if (isName(reason, REASON_LENGTH_MAX)) return
  throw new CoopError(
    'usage',
    `a reason has 1 to ${REASON_LENGTH_MAX} visible characters`,
    'Say why, in one line.',
  )
}

function payloadOf(
  record: { header: { sections: readonly { document: string }[] }; payloads: readonly (Uint8Array | null)[] },
  document: string,
): Uint8Array {
  return (
    record.payloads[record.header.sections.findIndex((it) => it.document === document)] ?? new Uint8Array()
  )
}
