import type { Account } from './account-table.ts'
import type { DeviceTable } from './device-table.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** What one device has on one account, by all that counts; amounts in minor units. A row that is all zero is none. */
export interface Balance {
  readonly account: string
  /** Key of the device. */
  readonly device: string
  /** What counts as the device's; below zero is a deficit. */
  readonly holding: bigint
  /** Counted transfers to the device that it has not accepted. */
  readonly inFlight: bigint
  /** What seals that count issued to others against the device's loss account. */
  readonly replaced: bigint
}

/** How a balance changed; null for all zero. */
export interface BalanceChange {
  readonly before: Balance | null
  readonly after: Balance | null
}

/** One device on one account. */
export interface Row {
  readonly account: Account
  readonly device: number
  holding: bigint
  inFlight: bigint
  replaced: bigint
  /** What was told of it last. */
  told: Balance | null
  isChanged: boolean
}

/** The rows of the books, found by device, and which of them changed. */
export class Balances {
  readonly #devices: DeviceTable
  readonly #ofDevice: Row[][] = []
  #changed: Row[] = []

  constructor(devices: DeviceTable) {
    this.#devices = devices
  }

  /** Starts a row. */
  add(account: Account, device: number): Row {
    const row: Row = {
      account,
      device,
      holding: 0n,
      inFlight: 0n,
      replaced: 0n,
      told: null,
      isChanged: false,
    }
    ;(this.#ofDevice[device] ??= []).push(row)
    return row
  }

  /** To be told of each row that changed. */
  note(row: Row): void {
    if (row.isChanged) return
    row.isChanged = true
    this.#changed.push(row)
  }

  /** Rows of a device. */
  of(device: number): readonly Row[] {
    return this.#ofDevice[device] ?? []
  }

  /** All balances, by account and then by the device's key. */
  all(): Balance[] {
    const found: Balance[] = []
    for (const rows of this.#ofDevice) {
      for (const row of rows ?? []) {
        const balance = this.#balanceOf(row)
        if (balance !== null) found.push(balance)
      }
    }
    return found.sort(byName)
  }

  /** Balances that differ from what the last call told, by account and device; all of them at first. */
  takeChanges(): BalanceChange[] {
    const changes: BalanceChange[] = []
    const changed = this.#changed
    this.#changed = []
    for (const row of changed) {
      row.isChanged = false
      const [before, after] = [row.told, this.#balanceOf(row)]
      if (isSame(before, after)) continue
      row.told = after
      changes.push({ before, after })
    }
    return changes.sort((a, b) => byName((a.after ?? a.before) as Balance, (b.after ?? b.before) as Balance))
  }

  save(out: SnapshotWriter, row: Row): void {
    out.count(row.device)
    for (const amount of [row.holding, row.inFlight, row.replaced]) out.amount(amount)
    out.list(row.isChanged ? [row.told] : [], (told) => {
      for (const amount of [told?.holding, told?.inFlight, told?.replaced]) out.amount(amount ?? 0n)
    })
  }

  load(from: SnapshotReader, account: Account): Row {
    const row = this.add(account, from.below(this.#devices.length))
    const read = (): void => {
      row.holding = from.amount()
      row.inFlight = from.amount()
      row.replaced = from.amount()
    }
    read()
    if (from.isOff) return row
    const { holding, inFlight, replaced } = row
    row.told = this.#balanceOf(row)
    from.each(() => {
      read()
      row.told = this.#balanceOf(row)
      Object.assign(row, { holding, inFlight, replaced })
      this.note(row)
    })
    return row
  }

  #balanceOf({ account, device, holding, inFlight, replaced }: Row): Balance | null {
    if (holding === 0n && inFlight === 0n && replaced === 0n) return null
    return { account: account.name, device: this.#devices.keyOf(device), holding, inFlight, replaced }
  }
}

function isSame(one: Balance | null, other: Balance | null): boolean {
  return (
    one?.holding === other?.holding && one?.inFlight === other?.inFlight && one?.replaced === other?.replaced
  )
}

function byName(one: Balance, other: Balance): number {
  if (one.account !== other.account) return one.account < other.account ? -1 : 1
  if (one.device !== other.device) return one.device < other.device ? -1 : 1
  return 0
}
