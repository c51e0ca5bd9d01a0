import { encodeCanonical } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { SetHash } from '../document/index.ts'
import type {
  DocumentHost,
  DocumentState,
  KeptState,
  SectionContext,
  SectionVerdict,
} from '../document/index.ts'
import { SnapshotReader, SnapshotWriter, unitOf } from '../evaluation/index.ts'
import type { Act, ActName, Balance, Evaluation, VoidReason } from '../evaluation/index.ts'
import { CountList } from '../history/index.ts'
import { readDefinition, readLedgerSection, readRule } from './acts.ts'
import { OrderList } from './order-list.ts'
import type { SplitRule } from './money/index.ts'
import type { UnitInfo } from './unit.ts'

/** Why a ledger section that is about to be written was refused; one that others wrote is in the books or void there. */
export type LedgerRefusal = 'entries' | 'role' | VoidReason

/** A transfer that expires. */
export interface ExpiringGrant extends ActName {
  unit: string
  /** Minor units. */
  amount: bigint
  /** By the receiver's own clock, Unix ms. */
  expiresMs: number
}

/** The ledger as a replica shows it: units, where their entries stand, and the hash of what the books say. */
export class LedgerState implements DocumentState {
  readonly #host: DocumentHost
  readonly #units = new Map<string, UnitInfo>()
  /** By unit: orders of the commits with entries of it, ascending. */
  readonly #ordersOf = new Map<string, OrderList>()
  /** By receiver (hex): rights that expire. */
  readonly #grants = new Map<string, ExpiringGrant[]>()
  /** By unit: the commit by which the device of `#firstsOf` (hex) first accepted a right that expires. */
  readonly #firsts = new Map<string, number>()
  #firstsOf = ''
  readonly #rows: SetHash

  constructor(host: DocumentHost) {
    this.#host = host
    this.#rows = new SetHash(host.sha256)
  }

  /** What devices hold. */
  get books(): Evaluation {
    return this.#host.books()
  }

  /** Units that a valid commit defines, by id, sorted. */
  units(): UnitInfo[] {
    return this.books
      .definitions()
      .map((it) => this.unit(it.unit))
      .filter((it) => it !== null)
  }

  /** The unit with an id; null when no valid commit here defines it. */
  unit(id: string): UnitInfo | null {
    const known = this.#units.get(id)
    if (known !== undefined) return known
    const defined = this.books.unit(id)
    const unit = defined === undefined ? null : readDefinition(id, defined.definition)
    if (unit !== null) this.#units.set(id, unit)
    return unit
  }

  /** The newest version of each split rule, by its id; of two with one version the one of the lower name in the books. */
  rules(): SplitRule[] {
    const newest = new Map<string, SplitRule>()
    for (const { definition } of this.books.definitions()) {
      const rule = readRule(definition)?.rule
      const known = rule === undefined ? undefined : newest.get(rule.id)
      if (rule !== undefined && (known === undefined || known.version < rule.version))
        newest.set(rule.id, rule)
    }
    return [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Orders of the commits with entries of a unit, ascending; of all that were stored, void ones as well. */
  ordersOf(unit: string): CountList {
    return this.#ordersOf.get(unit)?.all() ?? NO_ORDERS
  }

  /** Takes note of what the newest commit does for the books. */
  took(order: number, acts: readonly Act[]): void {
    for (const [index, act] of acts.entries()) {
      const unit = unitOf(act.unit)
      if (act.kind === 'transfer' && act.expiresMs !== undefined) {
        const { to, amount, expiresMs } = act
        const grants = this.#grants.get(to) ?? []
        grants.push({ order, act: index, unit, amount, expiresMs })
        this.#grants.set(to, grants)
      }
      let orders = this.#ordersOf.get(unit)
      if (orders === undefined) this.#ordersOf.set(unit, (orders = new OrderList()))
      orders.push(order)
    }
  }

  /** The hash, where units stand in the log, and rights that expire. What the device had before its first right that expires is asked for good. */
  keep(own: string): KeptState {
    this.stateHash() // of what the books say now
    if (this.#firstsOf !== own) this.#firsts.clear()
    this.#firstsOf = own
    const open = this.grantsTo(own).filter(({ unit }) => !this.#firsts.has(unit))
    for (const grant of open) {
      const [by] = this.books.acceptedBy(grant, own)
      if (by !== undefined) this.#firsts.set(grant.unit, Math.min(by, this.#firsts.get(grant.unit) ?? by))
    }
    const out = new SnapshotWriter()
    out.count(KEPT_VERSION)
    out.count(this.#rows.size)
    out.bytes(this.#rows.sum())
    out.list([...this.#grants], ([to, grants]) => {
      out.text(to)
      out.list(grants, ({ order, act, unit, amount, expiresMs }) => {
        out.count(order)
        out.count(act)
        out.text(unit)
        out.amount(amount)
        out.count(expiresMs)
      })
    })
    out.list([...this.#ordersOf], ([unit, orders]) => {
      out.text(unit)
      orders.save(out)
    })
    out.text(own)
    out.list([...this.#firsts], ([unit, order]) => {
      out.text(unit)
      out.count(order)
    })
    return { bytes: out.result(), marks: [...this.#firsts].map(([account, order]) => ({ order, account })) }
  }

  resume(kept: Uint8Array): boolean {
    const from = new SnapshotReader(kept)
    if (from.count() !== KEPT_VERSION) return false
    const [size, sum] = [from.count(), from.bytes()]
    if (sum.length !== 32) return false
    this.#rows.resume(size, sum)
    from.each(() => {
      const to = from.text()
      const grants = from.list(() => ({
        ...{ order: from.count(), act: from.count(), unit: from.text() },
        ...{ amount: from.amount(), expiresMs: from.count() },
      }))
      this.#grants.set(to, grants)
    })
    from.each(() => this.#ordersOf.set(from.text(), OrderList.load(from)))
    this.#firstsOf = from.text()
    from.each(() => this.#firsts.set(from.text(), from.count()))
    return from.isAtEnd && !from.isOff
  }

  /** Rights that were handed to a device (hex) and expire, accepted or not, in the order of the log. */
  grantsTo(device: string): readonly ExpiringGrant[] {
    return this.#grants.get(device) ?? []
  }

  check(section: SectionContext): SectionVerdict {
    const entries = readLedgerSection(section.payload, section.entries)
    if (entries === null) return refuse('entries', 'the section is not a list of ledger entries')
    if (section.role === 'observer' && entries.some((it) => it.t === 'define' || it.t === 'rule'))
      return refuse('role', 'an observer defines no units')
    const reason = section.voidReason()
    return reason === null ? { ok: true, apply: () => undefined } : refuse(reason, VOID_WORDS[reason])
  }

  stateHash(): Uint8Array {
    for (const { before, after } of this.books.takeBalanceChanges()) {
      if (before !== null) this.#rows.remove(rowOf(before))
      if (after !== null) this.#rows.add(rowOf(after))
    }
    const units = this.books.definitions().map((it) => it.unit)
    return this.#host.sha256(encodeCanonical([this.#rows.size, this.#rows.sum(), units]))
  }
}

function rowOf({ account, device, holding, inFlight, replaced }: Balance): Value {
  return [account, device, String(holding), String(inFlight), String(replaced)]
}

/** In words, for whoever is about to sign. */
export const VOID_WORDS: Readonly<Record<VoidReason, string>> = {
  'void-before': 'an earlier entry of this device was not covered, so nothing that it signs counts any more',
  'epoch-outdated': 'this device knows a newer decision of the stewards than the one it stands on',
  malformed: 'an amount is not positive or too large, or a transfer goes to its own device',
  uncovered: 'this device does not hold as much',
  'unknown-unit': 'this device does not know the unit',
  'defined-twice': 'this device has defined the unit already',
  'relay-limit':
    'this device may not pass on more of what it was given, until the stewards have settled it; it may sell and use it',
}

const NO_ORDERS = new CountList()
/** Goes up with each change of what `keep` writes, and of what state hashes are made of. */
const KEPT_VERSION = 1

function refuse(refusal: LedgerRefusal, detail: string): SectionVerdict {
  return { ok: false, refusal, detail }
}
