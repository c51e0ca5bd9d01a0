import type { LedgerState, Marks, UnitInfo } from '#protocol/ledger'
import { formatAmount } from '#protocol/ledger/money'
import type { DeviceName, RosterNames } from './roster-names.ts'

/** Where a device stands that holds rights. */
export type HolderState =
  /** This device. */
  | 'here'
  /** Connected now: it can be asked. */
  | 'reachable'
  /** Cut off, or switched off: it may be selling. */
  | 'elsewhere'
  /** Closed, left or suspended: nobody can be handed what it holds, until it comes back or a seal makes up for it. */
  | 'stranded'

/** What one device holds of a unit. */
export interface HolderView {
  device: DeviceName
  isOwn: boolean
  held: string
  incoming: string
  loss: string
  state: HolderState
}

/** Of one unit, what can be sold here without the mesh, and what others hold; as text by its scale. */
export interface RightsView {
  unit: string
  code: string
  here: string
  reachable: string
  elsewhere: string
  stranded: string
  /** Below `low` this device asks others for more, up to `high`; null where it does not. */
  marks: { low: string; high: string } | null
  devices: HolderView[]
}

/** Where rights are looked up. */
export interface RightsParts {
  books: LedgerState['books']
  names: RosterNames
  /** How a device (hex) stands. */
  stateOf: (device: string) => HolderState
  /** What this device may spend of a unit now, minor units. */
  spendable: (unit: string) => bigint
  marksOf: (unit: string) => Marks | null
}

/** Who could sell what of a unit. */
export function rightsView(
  unit: UnitInfo,
  { books, names, stateOf, spendable, marksOf }: RightsParts,
): RightsView {
  const text = (amount: bigint): string => formatAmount(amount, unit.scale)
  const sums: Record<HolderState, bigint> = { here: 0n, reachable: 0n, elsewhere: 0n, stranded: 0n }
  const devices = books.devicesOf(unit.id).flatMap((device): HolderView[] => {
    const held = books.holding(device, unit.id)
    const incoming = books.inFlightTo(device, unit.id)
    const loss = books.lossOf(device, unit.id)
    const state = stateOf(device)
    // What is on its way to a device it can sell as soon as it hears of it.
    if (state !== 'here') sums[state] += (held > 0n ? held : 0n) + incoming
    if (held <= 0n && incoming === 0n && loss === 0n) return []
    const isOwn = state === 'here'
    const shown = { held: text(held < 0n ? 0n : held), incoming: text(incoming), loss: text(loss) }
    return [{ device: names.device(device), isOwn, ...shown, state }]
  })
  const marks = marksOf(unit.id)
  return {
    ...{ unit: unit.id, code: unit.code, here: text(spendable(unit.id)) },
    ...{ reachable: text(sums.reachable), elsewhere: text(sums.elsewhere), stranded: text(sums.stranded) },
    marks: marks === null ? null : { low: text(marks.low), high: text(marks.high) },
    devices,
  }
}
