export { COOP_KINDS, foundCoop, openReplica } from './coop.ts'
export type { Founding, FoundingResult } from './coop.ts'
