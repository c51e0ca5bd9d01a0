import {
  ISSUED_MAX,
  bucketHolder,
  holderOfIssue,
  QUOTE_MS,
  REASON_LENGTH_MAX,
  issueTickets,
  priceAt,
  readEventSection,
  reissueTicket,
} from '#protocol/event'
import type {
  Cancel,
  CancelEntry,
  CancelReason,
  ClassEntry,
  EventState,
  Issue,
  IssuedTicket,
  IssueEntry,
  IssuedBytes,
} from '#protocol/event'
import { decodeCanonical, encodeCanonical, fromHex, isName, toHex } from '#protocol/encoding'
import type { Section } from '#protocol/commit'
import type { LedgerEntry } from '#protocol/ledger'
import { parseAmount } from '#protocol/ledger/money'
import { SignatureRule } from '#protocol/identity'
import {
  SEARCH_TAG_BYTES,
  COMMITMENT_BYTES,
  codeOf,
  codeText,
  commitmentOf,
  isDetails,
  nullifierOf,
  openDetails,
  readCode,
  readTicketText,
  searchTagOf,
  seatSecretOf,
  ticketText,
} from '#protocol/tickets'
import type { Ticket, TicketIds, TicketValidity } from '#protocol/tickets'
import { shownText } from '#apps/shown-text'
import { CoopError } from '#node/errors'
import type { CoopNode } from '../coop-node.ts'
import { readCommit } from '../commit-source.ts'
import type { DeviceName } from '../roster-names.ts'
import { shownTime } from '../shown-time.ts'
import { findClass } from './event-desk.ts'
import {
  EventParts,
  currencyCode,
  eventSection,
  ledgerSection,
  otherRequest,
  requestKey,
} from './event-parts.ts'
import { priceText, scaleOf } from './event-views.ts'

/** Tickets as people ask for them. */
export interface IssueRequest {
  class: string
  count: number
  /** Gate group; default: one of which this device holds a bucket. */
  group?: string | undefined
  /** Key of the phone that shows it, 64 hexadecimal digits, for a blind ticket with its seat hash, 96; of one ticket. */
  holder?: string | undefined
  /** Sealed with each ticket: a name, a seat. */
  details?: readonly (string | null)[] | undefined
  /** A price that was named: what `quote` gave. */
  quote?: string | undefined
  complimentary?: boolean | undefined
  validFromMs?: number | undefined
  validUntilMs?: number | undefined
  id?: string | undefined
}

/** A ticket as it is handed out. */
export interface TicketView {
  /** What its QR code holds. */
  text: string
  /** `North 12`: gate group and number there. */
  number: string
  group: string
  /** What its holder can read out when the QR code cannot be read. */
  code: string
  /** Hex. */
  commitment: string
}

/** A ticket in the list of those that were issued. */
export interface ListedTicket extends TicketView {
  className: string
  /** `valid`, or why it was ended. */
  state: string
  /** What was sealed with it; null for nothing, and where it was not asked for. */
  details: string | null
}

/** What issuing did. */
export interface IssuedView {
  tickets: TicketView[]
  className: string
  commits: string[]
  /** Sum of what they cost; null for nothing. */
  paid: { currency: string; amount: string } | null
  isRepeat: boolean
}

/** A price that stands for a while. */
export interface QuoteView {
  quote: string
  currency: string
  amount: string
  untilMs: number
}

/** A line of a sale: tickets, or goods from stock. */
export type SaleLine =
  | {
      event: string
      class: string
      count: number
      group?: string | undefined
      quote?: string | undefined
      /** As of an `IssueRequest`. */
      holder?: string | undefined
    }
  | { unit: string; amount: string; price?: { currency: string; amount: string } | undefined }

/** What a sale did. */
export interface SaleView {
  tickets: (TicketView & { event: string; className: string })[]
  total: { currency: string; amount: string }[]
  commit: string
  isRepeat: boolean
}

/** What ending a ticket did. */
export interface CancelView {
  /** False when only a request was written, because another device holds the bucket. */
  done: boolean
  commit: string | null
  /** Where the old code still opens until that device has heard; null for nowhere. */
  stillOpens: { group: string; holder: DeviceName | null; isReachable: boolean } | null
  tickets: TicketView[]
}

/** A ticket that was found by its text or code. */
export interface FoundTicket {
  ticket: Ticket
  /** Null for a blind ticket whose live code was not shown. */
  seatSecret: Uint8Array | null
  body: Uint8Array
  details: string | null
  class: string
  bucket: string
  commitment: string
}

/** A ticket is valid for 31 years at most: three bytes of minutes. */
const MINUTES_MAX = 0xffffff
/** Tickets of one call that are not streamed: a JSON answer of some megabytes. */
const AT_ONCE_MAX = 25_000

/** Issues tickets, sells, and ends tickets. */
export class TicketDesk {
  readonly #parts: EventParts
  readonly #rule: SignatureRule
  /** By name of the request: what is under way. */
  readonly #running = new Map<string, Promise<unknown>>()
  /** By bucket: the number after those that requests under way were given. */
  readonly #reserved = new Map<string, number>()

  constructor(node: CoopNode) {
    this.#parts = new EventParts(node)
    this.#rule = new SignatureRule(node.crypto)
  }

  /** Names a price, which stands for some minutes whatever its window. */
  async quote(event: string, text: string): Promise<QuoteView> {
    const state = await this.#parts.find(event)
    const info = findClass(state, text, this.#parts)
    const nowMs = Date.now()
    const { currency, amount } = this.#priceNow(info, nowMs)
    const untilMs = nowMs + QUOTE_MS
    const said = [state.id, info.unit, currency, String(amount), untilMs]
    const signature = this.#parts.node.signer.sign(quoteMessage(said))
    const quote = Buffer.from(encodeCanonical([...said, signature])).toString('base64url')
    return { quote, currency, amount: priceText({ currency, amount }, this.#parts.ledger), untilMs }
  }

  /**
   * Issues tickets; each takes a seat. Many are several commits: the same request again goes on where it was interrupted.
   *
   * @param onProgress - tickets that are on the disk
   */
  async issue(
    event: string,
    request: IssueRequest,
    onProgress?: (count: number) => void,
  ): Promise<IssuedView> {
    const key = requestKey(request.id)
    return this.#once(`${event} ${toHex(key)}`, async () => this.#issue(event, request, key, onProgress))
  }

  async #issue(
    event: string,
    request: IssueRequest,
    id: Uint8Array,
    onProgress?: (count: number) => void,
  ): Promise<IssuedView> {
    const state = await this.#parts.find(event)
    const { own } = this.#parts
    const info = findClass(state, request.class, this.#parts)
    const { count } = request
    if (!Number.isSafeInteger(count) || count < 1 || count > AT_ONCE_MAX)
      throw new CoopError('usage', `one request issues 1 to ${AT_ONCE_MAX} tickets`, 'Issue fewer at a time.')
    const written = state.issuesOf(toHex(id), own)
    const [first] = written
    const done = written.reduce((sum, it) => sum + it.count, 0)
    if (first !== undefined && !this.#isSame(state, written, { ...request, class: info.unit }))
      throw otherRequest()
    const price = first === undefined ? this.#priceOf(state, info, request) : first.price
    const bucket = first?.bucket ?? this.#bucketFor(state, request.group)
    if (done < count) this.#needSeats(info, count - done)
    const { details = [] } = request
    if (details.length > count || details.some((it) => it !== null && !isDetails(it)))
      throw new CoopError(
        'usage',
        'details are 1 to 200 bytes of visible text, for one ticket each',
        'Write them shorter, and no more than there are tickets.',
      )
    const start = first?.first ?? this.#numbers(state, bucket, count)
    const batch = this.#made({
      ...{ ids: this.#ids(state, info.unit, bucket), id, first: start, count },
      ...{ validity: first === undefined ? validityOf(request) : first.validity },
      holder: this.#holderOf(request),
      ...{ details, price },
    })
    const commits = written.map((it) => it.commit)
    let issued = done
    for (const entry of batch.entries) {
      if (entry.first < start + done) continue
      commits.push(await this.#parts.write(state.id, [entry]))
      issued += entry.tickets.length
      onProgress?.(issued)
    }
    const group = state.bucket(bucket)?.group ?? ''
    return {
      tickets: batch.tickets.map((it) => ticketView(it, group)),
      className: shownText(info.name),
      commits,
      paid: this.#sumText(price, BigInt(count)),
      isRepeat: done === count,
    }
  }

  /** True where what was written is a request, or the beginning of it: what does not fill a commit was its end. */
  #isSame(state: EventState, written: readonly Issue[], request: IssueRequest): boolean {
    const [first] = written
    if (first === undefined) return true
    const { count, group, complimentary = false } = request
    const done = written.reduce((sum, it) => sum + it.count, 0)
    const isLength = done === count || (done < count && done % ISSUED_MAX === 0)
    const isPlace = group === undefined || state.bucket(first.bucket)?.group === group
    const isHolder = hexOrNone(this.#holderOfIssue(state, first)) === hexOrNone(this.#holderOf(request))
    return (
      isLength &&
      isPlace &&
      isHolder &&
      first.class === request.class &&
      (first.price === null) === complimentary
    )
  }

  /** Sells tickets and goods from stock for cash, in one commit. Sent twice, it is written once. */
  async sell(lines: readonly SaleLine[], id: string | undefined): Promise<SaleView> {
    const key = requestKey(id)
    return this.#once(`sale ${toHex(key)}`, async () => this.#sell(lines, key))
  }

  async #sell(lines: readonly SaleLine[], id: Uint8Array): Promise<SaleView> {
    if (lines.length === 0 || lines.length > 64)
      throw new CoopError('usage', 'a sale has 1 to 64 lines', 'Sell in several sales.')
    const { node, own } = this.#parts
    const totals = new Map<string, bigint>()
    const tickets: SaleView['tickets'] = []
    const entries = new Map<string, IssueEntry[]>()
    const taken = new Map<string, number>()
    const repeated: Issue[] = []
    for (const [place, line] of lines.entries()) {
      if (!('class' in line)) continue
      const state = await this.#parts.find(line.event)
      const info = findClass(state, line.class, this.#parts)
      // Each line is a request of its own, so that equal lines are different tickets.
      const lineId = node.crypto.sha256(encodeCanonical([id, place])).slice(0, 16)
      const [known] = state.issuesOf(toHex(lineId), own)
      if (known !== undefined) {
        if (!this.#isSame(state, [known], { ...line, class: info.unit })) throw otherRequest()
        repeated.push(known)
      }
      const price = known === undefined ? this.#priceOf(state, info, line) : known.price
      const bucket = known?.bucket ?? this.#bucketFor(state, line.group)
      if (line.count > ISSUED_MAX || line.count < 1 || !Number.isSafeInteger(line.count))
        throw new CoopError(
          'usage',
          `a line has 1 to ${ISSUED_MAX} tickets`,
          'Issue more with `coop ticket issue`.',
        )
      const wanted = (taken.get(info.unit) ?? 0) + line.count
      taken.set(info.unit, wanted)
      if (known === undefined) this.#needSeats(info, wanted)
      const batch = this.#made({
        ...{ ids: this.#ids(state, info.unit, bucket), id: lineId, count: line.count, validity: null },
        first: known?.first ?? this.#numbers(state, bucket, line.count),
        ...{ holder: this.#holderOf(line), details: [], price },
      })
      entries.set(state.id, [...(entries.get(state.id) ?? []), ...batch.entries])
      const group = state.bucket(bucket)?.group ?? ''
      for (const it of batch.tickets)
        tickets.push({ ...ticketView(it, group), event: state.id, className: shownText(info.name) })
      if (price !== null) addTo(totals, price.currency, price.amount * BigInt(line.count))
    }
    const goods = lines.flatMap((line): LedgerEntry[] => {
      if ('class' in line) return []
      const unit = node.ledger.unit(line.unit)
      const amount = node.ledger.amount(line.amount, unit)
      if (line.price === undefined) return [{ t: 'consume', unit: unit.id, amount }]
      const price = { ...line.price, currency: currencyCode(line.price.currency) }
      addTo(totals, price.currency, this.#minor(price))
      return [{ t: 'consume', unit: unit.id, amount, memo: `cash ${price.amount} ${price.currency}` }]
    })
    const total = [...totals].map(([currency, amount]) => ({
      ...{ currency, amount: priceText({ currency, amount }, this.#parts.ledger) },
    }))
    const sections = [...entries].map(([event, list]) => eventSection(event, list))
    if (goods.length > 0) sections.push(ledgerSection(goods))
    const [done] = repeated
    if (done !== undefined) {
      if (!(await this.#isWritten(done, sections))) throw otherRequest()
      return { tickets, total, commit: done.commit, isRepeat: true }
    }
    if (tickets.length === 0) {
      const { commit, isRepeat } = await node.ledger.pay(goods, toHex(id))
      return { tickets, total, commit, isRepeat }
    }
    await node.ledger.needClock()
    await node.ledger.needUsable(goods)
    const record = await node.membership.engine.append(sections)
    return { tickets, total, commit: toHex(record.id), isRepeat: false }
  }

  /** True where a commit consists of these sections, byte for byte: what a sale writes follows from its request. */
  async #isWritten({ order }: Issue, sections: readonly Section[]): Promise<boolean> {
    const { header } = await readCommit(this.#parts.node.membership.engine, order)
    const { sha256 } = this.#parts.node.crypto
    const hashOf = new Map(header.sections.map((it) => [it.document, toHex(it.hash)]))
    return (
      hashOf.size === sections.length &&
      sections.every((it) => hashOf.get(it.document) === toHex(sha256(it.payload)))
    )
  }

  /** Ends a ticket, or asks whoever holds its bucket to. */
  async cancel(
    event: string,
    request: {
      ticket: string
      action: CancelReason
      holder?: string | undefined
      reason?: string | undefined
      id?: string | undefined
    },
  ): Promise<CancelView> {
    const state = await this.#parts.find(event)
    const { node } = this.#parts
    const { action, reason = '' } = request
    const found = await this.found(state, request.ticket)
    const id = requestKey(request.id)
    if (reason !== '' && !isName(reason, REASON_LENGTH_MAX))
      throw new CoopError(
        'usage',
        `a reason has at most ${REASON_LENGTH_MAX} visible characters`,
        'Say why, in one line.',
      )
    const { bucket } = found
    const group = state.bucket(bucket)?.group ?? '?'
    const { seatSecret } = found
    if (action !== 'revoke' && seatSecret === null) throw liveCodeNeeded()
    // It keeps its seat, which the live code told: two seats for one ticket could both be let in openly, and nothing would
    // show it. So of a phone's key and seat hash the key alone counts.
    const holder = this.#holderOf(request)?.slice(0, 32) ?? null
    const reissued =
      action !== 'reissue' || seatSecret === null
        ? null
        : reissueTicket(
            {
              ...{ ids: this.#ids(state, found.class, bucket), id, serial: found.ticket.serial },
              ...{ seatSecret, validity: found.ticket.validity, holder, details: found.details },
            },
            node.signer,
            node.crypto.sha256,
          )
    if (reissued !== null && !reissued.ok)
      throw new CoopError(
        'usage',
        `the ticket cannot be issued (${reissued.refusal})`,
        'Check what it is asked for.',
      )
    const tickets = reissued === null ? [] : [ticketView(reissued.ticket, group)]
    const issued = state.issued(found.commitment)
    const common: Omit<CancelEntry, 't' | 'seat'> = {
      ...{ why: action, class: found.class, bucket, id, reason, ticket: reissued?.stated ?? null },
      old: fromHex(found.commitment) ?? new Uint8Array(16),
      price: action === 'refund' ? (issued?.issue.price ?? null) : null,
    }
    const seat = seatSecret === null ? null : toHex(nullifierOf(state.id, seatSecret, node.crypto.sha256))
    const known: { commit: string | null; isHere: boolean } = { commit: null, isHere: true }
    // Somebody else may end it, and somebody may come in with it, until this is written.
    const written = await this.#parts.writeMade(state.id, (current) => {
      const cancel = current.cancelOf(found.commitment)
      if (cancel !== null) {
        if (cancel.id !== toHex(id) || cancel.why !== action) throw endedAlready(cancel)
        // Asked for another phone this time.
        if (tickets.some((it) => current.issued(it.commitment) === null)) throw otherRequest()
        known.commit = cancel.commit
        return null
      }
      const passes = seat === null ? [] : current.passesOf(seat)
      const isIn = passes.some((it) => it.undone === null && it.way === 'in')
      if (isIn && action !== 'revoke') throw usedAlready()
      known.isHere = this.#parts.holds(bucket) >= 1n
      if (known.isHere)
        return [{ t: 'cancel', ...common, seat: action === 'refund' && this.#hasUsed(found.class) }]
      const asked = current.openRequests().find((it) => it.id === toHex(id))
      if (asked !== undefined && (asked.why !== action || asked.old !== found.commitment))
        throw otherRequest()
      known.commit = asked?.commit ?? null
      if (known.commit !== null) return null
      return [{ t: 'request', ...common, seat: action === 'refund' ? fromHex(seat ?? '') : null }]
    })
    const commit = written ?? known.commit
    if (known.isHere) return { done: true, commit, stillOpens: null, tickets }
    const gate = bucketHolder(state, bucket)
    const stillOpens = {
      group: shownText(group),
      holder: gate === null ? null : node.ledger.names.device(gate),
      isReachable: gate !== null && this.#parts.reachable.has(gate),
    }
    return { done: false, commit, stillOpens, tickets }
  }

  /** The ticket that a text or a code means; who has the ticket knows what it says. */
  async found(state: EventState, text: string): Promise<FoundTicket> {
    const { sha256 } = this.#parts.node.crypto
    const read = readTicketText(text)
    if (read.ok) {
      const { body, ticket } = read.decoded
      const seatSecret = seatSecretOf(read.decoded, sha256)
      const commitment = toHex(commitmentOf(state.id, body, sha256))
      const issued = state.issued(commitment)
      if (issued === null)
        throw new CoopError(
          'ticket-unknown',
          'no ticket like this was issued, as far as this device knows',
          'Check that it is a ticket of this event. If it was issued elsewhere, let the devices meet first.',
        )
      const details = issued.hasDetails ? await this.detailsOf(state, codeOf(state.id, body, sha256)) : null
      const { class: unit, bucket } = issued.issue
      return { ticket, seatSecret, body, details: details?.details ?? null, class: unit, bucket, commitment }
    }
    const code = readCode(text)
    const opened = code === null ? null : await this.detailsOf(state, code)
    if (opened !== null) return opened
    throw new CoopError(
      'ticket-unknown',
      code === null ? 'this is neither a ticket nor a code of 16 letters' : 'no ticket here has this code',
      'Scan the QR code again, or type the 16 letters below it.',
    )
  }

  /** What a code opens; null when no ticket known here has it. */
  async detailsOf(state: EventState, code: Uint8Array): Promise<FoundTicket | null> {
    const { sha256 } = this.#parts.node.crypto
    for (const issued of state.allByTag(toHex(searchTagOf(state.id, code, sha256)))) {
      const found = await this.#openedBy(code, issued, state)
      if (found !== null) return found
    }
    return null
  }

  async #openedBy(code: Uint8Array, issued: IssuedTicket, state: EventState): Promise<FoundTicket | null> {
    const { sha256 } = this.#parts.node.crypto
    const record = await readCommit(this.#parts.node.membership.engine, issued.issue.order)
    const at = record.header.sections.findIndex((it) => it.document === state.id)
    const payload = record.payloads[at]
    const entries =
      payload === null || payload === undefined
        ? null
        : readEventSection(payload, record.header.sections[at]?.entries ?? 0)
    const entry = entries?.[issued.issue.index]
    const stated =
      entry?.t === 'issue' ? entry.tickets[issued.at] : entry?.t === 'cancel' ? entry.ticket : null
    if (stated === null || stated === undefined) return null
    const sealed = stated.subarray(COMMITMENT_BYTES + SEARCH_TAG_BYTES)
    const opened = openDetails(state.id, sealed, code, sha256)
    if (opened === null) return null
    const commitment = toHex(commitmentOf(state.id, opened.body, sha256))
    const { class: unit, bucket } = issued.issue
    // Sealed under the code of one ticket, stated for another: nobody honest writes that.
    return commitment === toHex(stated.subarray(0, COMMITMENT_BYTES))
      ? { ...opened, seatSecret: opened.ticket.seatSecret, class: unit, bucket, commitment }
      : null
  }

  /**
   * Tickets that this device issued, as they were handed out, and how many there are.
   *
   * @param page - so many from the one at `from` on, with their details; without it all of them, without details
   */
  async list(
    event: string,
    page: { from: number; limit: number } | null,
  ): Promise<{ tickets: ListedTicket[]; total: number }> {
    const state = await this.#parts.find(event)
    const { own } = this.#parts
    const [from, until] = page === null ? [0, Number.POSITIVE_INFINITY] : [page.from, page.from + page.limit]
    const tickets: ListedTicket[] = []
    let total = 0
    for (const issue of state.issues()) {
      if (issue.device !== own || issue.replaces !== null) continue
      const start = total
      total += issue.count
      if (total <= from || start >= until) continue
      const batch = this.#made({
        ...{ ids: this.#ids(state, issue.class, issue.bucket), id: fromHex(issue.id) ?? new Uint8Array(16) },
        ...{ first: issue.first, count: issue.count, validity: issue.validity, details: [], price: null },
        holder: this.#holderOfIssue(state, issue),
      })
      const group = state.bucket(issue.bucket)?.group ?? '?'
      const className = shownText(state.class(issue.class)?.name ?? '?')
      for (const ticket of batch.tickets.slice(Math.max(0, from - start), until - start)) {
        const commitment = toHex(ticket.commitment)
        const ended = state.cancelOf(commitment)
        const isSealed = page !== null && state.issued(commitment)?.hasDetails === true
        const opened = isSealed ? await this.detailsOf(state, ticket.code) : null
        const details = opened?.details ?? null
        tickets.push({ ...ticketView(ticket, group), className, state: ended?.why ?? 'valid', details })
      }
    }
    return { tickets, total }
  }

  #made(order: Parameters<typeof issueTickets>[0]): { tickets: IssuedBytes[]; entries: IssueEntry[] } {
    const { node } = this.#parts
    const batch = issueTickets(order, node.signer, node.crypto.sha256)
    if (batch.ok) return batch
    throw new CoopError(
      'usage',
      `the tickets cannot be issued: ${batch.refusal}`,
      batch.refusal === 'serial'
        ? 'The bucket is full: make another one with `coop event bucket EVENT GROUP`.'
        : 'Check what was asked for.',
    )
  }

  #ids(state: EventState, unit: string, bucket: string): TicketIds {
    return { coop: this.#parts.node.membership.coop, event: state.id, class: unit, bucket }
  }

  /** A bucket that this device holds: the one with the fewest tickets. */
  #bucketFor(state: EventState, group: string | undefined): string {
    const { soldOfBucket } = state.tally()
    const all = state.buckets().filter((it) => group === undefined || it.group === group)
    const held = all.filter((it) => this.#parts.holds(it.unit) >= 1n)
    held.sort((a, b) => (soldOfBucket.get(a.unit) ?? 0) - (soldOfBucket.get(b.unit) ?? 0))
    const [bucket] = held
    if (bucket !== undefined) return bucket.unit
    const where = group === undefined ? 'any gate group' : `the gate group '${shownText(group)}'`
    throw new CoopError(
      'bucket-elsewhere',
      all.length === 0 ? `the event has no bucket of ${where}` : `this device holds no bucket of ${where}`,
      all.length === 0
        ? 'Make one: `coop event bucket EVENT GROUP`.'
        : 'Fetch one while its device is in reach (`coop event take EVENT GROUP`), or make a new one (`coop event bucket EVENT GROUP`).',
    )
  }

  /** Numbers for tickets of a bucket that no other request gets; the first of them. */
  #numbers(state: EventState, bucket: string, count: number): number {
    const first = Math.max(state.nextSerial(bucket), this.#reserved.get(bucket) ?? 0)
    this.#reserved.set(bucket, first + count)
    return first
  }

  #needSeats(info: ClassEntry, count: number): void {
    const here = this.#parts.holds(info.unit)
    if (here >= BigInt(count)) return
    const { held, inFlight } = this.#parts.ledger.books.totals(info.unit)
    const elsewhere = held + inFlight - here
    throw new CoopError(
      'sold-out',
      `${shownText(info.name)}: this device can sell ${here} more, ${elsewhere} are with other devices`,
      elsewhere > 0n
        ? `Take some while they are in reach: \`coop ledger take ${info.unit} ${count}\`.`
        : 'All seats are sold.',
    )
  }

  #priceOf(
    state: EventState,
    info: ClassEntry,
    request: { quote?: string | undefined; complimentary?: boolean | undefined },
  ): IssueEntry['price'] {
    if (request.complimentary === true) return null
    return request.quote === undefined
      ? this.#priceNow(info, Date.now())
      : this.#quoted(request.quote, state, info)
  }

  #priceNow(info: ClassEntry, nowMs: number): { currency: string; amount: bigint } {
    const price = priceAt(info, nowMs)
    if (price !== null) return { currency: price.currency, amount: price.amount }
    throw new CoopError(
      'not-on-sale',
      `${shownText(info.name)} has no price now`,
      'Give it one (`coop event class EVENT NAME --price EUR:12.00`), or issue it as complimentary.',
    )
  }

  #quoted(quote: string, state: EventState, info: ClassEntry): { currency: string; amount: bigint } {
    const decoded = decodeCanonical(Buffer.from(quote.slice(0, 2_048), 'base64url'))
    const fields = decoded.ok && Array.isArray(decoded.value) ? decoded.value : []
    const [event, unit, currency, amount, untilMs, signature] = fields
    const isOurs =
      signature instanceof Uint8Array &&
      this.#rule.verify(this.#parts.node.signer.publicKey, quoteMessage(fields.slice(0, 5)), signature)
    if (!isOurs || event !== state.id || unit !== info.unit || typeof currency !== 'string')
      throw new CoopError(
        'usage',
        'this price was not named by this device for this class',
        'Ask for it anew.',
      )
    if (typeof untilMs !== 'number' || Date.now() >= untilMs)
      throw new CoopError('not-on-sale', 'the price that was named no longer stands', 'Ask for it anew.')
    return { currency, amount: BigInt(typeof amount === 'string' ? amount : '0') }
  }

  #minor({ currency, amount }: { currency: string; amount: string }): bigint {
    const parsed = parseAmount(amount, scaleOf(currency, this.#parts.ledger), 'allowed')
    if (parsed.ok) return parsed.amount
    throw new CoopError(
      'amount-malformed',
      `'${shownText(amount.slice(0, 40))}' is no price (${parsed.refusal})`,
      parsed.message,
    )
  }

  #sumText(price: IssueEntry['price'], count: bigint): IssuedView['paid'] {
    if (price === null) return null
    const { currency } = price
    return { currency, amount: priceText({ currency, amount: price.amount * count }, this.#parts.ledger) }
  }

  #holderOf({ holder }: { holder?: string | undefined }): Uint8Array | null {
    if (holder === undefined) return null
    const bytes = /^(?:[0-9a-f]{64}|[0-9a-f]{96})$/i.test(holder) ? fromHex(holder.toLowerCase()) : null
    if (bytes !== null && this.#rule.isGoodKey(bytes.slice(0, 32))) return bytes
    throw new CoopError(
      'usage',
      'a phone is named by its Ed25519 key, 64 hexadecimal digits, for a blind ticket with its seat hash, 96',
      'Let the phone show it.',
    )
  }

  #holderOfIssue(state: EventState, issue: Issue): Uint8Array | null {
    const { node } = this.#parts
    const id = fromHex(issue.id) ?? new Uint8Array(16)
    const order = { ids: this.#ids(state, issue.class, issue.bucket), id, holder: issue.holder }
    return holderOfIssue(order, node.signer, node.crypto.sha256)
  }

  #hasUsed(unit: string): boolean {
    return this.#parts.node.membership.engine.replica.spendable(`${unit}-`) >= 1n
  }

  /** One request at a time of each name. */
  async #once<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#running.get(key) ?? Promise.resolve()
    const next = before.catch(() => null).then(work)
    this.#running.set(key, next)
    try {
      return await next
    } finally {
      if (this.#running.get(key) === next) this.#running.delete(key)
    }
  }
}

function endedAlready({ why, timeMs }: Cancel): CoopError {
  return new CoopError(
    'ticket-ended',
    `the ticket was ended already (${why}, ${new Date(shownTime(timeMs)).toISOString()})`,
    'See it in the log: `coop event log EVENT`.',
  )
}

function usedAlready(): CoopError {
  return new CoopError(
    'ticket-used',
    'somebody was let in with this ticket already',
    'It can be revoked (`coop ticket revoke`), and cannot be refunded or passed on.',
  )
}

function liveCodeNeeded(): CoopError {
  return new CoopError(
    'code-needed',
    'this ticket is blind: only the live code on the guest’s phone shows whether somebody came in with it',
    'Have the guest’s phone scanned. Without it the ticket can be revoked (`coop ticket revoke`).',
  )
}

function hexOrNone(bytes: Uint8Array | null): string {
  return bytes === null ? '' : toHex(bytes)
}

function ticketView({ bytes, code, commitment, serial }: IssuedBytes, group: string): TicketView {
  const name = shownText(group)
  const number = `${name} ${serial + 1}`
  return { text: ticketText(bytes), number, group: name, code: codeText(code), commitment: toHex(commitment) }
}

function validityOf({ validFromMs, validUntilMs }: IssueRequest): TicketValidity | null {
  if (validFromMs === undefined && validUntilMs === undefined) return null
  const ends = validUntilMs === undefined ? null : Math.ceil(validUntilMs / 60_000)
  // Of an end alone it is valid for as long before it as a ticket can be.
  const begins = validFromMs === undefined ? (ends ?? 0) - MINUTES_MAX : Math.floor(validFromMs / 60_000)
  const from = Math.max(1, begins)
  const until = ends ?? from + MINUTES_MAX
  const validity = { fromMinute: from, forMinutes: until - from }
  if (validity.forMinutes >= 1 && validity.forMinutes <= MINUTES_MAX && from <= 0xffffffff) return validity
  throw new CoopError('usage', 'a ticket is valid for a minute to 31 years', 'Give other times.')
}

function quoteMessage(said: readonly unknown[]): Uint8Array {
  return encodeCanonical(['coopmesh price', ...(said as string[])])
}

function addTo(totals: Map<string, bigint>, currency: string, amount: bigint): void {
  totals.set(currency, (totals.get(currency) ?? 0n) + amount)
}
