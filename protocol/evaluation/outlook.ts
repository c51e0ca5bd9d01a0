import type { Branch } from './branches.ts'
import { sharedReach } from './line.ts'
import type { Seal, SealTree } from './seal-tree.ts'
import type { PathSteps } from './steps.ts'

/** How the commits on the path of a branch stand under a line of seals; each number is a seq. */
export interface Limits {
  /** Up to here a frontier of the line settles the path; -1 for nothing. */
  readonly settled: number
  /** From here on commits that are not settled are contested. */
  readonly contestedFrom: number
  /** From here on commits that are not settled are late. */
  readonly lateFrom: number
}

/** Up to here commits are neither contested nor late. */
export function goodUpTo(limits: Limits): number {
  return Math.max(limits.settled, Math.min(limits.contestedFrom, limits.lateFrom) - 1)
}

/**
 * How chains look from a seal, with what is known of forks. That a commit is contested or late is true of all
 * commits behind it too, so one number per path says it all.
 */
export class Outlook {
  readonly #seals: SealTree
  /** Epoch that the commits of each chain cite. */
  readonly #epochs: PathSteps<Seal>

  constructor(seals: SealTree, epochs: PathSteps<Seal>) {
    this.#seals = seals
    this.#epochs = epochs
  }

  /** `forkSeq`: where the device's chain is known to part; Infinity when it is not. */
  limits(seal: Seal, forkSeq: number, branch: Branch): Limits {
    const frontier = this.#seals.frontierOf(seal, branch.device)
    const settled = frontier === null ? -1 : sharedReach(branch, frontier.branch, frontier.seq)
    return { settled, contestedFrom: forkSeq, lateFrom: this.#lateFrom(seal, branch, settled) }
  }

  /** Up to here commits are good from `seal`; Infinity for the whole path. */
  goodUpTo(seal: Seal, forkSeq: number, branch: Branch): number {
    const isPlain = forkSeq === Infinity && seal.floor === 0 && !this.#seals.isClosed(seal, branch)
    return isPlain ? Infinity : goodUpTo(this.limits(seal, forkSeq, branch))
  }

  #lateFrom(seal: Seal, branch: Branch, settled: number): number {
    if (this.#seals.isClosed(seal, branch)) return settled + 1
    if (seal.floor === 0) return Infinity
    return this.#epochs.firstBetween(branch, settled, branch.last, (epoch) => epoch.height < seal.floor)
  }
}
