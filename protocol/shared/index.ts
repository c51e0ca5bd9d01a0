export type { UpdateRefusal } from './byte-reader.ts'
export type { DeleteRight, DocumentRules, GateRefusal, UpdateAuthor } from './update-check.ts'
export type { CheckResult } from './update-gate.ts'
export { CheckedUpdate, UpdateGate } from './update-gate.ts'
export {
  CLOCK_MAX,
  MAP_KEY_UNITS_MAX,
  UPDATE_BYTES_MAX,
  UPDATE_DELETES_MAX,
  UPDATE_REPEATS_MAX,
  UPDATE_STRUCTS_MAX,
  UPDATE_VALUES_MAX,
  UPDATE_WRITERS_MAX,
  VALUE_DEPTH_MAX,
} from './update-limits.ts'
export type {
  DeleteRange,
  ParsedStruct,
  ParsedUpdate,
  ParsedWriter,
  ReadUpdateResult,
  StructContent,
  StructId,
} from './update-reader.ts'
export { readUpdate } from './update-reader.ts'
export { STRETCH_RANK_MAX, writerClientId } from './writer-id.ts'
export type { RootKind } from './writer-index.ts'
