import { decodeCanonical, encodeCanonical, equalBytes, isBytes, isCount } from '#protocol/encoding'
import type { Value } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'

/** How far a log went, as the mark beside the store tells. */
export interface LogEnd {
  /** Commits on the disk. */
  length: number
  /** Id of the last of them; null when there is none. */
  last: Uint8Array | null
  /** The chain of this device; null before it wrote. */
  own: OwnEnd | null
}

/** How far the chain of one device key went. */
export interface OwnEnd {
  /** Device key. */
  device: Uint8Array
  /** Number of commits. */
  length: number
  /** Id of the last. */
  head: Uint8Array
}

/** Canonical bytes of a mark. */
export function encodeLogEnd({ length, last, own }: LogEnd): Uint8Array {
  return encodeCanonical([length, last, own === null ? null : [own.device, own.length, own.head]])
}

/** The mark, or null for bytes that are none. */
export function decodeLogEnd(bytes: Uint8Array): LogEnd | null {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [length, last, own] = decoded.value
  if (!isCount(length) || !(last === null || isBytes(last, 32))) return null
  const ownEnd = own === null ? null : readOwn(own)
  return own !== null && ownEnd === null ? null : { length, last, own: ownEnd }
}

/** How far the log of a replica goes of which the first `length` commits are on the disk. */
export function endOf(replica: Replica, length: number, device: Uint8Array): LogEnd {
  const { history } = replica
  const last = length === 0 ? null : history.idOf(length - 1).slice()
  const [branch] = history.branchesOf(history.findDevice(device))
  if (branch === undefined) return { length, last, own: null }
  let ownLength = branch.length
  // What is not on the disk yet must not be told of.
  while (ownLength > 0 && branch.at(ownLength - 1) >= length) ownLength -= 1
  if (ownLength === 0) return { length, last, own: null }
  return {
    length,
    last,
    own: { device, length: ownLength, head: history.idOf(branch.at(ownLength - 1)).slice() },
  }
}

/** True when the log holds at least what the mark tells of: as many commits, and the last one. */
export function isReached(replica: Replica, end: LogEnd): boolean {
  return replica.logLength >= end.length && (end.last === null || replica.history.find(end.last) >= 0)
}

/** True when the replica holds the chain of `device` as far as the mark tells; a mark of another key tells nothing. */
export function isOwnReached(replica: Replica, end: LogEnd, device: Uint8Array): boolean {
  if (end.own === null || !equalBytes(end.own.device, device)) return true
  return replica.history.find(end.own.head) >= 0
}

function readOwn(value: Value | undefined): OwnEnd | null {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [device, length, head] = value
  return isBytes(device, 32) && isCount(length) && isBytes(head, 32) ? { device, length, head } : null
}
