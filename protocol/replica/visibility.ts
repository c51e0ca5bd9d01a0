import type { Branch, History } from '../history/index.ts'

/**
 * Which commits documents show. All that a forked device wrote from the place on where its chain parts is contested:
 * it is shown only where it is _endorsed_, relied on by a shown commit of another device. So what honest devices built
 * on stays, and what only a cheat has seen does not count. A function of the set of commits, also of the bounded set
 * that peers tell each other: whatever a told commit acknowledges is told.
 */
export class Visibility {
  readonly #history: History
  /** By branch of a forked device, by index: the highest seq of its own commits that is endorsed. */
  #endorsed = new Map<number, number>()
  /** By commit: commits of forked devices that it relies on by listing them. */
  readonly #relied = new Map<number, number[]>()
  /** By forked device, the seq at which its chain parts, as far as it was taken into account. */
  readonly #forkSeqs = new Map<number, number>()

  constructor(history: History) {
    this.#history = history
  }

  isVisible(order: number): boolean {
    if (this.#forkSeqs.size === 0) return true
    const branch = this.#history.branchOf(order)
    const seq = this.#history.seqOf(order)
    return seq < (this.#forkSeqs.get(branch.device) ?? Infinity) || seq <= this.endorsedUpTo(branch)
  }

  /** The highest seq of a branch's own commits that is endorsed; -1 for none. */
  endorsedUpTo(branch: Branch): number {
    return this.#endorsed.get(branch.index) ?? -1
  }

  /** Takes the newest commit into account. Returns the devices of which other commits than this one came or went. */
  note(order: number): ReadonlySet<number> {
    const { forks } = this.#history
    if (forks.size === 0) return NONE
    const device = this.#history.deviceOf(order)
    const forkSeq = forks.get(device) ?? Infinity
    if (forkSeq < (this.#forkSeqs.get(device) ?? Infinity)) return this.#learnFork(device, forkSeq, order)
    const changed = new Set<number>()
    this.#list(order, this.#history.seenOf(order))
    if (this.isVisible(order)) this.#endorseFrom(order, changed)
    return changed
  }

  /** A device is known to have parted, or to have parted earlier: what stood on that is looked at anew. */
  #learnFork(device: number, forkSeq: number, order: number): ReadonlySet<number> {
    const isNew = !this.#forkSeqs.has(device)
    this.#forkSeqs.set(device, forkSeq)
    if (isNew) this.#listAll(device)
    this.#list(order, this.#history.seenOf(order))
    const before = this.#endorsed
    this.#endorsed = new Map()
    const changed = new Set([device])
    for (const by of this.#relied.keys()) if (this.#isPlain(by)) this.#endorseFrom(by, new Set())
    for (const [index, seq] of before) {
      const branch = this.#history.branches[index]
      if (branch !== undefined && this.endorsedUpTo(branch) !== seq) changed.add(branch.device)
    }
    return changed
  }

  /** Who relies on the device so far: once for each device that forks through the whole history. */
  #listAll(device: number): void {
    for (let order = 0; order < this.#history.length; order += 1)
      this.#list(
        order,
        this.#history.seenOf(order).filter((head) => this.#history.deviceOf(head) === device),
      )
  }

  #list(by: number, seen: readonly number[]): void {
    for (const head of seen) {
      if (!this.#forkSeqs.has(this.#history.deviceOf(head))) continue
      const relied = this.#history.trustedHead(by, head)
      if (relied < 0) continue
      const others = this.#relied.get(by)
      if (others === undefined) this.#relied.set(by, [relied])
      else if (!others.includes(relied)) others.push(relied)
    }
  }

  #isPlain(order: number): boolean {
    return this.#history.seqOf(order) < (this.#forkSeqs.get(this.#history.deviceOf(order)) ?? Infinity)
  }

  /** Endorses what a shown commit relies on, and what the commits that are thereby shown rely on in turn. */
  #endorseFrom(order: number, changed: Set<number>): void {
    const todo = [...(this.#relied.get(order) ?? [])]
    for (let head = todo.pop(); head !== undefined; head = todo.pop()) {
      let branch: Branch | null = this.#history.branchOf(head)
      let seq = this.#history.seqOf(head)
      const forkSeq = this.#forkSeqs.get(branch.device) ?? Infinity
      while (branch !== null && seq >= forkSeq && this.endorsedUpTo(branch) < seq) {
        const from: number = Math.max(this.endorsedUpTo(branch) + 1, branch.base, forkSeq)
        for (let at = from; at <= seq; at += 1) todo.push(...(this.#relied.get(branch.at(at)) ?? []))
        this.#endorsed.set(branch.index, seq)
        changed.add(branch.device)
        seq = branch.base - 1
        branch = branch.parent
      }
    }
  }
}

const NONE: ReadonlySet<number> = new Set()
