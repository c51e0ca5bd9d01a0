export type { Act, ActName, Allowance, Fact, Transfer } from './act.ts'
export type { UnitSums } from './books.ts'
export type { Changes } from './change-log.ts'
export type { VoidReason } from './cover.ts'
export { Evaluation } from './evaluation.ts'
export type {
  Appended,
  CommitDraft,
  EvaluationInit,
  SealResult,
  Verdict,
} from './evaluation.ts'
export { FOUNDING } from './seal-tree.ts'
export type { SealFacts, SealRefusal } from './seal-tree.ts'
export type { Standing } from './standings.ts'
export { KEPT_EVERY_COMMITS } from './trusted.ts'
