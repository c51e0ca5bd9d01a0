import { decodeCanonical, encodeCanonical, isCount } from '../encoding/index.ts'

/** The largest number of a writer session; a device counts its sessions on a board up from 0. */
export const SESSION_MAX = 0xf_ffff

/** What a section of a shared document carries. */
export interface BoardPayload {
  /** Writer session of the author's device (a page is a session): the Yjs clientID derives from it. */
  session: number
  /** A Yjs V1 update. */
  update: Uint8Array
}

/** Canonical bytes of a shared section. */
export function encodeBoardPayload(payload: BoardPayload): Uint8Array {
  return encodeCanonical([payload.session, payload.update])
}

/** The shared section in `bytes`, or null when they are none. */
export function decodeBoardPayload(bytes: Uint8Array): BoardPayload | null {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 2) return null
  const [session, update] = decoded.value
  if (!isCount(session) || session > SESSION_MAX || !(update instanceof Uint8Array)) return null
  return { session, update }
}
