import type { Evaluation } from '#protocol/evaluation'

/** For a document that is folded without a replica: it must not ask. */
export function noBooks(): Evaluation {
  throw new Error('this document has no books')
}
