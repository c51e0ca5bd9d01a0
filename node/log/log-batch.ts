import type { CommitRecord } from '#protocol/commit'
import type { Act } from '#protocol/evaluation'
import type { TakenCommit } from '#protocol/replica'

/** What the index cannot ask the history for, of one commit. */
export interface LogRow {
  /** Documents that it has sections of. */
  documents: readonly string[]
  /** Bit i is set when the payload of section i is not here. */
  missing: number
  acts: readonly Act[]
}

/**
 * Commits on their way to the end of the log: of each its bytes, and what the index cannot ask the history for. A decoded
 * record is a dozen objects; while a catch-up waits for the disk they would be moved from one generation to the next.
 */
export class LogBatch {
  /** Order of the first commit; the others follow without gaps. -1 while there is none. */
  first = -1
  /** Commit records, in the order of the log. */
  readonly records: Uint8Array[] = []
  readonly rows: LogRow[] = []
  readonly #single = new Map<string, LogRow>()

  constructor(stored: readonly TakenCommit[] = []) {
    this.add(stored)
  }

  get length(): number {
    return this.records.length
  }

  /** Adds commits that follow those in it. */
  add(stored: readonly TakenCommit[]): void {
    for (const { order, record, acts } of stored) {
      if (this.first < 0) this.first = order
      this.records.push(record.bytes)
      this.rows.push(this.#rowOf(record, acts))
    }
  }

  /** Most commits have a section of one document, and its payload; they share their row. */
  #rowOf(record: CommitRecord, acts: readonly Act[]): LogRow {
    const { sections } = record.header
    const missing = missingOf(record)
    if (sections.length !== 1 || missing !== 0 || acts.length > 0)
      return { documents: sections.map((it) => it.document), missing, acts }
    const document = sections[0]?.document ?? ''
    const known = this.#single.get(document) ?? { documents: [document], missing, acts }
    this.#single.set(document, known)
    return known
  }
}

/** Bit i is set when the payload of section i is left out. */
export function missingOf({ payloads }: CommitRecord): number {
  return payloads.reduce((bits, payload, i) => bits | (payload === null ? 1 << i : 0), 0)
}
