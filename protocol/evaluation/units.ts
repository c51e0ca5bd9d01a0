import type { AccountTable, NamedUnit } from './account-table.ts'
import { unitOf } from './account.ts'
import { AMOUNT_MAX } from './act.ts'
import type { Define } from './act.ts'
import { isAtOrBefore, savePlace } from './branches.ts'
import type { Branches, Links, Place } from './branches.ts'
import type { JudgedCommit } from './insight.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import { PathSteps } from './steps.ts'

/** A unit that a valid commit defined. */
export interface UnitDefinition {
  /** Its name. */
  readonly unit: string
  /** Minor units that went to the definer's right to issue. */
  readonly supply: bigint
  /** Most that may be passed on of what was accepted outside the frontier; null for no limit. */
  readonly relayMax: bigint | null
  /** The definition as written. */
  readonly definition: Uint8Array
  /** Commits that define it, by order: one on each branch that does; ascending. */
  readonly orders: readonly number[]
}

interface Unit extends UnitDefinition {
  readonly orders: number[]
  readonly places: Place[]
  /** Holds from the first commit of each branch on that is seen to know the unit. */
  readonly known: PathSteps<true>
}

/** Units by their definitions, and who knows them. */
export class Units {
  readonly #links: Links
  readonly #accounts: AccountTable
  readonly #areDemanded: boolean
  /** By number in the table of accounts. */
  readonly #units: (Unit | undefined)[] = []
  #hasLimits = false

  /** `areDemanded`: nobody may debit a unit that it does not know. */
  constructor(links: Links, accounts: AccountTable, areDemanded: boolean) {
    this.#links = links
    this.#accounts = accounts
    this.#areDemanded = areDemanded
  }

  /** True once a unit with a relay limit is defined. */
  get hasLimits(): boolean {
    return this.#hasLimits
  }

  /** Definition of a unit; undefined while no valid commit here defines it. */
  of(name: string): UnitDefinition | undefined {
    const unit = this.#find(name)
    return unit === undefined ? undefined : told(unit)
  }

  /** All units, by name. */
  all(): UnitDefinition[] {
    return this.#units
      .filter((unit) => unit !== undefined)
      .map(told)
      .sort((a, b) => (a.unit < b.unit ? -1 : 1))
  }

  /**
   * Most that may be passed on of what was accepted outside the frontier; null for no limit, and where nobody demands
   * definitions.
   */
  relayMax({ index }: NamedUnit): bigint | null {
    return this.#areDemanded ? (this.#units[index]?.relayMax ?? null) : null
  }

  /** True when the unit is defined in the past of the commit, or nobody demands that it is. */
  isKnown(named: NamedUnit | undefined, commit: JudgedCommit): boolean {
    if (!this.#areDemanded) return true
    const unit = named === undefined ? undefined : this.#units[named.index]
    if (unit === undefined) return false
    if (unit.known.at(commit.branch, commit.seq) === true) return true
    return unit.orders.some((defined) => this.#isInPast(commit, defined))
  }

  /** True when the chain defines the unit at the place or before it. */
  isDefinedOn(name: string, place: Place): boolean {
    return this.#find(name)?.places.some((it) => isAtOrBefore(it, place)) ?? false
  }

  /** True when any branch of the device defines the unit. */
  isDefinedBy(name: string, device: number): boolean {
    return this.#find(name)?.places.some((it) => it.branch.device === device) ?? false
  }

  /** Takes up a valid definition. */
  define(order: number, place: Place, { unit: name, supply, relayMax, definition }: Define): void {
    const { index } = this.#accounts.unit(name)
    const about = { unit: name, supply, relayMax, definition }
    const unit =
      this.#units[index] ?? this.#enter({ ...about, orders: [], places: [], known: new PathSteps() })
    unit.orders.push(order)
    unit.places.push(place)
    unit.known.set(place.branch, place.seq, true)
  }

  /** Notes that a valid commit debits the unit, so that the commits behind it need not look for the definition. */
  noteKnown({ index }: NamedUnit, { branch, seq }: Place): void {
    if (!this.#areDemanded) return
    const known = this.#units[index]?.known
    if (known?.at(branch, seq) !== true) known?.set(branch, seq, true)
  }

  save(out: SnapshotWriter): void {
    const units = this.#units.filter((unit) => unit !== undefined)
    out.list(units, ({ unit, supply, relayMax, definition, orders, places, known }) => {
      out.text(unit)
      out.amount(supply)
      out.amount(relayMax ?? -1n)
      out.bytes(definition)
      out.list(orders, (order, at) => {
        out.count(order)
        savePlace(out, places[at] as Place)
      })
      known.save(out, () => {})
    })
  }

  load(from: SnapshotReader, branches: Branches): void {
    from.each(() => {
      const [unit, supply, limit, definition] = [from.text(), from.amount(), from.amount(), from.bytes()]
      const about = { unit, supply, relayMax: limit < 0n ? null : limit, definition }
      const [orders, places]: [number[], Place[]] = [[], []]
      from.each(() => {
        orders.push(branches.order(from))
        places.push(branches.readPlace(from))
      })
      const known = new PathSteps<true>()
      known.load(from, () => true, branches.all.length)
      this.#enter({ ...about, orders, places, known })
    })
  }

  #enter(unit: Unit): Unit {
    this.#units[this.#accounts.unit(unit.unit).index] = unit
    if (unit.relayMax !== null && this.#areDemanded) this.#hasLimits = true
    return unit
  }

  #find(name: string): Unit | undefined {
    const named = this.#accounts.findUnit(name)
    return named === undefined ? undefined : this.#units[named.index]
  }

  #isInPast({ pastOf }: JudgedCommit, defined: number): boolean {
    return pastOf.some((order) => order >= 0 && this.#links.knows(order, defined))
  }
}

/** True when the definition can stand: a unit's own name, and amounts in their bounds. */
export function isDefinition({ unit, supply, relayMax }: Define): boolean {
  const isBounded = (amount: bigint): boolean => amount >= 0n && amount <= AMOUNT_MAX
  return (
    unit !== '' && unitOf(unit) === unit && isBounded(supply) && (relayMax === null || isBounded(relayMax))
  )
}

function told({ unit, supply, relayMax, definition, orders }: Unit): UnitDefinition {
  return { unit, supply, relayMax, definition, orders: [...orders] }
}
