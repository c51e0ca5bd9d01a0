import type { Act, Evaluation, Mark, VoidReason } from '../evaluation/index.ts'
import type { Sha256, SignatureRule } from '../identity/index.ts'
import type { Readings } from './readings.ts'

/** What a device may do in the co-op. Scopes of events come with the event document. */
export type Role = 'steward' | 'member' | 'venue' | 'archive' | 'observer'

/** All roles, the most trusted first. */
export const ROLES: readonly Role[] = ['steward', 'member', 'venue', 'archive', 'observer']

/**
 * A part of a device's chain up to the next place where the shown chain parts. A device that never forked is one
 * stretch. What a document keeps of one chain (what was spent, the next clock) it keeps by stretch: a stretch begins
 * with what its parent ended with.
 */
export interface Stretch {
  /** The stretch before; null for the first one. */
  readonly parent: Stretch | null
  /**
   * Place among the stretches of the device: a parent comes before its children, and of ways that part, whole subtrees
   * come in the order of the ids of their first commits. However much is stored, two commits stay in that order.
   */
  readonly rank: number
}

/**
 * One section with everything its verdict may depend on: its bytes and its causal past, nothing else. A commit is
 * named by its order, its place in the log of this replica.
 */
export interface SectionContext {
  /** Document id. */
  document: string
  /** Id of the commit, 32 bytes. */
  commit: Uint8Array
  /** Order of the commit; of one that is not written yet, the next one. */
  order: number
  /** The part of the author's chain that the commit is on. */
  stretch: Stretch
  /** Device key of the author, in hex. */
  device: string
  /** Position in the author's chain. */
  seq: number
  /** The author's clock: shown, never judged. */
  timeMs: number
  /** Role that the author's chain was admitted with. */
  role: Role
  /** The author's member: its recovery key, in hex. */
  member: string
  /** Commit that admitted the author's chain, in hex. */
  admission: string
  /** Number of entries that the header announces. */
  entries: number
  payload: Uint8Array
  /**
   * True when this commit relies on that one: it is on its own chain or leads there through heads that were listed
   * before the lister knew that the head's chain had parted. What a section builds on must be relied on, so that
   * whoever shows the section shows that too.
   */
  relies(order: number): boolean
  /** Id of the epoch that the commit cites; of the founding one the co-op id. */
  epoch: Uint8Array
  /** True when that commit is in this one's causal past, relied on or not. */
  knows(order: number): boolean
  /** True when that commit is neither contested nor late by what this one knows, under the epoch that it cites. */
  isGood(order: number): boolean
  /** True when that commit is on the author's own chain, before this one. */
  follows(order: number): boolean
  /** Order of a stored commit by its id; -1 for none. */
  find(commit: Uint8Array): number
  /** Device (hex) and seq of a stored commit. */
  placeOf(order: number): { device: string; seq: number }
  /** True when a stored commit is another one or comes after it on its chain. */
  isAtOrAfter(order: number, earlier: number): boolean
  /** Lowest seq of which two commits of the device (hex) are in this one's causal past; Infinity without any. */
  forkSeq(device: string): number
  /** Why the books would take nothing of the whole commit, if it is about to be written; null when they would. Of a stored one: null. */
  voidReason(): VoidReason | null
}

/** A section with more, or other, parts. Not every host writes its sections out, so that a copy by `...` would lack some. */
export function sectionWith<T extends object>(section: SectionContext, more: T): SectionContext & T {
  const { document, commit, order, stretch, device, seq, timeMs, role } = section
  const { member, admission, entries, payload, epoch } = section
  const { relies, knows, isGood, follows, find, placeOf, isAtOrAfter, forkSeq, voidReason } = section
  return {
    ...{ document, commit, order, stretch, device, seq, timeMs, role },
    ...{ member, admission, entries, payload, epoch },
    ...{ relies, knows, isGood, follows, find, placeOf, isAtOrAfter, forkSeq, voidReason },
    ...more,
  }
}

/** The verdict on a section. `apply` is called at most once, before any other check of the same document. */
export type SectionVerdict = { ok: true; apply(): void } | { ok: false; refusal: string; detail: string }

/** The folded state of one document on one replica. */
export interface DocumentState {
  /** Judges a section without changing anything. Never throws, whatever the payload. */
  check(section: SectionContext): SectionVerdict
  /**
   * Of a valid section: commits that it names and that its commit does not know. It means less without them, so its author
   * lists them.
   */
  lacking?(section: SectionContext): readonly number[]
  /** Of a kind that is read off the books: told of every commit that does something for them, in the order of the log. */
  took?(order: number, acts: readonly Act[]): void
  /**
   * Of a kind that is read off the books: what it keeps of what it was told, to be saved with the books, and what these must
   * be able to answer then. A kind without it has the books made anew at each opening.
   *
   * @param own - key of this device, hex; empty on a replica that only reads
   */
  keep?(own: string): KeptState
  /** Takes up what a state kept of the first commits of this log, of which it is not told; false for other bytes. */
  resume?(kept: Uint8Array): boolean
  /** Told of a section that was refused on its chain (not of a trial). */
  refused?(section: SectionContext): void
  /**
   * True once it met what it had to know from the start. From then on it only learns: handed all sections, it is of use to
   * `DocumentKind.open` alone.
   */
  readonly isOutdated?: boolean
  /** Told that other commits are visible now; only if the kind takes hidden ones. */
  visibilityChanged?(): void
  /** 32 bytes that follow from the state alone: equal wherever the same commits count. Asked for often: cheap, however large it is. */
  stateHash(): Uint8Array
}

/** What a state that is read off the books keeps beside them. */
export interface KeptState {
  bytes: Uint8Array
  marks: readonly Mark[]
}

/** A state of a document that was kept outside the log, with the place in the log that it stands for. */
export interface CachedDocument {
  /** Sections applied, in the order of this replica's log. */
  sections: number
  /** Commit of the last one. */
  commit: Uint8Array
  /** A Yjs V1 update that holds the whole document. */
  update: Uint8Array
}

/** What a document may use of the replica that folds it. It is handed in visible commits only, unless it says otherwise. */
export interface DocumentHost {
  coop: Uint8Array
  sha256: Sha256
  rule: SignatureRule
  /** True unless the commit is contested and no shown commit of another device relies on it. */
  isVisible(order: number): boolean
  /** The books: what devices hold, as far as stored commits and the line of seals say. */
  books(): Evaluation
  /** What other replicas have read of the same bytes, where several share records. */
  readings?: Readings | undefined
  /** A kept state to start from, if the host has one. */
  cached(document: string): CachedDocument | null
}

/** A kind of document; the registry plugs it into the engine. */
export interface DocumentKind {
  /** First part of the ids. */
  name: string
  /** True when ids read `kind/name`, false when there is one document of this kind. */
  isNamed: boolean
  /** True when sections always travel with their payload, and no device can decline a document of the kind. */
  isAlwaysSent: boolean
  /**
   * True when hidden sections are folded too, because the verdicts on others depend on them: the state shows what is
   * visible, whatever the order in which it was folded.
   */
  takesHidden?: boolean
  /**
   * True when the state is read off the books (`actsOf`): its sections are not handed in one by one, and `check` judges those
   * alone that are about to be written.
   */
  isComputed?: boolean
  /** What a section of a commit by this device (key, 32 bytes) does for the books; nothing when it is none of this kind. */
  actsOf?(
    section: { payload: Uint8Array; entries: number },
    device: Uint8Array,
    sha256: Sha256,
  ): readonly Act[]
  /** `outdated`: a state of the document that was handed all sections and says so of itself. */
  open(document: string, host: DocumentHost, outdated?: DocumentState): DocumentState
}
