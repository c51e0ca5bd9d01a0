import { leaveOut } from '../commit/index.ts'
import type { Sha256 } from '../identity/index.ts'
import type { Replica } from '../replica/index.ts'
import { decodeFrame } from './frame.ts'
import type { ServedCommit } from './serving.ts'

/**
 * True for a device (hex) that the device of this replica keeps away from: under the tip it is closed, has left, or is
 * suspended. Nodes of stewards keep in touch with a steward who is suspended, or has left and is not closed yet: else two
 * that suspend each other could never be helped by a seal, nor one that leaves be let go.
 */
export function isOutside({ authority, device: own }: Replica, device: string): boolean {
  const status = authority.statusOf(device)
  if (status === null || status === 'active') return false
  const { signers } = authority.epochs.tip
  return !(signers.has(device) && signers.has(own ?? ''))
}

/** True for a frame of a device outside that asks for more than acts of authority and proofs of forks. */
export function asksTooMuch(frame: Uint8Array): boolean {
  const decoded = decodeFrame(frame)
  if (!decoded.ok) return false // the session names what is wrong with it
  const { kind } = decoded.frame
  return kind === 'fetch' || (kind === 'want' && !decoded.frame.isUrgentOnly)
}

/** Commits as a device outside gets them: without what is written in boards. */
export function outsideForms(
  replica: Replica,
  sha256: Sha256,
  commits: readonly ServedCommit[],
): ServedCommit[] {
  const isLeftOut = (document: string): boolean => !replica.isAlwaysSent(document)
  return commits.map(({ order, bytes }) => ({ order, bytes: leaveOut(bytes, sha256, isLeftOut) }))
}
