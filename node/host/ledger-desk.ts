import { randomBytes } from 'node:crypto'
import {
  LEDGER,
  MOVES,
  SEALED_KINDS,
  UNIT_KINDS,
  accountKey,
  encodeLedgerEntries,
  isMoving,
  unitIdOf,
  unitRefusal,
} from '#protocol/ledger'
import type {
  AccountName,
  LedgerEntry,
  LedgerState,
  UnitDefinition,
  UnitInfo,
  UnitKind,
  UnitRefusal,
} from '#protocol/ledger'
import { parseAmount, showAmount } from '#protocol/ledger/money'
import { AMOUNT_MAX } from '#protocol/evaluation'
import { ENTRIES_MAX } from '#protocol/commit'
import { fromHex, toHex } from '#protocol/encoding'
import { CoopError } from '#node/errors'
import { ClockCheck } from './clock-check.ts'
import type { CoopNode } from './coop-node.ts'
import { ExpiredRights } from './expired-rights.ts'
import type { ExpiredRight } from './expired-rights.ts'
import { amountOf, entryOf, findUnit } from './ledger-entries.ts'
import type { EntryRequest, LedgerParts } from './ledger-entries.ts'
import { historyPage } from './ledger-history.ts'
import type { HistoryPage, HistoryQuery } from './ledger-history.ts'
import { rightsView } from './ledger-rights.ts'
import type { HolderState, RightsView } from './ledger-rights.ts'
import { RequestIds } from './request-ids.ts'
import { balanceView, unitView } from './ledger-views.ts'
import type { BalanceView, UnitView } from './ledger-views.ts'
import { RosterNames } from './roster-names.ts'

/** A unit as people ask for it. Amounts as text by its scale. */
export interface UnitRequest {
  code: string
  kind: UnitKind
  name?: string | undefined
  /** Digits behind the point; default 2 for money and credits, 0 for the rest. */
  scale?: number | undefined
  /** What this device may issue; default: as much as fits, where who defines a unit issues it. */
  supply?: string | undefined
  relayMax?: string | undefined
  expiresMs?: number | undefined
  /** 32 hexadecimal digits that name the request: sent twice, it makes one unit. */
  id?: string | undefined
}

/** A unit that was made. */
export interface DefinedUnit extends WrittenEntries {
  unit: string
}

/** What a write did. */
export interface WrittenEntries {
  /** Commit that holds them, hex. */
  commit: string
  /** True when the same request was written before: nothing was written again. */
  isRepeat: boolean
}

/** Reads and writes the ledger of a node. */
export class LedgerDesk {
  readonly #node: CoopNode
  readonly #ids = new RequestIds()
  readonly #clock = new ClockCheck()
  readonly #expired = new ExpiredRights()

  constructor(node: CoopNode) {
    this.#node = node
  }

  /** Units with their sums. */
  units(): UnitView[] {
    const { ledger, names } = this.#parts
    return ledger.units().map((it) => unitView(it, ledger, names))
  }

  /** What devices have, by unit and device; `unit`: id or code, `device` and `member` as people name them. */
  balances(filter: {
    unit?: string | undefined
    device?: string | undefined
    member?: string | undefined
  }): BalanceView[] {
    const { ledger, names } = this.#parts
    const { replica } = this.#node.membership.engine
    const own = replica.device
    const units = filter.unit === undefined ? ledger.units() : [findUnit(ledger, filter.unit)]
    const device = filter.device === undefined ? null : names.findDevice(filter.device)
    const member = filter.member === undefined ? null : names.findMember(filter.member)
    const { books } = ledger
    return units.flatMap((unit) => {
      const devices = device === null ? books.devicesOf(unit.id) : [device]
      return devices.flatMap((it) => {
        const view = balanceView(unit, it, { books, names, own })
        return view === null || (member !== null && view.device.member !== member) ? [] : [view]
      })
    })
  }

  /** Keeps a unit at hand while this device is meshed: below `low` it asks others, up to `high`. Null ends that. */
  async keep(text: string, marks: { low: string; high: string } | null): Promise<{ rights: RightsView[] }> {
    const unit = this.unit(text)
    const kept = marks === null ? null : { low: amountOf(marks.low, unit), high: amountOf(marks.high, unit) }
    if (kept !== null && kept.high < kept.low)
      throw new CoopError(
        'usage',
        'the high mark is below the low one',
        'Give the low mark first: `coop ledger keep UNIT 10 40`.',
      )
    await this.#node.membership.marks.set(unit.id, kept)
    this.#node.tendRights()
    return this.rights(unit.id)
  }

  /** Makes a unit on this device's chain. The id of the request is its nonce: the same request is the same unit. */
  async define(request: UnitRequest): Promise<DefinedUnit> {
    const { engine } = this.#node.membership
    const nonce = request.id === undefined ? new Uint8Array(randomBytes(16)) : requestKey(request.id)
    const definition = definitionOf(request, nonce)
    const entry: LedgerEntry = { t: 'define', unit: definition }
    const written = await this.#ids.once(nonce, engine, async () => this.#write([entry]))
    const unit = unitIdOf(this.#node.signer.publicKey, definition, this.#node.crypto.sha256)
    if (!written.isRepeat || this.find(unit) !== null) return { unit, ...written }
    throw new CoopError(
      'usage',
      'this id has named another request',
      'Draw 32 new hexadecimal digits for each request.',
    )
  }

  /**
   * Writes entries that stand or fall together, in one commit.
   *
   * @param id - 32 hexadecimal digits that name the request: sent twice, it is written once
   */
  async write(requests: readonly EntryRequest[], id?: string): Promise<WrittenEntries> {
    const parts = this.#parts
    if (requests.length === 0 || requests.length > ENTRIES_MAX)
      throw new CoopError('usage', `one commit takes 1 to ${ENTRIES_MAX} entries`, 'Write fewer at a time.')
    return this.pay(
      requests.map((it) => entryOf(it, parts)),
      id,
    )
  }

  /** A page of the history. */
  async history(query: HistoryQuery): Promise<HistoryPage> {
    const { ledger, names } = this.#parts
    const { engine } = this.#node.membership
    const { unit, device, member } = query
    const devices = device === undefined ? undefined : names.device(names.findDevice(device)).device
    return historyPage(
      {
        ...query,
        unit: unit === undefined ? undefined : findUnit(ledger, unit).id,
        device: devices,
        member: member === undefined ? undefined : names.findMember(member),
      },
      { source: engine, ledger, names },
    )
  }

  /** Of each unit, or one, what can be sold here without the mesh, and what others hold. */
  rights(text?: string): { rights: RightsView[] } {
    const { ledger, names } = this.#parts
    const { authority, device: own } = this.#node.membership.engine.replica
    const connected = new Set(this.#node.mesh?.connectedDevices() ?? [])
    const stateOf = (device: string): HolderState => {
      if (device === own) return 'here'
      if (authority.statusOf(device) !== 'active') return 'stranded'
      return connected.has(device) ? 'reachable' : 'elsewhere'
    }
    const units = text === undefined ? ledger.units() : [findUnit(ledger, text)]
    const { marks } = this.#node.membership
    const parts = {
      ...{ books: ledger.books, names, stateOf, spendable: (unit: string) => this.spendable(unit) },
      marksOf: (unit: string) => marks.of(unit),
    }
    return { rights: units.map((it) => rightsView(it, parts)) }
  }

  /** The unit that an id or code means. */
  unit(text: string): UnitInfo {
    return findUnit(this.#parts.ledger, text)
  }

  /** Minor units that a text means of a unit. */
  amount(text: string, unit: UnitInfo): bigint {
    return amountOf(text, unit)
  }

  /** What this device may spend of a unit now, with what its next commit accepts; minor units. */
  spendable(unit: string): bigint {
    return this.#node.membership.engine.replica.spendable(unit)
  }

  /** The unit with an id; null when none is here. */
  find(id: string): UnitInfo | null {
    return this.#parts.ledger.unit(id)
  }

  /** What devices hold. */
  get books(): LedgerState['books'] {
    return this.#parts.ledger.books
  }

  get names(): RosterNames {
    return this.#parts.names
  }

  /** As `spendable`, without what has expired and is on its way home. */
  async usable(unit: string): Promise<bigint> {
    const { ledger, nowMs } = this.#parts
    const info = ledger.unit(unit)
    if (info !== null && info.expiresMs !== null && info.expiresMs <= nowMs) return 0n
    const gone = (await this.expired(nowMs, unit)).reduce((sum, it) => sum + it.amount, 0n)
    return this.spendable(unit) - gone
  }

  /** Rights that this device was given, that have expired and of which something is unused; of one unit, or of all. */
  async expired(nowMs: number, unit?: string): Promise<ExpiredRight[]> {
    const about = { source: this.#node.membership.engine, ledger: this.#parts.ledger }
    return this.#expired.at(nowMs, unit === undefined ? about : { ...about, unit })
  }

  /** As `append`, under a name (16 bytes): entries with a name that was written before are not written again. */
  async appendOnce(id: Uint8Array, entries: readonly LedgerEntry[]): Promise<WrittenEntries> {
    return this.#ids.once(id, this.#node.membership.engine, async () => this.#write(named(entries, id)))
  }

  /** True when entries with this name (16 bytes) were written. */
  async isWritten(id: Uint8Array): Promise<boolean> {
    return this.#ids.has(id, this.#node.membership.engine)
  }

  /** Accepts what others have handed to this device; false where there is nothing. */
  async accept(): Promise<boolean> {
    const { engine } = this.#node.membership
    if (this.books.incomingTo(engine.replica.device ?? '').length === 0) return false
    await this.#clock.check(engine)
    await engine.append([])
    return true
  }

  /** Writes entries that spend nothing that has expired; under an id as `write`. */
  async pay(entries: readonly LedgerEntry[], id?: string): Promise<WrittenEntries> {
    const key = id === undefined ? null : requestKey(id)
    if (key !== null && (await this.isWritten(key))) return this.appendOnce(key, entries)
    await this.needUsable(entries)
    return key === null ? this.#write(entries) : this.appendOnce(key, entries)
  }

  /** Writes entries as they are, in one commit; whoever asks for something in words uses `write`. */
  async append(entries: readonly LedgerEntry[]): Promise<WrittenEntries> {
    return this.#write(entries)
  }

  /** The only way in which this desk signs entries: never while the clock cannot be right, whoever asks. */
  async #write(entries: readonly LedgerEntry[]): Promise<WrittenEntries> {
    const { engine } = this.#node.membership
    await this.#clock.check(engine)
    const section = { document: LEDGER, entries: entries.length, payload: encodeLedgerEntries(entries) }
    const record = await engine.append([section]).catch((cause: unknown) => {
      throw this.#explained(cause, entries)
    })
    return { commit: toHex(record.id), isRepeat: false }
  }

  /** Throws while the clock of this device cannot be right. */
  async needClock(): Promise<void> {
    await this.#clock.check(this.#node.membership.engine)
  }

  /** Throws when entries spend what has expired: an honest device does not, though the books would let it. */
  async needUsable(entries: readonly LedgerEntry[]): Promise<void> {
    const { ledger, nowMs } = this.#parts
    const spent = new Map<string, bigint>()
    for (const it of entries)
      if (isMoving(it) && SPENDING.has(it.t)) spent.set(it.unit, (spent.get(it.unit) ?? 0n) + it.amount)
    for (const [unit, amount] of spent) {
      const [first, ...others] = await this.expired(nowMs, unit)
      const gone = others.reduce((sum, it) => sum + it.amount, first?.amount ?? 0n)
      if (first === undefined || amount <= this.spendable(unit) - gone) continue
      throw new CoopError(
        'right-expired',
        `${showAmount(gone, ledger.unit(unit) ?? { code: '?', scale: 0 })} of what this device holds has expired and goes back to who gave it (${first.grant.slice(0, 12)})`,
        'Ask for more: `coop ledger take UNIT`. If the clock of this device is wrong, set it.',
      )
    }
  }

  /** A refusal of the books with what there is and what it would take. */
  #explained(cause: unknown, entries: readonly LedgerEntry[]): unknown {
    if (!(cause instanceof CoopError) || cause.code !== 'not-covered') return cause
    const { ledger } = this.#parts
    const { replica } = this.#node.membership.engine
    return uncoveredError(entries, { ledger, spendable: (account) => replica.spendable(account) }) ?? cause
  }

  get #parts(): LedgerParts & { ledger: LedgerState } {
    const { engine } = this.#node.membership
    const { replica } = engine
    return {
      ledger: replica.document(LEDGER) as LedgerState,
      history: replica.history,
      names: new RosterNames(replica.authority),
      nowMs: Date.now(),
    }
  }
}

/** The entries, the first one that moves an amount with this name. */
function named(entries: readonly LedgerEntry[], id: Uint8Array): LedgerEntry[] {
  const place = entries.findIndex(isMoving)
  return entries.map((it, i) => (i === place ? ({ ...it, id } as LedgerEntry) : it))
}

/** The definition that a request means, with what it leaves out. */
function definitionOf(request: UnitRequest, nonce: Uint8Array): UnitDefinition {
  const { code, kind, name = code, expiresMs } = request
  const isMoney = kind === 'money' || kind === 'credit'
  const { scale = isMoney ? 2 : 0 } = request
  const amount = (text: string, zero: 'allowed' | 'refused'): bigint => {
    const parsed = parseAmount(text, scale, zero)
    if (parsed.ok) return parsed.amount
    throw new CoopError(
      'amount-malformed',
      `'${text.slice(0, 40)}' is no amount (${parsed.refusal})`,
      parsed.message,
    )
  }
  const isSealed = SEALED_KINDS.has(kind)
  if (isSealed && request.supply !== undefined)
    throw new CoopError(
      'refused',
      `who may issue a unit of kind ${kind} is decided by the stewards (role)`,
      'Define it without a supply, then ask: `coop ledger issue CODE AMOUNT`.',
    )
  const most = kind === 'admission' ? 1n : AMOUNT_MAX
  const unit: UnitDefinition = {
    ...{ code: code.toUpperCase(), kind, scale, name },
    supply: isSealed ? 0n : request.supply === undefined ? most : amount(request.supply, 'refused'),
    relayMax: request.relayMax === undefined ? null : amount(request.relayMax, 'allowed'),
    expiresMs: expiresMs ?? null,
    nonce,
  }
  const refusal = unitRefusal(unit)
  if (refusal === null) return unit
  throw new CoopError('usage', `the unit cannot be defined (${refusal})`, UNIT_ADVICE[refusal])
}

const UNIT_ADVICE: Readonly<Record<UnitRefusal, string>> = {
  code: 'Give a code of 1 to 24 capital letters, digits, dots, dashes or underscores, such as EUR or POSTER-A2.',
  kind: `Give one of the kinds: ${UNIT_KINDS.join(', ')}.`,
  scale: 'Give 0 to 18 digits behind the point; seats, slots, admissions and editions have none.',
  name: 'Give a name of 1 to 100 visible characters.',
  supply:
    'Give a supply above zero that fits 63 bits, for kinds that seals do not issue; of an admission there is 1.',
  relay: 'Give a relay limit of zero or more that fits 63 bits.',
  expiry: 'Give the time of expiry in milliseconds since 1970.',
  nonce: 'Try again.',
}

function requestKey(id: string): Uint8Array {
  const key = /^[0-9a-f]{32}$/i.test(id) ? fromHex(id.toLowerCase()) : null
  if (key !== null) return key
  throw new CoopError(
    'usage',
    `'${id.slice(0, 64)}' cannot name a request`,
    'Give 32 hexadecimal digits, drawn anew for each request.',
  )
}

/** What the first entry that is not covered would take, and what there is. */
function uncoveredError(
  entries: readonly LedgerEntry[],
  { ledger, spendable }: { ledger: LedgerState; spendable: (account: string) => bigint },
): CoopError | null {
  const left = new Map<string, bigint>()
  const at = (account: string): bigint => left.get(account) ?? spendable(account)
  for (const entry of entries) {
    if (!isMoving(entry)) continue
    const [from, into] = entry.t === 'transfer' ? (['held', null] as const) : MOVES[entry.t]
    const account = accountKey(entry.unit, from)
    const unit = ledger.unit(entry.unit)
    const has = at(account)
    if (has < entry.amount) {
      const [text, missing] = [has, entry.amount].map((it) => showAmount(it, unit ?? { code: '?', scale: 0 }))
      return new CoopError(
        'not-covered',
        `${entry.t} of ${missing}: this device ${HAS[from]} ${text}`,
        NEXT[from],
      )
    }
    left.set(account, has - entry.amount)
    if (into !== null) {
      const other = accountKey(entry.unit, into)
      left.set(other, at(other) + entry.amount)
    }
  }
  return null
}

/** What a device does with rights for itself or others; the rest takes them home. */
const SPENDING: ReadonlySet<LedgerEntry['t']> = new Set<LedgerEntry['t']>(['consume', 'transfer'])
const HAS: Readonly<Record<AccountName, string>> = {
  held: 'holds',
  issuable: 'may issue',
  used: 'has used',
  returned: 'has handed back',
  credit: 'may draw',
  written: 'has written back',
}
const NEXT: Readonly<Record<AccountName, string>> = {
  held: 'See who holds more: `coop ledger rights`. A device that holds some can hand it over with `coop ledger transfer`.',
  issuable: 'Ask the stewards for the right to issue more: `coop propose allow DEVICE CODE AMOUNT`.',
  used: 'Only what this device consumed can be restored by it.',
  returned: 'What was handed back stays so; a seal can issue it anew.',
  credit: 'Ask the stewards for a longer credit line: `coop propose allow DEVICE CODE AMOUNT --credit`.',
  written: 'What was written back stays so.',
}
