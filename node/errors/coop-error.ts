/** Exit codes of the CLI by error code. Stable: scripts read them (docs/cli.md). */
export const EXIT_CODES = {
  internal: 1,
  usage: 2,
  'not-running': 3,
  'not-founded': 4,
  'already-founded': 5,
  unauthorized: 6,
  forbidden: 7,
  'data-repaired': 8,
  'data-older': 9,
  'data-locked': 10,
  'data-unwritable': 11,
  'data-newer': 12,
  'data-damaged': 13,
  'disk-full': 14,
  'read-only': 15,
  'key-locked': 16,
  'key-superseded': 17,
  'kit-malformed': 18,
  'chain-incomplete': 19,
  'port-in-use': 20,
  'mesh-paused': 21,
  'passphrase-wrong': 22,
  unreachable: 30,
  'other-coop': 31,
  'invite-malformed': 32,
  'invite-unknown': 33,
  'invite-used': 34,
  'invite-expired': 35,
  'invite-revoked': 36,
  'join-refused': 37,
  'no-slots': 38,
  'kit-unknown': 39,
  'asset-unknown': 40,
  'asset-corrupt': 41,
  'asset-not-held': 42,
  'not-a-cid': 43,
  'path-unreadable': 44,
  'listing-unknown': 45,
  'commit-unknown': 46,
  'commit-ambiguous': 47,
  'commit-invalid': 48,
  'document-declined': 49,
  refused: 50,
  'document-incomplete': 51,
  'token-unknown': 52,
  'member-unknown': 53,
  'device-unknown': 54,
  'name-ambiguous': 55,
  'proposal-unknown': 56,
  'not-steward': 57,
  'device-closed': 58,
  'not-admitted': 59,
  'sim-crash': 60,
  'sim-liveness': 61,
  'sim-correctness': 62,
  'scenario-invalid': 63,
  'scenario-unknown': 64,
  'replay-differs': 65,
  'recovery-unknown': 66,
  'not-elector': 67,
  waiting: 68,
  'unit-unknown': 70,
  'amount-malformed': 71,
  'not-covered': 72,
  'relay-limit': 73,
  'right-expired': 74,
  'clock-wrong': 75,
  'split-invalid': 76,
  'import-invalid': 77,
  'event-unknown': 80,
  'ticket-unknown': 81,
  'ticket-ended': 82,
  'ticket-used': 83,
  'bucket-elsewhere': 84,
  'sold-out': 85,
  'not-on-sale': 86,
  'pass-unknown': 87,
  'code-needed': 88,
  interrupted: 130,
} as const

/** Stable name of a failure. */
export type ErrorCode = keyof typeof EXIT_CODES

/** A failure that a person or script can act on: what happened, and what to do next. */
export class CoopError extends Error {
  readonly code: ErrorCode
  /** The next step, as a sentence. */
  readonly next: string

  constructor(code: ErrorCode, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CoopError'
    this.code = code
    this.next = next
  }

  /** The form that the API and `--json` give. */
  toJSON(): { error: { code: ErrorCode; message: string; next: string } } {
    return { error: { code: this.code, message: this.message, next: this.next } }
  }
}

/** `thrown` as a CoopError: itself, a known system failure, or `internal`. */
export function asCoopError(thrown: unknown): CoopError {
  if (thrown instanceof CoopError) return thrown
  const system = systemCode(thrown)
  if (system === 'ENOSPC' || system === 'EDQUOT') {
    return new CoopError(
      'disk-full',
      'the disk is full',
      'Free some space; nothing was half done. Then try again.',
      thrown,
    )
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  if (system === 'EIO' || system === 'EROFS') {
    return new CoopError(
      'read-only',
      `the disk refuses to work: ${message}`,
      'Check the disk (dmesg, SMART); nothing was half done. Then try again.',
      thrown,
    )
  }
  return new CoopError(
    'internal',
    message,
    'Run again with COOP_LOG=debug and report what it prints.',
    thrown,
  )
}

/** The system's error name (`ENOSPC`) anywhere in a chain of causes, or the LevelDB text that stands for it. */
export function systemCode(thrown: unknown): string | null {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if ('code' in error && typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code)) return error.code
    // LevelDB gives the text of strerror alone.
    if (error.message.includes('No space left on device')) return 'ENOSPC'
    if (error.message.includes('File too large')) return 'ENOSPC'
  }
  return null
}
