import type { Sha256, SignatureRule } from '../identity/index.ts'

/** What a device may do in the co-op. Scopes of events come with the event document. */
export type Role = 'steward' | 'member' | 'venue' | 'archive' | 'observer'

/** All roles, the most trusted first. */
export const ROLES: readonly Role[] = ['steward', 'member', 'venue', 'archive', 'observer']

/** One section with everything its verdict may depend on: its bytes and its causal past, nothing else. */
export interface SectionContext {
  /** Document id. */
  document: string
  /** Id of the commit, 32 bytes. */
  commit: Uint8Array
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
  /** True when commit `seq` of `device` is in the causal past of this commit (or is this one). */
  acknowledges(device: string, seq: number): boolean
}

/** The verdict on a section. `apply` is called at most once, before any other check of the same document. */
export type SectionVerdict = { ok: true; apply(): void } | { ok: false; refusal: string; detail: string }

/** The folded state of one document on one replica. */
export interface DocumentState {
  /** Judges a section without changing anything. Never throws, whatever the payload. */
  check(section: SectionContext): SectionVerdict
  /** Told of a section that was refused on its chain (not of a trial). */
  refused?(section: SectionContext): void
  /** SHA-256 of the state in canonical form: equal wherever the same commits count. */
  stateHash(): Uint8Array
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

/** What a document may use of the replica that folds it. */
export interface DocumentHost {
  coop: Uint8Array
  sha256: Sha256
  rule: SignatureRule
  /** A kept state to start from, if the host has one. */
  cached(document: string): CachedDocument | null
}

/** A kind of document; the registry plugs it into the engine. */
export interface DocumentKind {
  /** First part of the ids. */
  name: string
  /** True when ids read `kind/name`, false when there is one document of this kind. */
  isNamed: boolean
  /** True when sections always travel with their payload. */
  isAlwaysSent: boolean
  open(document: string, host: DocumentHost): DocumentState
}
