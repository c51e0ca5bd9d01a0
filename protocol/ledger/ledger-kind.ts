import type { DocumentKind } from '../document/index.ts'
import { actsOf, readLedgerSection } from './acts.ts'
import { LedgerState } from './ledger-state.ts'

/** The one document that says who holds what. */
export const LEDGER = 'ledger'

/** Record document `ledger`: units, and what devices hold of them. Its state is what the books say. */
export const ledgerKind: DocumentKind = {
  name: LEDGER,
  isNamed: false,
  isAlwaysSent: true,
  takesHidden: true,
  isComputed: true,
  open: (_document, host) => new LedgerState(host),
  actsOf({ payload, entries }, device, sha256) {
    const read = readLedgerSection(payload, entries)
    return read === null ? [] : actsOf(read, device, sha256)
  },
}
