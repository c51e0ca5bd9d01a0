export { decodeFrame, encodeFrame } from './frame.ts'
export type { Frame, FrameRefusal, FrameResult, HelloFrame, Want } from './frame.ts'
export { FrameSplitter, prefixFrame } from './frame-splitter.ts'
export type { SplitResult } from './frame-splitter.ts'
export {
  ANNOUNCE_DELAY_MS,
  ANSWER_TIMEOUT_MS,
  BATCH_BYTES_TARGET,
  BATCH_COMMITS_MAX,
  FRAME_BYTES_MAX,
  HELLO_TIMEOUT_MS,
  QUIET_MS,
  PEER_CHAINS_MAX,
  REFUSALS_MAX,
  ROUND_EVERY_MS,
  ROWS_MAX,
  SYNC_VERSION,
  WANTS_MAX,
} from './limits.ts'
export { SyncSession } from './session.ts'
export type { CloseCode, SessionInit, SessionInput, SessionOutput } from './session.ts'
