import { compareBytes } from '../encoding/index.ts'
import type { Stretch } from '../document/index.ts'
import type { Branch, History } from '../history/index.ts'
import type { Visibility } from './visibility.ts'

/**
 * The shown part of each device's tree of commits, cut where it parts. A device that has not forked, or of whose
 * branches one is shown, is one stretch.
 */
export class Stretches {
  readonly #history: History
  readonly #visibility: Visibility
  /** By device: its first stretch, and by branch where others begin, ascending by seq. */
  readonly #trees = new Map<number, Tree>()

  constructor(history: History, visibility: Visibility) {
    this.#history = history
    this.#visibility = visibility
  }

  /** The stretch that holds a shown commit. */
  of(order: number): Stretch {
    const branch = this.#history.branchOf(order)
    const seq = this.#history.seqOf(order)
    const { root, starts } = this.#treeOf(branch.device)
    for (let part: Branch | null = branch, to = seq; part !== null; to = part.base - 1, part = part.parent) {
      const start = starts.get(part.index)?.findLast((it) => it.seq <= to)
      if (start !== undefined) return start.stretch
    }
    return root
  }

  /** The first stretch of a device that is about to write its first commit, or whose chain never parted. */
  rootOf(device: number): Stretch {
    return device < 0 ? { parent: null, rank: 0 } : this.#treeOf(device).root
  }

  /** Other commits of the device are shown than before: documents that hold stretches of it are made anew. */
  forget(device: number): void {
    this.#trees.delete(device)
  }

  #treeOf(device: number): Tree {
    let tree = this.#trees.get(device)
    if (tree === undefined) {
      tree = this.#history.forks.has(device)
        ? this.#cut(device)
        : { root: { parent: null, rank: 0 }, starts: NONE }
      this.#trees.set(device, tree)
    }
    return tree
  }

  /** Walks the shown tree depth first, ways that part in the order of the ids of their first commits. */
  #cut(device: number): Tree {
    const history = this.#history
    const ways = this.#shownWays(device)
    const starts = new Map<number, Start[]>()
    const todo: { first: number; parent: Stretch | null }[] = []
    let rank = 0
    const open = (firsts: readonly number[], parent: Stretch | null): void => {
      const sorted = firsts.toSorted((a, b) => compareBytes(history.idOf(b), history.idOf(a)))
      todo.push(...sorted.map((first) => ({ first, parent })))
    }
    // Chains that part before their first commits hang on a stretch without any.
    const root: Stretch = { parent: null, rank }
    const firsts = ways.get(-1)?.get(-1) ?? []
    if (firsts.length > 1) open(firsts, root)
    else if (firsts[0] !== undefined) open(this.#endOf(firsts[0], ways), root)
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const stretch: Stretch = { parent: next.parent, rank: (rank += 1) }
      const { index } = history.branchOf(next.first)
      const own = starts.get(index) ?? []
      starts.set(index, own)
      own.push({ seq: history.seqOf(next.first), stretch })
      open(this.#endOf(next.first, ways), stretch)
    }
    for (const own of starts.values()) own.sort((a, b) => a.seq - b.seq)
    return { root, starts }
  }

  /** Follows the shown chain from a commit to where it parts: the first commits of the ways from there; none at its end. */
  #endOf(first: number, ways: Ways): readonly number[] {
    let from = first
    for (;;) {
      const seq = this.#history.seqOf(from)
      let next = Infinity
      const own = ways.get(this.#history.branchOf(from).index) ?? NO_WAYS
      for (const at of own.keys()) if (at >= seq) next = Math.min(next, at)
      const firsts = own.get(next) ?? []
      if (firsts.length !== 1 || firsts[0] === undefined) return firsts
      from = firsts[0]
    }
  }

  /**
   * By branch (-1: none) and the seq behind which others begin: the first commits of all shown ways from there, one
   * where what goes on along the branch itself is not shown.
   */
  #shownWays(device: number): Ways {
    const ways = new Map<number, Map<number, number[]>>()
    for (const { orders, parent, base } of this.#history.branchesOf(device)) {
      const first = orders.at(0) ?? -1
      if (!this.#visibility.isVisible(first)) continue
      const index = parent?.index ?? -1
      const own = ways.get(index) ?? new Map<number, number[]>()
      ways.set(index, own)
      const others = own.get(base - 1)
      const goesOn = parent?.at(base) ?? -1
      if (others !== undefined) others.push(first)
      else own.set(base - 1, goesOn >= 0 && this.#visibility.isVisible(goesOn) ? [goesOn, first] : [first])
    }
    return ways
  }
}

type Ways = ReadonlyMap<number, ReadonlyMap<number, number[]>>

interface Start {
  seq: number
  stretch: Stretch
}

interface Tree {
  root: Stretch
  starts: ReadonlyMap<number, readonly Start[]>
}

const NO_WAYS: ReadonlyMap<number, number[]> = new Map()
const NONE: ReadonlyMap<number, readonly Start[]> = new Map()
