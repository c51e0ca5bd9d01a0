import type { CommitRecord } from '../commit/index.ts'
import { judgeBatch } from './intake.ts'
import type { IntakeVerdict, IntakeView } from './intake.ts'

/** Signatures that one write may have checked while a batch is taken in; at 0.1 ms each ten milliseconds. */
export const COVER_CHECKS_MAX = 100

/**
 * A batch of a peer on its way into a replica, some commits at a time: handed to `Replica.take` until it
 * `isDone`. Its signatures are judged for all of it, so a part of it may stand without one that covers it.
 */
export class OpenBatch {
  readonly records: readonly CommitRecord[]
  /** Places of records whose own signatures were checked and hold. */
  signed: ReadonlySet<number>
  readonly window: number
  /** Records that were taken, or turned away; the next is at this place. */
  at = 0
  #verdicts: IntakeVerdict[] = []
  /** Place of the first of `#verdicts`. */
  #judgedFrom = 0
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
    this.records = records
    this.signed = checked
    this.window = window
  }

  /** True where the end of what was taken is signed, as far as whoever checked signatures made it so. */
  get isAtWindow(): boolean {
    return this.at % this.window === 0
  }

  get isDone(): boolean {
    return this.at >= this.records.length
  }

  /** What becomes of the record at `at`. */
  get verdict(): IntakeVerdict {
    return this.#verdicts[this.at - this.#judgedFrom] ?? 'gap'
  }

  /** Judges what is left, unless nothing else was taken in since it was. `intakes` counts what is taken in from peers. */
  judge(view: IntakeView, intakes: number): void {
    if (this.#judgedAt === intakes || this.isDone) return
    const from = this.at
    const left = from === 0 ? this.records : this.records.slice(from)
    const { verdicts, signed } = judgeBatch(left, view, from === 0 ? this.signed : moved(this.signed, -from))
    this.#verdicts = verdicts
    this.#judgedFrom = from
    this.#judgedAt = intakes
    this.signed = from === 0 ? signed : moved(signed, from)
  }

  /** Notes that the next look happens after this intake, which was this batch's own. */
  noteTaken(intakes: number): void {
    this.#judgedAt = intakes
  }
}

const NONE_CHECKED: ReadonlySet<number> = new Set()

function moved(places: ReadonlySet<number>, by: number): Set<number> {
  return new Set([...places].map((place) => place + by).filter((place) => place >= 0))
}
