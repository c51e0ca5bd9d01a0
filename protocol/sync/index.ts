export { decodeFrame, encodeFrame } from './frame.ts'
export type { Frame, FrameRefusal, FrameResult, HelloFrame, Want, BucketBrief } from './frame.ts'
export { FrameSplitter, prefixFrame } from './frame-splitter.ts'
export type { SplitResult } from './frame-splitter.ts'
export {
  ANNOUNCE_DELAY_MS,
  ANSWER_TIMEOUT_MS,
  BATCHES_AHEAD,
  BATCH_BYTES_TARGET,
  BATCH_COMMITS_MAX,
  DUPLICATES_MAX,
  FRAMES_BURST_MAX,
  FRAMES_PER_SECOND_MAX,
  FRAME_BYTES_MAX,
  FRUITLESS_REQUESTS_MAX,
  HAVE_MAX,
  HELLO_TIMEOUT_MS,
  LEAD_MS,
  QUIET_MS,
  PEER_CHAINS_MAX,
  REFUSALS_MAX,
  ROUND_EVERY_MS,
  ROWS_MAX,
  SYNC_VERSION,
  TAGS_MAX,
  WANTS_MAX,
} from './limits.ts'
export { ingestFault } from './ingest-fault.ts'
export { asksTooMuch, isOutside, outsideForms } from './outside.ts'
export { PAST_ROWS_MAX, missingFrom, pastRows, readPastRows } from './past-rows.ts'
export { PullShare, STALL_MS } from './pull-share.ts'
export { SyncSession } from './session.ts'
export type { CloseCode, IngestOutcome, SessionInit, SessionInput, SessionOutput } from './session-port.ts'
export type { FillOutcome, SentPayloads } from './payload-exchange.ts'
export { Serving } from './serving.ts'
export type { ServedCommit } from './serving.ts'
