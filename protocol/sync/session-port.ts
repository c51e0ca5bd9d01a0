import type { Sha256 } from '../identity/index.ts'
import type { HeadRow, IntakeResult, Replica } from '../replica/index.ts'
import type { Want } from './frame.ts'
import type { FillOutcome, SentPayloads } from './payload-exchange.ts'
import type { PullShare } from './pull-share.ts'
import type { ServedCommit } from './serving.ts'

/** What became of the records of one `ingest`: the replica's answer, or why they are not even records. */
export type IngestOutcome = { ok: true; result: IntakeResult } | { ok: false; refusal: string }

/** What the host tells a session. */
export type SessionInput =
  /** The stream is open. */
  | { kind: 'open' }
  /** One frame arrived, without its prefix. */
  | { kind: 'frame'; bytes: Uint8Array }
  /** So many bytes are here of a frame that is not whole yet, and no frame before it waits. */
  | { kind: 'arriving'; bytes: number }
  /** The commits at the first places of the last `read`: at least one, or none when the log cannot be read. */
  | { kind: 'records'; records: readonly ServedCommit[] }
  /** What became of the oldest unanswered `ingest`. */
  | { kind: 'ingested'; outcome: IngestOutcome }
  /** These devices' chains got longer, by whatever way. */
  | { kind: 'changed'; devices: readonly number[] }
  /** The host lacks these commits although they are stored: ask for them as soon as nothing else is under way. */
  | { kind: 'repair'; wants: readonly Want[] }
  /** Payloads that were missing are here, or the list of declined documents is another one. */
  | { kind: 'holes' }
  /** The commits at the first places of the last `read-payloads`, or none. */
  | { kind: 'payload-records'; records: readonly ServedCommit[] }
  /** What became of the last `fill`. */
  | { kind: 'filled'; outcome: FillOutcome }
  /** `wakeAtMs` has come. */
  | { kind: 'wake' }

/** Why a session ends a connection. Stable; `coop peers` shows it. */
export type CloseCode =
  | 'other-coop'
  | 'other-version'
  | 'malformed-frame'
  | 'out-of-order'
  | 'malformed-commit'
  | 'refused-commit'
  | 'wasteful'
  | 'flooding'
  | 'stalling'
  | 'silent'
  | 'false-payload'

/** What a session asks of its host, in order. */
export type SessionOutput =
  /** Send these bytes, after everything stored so far is durable. */
  | { kind: 'send'; bytes: Uint8Array }
  /** Read the log at these places as soon as the stream takes more, then answer with `records`. */
  | { kind: 'read'; orders: number[] }
  /** Decode these records and hand them to the replica, then answer with `ingested`; several in the order asked. */
  | { kind: 'ingest'; records: Uint8Array[] }
  /** Read the log at these places like for `read`, then answer with `payload-records`. */
  | { kind: 'read-payloads'; orders: number[] }
  /**
   * Put these payloads into the commits at these places (`completed`), hand those to the replica, and answer with
   * `filled`. A commit that cannot be read is passed over.
   */
  | { kind: 'fill'; sent: SentPayloads }
  /** Both replicas hold the same commits. */
  | { kind: 'synced' }
  /** The peer has a commit of this very device that is not here: this log is an older copy, or a second one. */
  | { kind: 'superseded'; row: HeadRow }
  | { kind: 'close'; code: CloseCode; detail: string }

/** What a session stands on. */
export interface SessionInit {
  replica: Replica
  sha256: Sha256
  /** 16 fresh random bytes. */
  key: Uint8Array
  /** Divides the work among the sessions of this replica; all of them have the same. */
  share: PullShare
  /** True when the peer passed the commit at this place of the log on by another way, as by gossip: it is not told of it. */
  hasPassedOn?: (order: number) => boolean
  /** How many outputs wait for the stream; not given: it takes everything at once. */
  backlog?: () => number
}
