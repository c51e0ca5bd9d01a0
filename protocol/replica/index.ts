export { forkProof, planAcknowledgements } from './acknowledge.ts'
export { FORK_ENDS_MAX } from './fork-ends.ts'
export {
  BALLOT_ACTS_IN_A_ROW_MAX,
  BALLOT_LOOK_EVERY_MS,
  BALLOT_RETRY_MS,
  BallotTurns,
} from './ballot-turns.ts'
export { BUCKET_COUNT, EMPTY_DIGEST, Heads, ROW_BYTES, rowBytes } from './heads.ts'
export type { HeadRow } from './heads.ts'
export { chainsOf } from './keeper-view.ts'
export { SIGNATURE_RUN_MAX, signaturesToCheck } from './intake.ts'
export type { CommitRefusal } from './intake.ts'
export { OpenBatch } from './open-batch.ts'
export { WAITING_BYTES_MAX, WAITING_BYTES_PER_DEVICE_MAX, WAITING_PER_DEVICE_MAX } from './pending.ts'
export { Replica } from './replica.ts'
export type { ReplicaInit } from './replica.ts'
export type { AuthorResult, IntakeResult, RestoredCommit } from './results.ts'
export { decodeBooks } from './saved-books.ts'
export type { BooksLoss, SavedBooks } from './saved-books.ts'
export type { Standing } from './standing.ts'
export { DocumentLog } from './document-log.ts'
export { DECLINED_MAX } from './holes.ts'
export type { LatePayload } from './holes.ts'
export type { StoredCommit, TakenCommit } from './documents.ts'
export { Visibility } from './visibility.ts'
export type { Ground } from './visibility.ts'
