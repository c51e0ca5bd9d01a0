import { accountKey } from '#protocol/ledger'
import type { LedgerState, UnitInfo } from '#protocol/ledger'
import { formatAmount } from '#protocol/ledger/money'
import { shownText } from '#apps/shown-text'
import type { DeviceName, RosterNames } from './roster-names.ts'

/**
 * Sums of a unit over all devices, as text by its scale. Always: issued + replaced = held + inFlight + used + returned +
 * writtenBack - deficits, and loss = replaced - writtenBack.
 */
export interface UnitSumsView {
  issued: string
  /** Issued by seals in the place of what silent devices hold. */
  replaced: string
  held: string
  inFlight: string
  used: string
  returned: string
  writtenBack: string
  /** What holdings below zero lack: for the members of cheats to pay. */
  deficits: string
  /** What the loss accounts of silent devices bear. */
  loss: string
  /** May still be issued. */
  issuable: string
  /** May still be drawn on credit lines. */
  credit: string
}

/** A unit as people see it. */
export interface UnitView {
  id: string
  code: string
  kind: UnitInfo['kind']
  scale: number
  name: string
  definedBy: DeviceName
  relayMax: string | null
  expiresMs: number | null
  sums: UnitSumsView
}

/** What one device has of one unit, as text by the unit's scale. */
export interface BalanceView {
  unit: string
  code: string
  device: DeviceName
  isOwn: boolean
  held: string
  /** On its way to the device. */
  incoming: string
  issuable: string
  credit: string
  used: string
  returned: string
  /** What its loss account bears: a seal issued it to others in the device's place. */
  loss: string
  /** What it spent beyond what it held: its member owes it. */
  deficit: string
}

/** The unit with its sums. */
export function unitView(unit: UnitInfo, { books }: LedgerState, names: RosterNames): UnitView {
  const text = (amount: bigint): string => formatAmount(amount, unit.scale)
  const totals = books.totals(unit.id)
  return {
    ...{ id: unit.id, code: unit.code, kind: unit.kind, scale: unit.scale, name: shownText(unit.name) },
    definedBy: names.device(unit.device),
    relayMax: unit.relayMax === null ? null : text(unit.relayMax),
    expiresMs: unit.expiresMs,
    sums: {
      issued: text(totals.issued),
      replaced: text(totals.replaced),
      held: text(totals.held),
      inFlight: text(totals.inFlight),
      used: text(totals.used),
      returned: text(totals.returned),
      writtenBack: text(totals.writtenBack),
      deficits: text(totals.deficits),
      loss: text(totals.loss),
      issuable: text(totals.rights),
      credit: text(totals.credit),
    },
  }
}

/** What a device (hex) has of a unit; null when that is nothing at all. `own`: this device, hex. */
export function balanceView(
  unit: UnitInfo,
  device: string,
  { books, names, own }: { books: LedgerState['books']; names: RosterNames; own: string | null },
): BalanceView | null {
  const of = (account: Parameters<typeof accountKey>[1]): bigint =>
    books.holding(device, accountKey(unit.id, account))
  const held = of('held')
  const amounts = {
    held: held < 0n ? 0n : held,
    incoming: books.inFlightTo(device, unit.id),
    issuable: of('issuable'),
    credit: of('credit'),
    used: of('used'),
    returned: of('returned'),
    loss: books.lossOf(device, unit.id),
    deficit: held < 0n ? -held : 0n,
  }
  if (Object.values(amounts).every((it) => it === 0n)) return null
  const texts = Object.entries(amounts).map(([name, amount]) => [name, formatAmount(amount, unit.scale)])
  const { id, code } = unit
  const shown = Object.fromEntries(texts) as Record<keyof typeof amounts, string>
  return { unit: id, code, device: names.device(device), isOwn: device === own, ...shown }
}
