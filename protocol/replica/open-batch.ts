import type { CommitRecord } from '../commit/index.ts'
import { judgeBatch } from './intake.ts'
import type { IntakeVerdict, IntakeView } from './intake.ts'
import { Signatures } from './signatures.ts'

/** Signatures that one write may have checked while a batch is taken in; at 0.1 ms each ten milliseconds. */
export const COVER_CHECKS_MAX = 100

/** How often what was left for later is judged again, before it is refused: each time is a look at all of it. A guess. */
const STAGES_MAX = 8

/**
 * A batch of a peer on its way into a replica, some commits at a time: `Replica.begin`, then `Replica.take` until it
 * `isDone`. Its signatures are judged for all of it, so a part of it may stand without one that covers it. What cannot be
 * judged before the rest is stored comes after that.
 */
export class OpenBatch {
  /** Records that were taken, or turned away. */
  readonly done: CommitRecord[] = []
  readonly window: number
  readonly #signatures: Signatures
  #left: readonly CommitRecord[]
  #verdicts: IntakeVerdict[] = []
  /** Place in `#left` of the next record. */
  #at = 0
  #later: CommitRecord[] = []
  #stage = 1
  #isLast = false
  #hasStored = false
  /** What the replica had taken in from peers when this was judged; -1 before. */
  #judgedAt = -1

  /**
   * @param window - after each so many records the last one of each device is among the checked; Infinity when only the
   *   last ones of the whole batch are
   */
  constructor(
    records: readonly CommitRecord[],
    checked: ReadonlySet<number> = NONE_CHECKED,
    window: number = Infinity,
  ) {
    this.#left = records
    this.#signatures = new Signatures(records, checked)
    this.window = window
  }

  /** True where the end of what was taken is signed, as far as whoever checked signatures made it so. */
  get isAtWindow(): boolean {
    return this.#stage === 1 && this.#later.length === 0 && this.done.length % this.window === 0
  }

  get isDone(): boolean {
    return this.#isStageDone && this.#later.length === 0
  }

  get #isStageDone(): boolean {
    return this.#at >= this.#left.length
  }

  /** The next records, at most `most`; those that were left for later come after them. */
  next(most: number): readonly CommitRecord[] {
    return this.#left.slice(this.#at, this.#at + most)
  }

  /** Records that are still to come. */
  left(): readonly CommitRecord[] {
    return [...this.#later, ...this.#left.slice(this.#at)]
  }

  /** The next record and its verdict; null when what is left has to be judged. `isSigned`: its signature was checked. */
  shift(): { record: CommitRecord; verdict: IntakeVerdict; isSigned: boolean } | null {
    const record = this.#left[this.#at]
    if (record === undefined) return null
    const verdict = this.#verdicts[this.#at] ?? 'gap'
    this.#at += 1
    if (verdict === 'later') this.#later.push(record)
    else this.done.push(record)
    return { record, verdict, isSigned: this.#signatures.isKnownGood(record) }
  }

  /** Notes that a record of it was stored: what is left for later may now be told. */
  noteStored(): void {
    this.#hasStored = true
  }

  /** Judges what is left, unless that was done and nothing else was taken in since. `intakes` counts what peers sent. */
  judge(view: IntakeView, intakes: number): void {
    if (this.isDone || (this.#judgedAt === intakes && !this.#isStageDone)) return
    if (this.#isStageDone) {
      this.#isLast = !this.#hasStored || this.#stage >= STAGES_MAX
      this.#stage += 1
      this.#hasStored = false
    }
    this.#left = this.#at === 0 ? this.#left : this.left()
    this.#later = []
    this.#at = 0
    this.#verdicts = judgeBatch(this.#left, view, { signatures: this.#signatures, isLast: this.#isLast })
    this.#judgedAt = intakes
  }

  /** Notes that the next look happens after this intake, which was this batch's own. */
  noteTaken(intakes: number): void {
    this.#judgedAt = intakes
  }
}

const NONE_CHECKED: ReadonlySet<number> = new Set()
