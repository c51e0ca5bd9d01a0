import { EVENT } from '#protocol/event'
import { LEDGER, MOVES, accountKey, kindOfUnit, readLedgerSection } from '#protocol/ledger'
import type { LedgerEntry, MoveEntry, MoveName } from '#protocol/ledger'
import type { CommitRecord } from '#protocol/commit'
import { unitOf } from '#protocol/evaluation'
import type { Act } from '#protocol/evaluation'
import { CountList } from '#protocol/history'
import type { Replica } from '#protocol/replica'

/** An entry of the books: its place among what its commit does for them. */
export interface BookEntry {
  /** Of an entry of the ledger its place in that section too. */
  index: number
  entry: LedgerEntry
  /** Account that it takes from, or unit that it defines. */
  account: string
}

/** What a commit does for the books: entries of its ledger section, then what tickets and passes of events move. */
export function bookEntries(record: CommitRecord, replica: Replica): BookEntry[] {
  const at = record.header.sections.findIndex((it) => it.document === LEDGER)
  const payload = record.payloads[at] ?? null
  const written =
    (payload === null ? null : readLedgerSection(payload, record.header.sections[at]?.entries ?? 0)) ?? []
  return replica.actsOf(record).flatMap((act, index): BookEntry[] => {
    const entry = written[index] ?? movedBy(act)
    return entry === null ? [] : [{ index, entry, account: act.unit }]
  })
}

/** The move that an event makes; null for the use of a bucket, which is taken and put back. */
function movedBy(act: Act): MoveEntry | null {
  const unit = unitOf(act.unit)
  if (act.kind !== 'fact' || kindOfUnit(unit) === 'admission') return null
  const t = NAMES.find((it) => isMove(it, act.unit, act.into ?? '', unit))
  return t === undefined ? null : { t, unit, amount: act.amount, memo: 'event' }
}

function isMove(name: MoveName, from: string, into: string, unit: string): boolean {
  const [source, target] = MOVES[name]
  return accountKey(unit, source) === from && accountKey(unit, target) === into
}

const NAMES = Object.keys(MOVES) as MoveName[]

/** Orders of all commits that may do something for the books, ascending: those of the ledger and of events. */
export function bookOrders(replica: Replica): Pick<CountList, 'length' | 'at'> {
  const logs = [LEDGER, ...replica.documentIds().filter((it) => it.startsWith(`${EVENT}/`))]
  const lists = logs.flatMap((it) => replica.documentLog(it)?.orders ?? [])
  const [only, ...others] = lists
  if (only === undefined) return new CountList()
  if (others.length === 0) return only
  let merged = MERGED.get(replica)
  if (merged === undefined) MERGED.set(replica, (merged = { all: new CountList(), taken: new Map() }))
  const { all, taken } = merged
  const news = new Set<number>()
  for (const list of lists) {
    const from = taken.get(list) ?? 0
    for (let i = from; i < list.length; i += 1) news.add(list.at(i) ?? 0)
    taken.set(list, list.length)
  }
  const last = all.at(all.length - 1) ?? -1
  // A document whose log is known later than that of others: begin anew.
  if ([...news].some((it) => it <= last)) {
    MERGED.delete(replica)
    return bookOrders(replica)
  }
  for (const order of [...news].sort((a, b) => a - b)) all.push(order)
  return all
}

const MERGED = new WeakMap<Replica, { all: CountList; taken: Map<object, number> }>()
