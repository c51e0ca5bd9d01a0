import type { DocumentKind } from '../document/index.ts'
import { AuthorityState } from './authority-state.ts'
import { AUTHORITY } from './entries.ts'

/** Record document `authority`: membership. Its sections always travel with their payload. */
export const authorityKind: DocumentKind = {
  name: AUTHORITY,
  isNamed: false,
  isAlwaysSent: true,
  takesHidden: true,
  open: (_document, host) => new AuthorityState(host),
}
