import type { Branch, History } from '../history/index.ts'
import type { SavedBooks } from './saved-books.ts'

/** What visibility stands on: a history's forks alone while there are no seals, an evaluation under its chosen line then. */
export interface Ground {
  /** Seq up to which the chain that ends with the commit is good: neither contested nor late; -1 for nothing of it. */
  goodUpTo(order: number): number
  /** What a commit relies on of a head that it lists: the last commit on the head's chain; -1 for nothing. */
  trustedHead(order: number, head: number): number
}

/**
 * Which commits documents show. A commit that is not good (all that a forked device wrote from the place on where its
 * chain parts) is shown only where it is _endorsed_, relied on by a shown commit of another device. So what honest
 * devices built on stays, and what only a cheat has seen does not count. A function of the set of commits, also of the
 * bounded set that peers tell each other: whatever a told commit acknowledges is told.
 */
export class Visibility {
  readonly #history: History
  readonly #ground: Ground
  /** By branch of a doubted device, by index: the highest seq of its own commits that is endorsed. */
  #endorsed = new Map<number, number>()
  /** By commit: commits of doubted devices that it relies on by listing them. */
  readonly #relied = new Map<number, number[]>()
  /** Devices that have, or had, commits that are not good, with the lowest seq of one. */
  readonly #doubted = new Map<number, number>()
  /** By forked device, the seq at which its chain parts, as far as it was taken into account. */
  readonly #forkSeqs = new Map<number, number>()
  /** Number of commits taken into account. */
  #length = 0

  constructor(history: History, ground: Ground = groundOf(history)) {
    this.#history = history
    this.#ground = ground
  }

  isVisible(order: number): boolean {
    if (this.#doubted.size === 0) return true
    const branch = this.#history.branchOf(order)
    if (!this.#doubted.has(branch.device)) return true
    return this.#isGood(order) || this.#history.seqOf(order) <= this.endorsedUpTo(branch)
  }

  /** True when any commit is not good, or was not once. */
  get hasDoubts(): boolean {
    return this.#doubted.size > 0
  }

  /** The lowest seq of a device's commits that are not good, or were not once; Infinity without any. */
  doubtedFrom(device: number): number {
    return this.#doubted.get(device) ?? Infinity
  }

  /** The highest seq of a branch's own commits that is endorsed; -1 for none. */
  endorsedUpTo(branch: Branch): number {
    return this.#endorsed.get(branch.index) ?? -1
  }

  /**
   * Takes the newest commit into account. Returns the devices of which other commits than this one came or went.
   *
   * @param regraded - devices of which other commits became good, or are good no longer, with this one
   */
  note(order: number, regraded: readonly number[] = this.#partedBy(order)): ReadonlySet<number> {
    this.#length = order + 1
    if (!this.#isGood(order)) this.#doubt(this.#history.deviceOf(order), this.#history.seqOf(order))
    if (this.#doubted.size > 0) this.#list(order, this.#history.seenOf(order))
    if (regraded.length > 0) return this.regrade(regraded)
    return this.#relied.has(order) && this.isVisible(order) ? this.#endorseFrom(order) : NONE
  }

  /** Takes the first so many commits into account: those that were not noted are good, and list nobody in doubt. */
  pass(length: number): void {
    this.#length = length
  }

  /** Devices that have, or had, commits that are not good, with the lowest seq of one. */
  get doubted(): ReadonlyMap<number, number> {
    return this.#doubted
  }

  /** Takes up what was in doubt when so many commits had been taken into account. Devices as of `note`. */
  resume(length: number, doubted: SavedBooks['doubted']): ReadonlySet<number> {
    this.#length = length
    for (const [device, from] of doubted) this.#doubt(device, from)
    return this.regrade(doubted.map(([device]) => device))
  }

  /** Looks anew at all that is not good, once commits of these devices became good or are good no longer. */
  regrade(devices: readonly number[]): ReadonlySet<number> {
    if (devices.length === 0) return NONE
    const changed = new Set(devices)
    for (const device of changed) this.#doubt(device, this.#firstBad(device))
    const before = this.#endorsed
    this.#endorsed = new Map()
    for (const by of this.#relied.keys()) if (this.#isGood(by)) this.#endorseFrom(by)
    for (const index of new Set([...before.keys(), ...this.#endorsed.keys()])) {
      const branch = this.#history.branches[index]
      if (branch !== undefined && this.endorsedUpTo(branch) !== (before.get(index) ?? -1))
        changed.add(branch.device)
    }
    return changed
  }

  #isGood(order: number): boolean {
    return this.#ground.goodUpTo(order) >= this.#history.seqOf(order)
  }

  /** The commit's device, when by this commit it is known to have parted, or to have parted earlier. */
  #partedBy(order: number): readonly number[] {
    const { forks } = this.#history
    if (forks.size === 0) return []
    const device = this.#history.deviceOf(order)
    const forkSeq = forks.get(device) ?? Infinity
    if (forkSeq >= (this.#forkSeqs.get(device) ?? Infinity)) return []
    this.#forkSeqs.set(device, forkSeq)
    return [device]
  }

  /** The lowest seq of a device's commits that are not good; Infinity without any. */
  #firstBad(device: number): number {
    let first = Infinity
    for (const { end } of this.#history.branchesOf(device)) {
      const good = this.#ground.goodUpTo(end)
      if (good < this.#history.seqOf(end)) first = Math.min(first, good + 1)
    }
    return first
  }

  /** Who relies on the device so far: once for each device in doubt through the whole history. */
  #doubt(device: number, from: number): void {
    const before = this.#doubted.get(device)
    this.#doubted.set(device, Math.min(from, before ?? Infinity))
    if (before !== undefined) return
    for (let order = 0; order < this.#length; order += 1)
      this.#list(
        order,
        this.#history.seenOf(order).filter((head) => this.#history.deviceOf(head) === device),
      )
  }

  #list(by: number, seen: readonly number[]): void {
    for (const head of seen) {
      if (!this.#doubted.has(this.#history.deviceOf(head))) continue
      const relied = this.#ground.trustedHead(by, head)
      if (relied < 0) continue
      const others = this.#relied.get(by)
      if (others === undefined) this.#relied.set(by, [relied])
      else if (!others.includes(relied)) others.push(relied)
    }
  }

  /**
   * Endorses what a shown commit relies on, and what the commits that are thereby shown rely on in turn. Returns their
   * devices.
   */
  #endorseFrom(order: number): ReadonlySet<number> {
    const changed = new Set<number>()
    const todo = [...(this.#relied.get(order) ?? [])]
    for (let head = todo.pop(); head !== undefined; head = todo.pop()) {
      const good = this.#ground.goodUpTo(head)
      let branch: Branch | null = this.#history.branchOf(head)
      let seq = this.#history.seqOf(head)
      while (branch !== null && seq > good && this.endorsedUpTo(branch) < seq) {
        const from: number = Math.max(this.endorsedUpTo(branch) + 1, branch.base, good + 1)
        for (let at = from; at <= seq; at += 1) todo.push(...(this.#relied.get(branch.at(at)) ?? []))
        this.#endorsed.set(branch.index, seq)
        changed.add(branch.device)
        seq = branch.base - 1
        branch = branch.parent
      }
    }
    return changed
  }
}

/** What a forked device wrote from the place on where its chain parts is contested. */
function groundOf(history: History): Ground {
  return {
    goodUpTo: (order) =>
      Math.min(history.seqOf(order), (history.forks.get(history.deviceOf(order)) ?? Infinity) - 1),
    trustedHead: (order, head) => history.trustedHead(order, head),
  }
}

const NONE: ReadonlySet<number> = new Set()
