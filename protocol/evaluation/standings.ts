import type { Branch, Branches, Place } from './branches.ts'
import { goodUpTo } from './outlook.ts'
import type { Limits, Outlook } from './outlook.ts'
import type { Seal, SealTree } from './seal-tree.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot-bytes.ts'

/** How a commit stands under the chosen line and all that is stored. */
export interface Standing {
  /** On a forked chain, above the fork and above the frontier. */
  readonly isContested: boolean
  /** Above the frontier of a closed device, or behind a commit that cites an epoch below the floor. */
  readonly isLate: boolean
  /** Under the frontier of the line: final while its seal is on the line. */
  readonly isSettled: boolean
}

/** How the limit of a branch moved: the highest seq that is neither contested nor late. */
export interface Shift {
  readonly branch: Branch
  readonly goodBefore: number
  readonly goodAfter: number
}

/**
 * How all stored commits stand under the chosen line and all known forks. Limits are kept by branch, so a
 * change costs the branches of the devices it touches, whatever their length.
 */
export class Standings {
  readonly #branches: Branches
  readonly #outlook: Outlook
  readonly #limits: Limits[] = []
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

  /** True while no commit is contested or late, and none that cites an epoch of this height is late. */
  isPlain(height: number): boolean {
    return this.#forks.size === 0 && height >= this.#tip.floor
  }

  /** True while the first commit of a device that nobody named yet needs no limits: there are none that it could have. */
  get isUntouched(): boolean {
    return this.#forks.size === 0 && this.#tip.floor === 0
  }

  of({ branch, seq }: Place): Standing {
    const limits = this.#limitsOf(branch)
    const isSettled = seq <= limits.settled
    const isContested = !isSettled && seq >= limits.contestedFrom
    const isLate = !isSettled && seq >= limits.lateFrom
    return { isContested, isLate, isSettled }
  }

  /** Up to here the branch is neither contested nor late. */
  goodUpTo(branch: Branch): number {
    return goodUpTo(this.#limitsOf(branch))
  }

  /** Looks again at a branch whose end is new: it may have started, or cite an epoch below the floor. */
  extended(branch: Branch, epoch: Seal): void {
    if (this.#limits[branch.index] === undefined || epoch.height < this.#tip.floor) this.#refresh(branch)
  }

  /** Looks again at all branches of a device. */
  reopened(device: number): Shift[] {
    return this.#branches.of(device).map((branch) => this.#refresh(branch))
  }

  /** Takes up that a chain parts at `seq`. */
  learnFork(device: number, seq: number): Shift[] {
    if (seq >= this.#forkOf(device)) return []
    this.#forks.set(device, seq)
    return this.reopened(device)
  }

  /** Makes `tip` the last seal of the line. */
  choose(tip: Seal): Shift[] {
    this.#tip = tip
    return this.#branches.all.map((branch) => this.#refresh(branch))
  }

  save(out: SnapshotWriter): void {
    out.count(this.#tip.index)
    out.list([...this.#forks], ([device, seq]) => {
      out.count(device)
      out.count(seq)
    })
  }

  load(from: SnapshotReader, seals: SealTree): void {
    const tip = seals.read(from)
    from.each(() => this.#forks.set(from.count(), from.count()))
    this.choose(tip)
  }

  #refresh(branch: Branch): Shift {
    const goodBefore = this.goodUpTo(branch)
    const limits = this.#outlook.limits(this.#tip, this.#forkOf(branch.device), branch)
    const isPlain = limits.settled < 0 && limits.contestedFrom === Infinity && limits.lateFrom === Infinity
    this.#limits[branch.index] = isPlain ? PLAIN : limits
    return { branch, goodBefore, goodAfter: this.goodUpTo(branch) }
  }

  #forkOf(device: number): number {
    return this.#forks.get(device) ?? Infinity
  }

  #limitsOf(branch: Branch): Limits {
    return this.#limits[branch.index] ?? PLAIN
  }
}

const PLAIN: Limits = { settled: -1, contestedFrom: Infinity, lateFrom: Infinity }
