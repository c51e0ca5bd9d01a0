import { ACCOUNTS, isHeld, unitOf } from './account.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** An account by name, one object for each, so that what is kept of it is found without its name. */
export interface Account {
  /** Number in the table. */
  readonly index: number
  readonly name: string
  /** Place among the accounts of its unit: 0 for what is held, then in the order of `ACCOUNTS`. */
  readonly place: number
  readonly unit: NamedUnit
}

/** A unit by name. */
export interface NamedUnit {
  /** Number in the table. */
  readonly index: number
  readonly name: string
}

const MARKS: readonly string[] = Object.values(ACCOUNTS)
/** Accounts of one unit. */
export const PLACES: number = MARKS.length + 1

/** Accounts and units that anything that stands has named. Numbers are local to a replica. */
export class AccountTable {
  readonly #accounts = new Map<string, Account>()
  readonly #byIndex: Account[] = []
  readonly #units = new Map<string, NamedUnit>()

  /** The account of a name; a new one is added. */
  add(name: string): Account {
    const known = this.#accounts.get(name)
    if (known !== undefined) return known
    const place = isHeld(name) ? 0 : MARKS.indexOf(name.at(-1) ?? '') + 1
    const account: Account = { index: this.#byIndex.length, name, place, unit: this.unit(unitOf(name)) }
    this.#accounts.set(name, account)
    this.#byIndex.push(account)
    return account
  }

  /** The account of a name; undefined when nothing named it. */
  find(name: string): Account | undefined {
    return this.#accounts.get(name)
  }

  save(out: SnapshotWriter): void {
    out.list([...this.#units.keys()], (name) => out.text(name))
    out.list(this.#byIndex, ({ name }) => out.text(name))
  }

  load(from: SnapshotReader): void {
    from.each(() => this.unit(from.text()))
    from.each(() => this.add(from.text()))
  }

  /** Reads an account by its number. */
  read(from: SnapshotReader): Account {
    return this.#byIndex[from.below(this.#byIndex.length)] ?? this.add('')
  }

  /** The unit of a name; undefined when nothing named it. */
  findUnit(name: string): NamedUnit | undefined {
    return this.#units.get(name)
  }

  /** The unit of a name; a new one is added. */
  unit(name: string): NamedUnit {
    let unit = this.#units.get(name)
    if (unit === undefined) this.#units.set(name, (unit = { index: this.#units.size, name }))
    return unit
  }
}
