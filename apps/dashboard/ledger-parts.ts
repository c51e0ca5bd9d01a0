import { shownText } from '#apps/shown-text'
import type { Ledger, Unit } from './ledger-types.ts'
import type { Member, Members, Status } from './node-types.ts'

/** What the parts of the ledger's section show and need. */
export interface LedgerParts {
  status: Status
  members: Members | null
  ledger: Ledger
}

/** True where this device may write in the ledger. */
export function canWrite({ standing, role }: Status): boolean {
  return role !== null && role !== 'observer' && standing?.status !== 'closed' && standing?.status !== 'left'
}

/** The unit that is mostly split and owed: money, if there is some. */
export function usualUnit(units: readonly Unit[]): Unit | undefined {
  return units.find((it) => it.kind === 'money') ?? units[0]
}

/** Names a party: by the member's name where it is a key. */
export function nameIn(members: readonly Member[]): (key: string) => string {
  return (key) => shownText(members.find((it) => it.member === key)?.name ?? key)
}
