import type { Logger } from 'pino'
import { AUTHORITY, actSection } from '#protocol/authority'
import type { KeeperStep } from '#protocol/authority'
import {
  BALLOT_ACTS_IN_A_ROW_MAX,
  BALLOT_LOOK_EVERY_MS,
  BALLOT_RETRY_MS,
  BallotTurns,
} from '#protocol/replica'
import type { DurableCommits, Engine } from '#node/engine'

/** What a hand stands on. */
export interface BallotHandParts {
  engine: Engine
  log: Logger
  /** Devices (hex) that this one is connected to. */
  inTouch: () => readonly string[]
}

/**
 * Writes on this device's chain what its `SealKeeper` asks for, one act at a time: after each change of the authority
 * document and by a timer. Rests while this device may not write, and while its key is known to have two histories.
 */
export class BallotHand {
  readonly #parts: BallotHandParts
  #turns: BallotTurns | null = null
  #timer: NodeJS.Timeout | null = null
  #isAtWork = false
  #isAskedAgain = false
  #isClosed = false

  constructor(parts: BallotHandParts) {
    this.#parts = parts
    parts.engine.on('durable', this.#onDurable)
    parts.engine.on('reset', this.#onReset)
    this.look()
  }

  /** Looks at the ballot now, and writes what is due. */
  look(): void {
    if (this.#isClosed) return
    if (this.#isAtWork) {
      this.#isAskedAgain = true
      return
    }
    this.#isAtWork = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    void this.#work()
  }

  /** Writes nothing more. */
  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#parts.engine.off('durable', this.#onDurable)
    this.#parts.engine.off('reset', this.#onReset)
  }

  readonly #onDurable = ({ batch }: DurableCommits): void => {
    if (batch.rows.some(({ documents }) => documents.includes(AUTHORITY))) this.look()
  }

  readonly #onReset = (): void => this.look()

  async #work(): Promise<void> {
    let waitMs = BALLOT_LOOK_EVERY_MS
    try {
      let acts = 0
      do {
        this.#isAskedAgain = false
        const step = await this.#step()
        if (step.act === null) {
          if (step.wakeAtMs !== null) waitMs = Math.min(waitMs, Math.max(0, step.wakeAtMs - Date.now()))
          continue
        }
        acts += 1
        if (acts > BALLOT_ACTS_IN_A_ROW_MAX)
          throw new Error(`${acts} acts in a row, the last one '${step.act.t}'`)
        this.#isAskedAgain = true
        const { height } = this.#parts.engine.replica.authority.epochs.tip
        this.#parts.log.debug({ act: step.act.t, height }, 'an act of the ballot is written')
        await this.#parts.engine.append([actSection(step.act)])
      } while (this.#isAskedAgain && !this.#isClosed)
    } catch (cause) {
      waitMs = BALLOT_RETRY_MS
      if (!this.#isClosed) this.#parts.log.warn({ err: cause }, 'a ballot could not be kept; trying again')
    } finally {
      this.#isAtWork = false
    }
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.look(), waitMs)
  }

  async #step(): Promise<KeeperStep> {
    const { engine, inTouch } = this.#parts
    const { replica } = engine
    const { device } = replica
    const isResting = engine.ballotRefusal !== null || engine.suspensionOf(device ?? '') !== null
    if (this.#isClosed || device === null || isResting) return NOTHING
    const turns = this.#turns?.replica === replica ? this.#turns : new BallotTurns(replica)
    this.#turns = turns
    const { undated } = turns
    if (!turns.isDue) return NOTHING
    if (undated !== null) {
      const records = await engine.read(undated.orders)
      turns.date(
        undated,
        records.map(({ header }) => header.timeMs),
        Date.now(),
      )
      // Meanwhile all may have changed.
      return this.#step()
    }
    return turns.next(new Set(inTouch()), Date.now())
  }
}

const NOTHING: KeeperStep = { act: null, wakeAtMs: null }
