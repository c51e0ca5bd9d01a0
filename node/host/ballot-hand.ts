import type { Logger } from 'pino'
import { AUTHORITY, SealKeeper, encodeAuthorityEntries } from '#protocol/authority'
import type { AuthorityEntry, Epoch, KeeperStep, KeeperView } from '#protocol/authority'
import { chainsOf } from '#protocol/replica'
import type { Replica } from '#protocol/replica'
import type { DurableCommits, Engine } from '#node/engine'
import { sealedAt } from './seal-history.ts'

/** How often a ballot is looked at when nothing else happens. A guess: what was refused a moment ago is tried again. */
const LOOK_EVERY_MS = 30_000
/** Wait after a failed write. A guess: as long as the store needs to open again. */
const RETRY_MS = 5_000
/** Acts written in one go. A ballot of one seal takes three; more means that what is asked for does not come about. */
const ACTS_IN_A_ROW_MAX = 64

/** What a hand stands on. */
export interface BallotHandParts {
  engine: Engine
  coop: Uint8Array
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
  #keeper: { replica: Replica; keeper: SealKeeper } | null = null
  /** When the last seal with a frontier was committed, by the name of the tip. */
  #sealed: { epoch: string; atMs: number } | null = null
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
    let waitMs = LOOK_EVERY_MS
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
        if (acts > ACTS_IN_A_ROW_MAX) throw new Error(`${acts} acts in a row, the last one '${step.act.t}'`)
        this.#isAskedAgain = true
        const { height } = this.#parts.engine.replica.authority.epochs.tip
        this.#parts.log.debug({ act: step.act.t, height }, 'an act of the ballot is written')
        await this.#parts.engine.append([sectionOf(step.act)])
      } while (this.#isAskedAgain && !this.#isClosed)
    } catch (cause) {
      waitMs = RETRY_MS
      if (!this.#isClosed) this.#parts.log.warn({ err: cause }, 'a ballot could not be kept; trying again')
    } finally {
      this.#isAtWork = false
    }
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.look(), waitMs)
  }

  async #step(): Promise<KeeperStep> {
    const { engine, coop, inTouch } = this.#parts
    const { replica } = engine
    const { authority, device } = replica
    const { tip } = authority.epochs
    const isResting = engine.ballotRefusal !== null || engine.suspensionOf(device ?? '') !== null
    if (this.#isClosed || device === null || isResting || !tip.signers.has(device)) return NOTHING
    if (this.#keeper?.replica !== replica)
      this.#keeper = { replica, keeper: new SealKeeper({ authority, coop, device }) }
    const { keeper } = this.#keeper
    if (this.#sealed?.epoch !== tip.name) {
      const atMs = (await sealedAt(engine, lastWithFrontier(tip))) ?? Date.now()
      this.#sealed = { epoch: tip.name, atMs: Math.min(atMs, Date.now()) }
      // Meanwhile all may have changed.
      if (engine.replica !== replica || authority.epochs.tip !== tip) return this.#step()
    }
    return keeper.next(viewOf(replica, this.#sealed.atMs, new Set(inTouch())), Date.now())
  }
}

/** The last seal that could move the frontier: a recovery has none, and is final once one follows it. */
function lastWithFrontier(tip: Epoch): Epoch {
  let at = tip
  while (at.isRecovery && at.parent !== null) at = at.parent
  return at
}

/** What a keeper sees of a replica. Chains are looked at only when a record is drafted. */
function viewOf(replica: Replica, sealedAtMs: number, inTouch: ReadonlySet<string>): KeeperView {
  return {
    inTouch,
    sealedAtMs,
    get ends() {
      return chainsOf(replica).ends
    },
    get forks() {
      return chainsOf(replica).forks
    },
    refusalOf: (entry) => {
      const verdict = replica.check([sectionOf(entry)])
      return verdict.ok ? null : verdict.refusal
    },
  }
}

function sectionOf(entry: AuthorityEntry): { document: string; entries: number; payload: Uint8Array } {
  return { document: AUTHORITY, entries: 1, payload: encodeAuthorityEntries([entry]) }
}

const NOTHING: KeeperStep = { act: null, wakeAtMs: null }
