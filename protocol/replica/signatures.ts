import { commitMessage } from '../commit/index.ts'
import type { CommitRecord } from '../commit/index.ts'
import type { SignatureRule } from '../identity/index.ts'

/** Which records of a batch bear a good signature of their own, as far as somebody looked; nothing is checked twice. */
export class Signatures {
  /** What was looked at first, and whether it is good: all there is of a commit that comes alone. */
  #first: CommitRecord | null = null
  #isFirstGood = false
  #known: Map<CommitRecord, boolean> | null = null

  /** @param checked - places of records whose own signature was checked and holds */
  constructor(records: readonly CommitRecord[], checked: ReadonlySet<number>) {
    for (const place of checked) {
      const record = records[place]
      if (record !== undefined) this.#note(record, true)
    }
  }

  /** True when its own signature was checked and holds. */
  isKnownGood(record: CommitRecord | undefined): boolean {
    return record !== undefined && this.#of(record) === true
  }

  /** Checks its own signature, unless that was done. */
  isGood(record: CommitRecord | undefined, rule: SignatureRule): boolean {
    if (record === undefined) return false
    const known = this.#of(record)
    if (known !== undefined) return known
    const isGood = rule.verify(record.header.device, commitMessage(record.id), record.signature)
    this.#note(record, isGood)
    return isGood
  }

  #of(record: CommitRecord): boolean | undefined {
    return record === this.#first ? this.#isFirstGood : this.#known?.get(record)
  }

  #note(record: CommitRecord, isGood: boolean): void {
    if (this.#first === null || this.#first === record) {
      this.#first = record
      this.#isFirstGood = isGood
    } else (this.#known ??= new Map()).set(record, isGood)
  }
}
