import { equalBytes } from '#protocol/encoding'
import type { Replica } from '#protocol/replica'
import { CoopError } from '#node/errors'
import type { FindingLog } from '#node/findings'
import { encodeLogEnd, endOf, isOwnReached, isReached } from './log-end.ts'
import type { LogEnd } from './log-end.ts'

/**
 * What the log held once, as the mark beside the store tells, and does not hold now. While commits of this device's own
 * chain are among it, a write could be a second history: peers may have what this disk lost.
 */
export class MissingCommits {
  readonly #replica: Replica
  readonly #findings: FindingLog
  /** Key of this device. */
  readonly #device: Uint8Array
  /** What the mark told; null when the log holds as much. */
  #end: LogEnd | null
  /** The same of this device's own chain. */
  #own: LogEnd | null

  /** `end`: how far the log went, as far as anybody knows. */
  constructor(parts: { replica: Replica; findings: FindingLog; device: Uint8Array }, end: LogEnd | null) {
    this.#replica = parts.replica
    this.#findings = parts.findings
    this.#device = parts.device
    this.#end = end === null || isReached(parts.replica, end) ? null : end
    this.#own = end === null || isOwnReached(parts.replica, end, parts.device) ? null : end
    this.#note()
  }

  /** True when the end of the log is missing. */
  get isShort(): boolean {
    return this.#end !== null
  }

  /** How many commits are missing at least. */
  get count(): number {
    const length = Math.max(this.#end?.length ?? 0, this.#own?.own?.length ?? 0)
    const have = this.#end === null ? this.#ownLength : this.#replica.logLength
    return Math.max(Number(this.#end !== null || this.#own !== null), length - have)
  }

  /** Why this device must not write; null when its own chain is whole. */
  get refusal(): CoopError | null {
    if (this.#own === null || isOwnReached(this.#replica, this.#own, this.#device)) return null
    return new CoopError(
      'chain-incomplete',
      `the disk lost commits of this device: it wrote ${this.#own.own?.length ?? 0}, and ${this.#ownLength} are here`,
      'Connect to another device of the co-op that has them. If none has, give this device a new key: `coop restore --new-key`.',
    )
  }

  /** True when a commit of this device's key at `seq` is one that the disk lost, and no sign of a second history. */
  isExpected(device: Uint8Array, seq: number): boolean {
    return this.#own !== null && equalBytes(device, this.#device) && seq < (this.#own.own?.length ?? 0)
  }

  /** What was missing may be here now. */
  settle(): void {
    if (this.#end !== null && isReached(this.#replica, this.#end)) this.noteSynced()
    if (this.#own === null || !isOwnReached(this.#replica, this.#own, this.#device)) return
    this.#own = null
    this.#findings.note({
      code: 'own-chain',
      where: 'log',
      severity: 'repaired',
      message: 'commits of this device itself were lost from its disk',
      action: 'They came back from other devices; it can write again.',
    })
  }

  /** A peer holds what this device holds: what is missing still, nobody who is connected has. */
  noteSynced(): void {
    if (this.#end === null) return
    const left = Math.max(0, this.#end.length - this.#replica.logLength)
    this.#end = null
    this.#findings.note({
      code: 'log-short',
      where: 'log',
      severity: left === 0 ? 'repaired' : 'lost',
      message: 'the end of the commit log was missing',
      action:
        left === 0
          ? 'Other devices had what was missing.'
          : `Of what was missing ${left} commits were not found; should another device have them, they still come.`,
    })
  }

  /** The mark of a log of which `length` commits are on the disk; it goes on telling of what is missing. */
  mark(length: number): Uint8Array {
    const now = endOf(this.#replica, length, this.#device)
    const end = this.#end ?? now
    return encodeLogEnd({ length: end.length, last: end.last, own: this.#own?.own ?? now.own })
  }

  get #ownLength(): number {
    return this.#replica.lengthOf(this.#replica.device ?? '')
  }

  #note(): void {
    if (this.#end !== null)
      this.#findings.note({
        code: 'log-short',
        where: 'log',
        severity: 'pending',
        message: `the end of the commit log is missing: it held ${this.#end.length} commits, ${this.#replica.logLength} are here`,
        action: 'The node fetches what is missing from other devices.',
      })
    if (this.#own !== null)
      this.#findings.note({
        code: 'own-chain',
        where: 'log',
        severity: 'pending',
        message: `this device wrote ${this.#own.own?.length ?? 0} commits, and ${this.#ownLength} of them are here`,
        action: 'It writes nothing until the others came back from other devices.',
      })
  }
}
