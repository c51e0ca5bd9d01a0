import type { Branch, Branches, Place } from './branches.ts'
import { goodUpTo } from './outlook.ts'
import type { Limits, Outlook } from './outlook.ts'
import type { Seal } from './seal-tree.ts'

/** How a commit stands in this replica's books and documents. */
export interface Standing {
  /** On a forked chain, above the fork and above the frontier. */
  readonly isContested: boolean
  /** Above the frontier of a closed device, or behind a commit that cites an epoch below the floor. */
  readonly isLate: boolean
  /** Under the frontier of the line: final while its seal is on the line. */
  readonly isSettled: boolean
  /** Acknowledged by a commit of another device by whose own knowledge it is neither contested nor late. */
  readonly isEndorsed: boolean
  /** Neither contested nor late, or endorsed: documents show what it wrote. */
  readonly isVisible: boolean
}

/** How the limits of a branch moved; each number is the highest seq that still passes. */
export interface Shift {
  readonly branch: Branch
  readonly goodBefore: number
  readonly goodAfter: number
  readonly visibleBefore: number
  readonly visibleAfter: number
}

interface BranchStanding {
  limits: Limits
  /** Highest seq of the branch's own commits that is endorsed; -1 for none. */
  endorsed: number
}

/**
 * How all stored commits stand under the chosen line and all known forks. Limits are kept by branch, so a
 * change costs the branches of the devices it touches, whatever their length.
 */
export class Standings {
  readonly #branches: Branches
  readonly #outlook: Outlook
  readonly #states: BranchStanding[] = []
  readonly #forks = new Map<number, number>()
  #tip: Seal

  constructor(branches: Branches, outlook: Outlook, founding: Seal) {
    this.#branches = branches
    this.#outlook = outlook
    this.#tip = founding
  }

  /** Last seal of the chosen line. */
  get tip(): Seal {
    return this.#tip
  }

  /** Devices that are known to have forked, with the seq at which their chains part. */
  get forks(): ReadonlyMap<number, number> {
    return this.#forks
  }

  of({ branch, seq }: Place): Standing {
    const { limits, endorsed } = this.#state(branch)
    const isSettled = seq <= limits.settled
    const isContested = !isSettled && seq >= limits.contestedFrom
    const isLate = !isSettled && seq >= limits.lateFrom
    const isEndorsed = seq <= endorsed
    return { isContested, isLate, isSettled, isEndorsed, isVisible: isEndorsed || !(isContested || isLate) }
  }

  /** Up to here the branch is neither contested nor late. */
  goodUpTo(branch: Branch): number {
    return goodUpTo(this.#state(branch).limits)
  }

  /** Looks again at a branch whose end is new: it may have started, or cite an epoch below the floor. */
  extended(branch: Branch, epoch: Seal): void {
    if (this.#states[branch.index] === undefined || epoch.height < this.#tip.floor) this.#refresh(branch)
  }

  /** Takes up that a chain parts at `seq`. */
  learnFork(device: number, seq: number): Shift[] {
    if (seq >= this.#forkOf(device)) return []
    this.#forks.set(device, seq)
    return this.#branches.of(device).map((branch) => this.#refresh(branch))
  }

  /** Makes `tip` the last seal of the line. */
  choose(tip: Seal): Shift[] {
    this.#tip = tip
    return this.#branches.all.map((branch) => this.#refresh(branch))
  }

  /** Takes up that a commit of another device vouches for a branch up to `seq`. */
  endorse(branch: Branch, seq: number): Shift | null {
    const state = this.#state(branch)
    if (seq <= state.endorsed) return null
    const before = state.endorsed
    state.endorsed = seq
    const good = goodUpTo(state.limits)
    return shift(branch, { good, endorsed: before }, { good, endorsed: seq })
  }

  #refresh(branch: Branch): Shift {
    const state = this.#state(branch)
    const before = { good: goodUpTo(state.limits), endorsed: state.endorsed }
    state.limits = this.#outlook.limits(this.#tip, this.#forkOf(branch.device), branch)
    return shift(branch, before, { good: goodUpTo(state.limits), endorsed: state.endorsed })
  }

  #forkOf(device: number): number {
    return this.#forks.get(device) ?? Infinity
  }

  #state(branch: Branch): BranchStanding {
    return (this.#states[branch.index] ??= { limits: PLAIN, endorsed: -1 })
  }
}

const PLAIN: Limits = { settled: -1, contestedFrom: Infinity, lateFrom: Infinity }

function shift(
  branch: Branch,
  before: { good: number; endorsed: number },
  after: { good: number; endorsed: number },
): Shift {
  return {
    branch,
    goodBefore: before.good,
    goodAfter: after.good,
    visibleBefore: Math.max(before.good, before.endorsed),
    visibleAfter: Math.max(after.good, after.endorsed),
  }
}
