import type { CommitRecord } from '../commit/index.ts'
import type { Act } from '../evaluation/index.ts'
import type { CommitLinks } from '../history/index.ts'
import type { TakenCommit } from './documents.ts'
import type { LatePayload } from './holes.ts'
import type { CommitRefusal } from './intake.ts'

/** What a host's index keeps of a commit. */
export interface RestoredCommit extends CommitLinks {
  /** Epoch that it cites; none or null for the founding one. */
  epoch?: Uint8Array | null
  /** Its own signature was checked. */
  isSigned: boolean
  documents: readonly string[]
  /** Bit i is set when the payload of section i is not here. Default: all are. */
  missing?: number
  /** What it does for the books. Default: nothing. Not needed of commits that saved books stand for. */
  acts?: readonly Act[]
}

/** What a batch did. */
export interface IntakeResult {
  /** Folded, in the order of the log. */
  stored: TakenCommit[]
  /** Checked, but what they acknowledge is not all here: the host keeps them aside. */
  waiting: CommitRecord[]
  /** Ids of commits that no longer wait: they are in `stored`, or can never be. */
  released: Uint8Array[]
  /** Payloads that were missing and came with commits that are here. The host keeps them beside the log. */
  late: LatePayload[]
  duplicates: number
  /** Of what was sent. */
  refused: { record: CommitRecord; refusal: CommitRefusal }[]
  /** Had waited, and turned out to be refused: no fault of who sent what they waited for. */
  dropped: { record: CommitRecord; refusal: CommitRefusal }[]
}

/** What a local write did. */
export type AuthorResult =
  | { ok: true; stored: TakenCommit[]; commit: CommitRecord }
  | { ok: false; refusal: string; detail: string }

/** Of a batch that did nothing yet. */
export function emptyResult(): IntakeResult {
  return { stored: [], waiting: [], released: [], late: [], duplicates: 0, refused: [], dropped: [] }
}
