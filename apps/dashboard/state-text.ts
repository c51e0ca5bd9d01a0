import type { DocumentState } from './node-types.ts'

/** What people are told of a document that is not open on this device. */
export const STATE_TEXT: Record<DocumentState, string> = {
  whole: '',
  incomplete: 'not all here yet',
  declined: 'not kept on this device',
}
