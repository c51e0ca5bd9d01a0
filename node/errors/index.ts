export { CoopError, EXIT_CODES, asCoopError, systemCode } from './coop-error.ts'
export type { ErrorCode } from './coop-error.ts'
export { FileInvalid, faultPlace } from './file-invalid.ts'
export type { FileFault } from './file-invalid.ts'
