import { signCommit } from '#protocol/commit'
import type { CommitRecord, Header, Section } from '#protocol/commit'
import type { Sha256, Signer } from '#protocol/identity'

/** Writes commits of one device without a replica: whatever it likes, on as many branches as it likes. */
export class Pen {
  readonly signer: Signer
  readonly sha256: Sha256
  readonly #coop: Uint8Array
  /** The branch that it writes on. */
  readonly written: CommitRecord[] = []

  constructor(coop: Uint8Array, signer: Signer, sha256: Sha256) {
    this.#coop = coop
    this.signer = signer
    this.sha256 = sha256
  }

  /** Writes a commit behind the last one, or wherever the draft says. */
  write(draft: Partial<Header> = {}, sections: readonly Section[] = []): CommitRecord {
    const defaults = {
      seq: this.written.length,
      prev: this.written.at(-1)?.id ?? null,
      epoch: this.#coop,
      seen: [],
      timeMs: 0,
    }
    const header = { coop: this.#coop, device: this.signer.publicKey, ...defaults, ...draft }
    const record = signCommit(header, sections, { signer: this.signer, sha256: this.sha256 })
    this.written.push(record)
    return record
  }

  /** Writes so many commits without sections, all with this time: another time makes another branch. */
  more(count: number, timeMs = 0): CommitRecord[] {
    return Array.from({ length: count }, () => this.write({ timeMs }))
  }

  /** Goes on with another branch: as if the last `count` commits had not been written. */
  forget(count: number): void {
    this.written.splice(this.written.length - count)
  }
}
