import type { HeadRow, IntakeResult } from '../replica/index.ts'
import type { Want } from './frame.ts'
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

/** What a session asks of its host, in order. */
export type SessionOutput =
  /** Send these bytes, after everything stored so far is durable. */
  | { kind: 'send'; bytes: Uint8Array }
  /** Read the log at these places as soon as the stream takes more, then answer with `records`. */
  | { kind: 'read'; orders: number[] }
  /** Decode these records and hand them to the replica, then answer with `ingested`; several in the order asked. */
  | { kind: 'ingest'; records: Uint8Array[] }
  /** Both replicas hold the same commits. */
  | { kind: 'synced' }
  /** The peer has a commit of this very device that is not here: this log is an older copy, or a second one. */
  | { kind: 'superseded'; row: HeadRow }
  | { kind: 'close'; code: CloseCode; detail: string }
