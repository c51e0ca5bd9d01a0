import { compareBytes, decodeCanonical, encodeCanonical, isCount } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'
import { STRETCH_RANK_MAX } from '../shared/index.ts'

/** The largest number of a writer session; a device counts its sessions on a board up from 0. */
export const SESSION_MAX = 0xf_ffff

/** What a section of a shared document carries. */
export interface BoardPayload {
  /** Writer session of the author's device (a page is a session): the Yjs clientID derives from it. */
  session: number
  /** A Yjs V1 update. Where chains have parted, it may refer to what a commit wrote by the commit's place below. */
  update: Uint8Array
  /** Ids of the commits that the update refers to, 32 bytes each, ascending, 1 to 511; left out for none. */
  commits?: readonly Uint8Array[]
}

/** Canonical bytes of a shared section. */
export function encodeBoardPayload({ session, update, commits }: BoardPayload): Uint8Array {
  return encodeCanonical(commits === undefined ? [session, update] : [session, update, [...commits]])
}

/** The shared section in `bytes`, or null when they are none. */
export function decodeBoardPayload(bytes: Uint8Array): BoardPayload | null {
  const decoded = decodeCanonical(bytes)
  if (!decoded.ok || !Array.isArray(decoded.value)) return null
  const [session, update, listed, ...more] = decoded.value
  if (!isCount(session) || session > SESSION_MAX || !(update instanceof Uint8Array)) return null
  if (listed === undefined) return { session, update }
  const commits = more.length === 0 ? commitsIn(listed) : null
  return commits === null ? null : { session, update, commits }
}

function commitsIn(value: Value): Uint8Array[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > STRETCH_RANK_MAX) return null
  const commits: Uint8Array[] = []
  for (const commit of value) {
    if (!(commit instanceof Uint8Array) || commit.length !== 32) return null
    const last = commits.at(-1)
    if (last !== undefined && compareBytes(last, commit) >= 0) return null
    commits.push(commit)
  }
  return commits
}
