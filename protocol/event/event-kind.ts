import type { DocumentKind } from '../document/index.ts'
import { eventActs } from './event-acts.ts'
import { EVENT, readEventSection } from './event-section.ts'
import { EventState } from './event-state.ts'

/**
 * Record documents `event/<26 letters and digits>`: what an event is, which tickets were issued and who went in. They take
 * hidden commits as well: that somebody went in is a fact, whatever becomes of the gate's chain.
 */
export const eventKind: DocumentKind = {
  name: EVENT,
  isNamed: true,
  isAlwaysSent: true,
  takesHidden: true,
  open: (document, host) => new EventState(document, host),
  actsOf({ payload, entries }) {
    const read = readEventSection(payload, entries)
    return read === null ? [] : eventActs(read)
  },
}
