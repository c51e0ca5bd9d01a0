/** Longest document id in characters. A guess that keeps 16 section heads within a header. */
export const DOCUMENT_ID_LENGTH_MAX = 80

/** True for `kind` or `kind/name`: lower-case kind, name of letters, digits, dot, dash and underscore. */
export function isDocumentId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > DOCUMENT_ID_LENGTH_MAX) return false
  return /^[a-z]{1,16}(\/[a-z0-9][a-z0-9._-]{0,62})?$/.test(value)
}
