export { Engine, PENDING_BYTES_MAX } from './engine.ts'
export type { EngineParts } from './engine.ts'
export type { WriteGate } from './write-gate.ts'
