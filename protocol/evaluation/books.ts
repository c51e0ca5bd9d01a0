import type { IssuedAllowance } from './seal-tree.ts'
import type { PlacedTransfer } from './transfers.ts'

/**
 * Sums of one unit over a whole replica, in minor units. Always: issued = consumed + held - deficits +
 * inFlight.
 */
export interface UnitSums {
  /** By the line of seals, and what chains took from seals that lost. */
  readonly issued: bigint
  /** The part of `issued` that only seals which lost have issued: the double signer's to answer for. */
  readonly issuedAside: bigint
  /** By facts. */
  readonly consumed: bigint
  /** Holdings above zero. */
  readonly held: bigint
  /** What holdings below zero lack: a cheat's, to be booked to its member. */
  readonly deficits: bigint
  /** Counted transfers that nobody accepted yet. */
  readonly inFlight: bigint
}

interface UnitBook {
  issued: bigint
  issuedAside: bigint
  consumed: bigint
  readonly holdings: Map<number, bigint>
  readonly inFlight: Map<number, bigint>
}

/** What counts, summed up: kept up to date by what changes, never added up anew. */
export class Books {
  readonly #units = new Map<string, UnitBook>()

  /** Units that anything was issued, moved or consumed of, sorted. */
  units(): string[] {
    return [...this.#units.keys()].sort()
  }

  /** What counts as the device's; below zero is a deficit. */
  holding(device: number, unit: string): bigint {
    return this.#units.get(unit)?.holdings.get(device) ?? 0n
  }

  /** What counts as on its way to the device. */
  inFlightTo(device: number, unit: string): bigint {
    return this.#units.get(unit)?.inFlight.get(device) ?? 0n
  }

  sums(unit: string): UnitSums {
    const { issued, issuedAside, consumed, holdings, inFlight } = this.#book(unit)
    let held = 0n
    let deficits = 0n
    for (const amount of holdings.values()) {
      if (amount > 0n) held += amount
      else deficits -= amount
    }
    let onTheWay = 0n
    for (const amount of inFlight.values()) onTheWay += amount
    return { issued, issuedAside, consumed, held, deficits, inFlight: onTheWay }
  }

  /** Adds (or with `isIssued` false takes back) an allowance. */
  issue({ device, unit, amount }: IssuedAllowance, isIssued: boolean): void {
    const book = this.#book(unit)
    const signed = isIssued ? amount : -amount
    book.issued += signed
    add(book.holdings, device, signed)
  }

  /** Notes that an allowance now counts (or no longer) only because a chain took it. */
  setAside({ unit, amount }: IssuedAllowance, isAside: boolean): void {
    this.#book(unit).issuedAside += isAside ? amount : -amount
  }

  consume(device: number, unit: string, amount: bigint): void {
    const book = this.#book(unit)
    book.consumed += amount
    add(book.holdings, device, -amount)
  }

  /** Counts the debit of a transfer that nobody accepted (or with `isCounted` false stops to). */
  count(transfer: PlacedTransfer, isCounted: boolean): void {
    const { branch, to, unit, amount } = transfer
    const book = this.#book(unit)
    const signed = isCounted ? amount : -amount
    add(book.holdings, branch.device, -signed)
    add(book.inFlight, to, signed)
    transfer.isCounted = isCounted
  }

  /** Counts both sides of a transfer, when it is accepted for the first time. */
  accept(transfer: PlacedTransfer): void {
    if (!transfer.isCounted) this.count(transfer, true)
    const book = this.#book(transfer.unit)
    add(book.inFlight, transfer.to, -transfer.amount)
    add(book.holdings, transfer.to, transfer.amount)
  }

  #book(unit: string): UnitBook {
    let book = this.#units.get(unit)
    if (book === undefined) {
      book = { issued: 0n, issuedAside: 0n, consumed: 0n, holdings: new Map(), inFlight: new Map() }
      this.#units.set(unit, book)
    }
    return book
  }
}

function add(amounts: Map<number, bigint>, key: number, amount: bigint): void {
  amounts.set(key, (amounts.get(key) ?? 0n) + amount)
}
