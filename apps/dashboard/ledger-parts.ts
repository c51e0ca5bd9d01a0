import type { Ledger } from './ledger-types.ts'
import type { Members, Status } from './node-types.ts'

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
