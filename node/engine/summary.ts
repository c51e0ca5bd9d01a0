import { decodeCanonical, encodeCanonical, equalBytes, isBytes, isCount } from '#protocol/encoding'

/** What `status` tells of a document. */
export interface Summary {
  stateHash: Uint8Array
  /** Commits with a section of it. */
  commits: number
  /** Of these, sections that were refused. */
  refused: number
}

/** Key of what is kept of a document. */
export function summaryKey(document: string): string {
  return `f/${document}`
}

/** Canonical bytes of a summary that was made while the log had this name. */
export function encodeSummary(logName: Uint8Array, { commits, refused, stateHash }: Summary): Uint8Array {
  return encodeCanonical([logName, commits, refused, stateHash])
}

/** The summary, or null when the bytes are none, or stand for a log of another name. */
export function decodeSummary(logName: Uint8Array, bytes: Uint8Array): Summary | null {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [name, commits, refused, stateHash] = decoded.value
  if (!isBytes(name, logName.length) || !equalBytes(name, logName)) return null
  return isCount(commits) && isCount(refused) && isBytes(stateHash, 32)
    ? { commits, refused, stateHash }
    : null
}
