import { MOVES, isMoving } from '#protocol/ledger'
import type { EntryNotes, LedgerEntry, LedgerState } from '#protocol/ledger'
import { decodeSplitRule, formatAmount } from '#protocol/ledger/money'
import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { shownText } from '#apps/shown-text'
import { bookEntries, bookOrders } from './book-entries.ts'
import type { CommitSource } from './commit-source.ts'
import type { DeviceName, RosterNames } from './roster-names.ts'

/** Entries of a page, at most. */
export const HISTORY_ROWS_MAX = 500
/** Commits that are read for one page: a search that finds little goes on from where it stopped. */
const COMMITS_READ_MAX = 4_096
/** Commits read at a time. */
const READ_COMMITS = 64

/** Which entries are asked for. */
export interface HistoryQuery {
  /** Id of a unit. */
  unit?: string | undefined
  /** Key of a device (hex) that wrote them or received. */
  device?: string | undefined
  /** Key of a member, hex. */
  member?: string | undefined
  /** `transfer`, `consume` … */
  type?: string | undefined
  /** Text in the memo, the reference, the code of the unit, the name of a rule, member or device; or how the commit id begins. */
  text?: string | undefined
  /** Only what stands before this place of the log: `next` of the page before. */
  before?: number | undefined
  /** Entries, 1 to `HISTORY_ROWS_MAX`. */
  limit: number
}

/** How an entry stands in the books. */
export type EntryState =
  /** It counts; of a transfer: its receiver has accepted it. */
  | 'counted'
  /** A transfer that counts and that its receiver has not accepted yet. */
  | 'on-the-way'
  /** Its device wrote two histories or was closed, and nobody accepted it. */
  | 'not-counted'
  /** Its commit was not covered, or broke another rule: nothing of it counts. */
  | 'void'

/** An entry as people see it. */
export interface EntryView {
  /** Commit that proves it, hex; `coop commit show` shows it. */
  commit: string
  /** Its place there. */
  index: number
  /** Place of the commit in this node's log. */
  order: number
  /** The author's clock; no rule judges it. */
  timeMs: number
  device: DeviceName
  type: LedgerEntry['t']
  unit: string
  code: string
  /** By the unit's scale; of a definition what the device may issue. */
  amount: string
  to: DeviceName | null
  expiresMs: number | null
  memo: string | null
  ref: string | null
  /** `COMMIT/INDEX` of the entry that it takes back. */
  reverses: string | null
  state: EntryState
  /** Commits by which its receiver accepted it, hex. */
  acceptedBy: string[]
}

/** A page of entries, the newest first. */
export interface HistoryPage {
  entries: EntryView[]
  /** `before` of the next page; null at the end. */
  next: number | null
  /** Commits that were looked at for it. */
  looked: number
}

/** Where a history is read. */
export interface HistoryParts {
  source: CommitSource
  ledger: LedgerState
  names: RosterNames
}

/** One page of the ledger's history. */
export async function historyPage(query: HistoryQuery, parts: HistoryParts): Promise<HistoryPage> {
  const { replica } = parts.source
  const orders = query.unit === undefined ? bookOrders(replica) : parts.ledger.ordersOf(query.unit)
  let place = placeBefore(orders, query.before ?? Infinity)
  const entries: EntryView[] = []
  let looked = 0
  let next: number | null = null
  while (place > 0 && next === null) {
    const from = Math.max(0, place - READ_COMMITS)
    const wanted = Array.from({ length: place - from }, (_, i) => orders.at(place - 1 - i) ?? 0)
    const records = await readAll(parts.source, wanted)
    for (const [i, record] of records.entries()) {
      const order = wanted[i] ?? 0
      looked += 1
      entries.push(...viewsOf(record, order, query, parts))
      place -= 1
      if (place > 0 && (entries.length >= query.limit || looked >= COMMITS_READ_MAX)) {
        next = order
        break
      }
    }
  }
  return { entries, next, looked }
}

/** Views of the entries of one commit that a query asks for. */
function viewsOf(record: CommitRecord, order: number, query: HistoryQuery, parts: HistoryParts): EntryView[] {
  const views: EntryView[] = []
  for (const { index, entry, account } of bookEntries(record, parts.source.replica)) {
    const id = isMoving(entry) ? entry.unit : account
    const view = entryView({ entry, id, index, order, record }, parts)
    if (isAsked(view, query, id)) views.push(view)
  }
  // The newest first, within a commit as well.
  return views.reverse()
}

function entryView(
  named: { entry: LedgerEntry; id: string; index: number; order: number; record: CommitRecord },
  { source, ledger, names }: HistoryParts,
): EntryView {
  const { entry, id, index, order, record } = named
  const { replica } = source
  const unit = ledger.unit(id)
  const scale = unit?.scale ?? 0
  const notes = notesOf(entry)
  const { state, acceptedBy } = standingOf(replica, order, index, entry)
  const made = entry.t === 'define' ? entry.unit : null
  const amount = isMoving(entry) ? entry.amount : (made?.supply ?? 0n)
  const shown = (text: string | undefined): string | null => (text === undefined ? null : shownText(text))
  return {
    commit: toHex(record.id),
    index,
    order,
    timeMs: record.header.timeMs,
    device: names.device(toHex(record.header.device)),
    type: entry.t,
    unit: id,
    code: unit?.code ?? made?.code ?? (entry.t === 'rule' ? ruleName(entry.rule) : '?'),
    amount: formatAmount(amount, made?.scale ?? scale),
    to: entry.t === 'transfer' ? names.device(toHex(entry.to)) : null,
    expiresMs: entry.t === 'transfer' ? (entry.expiresMs ?? null) : null,
    memo: shown(notes.memo),
    ref: shown(notes.ref),
    reverses: notes.reverses === undefined ? null : `${toHex(notes.reverses.commit)}/${notes.reverses.index}`,
    state,
    acceptedBy: acceptedBy.map((it) => toHex(replica.history.idOf(it))),
  }
}

function standingOf(
  replica: Replica,
  order: number,
  act: number,
  entry: LedgerEntry,
): { state: EntryState; acceptedBy: number[] } {
  const { evaluation } = replica.epochs
  if (evaluation.isVoid(order)) return { state: 'void', acceptedBy: [] }
  if (entry.t !== 'transfer') return { state: 'counted', acceptedBy: [] }
  const acceptedBy = evaluation.acceptedBy({ order, act }, toHex(entry.to))
  if (acceptedBy.length > 0) return { state: 'counted', acceptedBy }
  return { state: evaluation.isCounted({ order, act }) ? 'on-the-way' : 'not-counted', acceptedBy }
}

function isAsked(view: EntryView, query: HistoryQuery, unit: string): boolean {
  const { device, member, type, text } = query
  const parties = [view.device, ...(view.to === null ? [] : [view.to])]
  if (query.unit !== undefined && query.unit !== unit) return false
  if (device !== undefined && !parties.some((it) => it.device === device)) return false
  if (member !== undefined && !parties.some((it) => it.member === member)) return false
  if (type !== undefined && view.type !== type) return false
  if (text === undefined || text === '') return true
  const needle = text.toLowerCase()
  // Names such as Ada are hexadecimal as well: of a commit only its beginning is meant.
  if (view.commit.startsWith(needle)) return true
  const names = parties.flatMap((it) => [it.name, it.deviceName])
  return [view.memo, view.ref, view.code, ...names].some((it) => it?.toLowerCase().includes(needle) === true)
}

/** All of them, however many the source gives at a time. */
async function readAll(source: CommitSource, orders: readonly number[]): Promise<CommitRecord[]> {
  const records: CommitRecord[] = []
  while (records.length < orders.length) {
    const read = await source.read(orders.slice(records.length))
    if (read.length === 0) {
      await source.durable()
      const again = await source.read(orders.slice(records.length))
      if (again.length === 0) break
      records.push(...again)
    } else records.push(...read)
  }
  return records
}

/** Number of orders in an ascending list that are below `before`. */
function placeBefore(
  orders: { length: number; at(place: number): number | undefined },
  before: number,
): number {
  let low = 0
  let high = orders.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((orders.at(middle) ?? 0) < before) low = middle + 1
    else high = middle
  }
  return low
}

/** Types of entries, for whoever asks for one of them. */
export const ENTRY_TYPES: readonly string[] = ['define', 'rule', ...Object.keys(MOVES), 'transfer']

function notesOf(entry: LedgerEntry): EntryNotes {
  return isMoving(entry) ? entry : {}
}

/** `door v2`. */
function ruleName(bytes: Uint8Array): string {
  const read = decodeSplitRule(bytes)
  return read.ok ? `${shownText(read.rule.id)} v${read.rule.version}` : '?'
}
