import { SealKeeper, actSection } from '../authority/index.ts'
import type { Epoch, KeeperStep } from '../authority/index.ts'
import { chainsOf } from './keeper-view.ts'
import type { Replica } from './replica.ts'

/** How often a ballot is looked at when nothing else happens. A guess: what was refused a moment ago is tried again. */
export const BALLOT_LOOK_EVERY_MS = 30_000
/** Wait after a failed write. A guess: as long as a store needs to open again. */
export const BALLOT_RETRY_MS = 5_000
/** Acts written in one go. A ballot of one seal takes three; more means that what is asked for does not come about. */
export const BALLOT_ACTS_IN_A_ROW_MAX = 64

/** An epoch, and the commits (orders) whose times tell a device when it was sealed. */
export interface Undated {
  readonly epoch: Epoch
  readonly orders: readonly number[]
}

/**
 * What the device of a replica writes next in the ballot of the tip: the keeper of seals, with what it has to see. The
 * host writes it, with one act at a time, and asks again.
 */
export class BallotTurns {
  readonly replica: Replica
  readonly #keeper: SealKeeper
  /** When the last seal that could move the frontier was committed, by its name. */
  #sealed: { epoch: string; atMs: number } | null = null

  /** `replica`: of a device with a key. */
  constructor(replica: Replica) {
    const { authority, coop, device } = replica
    this.replica = replica
    this.#keeper = new SealKeeper({ authority, coop, device: device ?? '' })
  }

  /** True while this device signs for a steward. */
  get isDue(): boolean {
    const { authority, device } = this.replica
    return authority.epochs.tip.signers.has(device ?? '')
  }

  /**
   * The last epoch whose seal could move the frontier, and the commits that tell when it was sealed, while `date` has not
   * been told; null afterwards. A recovery moves none, and is final once a seal follows it.
   */
  get undated(): Undated | null {
    let epoch = this.replica.authority.epochs.tip
    while (epoch.isRecovery && epoch.parent !== null) epoch = epoch.parent
    return this.#sealed?.epoch === epoch.name ? null : { epoch, orders: this.#datesOf(epoch) }
  }

  /** Takes the times that the authors of the commits wrote, of those that can be read. */
  date({ epoch }: Undated, timesMs: readonly number[], nowMs: number): void {
    const atMs = timesMs.length === 0 ? nowMs : Math.max(...timesMs)
    this.#sealed = { epoch: epoch.name, atMs: Math.min(atMs, nowMs) }
  }

  /**
   * This device's own act in the ballot of the seal, since only its own clock tells it how long ago that was. Where it has
   * none, the last signature, by whichever clock, and its own act in a ballot before: two stewards whose clocks are a day
   * apart would else seal without end.
   */
  #datesOf(epoch: Epoch): number[] {
    // The founding commit is the first of any log.
    if (epoch.parent === null) return [0]
    const { authority, device } = this.replica
    const orders = epoch.votes.certificate.slice(-1)
    for (let at: Epoch | null = epoch.parent; at !== null; at = at.parent) {
      const own = authority.ballots.at(at).lastActOf(device ?? '')
      if (own !== null) return at === epoch.parent ? [own] : [...orders, own]
    }
    return orders
  }

  /** What to write at `nowMs`. `inTouch`: devices (hex) that this one is connected to. */
  next(inTouch: ReadonlySet<string>, nowMs: number): KeeperStep {
    const { replica } = this
    return this.#keeper.next(
      {
        ...{ inTouch, sealedAtMs: this.#sealed?.atMs ?? nowMs },
        // Chains are looked at only when a record is drafted.
        get ends() {
          return chainsOf(replica).ends
        },
        get forks() {
          return chainsOf(replica).forks
        },
        refusalOf: (entry) => {
          const verdict = replica.check([actSection(entry)])
          return verdict.ok ? null : verdict.refusal
        },
      },
      nowMs,
    )
  }
}
