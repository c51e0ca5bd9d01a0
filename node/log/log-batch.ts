import type { StoredCommit } from '#protocol/replica'

/**
 * Commits on their way to the end of the log: of each its bytes, and what the index cannot ask the history for. A decoded
 * record is a dozen objects; while a catch-up waits for the disk they would be moved from one generation to the next.
 */
export class LogBatch {
  /** Order of the first commit; the others follow without gaps. -1 while there is none. */
  first = -1
  /** Commit records, in the order of the log. */
  readonly records: Uint8Array[] = []
  /** Documents that each of them has sections of. */
  readonly documents: (readonly string[])[] = []
  readonly #single = new Map<string, readonly string[]>()

  constructor(stored: readonly StoredCommit[] = []) {
    this.add(stored)
  }

  get length(): number {
    return this.records.length
  }

  /** Adds commits that follow those in it. */
  add(stored: readonly StoredCommit[]): void {
    for (const { order, record } of stored) {
      if (this.first < 0) this.first = order
      this.records.push(record.bytes)
      this.documents.push(this.#listOf(record.header.sections))
    }
  }

  /** Most commits have a section of one document; they share its list. */
  #listOf(sections: readonly { document: string }[]): readonly string[] {
    if (sections.length !== 1) return sections.map((it) => it.document)
    const document = sections[0]?.document ?? ''
    const known = this.#single.get(document) ?? [document]
    this.#single.set(document, known)
    return known
  }
}
