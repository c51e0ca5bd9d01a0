export { BATCH_RECORDS_MIN, Decoder } from './decoder.ts'
export type { DecodedBatch } from './decoder.ts'
