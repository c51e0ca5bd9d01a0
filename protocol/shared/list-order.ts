import type { StructId } from './update-reader.ts'

/** An item of a list as it is inserted: who wrote it, and between which neighbours. */
export type ListItem = {
  readonly writer: number
  readonly clock: number
  /** Units, at least 1. */
  readonly length: number
  readonly origin: StructId | null
  readonly rightOrigin: StructId | null
}

/** All runs of one writer in one list, in clock order, and how far the view at hand holds them. */
type WriterRuns = {
  readonly runs: Run[]
  seenBy: ListView | null
  seenEnd: number
}

/** Consecutive clocks of one writer that stand side by side. */
type Run = {
  readonly writer: number
  readonly siblings: WriterRuns
  readonly clock: number
  length: number
  readonly origin: StructId | null
  readonly rightOrigin: StructId | null
  left: Run | null
  right: Run | null
  /** Numbers of the last search that passed this run, and of the last stage that left it undecided. */
  passedIn: number
  undecidedIn: number
}

/**
 * The order of one list, deleted items included: the order that Yjs computes from the same items. Yjs
 * converges only if each item was once inserted between two neighbours; with invented neighbours, two
 * replicas that receive the same items in different orders keep different lists. So the gate must know which
 * items a writer can have seen side by side, and for that the order.
 *
 * Units keep their relative order for ever, whatever is inserted later.
 */
export class ListOrder {
  #first: Run | null = null
  readonly #writers = new Map<number, WriterRuns>()
  #searches = 0
  /** How to take back what was inserted since `begin`; null outside of a trial. */
  #journal: (() => void)[] | null = null

  /** Starts a trial: what is inserted from now on, `rollBack` takes out again. */
  begin(): void {
    this.#journal = []
  }

  /** Ends the trial and restores the list to what it was. */
  rollBack(): void {
    const journal = this.#journal ?? []
    this.#journal = null
    for (let index = journal.length - 1; index >= 0; index -= 1) journal[index]?.()
  }

  /** The runs in list order, as (writer, clock, length). */
  *runs(): Generator<{ writer: number; clock: number; length: number }> {
    for (let run = this.#first; run !== null; run = run.right) {
      yield { writer: run.writer, clock: run.clock, length: run.length }
    }
  }

  /**
   * Whether the neighbours of an item were side by side for a writer who saw `view`: nothing in the view lies
   * between them, and the left one is left. Units outside the view are passed over, for they may have come
   * from elsewhere meanwhile.
   */
  isGap(origin: StructId | null, rightOrigin: StructId | null, view: ListView): boolean {
    let run = this.#first
    let clock = run?.clock ?? 0
    if (origin !== null) {
      const left = this.#runOf(origin)
      const isLast = origin.clock + 1 === left.clock + left.length
      run = isLast ? left.right : left
      clock = isLast ? (run?.clock ?? 0) : origin.clock + 1
    }
    if (run === null) return rightOrigin === null
    if (run.writer === rightOrigin?.writer && clock === rightOrigin.clock) return true
    view.follow()
    while (run !== null) {
      if (rightOrigin !== null && run.writer === rightOrigin.writer && clock === rightOrigin.clock)
        return true
      // Later units of a run are known only if this one is, so the rest of an unknown run is unknown.
      if (run.siblings.seenBy === view && clock < run.siblings.seenEnd) return false
      run = run.right
      clock = run?.clock ?? 0
    }
    return rightOrigin === null
  }

  /** Puts an item where Yjs puts it. Its neighbours must be in the list. */
  insert(item: ListItem): void {
    const right = item.rightOrigin === null ? null : this.#runStartingAt(item.rightOrigin)
    const left = this.#leftOf(item, right)
    if (left !== null && continues(left, item)) {
      left.length += item.length
      this.#journal?.push(() => {
        left.length -= item.length
      })
      return
    }
    const siblings = this.#siblings(item.writer)
    const run = newRun(item, siblings)
    this.#link(run, left)
    siblings.runs.push(run)
    this.#journal?.push(() => {
      this.#unlink(run)
      siblings.runs.pop()
    })
  }

  /** Widens a view to a writer's items before clock `end`; reports the neighbours of what is new in it. */
  show(writer: number, end: number, view: ListView): void {
    const siblings = this.#writers.get(writer)
    if (siblings === undefined) return
    const start = siblings.seenBy === view ? siblings.seenEnd : 0
    if (end <= start) return
    siblings.seenBy = view
    siblings.seenEnd = end
    for (
      let index = Math.max(0, lastBeginning(siblings.runs, start));
      index < siblings.runs.length;
      index += 1
    ) {
      const run = siblings.runs[index] as Run
      if (run.clock >= end) return
      view.addUnit(run.origin)
      view.addUnit(run.rightOrigin)
    }
  }

  /**
   * The run after which an item belongs; null for the front. Between its neighbours there may be items that
   * its writer had not seen. The rule is that of Yjs `Item.integrate`: among items with the same origin the
   * lower writer comes first, each followed by what grew from it.
   */
  #leftOf(item: ListItem, right: Run | null): Run | null {
    let left = item.origin === null ? null : this.#runEndingAt(item.origin)
    let other = left === null ? this.#first : left.right
    const search = (this.#searches += 1)
    let stage = search
    while (other !== null && other !== right) {
      other.passedIn = search
      other.undecidedIn = stage
      if (isSameUnit(item.origin, other.origin)) {
        if (other.writer < item.writer) {
          left = other
          stage = this.#searches += 1
        } else if (isSameUnit(item.rightOrigin, other.rightOrigin)) break
      } else {
        const parent = other.origin === null ? null : this.#runOf(other.origin)
        if (parent?.passedIn !== search) break
        if (parent.undecidedIn !== stage) {
          left = other
          stage = this.#searches += 1
        }
      }
      other = other.right
    }
    return left
  }

  #runOf(id: StructId): Run {
    const runs = this.#writers.get(id.writer)?.runs ?? []
    const run = runs[lastBeginning(runs, id.clock)]
    if (run === undefined) throw new Error(`unit ${id.writer}:${id.clock} is not in this list`)
    return run
  }

  #runEndingAt(id: StructId): Run {
    const run = this.#runOf(id)
    const length = id.clock + 1 - run.clock
    if (length < run.length) this.#split(run, length)
    return run
  }

  #runStartingAt(id: StructId): Run {
    const run = this.#runOf(id)
    return id.clock === run.clock ? run : this.#split(run, id.clock - run.clock)
  }

  /** Cuts a run after `length` units and returns the rest. */
  #split(run: Run, length: number): Run {
    const { writer, rightOrigin, siblings } = run
    const clock = run.clock + length
    const origin = { writer, clock: clock - 1 }
    const rest = newRun({ writer, clock, length: run.length - length, origin, rightOrigin }, siblings)
    run.length = length
    this.#link(rest, run)
    const { runs } = siblings
    const at = lastBeginning(runs, run.clock) + 1
    runs.splice(at, 0, rest)
    this.#journal?.push(() => {
      this.#unlink(rest)
      runs.splice(at, 1)
      run.length += rest.length
    })
    return rest
  }

  #siblings(writer: number): WriterRuns {
    let siblings = this.#writers.get(writer)
    if (siblings === undefined) {
      siblings = { runs: [], seenBy: null, seenEnd: 0 }
      this.#writers.set(writer, siblings)
    }
    return siblings
  }

  #link(run: Run, left: Run | null): void {
    const right = left === null ? this.#first : left.right
    run.left = left
    run.right = right
    if (left === null) this.#first = run
    else left.right = run
    if (right !== null) right.left = run
  }

  #unlink(run: Run): void {
    if (run.left === null) this.#first = run.right
    else run.left.right = run.right
    if (run.right !== null) run.right.left = run.left
  }
}

/**
 * What a writer must have seen of one list when it wrote an item: its own earlier items, their neighbours,
 * the earlier items of whoever wrote those, and so on. It follows from the items alone. An honest page has
 * seen all of it, and perhaps more.
 */
export class ListView {
  readonly #list: ListOrder
  readonly #before: (writer: number) => StructId | null
  /** Reached but not yet followed: following is left until a question needs it. */
  readonly #waiting: StructId[] = []

  /** `before`: the last unit of a writer's chain before its own first one, if it wrote under another clientID before. */
  constructor(list: ListOrder, before: (writer: number) => StructId | null) {
    this.#list = list
    this.#before = before
  }

  /** Adds a unit, all earlier ones of its writer, and whatever they imply. */
  addUnit(id: StructId | null): void {
    if (id !== null) this.#waiting.push(id)
  }

  /** Brings the list up to date on what the view holds. */
  follow(): void {
    for (let id = this.#waiting.pop(); id !== undefined; id = this.#waiting.pop()) {
      this.#list.show(id.writer, id.clock + 1, this)
      this.addUnit(this.#before(id.writer))
    }
  }
}

function newRun(item: ListItem, siblings: WriterRuns): Run {
  const { writer, clock, length, origin, rightOrigin } = item
  const links = { left: null, right: null, passedIn: 0, undecidedIn: 0 }
  return { writer, siblings, clock, length, origin, rightOrigin, ...links }
}

/** Whether two ids, or two missing ids, are the same. */
export function isSameUnit(a: StructId | null, b: StructId | null): boolean {
  return a === b || (a !== null && b !== null && a.writer === b.writer && a.clock === b.clock)
}

/** Whether an item that belongs right of a run merely prolongs it. */
function continues(run: Run, item: ListItem): boolean {
  const end = run.clock + run.length
  return (
    run.writer === item.writer &&
    end === item.clock &&
    item.origin !== null &&
    item.origin.writer === run.writer &&
    item.origin.clock + 1 === end &&
    isSameUnit(run.rightOrigin, item.rightOrigin)
  )
}

/** Index of the last run that begins at or before `clock`; -1 if none does. */
function lastBeginning(runs: readonly Run[], clock: number): number {
  let low = -1
  let high = runs.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((runs[middle] as Run).clock <= clock) low = middle
    else high = middle - 1
  }
  return low
}
