/** Failures of `coop sim` beside what every command can meet. */
export type SimErrorCode =
  | 'usage'
  | 'sim-crash'
  | 'sim-liveness'
  | 'sim-correctness'
  | 'scenario-invalid'
  | 'scenario-unknown'
  | 'replay-differs'
  | 'path-unreadable'
  | 'disk-full'
  | 'read-only'
  | 'interrupted'
  | 'internal'

/** A failure that a person or script can act on: what happened, and what to do next. */
export class SimError extends Error {
  readonly code: SimErrorCode
  /** The next step, as a sentence. */
  readonly next: string

  constructor(code: SimErrorCode, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'SimError'
    this.code = code
    this.next = next
  }
}

/** The system's name of an error, `ENOSPC`; null for what comes from elsewhere. */
export function systemCodeOf(thrown: unknown): string | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null
}

/** What writing a file can run into, in words; `kept`: what is safe and how to go on. */
export function writeError(thrown: unknown, path: string, kept: string): SimError {
  const code = systemCodeOf(thrown)
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new SimError(
      'disk-full',
      `the disk is full: ${path} cannot grow`,
      `Free some space. ${kept}`,
      thrown,
    )
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new SimError(
    'read-only',
    `cannot write ${path}: ${message}`,
    `Give another folder with --out. ${kept}`,
    thrown,
  )
}
