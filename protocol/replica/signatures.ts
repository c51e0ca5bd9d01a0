import { commitMessage } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import type { SignatureRule } from '../identity/index.ts'

/** Which records of a batch bear a good signature of their own, as far as somebody looked; nothing is checked twice. */
export class Signatures {
  readonly #known = new Map<CommitRecord, boolean>()

  /** @param checked - places of records whose own signature was checked and holds */
  constructor(records: readonly CommitRecord[], checked: ReadonlySet<number>) {
    for (const place of checked) {
      const record = records[place]
      if (record !== undefined) this.#known.set(record, true)
    }
  }

  /** True when its own signature was checked and holds. */
  isKnownGood(record: CommitRecord | undefined): boolean {
    return record !== undefined && this.#known.get(record) === true
  }

  /** Checks its own signature, unless that was done. */
  isGood(record: CommitRecord | undefined, rule: SignatureRule): boolean {
    if (record === undefined) return false
    const known = this.#known.get(record)
    if (known !== undefined) return known
    const isGood = rule.verify(record.header.device, commitMessage(record.id), record.signature)
    this.#known.set(record, isGood)
    return isGood
  }
}
