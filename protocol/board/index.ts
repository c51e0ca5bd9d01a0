export { boardKind } from './board-kind.ts'
export { SESSION_MAX, decodeBoardPayload, encodeBoardPayload } from './board-payload.ts'
export type { BoardPayload } from './board-payload.ts'
export {
  BoardState,
  CacheMismatch,
  FIELDS,
  LIST_PREFIX,
  SESSIONS_AHEAD_MAX,
  TEXT,
  isListName,
} from './board-state.ts'
export type { BoardView, Json } from './board-state.ts'
