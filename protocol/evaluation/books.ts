import type { Account, AccountTable } from './account-table.ts'
import { ACCOUNTS } from './account.ts'
import { Balances } from './balances.ts'
import type { Row } from './balances.ts'
import type { DeviceTable } from './device-table.ts'
import type { IssuedAllowance } from './seal-tree.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'
import type { PlacedTransfer } from './transfers.ts'

/**
 * Sums of one account over all devices of a replica, in minor units. Always: issued + movedIn = consumed + movedOut +
 * held - deficits + inFlight.
 */
export interface UnitSums {
  /** By the line of seals, by definitions, and what chains took from seals that lost. */
  readonly issued: bigint
  /** The part of `issued` that only seals which lost have issued: the double signer's to answer for. */
  readonly issuedAside: bigint
  /** The part of `issued` that is against loss accounts. */
  readonly replaced: bigint
  /** By facts that put it nowhere. */
  readonly consumed: bigint
  /** By facts that took it from another account. */
  readonly movedIn: bigint
  /** By facts that put it on another account. */
  readonly movedOut: bigint
  /** Holdings above zero. */
  readonly held: bigint
  /** What holdings below zero lack: a cheat's, to be booked to its member. */
  readonly deficits: bigint
  /** Counted transfers that nobody accepted yet. */
  readonly inFlight: bigint
}

class Book {
  readonly account: Account
  issued = 0n
  issuedAside = 0n
  replaced = 0n
  consumed = 0n
  movedIn = 0n
  movedOut = 0n
  readonly rows = new Map<number, Row>()

  constructor(account: Account) {
    this.account = account
  }
}

/** What counts, summed up: kept up to date by what changes, never added up anew. */
export class Books {
  readonly balances: Balances
  readonly #accounts: AccountTable
  /** By the account's number. */
  readonly #books: (Book | undefined)[] = []

  constructor(accounts: AccountTable, devices: DeviceTable) {
    this.#accounts = accounts
    this.balances = new Balances(devices)
  }

  /** What counts as the device's; below zero is a deficit. */
  holding(device: number, account: string): bigint {
    return this.#find(account)?.rows.get(device)?.holding ?? 0n
  }

  /** What counts as on its way to the device. */
  inFlightTo(device: number, account: string): bigint {
    return this.#find(account)?.rows.get(device)?.inFlight ?? 0n
  }

  /** What was issued against the device's loss account and is not written back. */
  loss(device: number, unit: string): bigint {
    const replaced = this.#find(unit)?.rows.get(device)?.replaced ?? 0n
    return replaced - this.holding(device, unit + ACCOUNTS.writtenBack)
  }

  /** Devices with something on the account, or lacking it. */
  holders(account: string): Row[] {
    return [...(this.#find(account)?.rows.values() ?? [])].filter((row) => row.holding !== 0n)
  }

  /** Devices with anything on an account of the unit, now or before. */
  devicesOf(unit: string): Set<number> {
    const accounts = [unit, ...Object.values(ACCOUNTS).map((mark) => unit + mark)]
    return new Set(accounts.flatMap((account) => [...(this.#find(account)?.rows.keys() ?? [])]))
  }

  sums(account: string): UnitSums {
    const book = this.#find(account)
    if (book === undefined) return NO_SUMS
    const { issued, issuedAside, replaced, consumed, movedIn, movedOut } = book
    let held = 0n
    let deficits = 0n
    let inFlight = 0n
    for (const row of book.rows.values()) {
      if (row.holding > 0n) held += row.holding
      else deficits -= row.holding
      inFlight += row.inFlight
    }
    return { issued, issuedAside, replaced, consumed, movedIn, movedOut, held, deficits, inFlight }
  }

  /** Adds (or with `isIssued` false takes back) an allowance. */
  issue({ device, account, amount, against }: IssuedAllowance, isIssued: boolean): void {
    const book = this.#book(account)
    const signed = isIssued ? amount : -amount
    book.issued += signed
    this.#add(book, device, signed)
    if (against === null) return
    book.replaced += signed
    this.#row(book, against).replaced += signed
  }

  /** Notes that an allowance now counts (or no longer) only because a chain took it. */
  setAside({ account, amount }: IssuedAllowance, isAside: boolean): void {
    this.#book(account).issuedAside += isAside ? amount : -amount
  }

  /** Adds what a definition gives its author. */
  supply(device: number, account: Account, amount: bigint): void {
    const book = this.#book(account)
    book.issued += amount
    this.#add(book, device, amount)
  }

  consume(device: number, account: Account, amount: bigint): void {
    const book = this.#book(account)
    book.consumed += amount
    this.#add(book, device, -amount)
  }

  /** Moves an amount between two accounts of a device. */
  move(device: number, from: Account, into: Account, amount: bigint): void {
    const [source, target] = [this.#book(from), this.#book(into)]
    source.movedOut += amount
    target.movedIn += amount
    this.#add(source, device, -amount)
    this.#add(target, device, amount)
  }

  /** Counts the debit of a transfer that nobody accepted (or with `isCounted` false stops to). */
  count(transfer: PlacedTransfer, isCounted: boolean): void {
    const { branch, to, account, amount } = transfer
    const book = this.#book(account)
    const signed = isCounted ? amount : -amount
    this.#add(book, branch.device, -signed)
    this.#row(book, to).inFlight += signed
    transfer.isCounted = isCounted
  }

  /** Counts both sides of a transfer, when it is accepted for the first time. */
  accept(transfer: PlacedTransfer): void {
    if (!transfer.isCounted) this.count(transfer, true)
    const row = this.#row(this.#book(transfer.account), transfer.to)
    row.inFlight -= transfer.amount
    row.holding += transfer.amount
  }

  save(out: SnapshotWriter): void {
    const books = this.#books.filter((book) => book !== undefined)
    out.list(books, (book) => {
      out.count(book.account.index)
      for (const sum of SUMS) out.amount(book[sum])
      out.list([...book.rows.values()], (row) => this.balances.save(out, row))
    })
  }

  load(from: SnapshotReader): void {
    from.each(() => {
      const book = this.#book(this.#accounts.read(from))
      for (const sum of SUMS) book[sum] = from.amount()
      from.each(() => {
        const row = this.balances.load(from, book.account)
        book.rows.set(row.device, row)
      })
    })
  }

  #add(book: Book, device: number, amount: bigint): void {
    this.#row(book, device).holding += amount
  }

  /** The row of a device, which is about to change. */
  #row(book: Book, device: number): Row {
    let row = book.rows.get(device)
    if (row === undefined) book.rows.set(device, (row = this.balances.add(book.account, device)))
    this.balances.note(row)
    return row
  }

  #book(account: Account): Book {
    return (this.#books[account.index] ??= new Book(account))
  }

  #find(name: string): Book | undefined {
    const account = this.#accounts.find(name)
    return account === undefined ? undefined : this.#books[account.index]
  }
}

const SUMS = ['issued', 'issuedAside', 'replaced', 'consumed', 'movedIn', 'movedOut'] as const

const NO_SUMS: UnitSums = {
  issued: 0n,
  issuedAside: 0n,
  replaced: 0n,
  consumed: 0n,
  movedIn: 0n,
  movedOut: 0n,
  held: 0n,
  deficits: 0n,
  inFlight: 0n,
}
